"""Backups: an account's encrypted wallet, which only its owner can open."""
