"""Tradepost: a self-hosted peer-to-peer crypto exchange that cannot take the coins."""
