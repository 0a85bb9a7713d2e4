"""The escrow on an EVM chain: reading it, following it, and bringing signatures to it."""
