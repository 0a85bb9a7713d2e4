"""What only an exchange on a development chain has: a faucet, and a clock that can be moved."""
