"""The Python client follows a stream over whatever befalls its connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from decimal import Decimal
from threading import Event as Flag

import pytest

from tests import market as markets
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import (
    PATIENCE_S,
    Exchange,
    OfferHappened,
    Person,
    TradeHappened,
    happen,
)
from tests.market import Market
from tradepost.kernel.settings import Settings
from tradepost_client import AsyncClient, Client, Retries
from tradepost_client.errors import ProblemError
from tradepost_client.streams import Happened, OfferChanged, PriceChanged, Resync, Told

QUICK = Retries(first_s=0.01, longest_s=0.05)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An exchange with two price sources."""
    return markets.settings(settings)


@pytest.fixture
async def client(exchange: Exchange, rosa: Person) -> AsyncIterator[AsyncClient]:
    """Her client."""
    async with AsyncClient(f"http://{exchange.url}", token=rosa.token, retries=QUICK) as opened:
        yield opened


async def following(
    client: AsyncClient, channels: list[str], resume_from: dict[str, int] | None = None
) -> AsyncIterator[Told]:
    """What is told, in time."""
    async with aclosing(client.stream(channels, resume_from=resume_from)) as stream:
        while True:
            async with asyncio.timeout(PATIENCE_S):
                told = await anext(stream)
            yield told


async def test_it_goes_on_over_lost_connections(
    exchange: Exchange, rosa: Person, client: AsyncClient
) -> None:
    async def write() -> None:
        for number in range(200):
            kind = OfferHappened if number % 2 else TradeHappened
            await happen(exchange.database, rosa, [number], kind)
            if number % 20 == 0:
                exchange.hub.end()

    writing = asyncio.create_task(write())
    seen = []
    async for told in following(client, ["trades"], {"trades": 0}):
        assert isinstance(told, Happened)
        seen.append(told.seq)
        if len(seen) == 100:
            break
    await writing
    assert seen == list(range(1, 200, 2))


async def test_it_tells_each_kind(exchange: Exchange, rosa: Person, client: AsyncClient) -> None:
    stream = following(client, ["notifications", "offers:ETH-EUR", "prices:ETH-EUR"])
    told = await anext(stream)
    assert isinstance(told, PriceChanged)
    assert told.price is None
    await Market(exchange.database).moves("2500")
    one = listing(rosa.account_id)
    await show(exchange.database, {one.id: one})
    await happen(exchange.database, rosa, [7], OfferHappened)
    found: dict[type, Told] = {}
    while len(found) < 3:
        told = await anext(stream)
        found[type(told)] = told
    price, offer, event = found[PriceChanged], found[OfferChanged], found[Happened]
    assert isinstance(price, PriceChanged)
    assert price.price is not None
    assert price.price.price == Decimal(2500)
    assert isinstance(offer, OfferChanged)
    assert offer.offer is not None
    assert (offer.offer.id, offer.offer.price) == (str(one.id), Decimal(2500))
    assert isinstance(event, Happened)
    assert event.event.payload == {"number": 7}


async def test_it_says_what_has_to_be_read_anew(
    exchange: Exchange, rosa: Person, client: AsyncClient
) -> None:
    await happen(exchange.database, rosa, range(3))
    stream = following(client, ["trades"], {"trades": 9})
    assert await anext(stream) == Resync(channel="trades", seq=3, why="unknown")
    await happen(exchange.database, rosa, [3])
    told = await anext(stream)
    assert isinstance(told, Happened)
    assert told.seq == 4


async def test_a_refusal_that_lasts_is_raised(client: AsyncClient) -> None:
    with pytest.raises(ProblemError) as refused:
        await anext(following(client, ["prices:DOGE-EUR"]))
    assert refused.value.slug == "channel-unknown"
    client.token = "tp_" + "x" * 43
    with pytest.raises(ProblemError) as refused:
        await anext(following(client, ["trades"]))
    assert refused.value.status == 401


async def test_it_ends_with_its_token(exchange: Exchange, client: AsyncClient) -> None:
    stream = following(client, ["trades", "prices:ETH-EUR"])
    assert isinstance(await anext(stream), PriceChanged)
    await client.send("DELETE", "/v1/sessions/current")
    with pytest.raises(ProblemError) as refused:
        await anext(stream)
    assert refused.value.status == 401


async def test_the_synchronous_client_does_the_same(exchange: Exchange, rosa: Person) -> None:
    await happen(exchange.database, rosa, range(1, 6))
    five = Flag()

    def follow() -> list[int]:
        seen = []
        with (
            Client(f"http://{exchange.url}", token=rosa.token, retries=QUICK) as client,
            closing(client.stream(["trades"], resume_from={"trades": 0})) as stream,
        ):
            for told in stream:
                assert isinstance(told, Happened)
                seen.append(told.seq)
                if len(seen) == 5:
                    five.set()
                if len(seen) == 10:
                    break
        return seen

    async with asyncio.timeout(PATIENCE_S):
        following = asyncio.create_task(asyncio.to_thread(follow))
        await asyncio.to_thread(five.wait, PATIENCE_S)
        exchange.hub.end()
        await happen(exchange.database, rosa, range(6, 11))
        assert await following == list(range(1, 11))
