"""The stream as server-sent events says what the WebSocket says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.notifications import serving
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import (
    PATIENCE_S,
    Exchange,
    OfferHappened,
    Person,
    Query,
    Told,
    TradeHappened,
    happen,
)
from tradepost.kernel.settings import Settings

BOTH: Query = {"channels": ["trades", "notifications", "offers:ETH-EUR"]}


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of the stream."""

    id: str
    event: str
    data: Told


@dataclass(frozen=True, slots=True)
class Events:
    """A client of server-sent events."""

    response: httpx.Response
    _lines: AsyncIterator[str]

    async def next(self, *kinds: str) -> Sent:
        """The next one of these types, or of any."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                fields: dict[str, Any] = {}
                async for line in self._lines:
                    if not line:
                        break
                    name, _, value = line.partition(": ")
                    fields[name] = value
                else:
                    raise AssertionError("the stream has ended")
                sent = Sent(fields["id"], fields["event"], json.loads(fields["data"]))
                assert sent.event == sent.data["type"]
                if not kinds or sent.event in kinds:
                    return sent


@asynccontextmanager
async def events(
    exchange: Exchange, who: Person | None, query: Query, last: str | None = None
) -> AsyncIterator[Events]:
    """An open stream."""
    headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": last})
    async with (
        exchange.client(who) as client,
        client.stream("GET", "/v1/stream", params=query, headers=headers) as response,
    ):
        assert response.status_code == 200
        yield Events(response, response.aiter_lines())


async def test_it_says_the_same(exchange: Exchange, rosa: Person) -> None:
    async with (
        exchange.reader(rosa, BOTH) as reader,
        events(exchange, rosa, BOTH) as stream,
    ):
        headers = stream.response.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        for _ in range(3):
            await reader.next("subscribed")
            await stream.next("subscribed")
        await happen(exchange.database, rosa, range(1, 151))
        await happen(exchange.database, rosa, range(151, 161), OfferHappened)
        one = listing(rosa.account_id)
        await show(exchange.database, {one.id: one})
        by_channel: dict[str, tuple[list[Told], list[Told]]] = {}
        for _ in range(161):
            told = await reader.next()
            by_channel.setdefault(told["channel"], ([], []))[0].append(told)
            sent = (await stream.next()).data
            by_channel.setdefault(sent["channel"], ([], []))[1].append(sent)
    assert by_channel.keys() == set(BOTH["channels"])
    for by_socket, by_events in by_channel.values():
        assert [(one["seq"], one.get("event"), one.get("offer")) for one in by_socket] == [
            (one["seq"], one.get("event"), one.get("offer")) for one in by_events
        ]


async def test_its_id_is_where_it_goes_on(exchange: Exchange, rosa: Person) -> None:
    """Cut off after any event, also within what was read at once: nothing is missing or double."""
    query: Query = {"channels": ["trades", "offers:ETH-EUR"]}
    last: str | None = None
    seen: list[int] = []
    async with events(exchange, rosa, query) as stream:
        for _ in range(2):
            last = (await stream.next("subscribed")).id
    assert last is not None
    assert set(last.split(",")) == {"trades=0", "offers:ETH-EUR=0"}
    for number in range(1, 61):
        await happen(
            exchange.database, rosa, [number], OfferHappened if number % 3 else TradeHappened
        )
    while len(seen) < 20:
        async with events(exchange, rosa, query, last) as stream:
            for _ in range(7):
                sent = await stream.next("event")
                last = sent.id
                seen.append(sent.data["seq"])
                if len(seen) == 20:
                    break
    assert seen == list(range(3, 61, 3))


async def test_the_header_wins_over_the_query(exchange: Exchange, rosa: Person) -> None:
    await happen(exchange.database, rosa, range(1, 6))
    query: Query = {"channels": "trades", "resume_from": "trades=0"}
    async with events(exchange, rosa, query, "trades=3") as stream:
        assert (await stream.next("event")).data["seq"] == 4


async def test_a_ticket_opens_it(exchange: Exchange, rosa: Person) -> None:
    async with exchange.client(rosa) as client:
        ticket = (
            await client.post("/v1/stream/tickets", headers={"Idempotency-Key": str(uuid4())})
        ).json()["ticket"]
    async with events(exchange, None, {"channels": "trades", "ticket": ticket}) as stream:
        assert (await stream.next()).data["account_id"] == str(rosa.account_id)


async def test_who_leaves_is_forgotten(exchange: Exchange, rosa: Person) -> None:
    async with events(exchange, rosa, BOTH) as stream:
        await stream.next()
        assert len(exchange.hub) == 1
    await exchange.empty()


async def test_its_end_is_told(exchange: Exchange, rosa: Person) -> None:
    async with events(exchange, rosa, BOTH) as stream:
        await stream.next("welcome")
        async with exchange.client(rosa) as client:
            await client.delete("/v1/sessions/current")
        told = await stream.next("closed")
        assert (told.data["code"], told.data["reason"]) == (4401, "the token has ended")
    await exchange.empty()


async def test_an_old_one_ends(settings: Settings) -> None:
    pace = replace(serving.PACE, heartbeat_s=0.05, silence_s=0.1, life_s=0.4)
    async with serving.served(settings, pace) as exchange, events(exchange, None, {}) as stream:
        assert (await stream.next("welcome")).data["silence_s"] is None
        beats = 0
        while (told := await stream.next()).event == "heartbeat":
            beats += 1
        assert told.data["code"] == 4499
        assert beats > 3
