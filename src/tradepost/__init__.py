"""Tradepost: a self-hosted peer-to-peer crypto exchange that cannot take the coins."""

__version__ = "0.1.0"
