"""An exchange with three price sources, and a clock that the test sets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests import worlds
from tradepost.kernel.database import Database
from tradepost.kernel.settings import HttpPair, HttpPriceSource, Settings


class SetClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment at which it stands."""
        return self.now

    def go_on(self, seconds: float) -> None:
        """Moves it; backwards where `seconds` is negative."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    """The clock of this test's database."""
    return SetClock()


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Three sources of ETH in EUR; the third also knows the dollar."""

    def source(name: str, *pairs: tuple[str, str]) -> HttpPriceSource:
        return HttpPriceSource(
            kind="http",
            name=name,
            url="http://127.0.0.1:9/",
            pairs=tuple(
                HttpPair(base=base, quote=quote, price=f"/{base}{quote}") for base, quote in pairs
            ),
        )

    return worlds.settings(database_url).model_copy(
        update={
            "price_sources": (
                source("one", ("ETH", "EUR")),
                source("two", ("ETH", "EUR")),
                source("three", ("ETH", "EUR"), ("EUR", "USD"), ("USD", "KES")),
            )
        }
    )


@pytest.fixture
async def database(settings: Settings, clock: SetClock) -> AsyncIterator[Database]:
    """The kernel's database over the set clock."""
    async with Database(settings, clock, {}) as opened:
        yield opened
