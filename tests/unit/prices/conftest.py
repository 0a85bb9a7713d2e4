"""A web server on loopback that answers whatever the test wants, byte by byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

#: Gets the request's path and writes the whole answer, or something that is none.
Behaviour = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}"
    return head.encode() + b"\r\n" + body


class Server:
    """Serves one connection after the other by `behaviour`; counts the requests."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.heads: list[str] = []
        #: Set at the end of the test, for behaviours that wait for ever.
        self.over = asyncio.Event()
        self.behaviour: Behaviour

    def says(self, body: str | bytes, status: str = "200 OK", headers: str = "") -> None:
        """Makes it give this answer to everybody."""
        text = body.encode() if isinstance(body, str) else body

        async def say(_: str, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(text, status, headers))

        self.behaviour = say

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        # The other side may leave in the middle: that is what many tests are about.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            self.paths.append(head.split()[1])
            await self.behaviour(self.paths[-1], writer)
            await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that listens; it is given its behaviour by the test."""
    one = Server()
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        await one.serve(reader, writer)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield one
    listening.close()
    one.over.set()
    await asyncio.gather(*connections)
