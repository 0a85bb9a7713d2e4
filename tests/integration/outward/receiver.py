"""A receiver on loopback: it keeps what it gets and answers as a test says."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

#: Where it is; an exchange of tests may send there.
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True)
class Got:
    """One request, with its headers in lower case."""

    line: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> str:
        """What came, where it is text."""
        return self.raw.decode()

    @property
    def id(self) -> str:
        """By which the receiver knows a message."""
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        """The body, read."""
        said: dict[str, Any] = json.loads(self.body)
        return said


#: Writes the whole answer to a request.
Answer = Callable[[Got, asyncio.StreamWriter], Awaitable[None]]


def says(status: int, headers: str = "", body: bytes = b"") -> Answer:
    """An answer with this status."""

    async def answer(_: Got, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)

    return answer


def writes(raw: bytes) -> Answer:
    """Just these bytes."""

    async def answer(_: Got, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return answer


async def never(_: Got, __: asyncio.StreamWriter) -> None:
    """No answer at all."""
    await asyncio.Event().wait()


async def until(holds: Callable[[], bool]) -> None:
    """Waits for it, at most twenty seconds."""
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come")


@dataclass
class Receiver:
    """A server, what it has got, and how many came to its door."""

    answer: Answer = field(default_factory=lambda: says(204))
    got: list[Got] = field(default_factory=list)
    connected: int = 0
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The ids of the messages, as they came."""
        return [one.id for one in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connected += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            got = Got(head[0], headers, body)
            self.got.append(got)
            await self.answer(got, writer)
            await writer.drain()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@asynccontextmanager
async def receiving(
    answer: Answer | None = None,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Receiver]:
    """A receiver, on a port of its own where none is named."""
    receiver = Receiver(scheme="http" if tls is None else "https")
    if answer is not None:
        receiver.answer = answer
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        try:
            await receiver.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
            await asyncio.sleep(0)

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()
