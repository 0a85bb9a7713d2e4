"""A client of GraphQL's subscriptions."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.integration.notifications.serving import PATIENCE_S, Exchange, Person
from tests.integration.trades.conftest import Trader

PROTOCOL = Subprotocol("graphql-transport-ws")
EVENTS = """subscription Told($after: Long) { trades(resumeFrom: $after) { __typename
    ... on Subscribed { seq } ... on ResyncRequired { seq why }
    ... on EventMessage { seq after event { type payload } } } }"""

Said = dict[str, Any]


@dataclass
class Talker:
    """A connection by graphql-transport-ws, and the ids it has used."""

    socket: ClientConnection
    ids: "count[int]"

    async def say(self, kind: str, **members: Any) -> None:
        """Says something to the server."""
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def next(self) -> Said:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            said: Said = json.loads(await self.socket.recv())
            return said

    async def begin(self, **payload: Any) -> Said:
        """Begins the connection; what the server acknowledges."""
        await self.say("connection_init", payload=payload)
        said = await self.next()
        assert said["type"] == "connection_ack", said
        acknowledged: Said = said["payload"]
        return acknowledged

    async def subscribe(self, query: str, **variables: Any) -> str:
        """Subscribes; the id."""
        name = str(next(self.ids))
        payload = {"query": query, "variables": variables}
        await self.say("subscribe", id=name, payload=payload)
        return name

    async def told(self, name: str) -> Any:
        """The one field of the next message, which is of the subscription `name`."""
        said = await self.next()
        assert (said["type"], said["id"]) == ("next", name), said
        assert "errors" not in said["payload"], said
        (field,) = said["payload"]["data"].values()
        return field

    async def refused(self, query: str, **variables: Any) -> str:
        """Subscribes in vain; the slug of the problem."""
        name = await self.subscribe(query, **variables)
        said = await self.next()
        assert (said["type"], said["id"]) == ("error", name), said
        extensions = said["payload"][0]["extensions"]
        assert extensions["status"] >= 400
        return str(extensions["type"].rpartition(":")[2])

    async def closed(self) -> tuple[int, str]:
        """Reads up to the end; its code and reason."""
        async with asyncio.timeout(PATIENCE_S):
            # What it left unread would keep the end from it.
            with suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""


@asynccontextmanager
async def connected(
    exchange: Exchange,
    who: Person | Trader | None = None,
    query: dict[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Talker]:
    """A connection whose upgrade has `who`'s token; it is left with the block."""
    headers = {} if who is None else {"Authorization": f"Bearer {who.token}"}
    url = f"ws://{exchange.url}/v1/graphql?{httpx.QueryParams(query or {})}"
    options = {"subprotocols": [PROTOCOL]} | options
    async with connect(url, additional_headers=headers, **options) as socket:
        yield Talker(socket, count(1))


@asynccontextmanager
async def begun(exchange: Exchange, who: Person | Trader | None = None) -> AsyncIterator[Talker]:
    """A connection that has begun."""
    async with connected(exchange) as talker:
        payload = {} if who is None else {"Authorization": f"Bearer {who.token}"}
        await talker.begin(**payload)
        yield talker
