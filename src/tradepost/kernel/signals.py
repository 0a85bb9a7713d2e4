"""Signals: which topics were touched, told to the processes whose readers wait for them.

A signal only says "look": what there is to see is read from the database by its number. So one may
get lost, come twice or come late. They are sent after the commit and apart from it, many at once:
NOTIFY inside of a transaction would let commits wait for each other.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Set
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Final, Protocol

from psycopg import AsyncConnection, Error
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from tradepost.kernel.settings import Settings

logger = logging.getLogger(__name__)

_CHANNEL: Final = "tradepost_signals"
#: What PostgreSQL takes as one payload is less than 8,000 bytes.
_LARGEST: Final = 7_900
#: How long what was touched waits for more of it.
_TOGETHER_S: Final = 0.02
#: More than that is not kept while nobody takes it: readers look by themselves after a while.
_MOST_WAITING: Final = 10_000
_PATIENCE_S: Final = 5
_PAUSE_S: Final = 1.0

_SQL_SEND: Final = "SELECT pg_notify(%s, %s)"
_SQL_LISTEN: Final = f"LISTEN {_CHANNEL}"


class WireBroken(Exception):
    """The signals' way is interrupted; it can be tried again."""


class Wire(Protocol):
    """How signals get from process to process."""

    async def send(self, topics: Collection[str]) -> None:
        """Tells all who listen that these topics were touched; raises `WireBroken`."""

    def listen(self) -> AsyncGenerator[frozenset[str]]:
        """What is touched from now on. The first, empty one says that listening has begun.

        It ends by raising `WireBroken`.
        """

    async def close(self) -> None:
        """Closes its connections."""


def packed(topics: Collection[str]) -> Iterator[str]:
    """The topics as payloads, each within what PostgreSQL takes as one."""
    payload = ""
    for topic in sorted(topics):
        if payload and len(payload) + 1 + len(topic) > _LARGEST:
            yield payload
            payload = ""
        payload = f"{payload} {topic}" if payload else topic
    if payload:
        yield payload


class PostgresWire:
    """Signals by NOTIFY: each way has a connection of its own, beside the pool."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._sending: AsyncConnection | None = None

    async def send(self, topics: Collection[str]) -> None:
        """As `Wire` says."""
        try:
            if self._sending is None or self._sending.closed:
                self._sending = await self._connect()
            for payload in packed(topics):
                await self._sending.execute(_SQL_SEND, [_CHANNEL, payload])
        except (Error, OSError) as error:
            await self.close()
            raise WireBroken(type(error).__name__) from None

    async def listen(self) -> AsyncGenerator[frozenset[str]]:
        """As `Wire` says."""
        try:
            async with await self._connect() as connection:
                await connection.execute(_SQL_LISTEN)
                yield frozenset()
                async with aclosing(connection.notifies()) as notified:
                    async for one in notified:
                        yield frozenset(one.payload.split())
        except (Error, OSError) as error:
            raise WireBroken(type(error).__name__) from None

    async def close(self) -> None:
        """As `Wire` says."""
        sending, self._sending = self._sending, None
        if sending is not None:
            with suppress(Error, OSError):
                await sending.close()

    async def _connect(self) -> AsyncConnection:
        opening = asyncio.ensure_future(
            AsyncConnection.connect(
                self._conninfo,
                autocommit=True,
                connect_timeout=_PATIENCE_S,
                # A server that is gone without a word is found out by the system.
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
            )
        )
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # One that is given up half way stays with the server, which waits a minute for the rest
            # of it, and lets nobody drop or copy a database meanwhile.
            with suppress(Error, OSError):
                await (await opening).close()
            raise


class ValkeyWire:
    """Signals by the publish and subscribe of Valkey, or of what speaks as it does."""

    def __init__(self, url: str) -> None:
        self._client = Valkey.from_url(
            url,
            socket_connect_timeout=_PATIENCE_S,
            socket_timeout=_PATIENCE_S,
            health_check_interval=10,
        )

    async def send(self, topics: Collection[str]) -> None:
        """As `Wire` says."""
        try:
            for payload in packed(topics):
                await self._client.publish(_CHANNEL, payload)
        except (ValkeyError, OSError) as error:
            raise WireBroken(type(error).__name__) from None

    async def listen(self) -> AsyncGenerator[frozenset[str]]:
        """As `Wire` says."""
        try:
            async with self._client.pubsub(ignore_subscribe_messages=True) as heard:
                await heard.subscribe(_CHANNEL)
                yield frozenset()
                while True:
                    # The pause lets the client look whether the server is still there.
                    message = await heard.get_message(timeout=_PATIENCE_S)
                    if message is not None:
                        yield frozenset(message["data"].decode().split())
        except (ValkeyError, OSError) as error:
            raise WireBroken(type(error).__name__) from None

    async def close(self) -> None:
        """As `Wire` says."""
        with suppress(ValkeyError, OSError):
            await self._client.aclose()


def wire_of(settings: Settings) -> Wire:
    """Valkey where `REDIS_URL` is set, else PostgreSQL."""
    if settings.redis_url is not None:
        return ValkeyWire(settings.redis_url.get_secret_value())
    return PostgresWire(settings.database_url.get_secret_value())


class Notifier:
    """Tells what this process has touched, a moment after it was committed.

    What a process can tell no more because it dies is lost: who waits for it looks by himself after
    a few seconds.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: set[str] = set()
        self._some = asyncio.Event()

    def say(self, topics: Set[str]) -> None:
        """Has these told soon; it neither waits nor fails."""
        if topics and len(self._waiting) < _MOST_WAITING:
            self._waiting |= topics
            self._some.set()

    async def run(self) -> None:
        """Tells until it is cancelled."""
        broken = False
        while True:
            await self._some.wait()
            await asyncio.sleep(_TOGETHER_S)
            topics, self._waiting = self._waiting, set()
            self._some.clear()
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._wire.send(topics)
                broken = False
            except (WireBroken, TimeoutError) as error:
                if not broken:
                    logger.warning("signals cannot be sent (%s); readers look by themselves", error)
                broken = True
                self.say(topics)
                await asyncio.sleep(_PAUSE_S)


@asynccontextmanager
async def notifying(wire: Wire) -> AsyncIterator[Notifier]:
    """A notifier that runs for as long as the block; the wire is closed with it."""
    notifier = Notifier(wire)
    task = asyncio.create_task(notifier.run(), name="signals")
    try:
        yield notifier
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await wire.close()
