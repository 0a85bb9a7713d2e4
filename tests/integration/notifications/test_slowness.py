"""Readers that do not read, and databases and signals that fail: the stream bears it."""

import asyncio
import logging
import socket
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, replace

import pytest
from psycopg import OperationalError

from tests.integration.notifications import serving
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import (
    PATIENCE_S,
    Exchange,
    Person,
    Query,
    happen,
)
from tradepost.entrypoints.http import serve
from tradepost.kernel import outbox
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.ids import new_id
from tradepost.kernel.outbox import Event
from tradepost.kernel.settings import Settings
from tradepost.kernel.signals import PostgresWire, notifying, packed

TRADES: Query = {"channels": "trades"}


@dataclass(frozen=True, slots=True)
class TradeTold(Event):
    """An event that is large enough to fill a socket soon."""

    number: int
    words: str = "w" * 20_000


def deaf(exchange: Exchange, who: Person, *, upgrade: bool) -> socket.socket:
    """A connection with a small buffer that asks for a stream and then reads nothing."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", exchange.port))
    lines = [
        "GET /v1/stream?channels=trades&resume_from=trades%3D0 HTTP/1.1",
        f"Host: {exchange.url}",
        f"Authorization: Bearer {who.token}",
    ]
    if upgrade:
        lines += [
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
    raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return raw


@pytest.mark.parametrize("upgrade", [True, False], ids=["websocket", "events"])
async def test_who_does_not_read_is_left_and_costs_little(
    settings: Settings, caplog: pytest.LogCaptureFixture, upgrade: bool
) -> None:
    async with serving.served(settings, replace(serving.PACE, send_s=0.5)) as exchange:
        rosa = await serving.person(exchange.database)
        # More than the buffers of both sides hold.
        await happen(exchange.database, rosa, range(1, 1_001), TradeTold)
        caplog.set_level(logging.INFO, "tradepost")
        with deaf(exchange, rosa, upgrade=upgrade) as raw:
            await serving.until(lambda: "you read too slowly" in caplog.text)
            await exchange.empty()
            # The socket is closed, too: what was sent before comes to an end.
            raw.settimeout(PATIENCE_S)
            with suppress(ConnectionError):
                while await asyncio.to_thread(raw.recv, 1 << 20):
                    pass
        # One who reads gets all of it meanwhile and afterwards.
        async with exchange.reader(rosa, TRADES | {"resume_from": "trades=0"}) as reader:
            told = await reader.events(1_000)
        assert [one["seq"] for one in told] == list(range(1, 1_001))


async def test_what_no_signal_told_is_found(settings: Settings) -> None:
    """A process that dies after the commit tells nobody: here it never tells."""
    async with (
        serving.served(settings, replace(serving.PACE, look_s=0.1)) as exchange,
        Database(settings, system_clock, {}) as dying,
    ):
        rosa = await serving.person(exchange.database)
        query: Query = {"channels": ["trades", "offers:ETH-EUR"]}
        async with exchange.reader(rosa, query) as reader:
            for _ in range(2):
                await reader.next("subscribed")
            await happen(dying, rosa, range(1, 4))
            assert [one["seq"] for one in await reader.events(3)] == [1, 2, 3]
            listed = listing(rosa.account_id)
            await show(dying, {listed.id: listed})
            assert (await reader.next("offer"))["offer_id"] == str(listed.id)


async def kill(exchange: Exchange, statement: str) -> None:
    """Has the database end the one connection whose last statement begins so."""
    async with exchange.database.reading() as reading:
        killed = await reading.all(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND starts_with(query, %s)
            """,
            [statement],
        )
    assert len(killed) == 1


async def test_a_listener_that_is_killed_comes_back(exchange: Exchange, rosa: Person) -> None:
    """No look helps here: it listens anew, and then looks at what came meanwhile."""
    async with exchange.reader(rosa, TRADES) as reader:
        await reader.next("subscribed")
        await happen(exchange.database, rosa, [1])
        await reader.next("event")
        await kill(exchange, "LISTEN tradepost")
        await happen(exchange.database, rosa, range(2, 21))
        assert [one["seq"] for one in await reader.events(19)] == list(range(2, 21))


async def test_who_sends_signals_connects_anew(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa, TRADES) as reader:
        await reader.next("subscribed")
        await happen(exchange.database, rosa, [1])
        await reader.next("event")
        await kill(exchange, "SELECT pg_notify")
        await happen(exchange.database, rosa, [2])
        assert (await reader.next())["seq"] == 2


async def test_a_database_that_is_away_is_waited_for(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa, TRADES) as reader:
        await reader.next("subscribed")
        await happen(exchange.database, rosa, [1])
        await reader.next("event")
        async with exchange.database.reading() as reading:
            with suppress(OperationalError):
                await reading.all(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database()
                    """
                )
        await exchange.database.pool.check()
        await happen(exchange.database, rosa, range(2, 11))
        assert [one["seq"] for one in await reader.events(9)] == list(range(2, 11))
        assert reader.socket.close_code is None


async def test_signals_of_many_go_together(settings: Settings, database: Database) -> None:
    """However much a process touches at once, few payloads tell it, each as large as can be."""
    wire = PostgresWire(settings.database_url.get_secret_value())
    topics = frozenset(outbox.topic(new_id()) for _ in range(1_000))
    heard: set[str] = set()
    payloads = 0
    async with notifying(wire) as notifier, aclosing(wire.listen()) as listening:
        assert await anext(listening) == frozenset()
        for topic in topics:
            notifier.say({topic})
        async with asyncio.timeout(PATIENCE_S):
            while heard != topics:
                heard |= await anext(listening)
                payloads += 1
    assert payloads == len(list(packed(topics))) < 10
    assert all(len(one.encode()) < 8_000 for one in packed(topics))


async def test_many_streams_leave_room_for_requests(settings: Settings) -> None:
    roomy = settings.model_copy(update={"stream_address_connections": 200})
    async with serving.served(roomy) as exchange, AsyncExitStack() as stack:
        for _ in range(200):
            await stack.enter_async_context(exchange.reader())
        assert len(exchange.hub) == 200
        async with exchange.client() as client:
            answers = await asyncio.gather(*(client.get("/v1/prices") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}


def test_the_server_has_room_for_both(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    class Seen:
        """A server that serves nothing."""

        def __init__(self, _: str, **options: object) -> None:
            asked.update(options)

        def serve(self) -> None:
            """Nothing."""

    monkeypatch.setattr("granian.server.Server", Seen)
    serve(settings)
    assert asked["websockets"] is True
    assert asked["backpressure"] == settings.stream_connections + 1024
