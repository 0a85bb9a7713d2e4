"""Saved searches: an account is told of each new offer that it waits for."""
