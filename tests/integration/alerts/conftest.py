"""Makers and those who wait for their offers, over a market and a clock that a test sets."""

from tests.integration.offers.conftest import (
    api,
    clock,
    database,
    maker,
    market,
    new_maker,
    settings,
)

__all__ = ["api", "clock", "database", "maker", "market", "new_maker", "settings"]
