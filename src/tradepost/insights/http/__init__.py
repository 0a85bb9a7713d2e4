"""The HTTP edge of the insights."""

from tradepost.insights.http.routes import router

__all__ = ["router"]
