"""Traders, their phones, and a push service on loopback that a test's exchange believes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import worlds
from tests.integration.outward.certificates import Authority
from tests.integration.outward.conftest import names
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import LOOPBACK, Receiver, receiving
from tests.integration.push.device import Device
from tests.integration.trades.conftest import Trader, World, api, database, world
from tests.market import SetClock
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.outward.looking import FirstLook
from tradepost.outward.sending import Sender
from tradepost.push.jobs import Pusher

__all__ = ["api", "database", "names", "world"]

HOST = "push.example"


@pytest.fixture
def clock() -> SetClock:
    """It begins at the real time: the library that checks signatures goes by that."""
    clock = SetClock()
    clock.now = system_clock()
    return clock


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Messages may go to loopback."""
    return worlds.settings(database_url).model_copy(
        update={"webhook_networks": LOOPBACK, "push_contact": "mailto:ops@exchange.example"}
    )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whose certificates the exchange believes."""
    return Authority(tmp_path)


@pytest.fixture
async def service(authority: Authority, names: ToldNames) -> AsyncIterator[Receiver]:
    """A push service that takes everything, until a test tells it otherwise."""
    names.say(HOST, ["127.0.0.1"])
    async with receiving(tls=authority.server(HOST, [])) as opened:
        yield opened


@pytest.fixture
def pusher(
    database: Database,
    settings: Settings,
    names: ToldNames,
    clock: SetClock,
    authority: Authority,
) -> Pusher:
    """What the worker runs, step by step."""
    sender = Sender(settings, names, authority.believed())
    return Pusher(database, settings, sender, dice=lambda: 0.5, stamp=clock)


@dataclass
class Phones:
    """The devices of traders, and what the push service brought to them."""

    world: World
    service: Receiver
    pusher: Pusher
    devices: dict[str, Device] = field(default_factory=dict)

    def endpoint(self, name: str) -> str:
        """Where the push service takes messages to a device of this name."""
        return f"https://{HOST}:{self.service.port}/{name}"

    async def call(
        self, trader: Trader, method: str, path: str = "", body: object = None
    ) -> httpx.Response:
        """A request about devices."""
        return await self.world.api.request(
            method, f"/v1/push/subscriptions{path}", json=body, headers=trader.headers()
        )

    async def add(self, trader: Trader, name: str) -> dict[str, Any]:
        """Has a new device of this name told of a trader's trades."""
        device = self.devices[name] = Device()
        answer = await self.call(trader, "POST", "", device.subscription(self.endpoint(name)))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def listed(self, trader: Trader) -> list[dict[str, Any]]:
        """A trader's devices."""
        answer = await self.call(trader, "GET")
        assert answer.status_code == 200, answer.text
        data: list[dict[str, Any]] = answer.json()["data"]
        return data

    async def push(self, ticks: int = 1) -> None:
        """The worker looks so many times, and ends what it began."""
        for _ in range(ticks):
            await self.pusher.tick()
            await self.pusher.idle()

    async def settle(self, most: int = 200) -> None:
        """The worker works until nothing is due at this moment."""
        for _ in range(most):
            await self.push()
            async with self.world.database.transaction() as tx:
                row = await tx.one(
                    "SELECT count(*) AS due FROM push_subscriptions WHERE due_at <= %s", [tx.now]
                )
            if row is not None and row["due"] == 0:
                return
        raise AssertionError("it does not settle")

    def told(self, name: str) -> list[bytes]:
        """What a device read until now."""
        device = self.devices[name]
        return [
            device.open(got.raw) for got in self.service.got if got.line == f"POST /{name} HTTP/1.1"
        ]


@pytest.fixture
async def phones(world: World, service: Receiver, pusher: Pusher, names: ToldNames) -> Phones:
    """No devices yet."""
    transport = world.api._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.first_look = FirstLook(names)  # type: ignore[attr-defined]
    return Phones(world, service, pusher)
