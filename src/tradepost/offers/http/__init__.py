"""The offers' part of the API."""

from tradepost.offers.http.routes import router

__all__ = ["router"]
