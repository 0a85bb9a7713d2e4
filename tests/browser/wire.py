"""A line between a browser and an exchange, that a test can cut."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024


class Wire:
    """Passes bytes on to a port of this machine; while it is cut, nobody gets through."""

    def __init__(self, port: int, listens: int = 0) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._listens = listens
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where the line begins."""
        return f"http://127.0.0.1:{self._listens}"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Lets connections through."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._listens)
        self._listens = int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Ends all connections, and takes no new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_pass_on(reader, onward_writer))
                    both.create_task(_pass_on(onward_reader, writer))
            except* OSError:
                pass  # one of them has hung up
            finally:
                onward_writer.close()
        self._open.discard(task)
        writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
