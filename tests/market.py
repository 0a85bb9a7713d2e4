"""A market for tests: two sources whose word a test speaks, and a clock that it sets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import httpx

from tests import worlds
from tradepost.entrypoints.http import build
from tradepost.kernel.database import Database
from tradepost.kernel.settings import HttpPair, HttpPriceSource, Settings
from tradepost.prices import service
from tradepost.prices.model import Pair, Told

#: What has a price, and who says so.
PAIRS: Final = (Pair("ETH", "EUR"), Pair("ETH", "USD"), Pair("USDT", "EUR"))
SOURCES: Final = ("one", "two")


class SetClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        #: A Sunday.
        self.now = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment at which it stands."""
        return self.now

    def go_on(self, *, days: float = 0, seconds: float = 0) -> None:
        """Moves it."""
        self.now += timedelta(days=days, seconds=seconds)


def settings(base: Settings) -> Settings:
    """The same exchange with both sources; port 9 is one where nobody answers."""
    return base.model_copy(
        update={
            "price_sources": tuple(
                HttpPriceSource(
                    kind="http",
                    name=name,
                    url="http://127.0.0.1:9/",
                    pairs=tuple(
                        HttpPair(
                            base=pair.base, quote=pair.quote, price=f"/{pair.base}{pair.quote}"
                        )
                        for pair in PAIRS
                    ),
                )
                for name in SOURCES
            )
        }
    )


@dataclass(frozen=True, slots=True)
class Market:
    """What the sources of an exchange say, as if they had been asked at this moment."""

    database: Database

    async def moves(
        self, value: str, *, pair: Pair = PAIRS[0], by: Sequence[str] = SOURCES
    ) -> None:
        """Each source in `by` says that the pair is at `value`; of all others it says nothing."""
        async with self.database.transaction() as tx:
            for source in tx.settings.price_sources:
                if source.name in by:
                    told = {pair: Told(Decimal(value))}
                    await service.record(tx, source, tx.now, told)


@asynccontextmanager
async def open_api(settings: Settings, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole API in this process, over a chain that is said to be followed."""
    app = build(settings, clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=settings.public_url
        ) as client,
    ):
        await worlds.pretend_to_follow(app.state.database)
        yield client
