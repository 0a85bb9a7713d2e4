"""A served exchange with its page and a small market, for a browser; it lives in its own thread."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from procrastinate import App, PsycopgConnector

from tests import market as markets
from tests import worlds
from tests.browser.thread import Apart, opened_apart
from tests.browser.wire import Wire
from tests.integration.notifications.serving import served
from tests.integration.trades.conftest import Trader, World
from tests.market import Market, SetClock
from tradepost.entrypoints.dev.page import is_built
from tradepost.insights import jobs
from tradepost.notifications.hub import Pace

_PACE = Pace(heartbeat_s=15, silence_s=60, look_s=1)
#: What the market of the stage is: who offers what, in which order of price.
OFFERS: tuple[dict[str, Any], ...] = (
    {"margin_bps": -40, "min_amount": "50", "max_amount": "2500", "total_amount": "9000",
     "amount_unit": "currency", "payment_methods": ["sepa_instant", "revolut", "wise"]},
    {"margin_bps": 60, "limit_price": "2300", "min_amount": "0.02", "max_amount": "1.5",
     "total_amount": "4", "payment_methods": ["sepa"],
     "terms": "Pay from an account in your own name.\nNo third parties."},
    {"price": "2500", "min_amount": "0.1", "max_amount": "0.1", "total_amount": "2",
     "payment_methods": ["sepa", "sepa_instant"]},
    {"margin_bps": 120, "min_amount": "20", "max_amount": "400", "total_amount": "4000",
     "amount_unit": "currency", "payment_methods": ["revolut"], "min_trades": 3,
     "min_account_age_days": 30},
    {"margin_bps": 350, "min_amount": "0.01", "max_amount": "5", "total_amount": "30",
     "payment_methods": ["wise", "sepa", "sepa_instant", "revolut"]},
    {"direction": "buy", "margin_bps": -90, "min_amount": "0.05", "max_amount": "2",
     "total_amount": "6", "payment_methods": ["sepa_instant"]},
    {"direction": "buy", "margin_bps": -190, "min_amount": "100", "max_amount": "3000",
     "total_amount": "9000", "amount_unit": "currency", "payment_methods": ["sepa", "revolut"]},
)  # fmt: skip


@dataclass
class Stage(Apart):
    """The exchange, what a test does to it, and the line between it and the browser."""

    world: World
    wire: Wire
    #: The offers that were made, as the API answered.
    offers: list[dict[str, Any]] = field(default_factory=list)
    maker: Trader | None = None

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.wire.url

    async def offer(self, **said: Any) -> dict[str, Any]:
        """One more offer of the stage's maker."""
        assert self.maker is not None
        made = await self.world.offer(self.maker, **_body(said))
        self.offers.append(made)
        return made

    async def market_moves(self, price: str) -> None:
        """All sources say another price of ETH in EUR."""
        await self.world.market.moves(price)


def _body(said: dict[str, Any]) -> dict[str, Any]:
    """An offer's body: one that follows the market has no price of its own."""
    if "margin_bps" not in said:
        return said
    return {"price": None, **said}


@contextmanager
def stage(database_url: str) -> Iterator[Stage]:
    """A stage over a fresh database. Needs a built page."""
    assert is_built(), "build the page first: run.py page"
    with opened_apart(lambda: _opened(database_url)) as opened:
        yield opened


@asynccontextmanager
async def _opened(database_url: str) -> AsyncIterator[Stage]:
    settings = markets.settings(worlds.settings(database_url))
    settings = settings.model_copy(update=dict(worlds.UNLIMITED))
    clock = SetClock()
    async with (
        served(settings, _PACE, clock) as exchange,
        Wire(exchange.port) as wire,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(exchange.app), base_url=settings.public_url
        ) as client,
    ):
        database = exchange.database
        await worlds.pretend_to_follow(database)
        world = World(client, database, settings, clock, Market(database))
        stage = Stage(world, wire)
        await _furnish(stage)
        yield stage


async def _furnish(stage: Stage) -> None:
    """Makes the market: a price, offers, past trades."""
    world = stage.world
    await stage.market_moves("2500")
    for said in OFFERS:
        stage.maker = await world.trader()
        await stage.offer(**said)
    buyer, seller = await world.trader(), await world.trader()
    sold = await world.offer(
        seller, price="2510", payment_methods=["sepa"], max_amount="1.73", total_amount="1.73"
    )
    for amount in ("0.4", "1.25", "0.08"):
        trade = await world.taken(buyer, sold, amount=amount)
        await world.chain_says(trade, "locked")
        await world.chain_says(trade, "released")
        world.clock.go_on(seconds=20)
    url = world.settings.database_url.get_secret_value()
    queue = App(connector=PsycopgConnector(conninfo=url))
    async with queue.open_async():
        jobs.register(queue, world.database)
        await queue.run_worker_async(wait=False, install_signal_handlers=False)
    await stage.market_moves("2500")
