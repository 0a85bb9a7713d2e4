"""Offers and payment accounts from files: read, held against the exchange, brought in once."""
