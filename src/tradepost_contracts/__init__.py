"""The escrow contract as Python sees it: its code, its terms, its calls, its events.

Server and clients share it, so that both compute the same ids and digests. It talks to no
network. `docs/contract.md` tells what the contract permits.
"""
