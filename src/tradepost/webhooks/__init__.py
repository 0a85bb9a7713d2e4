"""Webhooks: an account's events are brought to addresses that it names."""
