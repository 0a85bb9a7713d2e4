"""An exchange whose webhooks may go to loopback, a clock that a test sets, and dice that lie still.

The clock begins at the real time: the standard's own library checks signatures by that.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests import worlds
from tests.integration.offers.conftest import Maker, database, new_maker
from tests.integration.outward.conftest import names
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import LOOPBACK, Receiver, receiving
from tests.market import SetClock
from tradepost.entrypoints.http import build
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.offers.model import OfferPaused
from tradepost.outward.looking import FirstLook
from tradepost.outward.sending import Sender
from tradepost.webhooks.jobs import Deliverer

__all__ = ["database", "names", "new_maker"]


@pytest.fixture
def clock() -> SetClock:
    """The clock of this test's exchange."""
    clock = SetClock()
    clock.now = system_clock()
    return clock


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Webhooks may go to loopback."""
    return worlds.settings(database_url).model_copy(update={"webhook_networks": LOOPBACK})


@pytest.fixture
async def api(
    settings: Settings, clock: SetClock, names: ToldNames
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole API over the set clock and the told names."""
    app = build(settings, clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
        ) as client,
    ):
        app.state.first_look = FirstLook(names)
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything, until a test tells it otherwise."""
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def deliverer(
    database: Database, settings: Settings, names: ToldNames, clock: SetClock
) -> Deliverer:
    """What the worker runs, step by step."""
    sender = Sender(settings, names)
    return Deliverer(database, settings, sender, dice=lambda: 0.5, stamp=clock)


@dataclass(frozen=True)
class Owner:
    """An account with webhooks, and all that it can do with them."""

    api: httpx.AsyncClient
    database: Database
    deliverer: Deliverer
    clock: SetClock
    account: Maker

    async def call(
        self, method: str, path: str, body: object = None, *, version: int | None = None
    ) -> httpx.Response:
        """A request of this account."""
        headers = self.account.headers()
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.api.request(method, f"/v1/webhooks{path}", json=body, headers=headers)

    async def name(self, url: str, **said: object) -> dict[str, Any]:
        """A new webhook."""
        answer = await self.call("POST", "", {"url": url} | said)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, webhook: dict[str, Any], path: str = "") -> dict[str, Any]:
        """The webhook, or what is below it, as it is now."""
        answer = await self.call("GET", f"/{webhook['id']}{path}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def log(self, webhook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
        """The newest hundred deliveries, the newest first."""
        params = "&".join(f"{name}={value}" for name, value in ({"limit": "100"} | query).items())
        data: list[dict[str, Any]] = (await self.get(webhook, f"/deliveries?{params}"))["data"]
        return data

    async def happens(self, times: int = 1) -> list[UUID]:
        """Events of this account, by the outbox; their ids."""
        ids = []
        for number in range(times):
            async with self.database.transaction() as tx:
                event = OfferPaused(offer_id=f"{number}", reason="maker")
                ids.append(await tx.publish(event, [self.account.id]))
        return ids

    async def deliver(self, ticks: int = 1) -> None:
        """The worker looks so many times, and ends what it began."""
        for _ in range(ticks):
            await self.deliverer.tick()
            await self.deliverer.idle()

    async def settle(self, most: int = 200) -> None:
        """The worker works until nothing is due at this moment."""
        for _ in range(most):
            await self.deliver()
            async with self.database.transaction() as tx:
                row = await tx.one(
                    "SELECT count(*) AS due FROM webhooks WHERE due_at <= %s", [tx.now]
                )
            if row is not None and row["due"] == 0:
                return
        raise AssertionError("it does not settle")

    async def over(self, *, days: float, steps: int) -> None:
        """Time passes, and the worker works on the way."""
        for _ in range(steps):
            self.clock.go_on(days=days / steps)
            await self.settle()


@pytest.fixture
def new_owner(
    api: httpx.AsyncClient,
    database: Database,
    deliverer: Deliverer,
    clock: SetClock,
    new_maker: Callable[[], Awaitable[Maker]],
) -> Callable[[], Awaitable[Owner]]:
    """Opens accounts."""

    async def make() -> Owner:
        account = await new_maker()
        async with database.transaction() as tx:
            # A test goes through weeks with it.
            await tx.execute("UPDATE tokens SET expires_at = %s", [tx.now + timedelta(days=99)])
        return Owner(api, database, deliverer, clock, account)

    return make


@pytest.fixture
async def owner(new_owner: Callable[[], Awaitable[Owner]]) -> Owner:
    """One account."""
    return await new_owner()
