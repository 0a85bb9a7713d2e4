"""A served exchange: the real server in this process, its accounts, and readers of its streams."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from eth_account import Account
from fastapi import FastAPI
from granian.constants import Interfaces
from granian.server.embed import Server
from websockets.asyncio.client import ClientConnection, connect

from tradepost.entrypoints.http import build
from tradepost.identity import service as identity
from tradepost.identity import store
from tradepost.identity.model import Grant
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.clock import Clock, system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.ids import new_id
from tradepost.kernel.outbox import Event
from tradepost.kernel.settings import Settings
from tradepost.notifications.hub import Hub, Pace

#: A bound for what has to happen, not a wait.
PATIENCE_S = 10
#: Heartbeats when a test needs them; nothing is found without a signal but in tests of that.
PACE = Pace(heartbeat_s=60, silence_s=600, look_s=600)

Told = dict[str, Any]
Query = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TradeHappened(Event):
    """An event of the trades' channel."""

    number: int


@dataclass(frozen=True, slots=True)
class OfferHappened(Event):
    """An event of the other one."""

    number: int


@dataclass(frozen=True, slots=True)
class Person:
    """An account with a token."""

    account_id: UUID
    token_id: UUID
    token: str

    def headers(self) -> dict[str, str]:
        """What his requests carry."""
        return {"Authorization": f"Bearer {self.token}"}


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something that happens elsewhere."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - it is not told
            await asyncio.sleep(0.01)


async def person(database: Database, grant: Grant | None = None) -> Person:
    """A new account."""
    grant = grant or Grant(life=timedelta(hours=1))
    async with database.transaction() as tx:
        account_id = new_id()
        await store.add_wallet_account(tx, account_id, Account.create().address)
        caller = Caller(account_id, new_id(), frozenset(), frozenset(Scope))
        made = await identity.create_token(tx, caller, "test", grant)
    return Person(account_id, made.token.id, made.secret)


async def happen(
    database: Database, who: Person, numbers: Iterable[int], kind: type[Event] = TradeHappened
) -> None:
    """An event for each number, each in a transaction of its own."""
    for number in numbers:
        async with database.transaction() as tx:
            await tx.publish(kind(number), [who.account_id])  # type: ignore[call-arg]


@dataclass
class Reader:
    """A client of a WebSocket, and what it was told."""

    socket: ClientConnection
    told: list[Told] = field(default_factory=list)

    async def next(self, *kinds: str) -> Told:
        """The next message of one of these types, or of any."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message: Told = json.loads(await self.socket.recv())
                self.told.append(message)
                if not kinds or message["type"] in kinds:
                    return message

    async def events(self, count: int) -> list[Told]:
        """The next events, however many channels they come on."""
        return [await self.next("event") for _ in range(count)]

    async def say(self, **message: object) -> None:
        """Says something to the server."""
        await self.socket.send(json.dumps(message))

    async def closed(self) -> tuple[int, str]:
        """Waits for the end; its code and reason."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One served process."""

    app: FastAPI
    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.port}"

    @property
    def database(self) -> Database:
        """Its connections."""
        database: Database = self.app.state.database
        return database

    @property
    def hub(self) -> Hub:
        """Its streams."""
        hub: Hub = self.app.state.streams
        return hub

    @asynccontextmanager
    async def reader(
        self,
        who: Person | None = None,
        query: Query | None = None,
        **options: Any,
    ) -> AsyncIterator[Reader]:
        """A stream; it is left with the block."""
        asked = httpx.QueryParams(query or {})
        headers = {} if who is None else who.headers()
        async with connect(
            f"ws://{self.url}/v1/stream?{asked}", additional_headers=headers, **options
        ) as socket:
            yield Reader(socket)

    def client(self, who: Person | None = None) -> httpx.AsyncClient:
        """A client of its REST API."""
        headers = {} if who is None else who.headers()
        return httpx.AsyncClient(
            base_url=f"http://{self.url}", headers=headers, timeout=PATIENCE_S, trust_env=False
        )

    async def empty(self) -> None:
        """Waits until no stream is open."""
        await until(lambda: len(self.hub) == 0)


@asynccontextmanager
async def listening(app: FastAPI, connections: int) -> AsyncIterator[int]:
    """An app that is up, by the server that serves it in earnest; its port on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        backpressure=connections,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    break
        yield port
    finally:
        app.state.streams.end()
        server.stop()  # type: ignore[no-untyped-call]
        async with asyncio.timeout(PATIENCE_S):
            await serving


@asynccontextmanager
async def served(
    settings: Settings, pace: Pace = PACE, clock: Clock = system_clock
) -> AsyncIterator[Exchange]:
    """The API by the server that serves it in earnest, on a free port of this machine."""
    app = build(settings, clock, pace)
    async with (
        app.router.lifespan_context(app),
        listening(app, settings.stream_connections + 100) as port,
    ):
        yield Exchange(app, port)
