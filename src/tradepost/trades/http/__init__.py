"""The trades' part of the API."""

from tradepost.trades.http.routes import router

__all__ = ["router"]
