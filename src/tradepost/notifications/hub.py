"""Where a process's streams meet: who waits for what, who is told to look, and how many may.

A signal makes the streams that wait for its topic look. Every few seconds all of them are looked
after without one: what a signal should have told, which token has ended. Nothing here is kept for
a stream but that it has to look.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeVar, cast
from uuid import UUID

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from tradepost.book import service as book
from tradepost.book.model import Change
from tradepost.identity import service as identity
from tradepost.kernel import iso, outbox
from tradepost.kernel.database import Database, Reading, Transaction
from tradepost.kernel.errors import Busy
from tradepost.kernel.outbox import AccountEvent
from tradepost.kernel.settings import Settings
from tradepost.kernel.signals import Wire, WireBroken
from tradepost.notifications import service
from tradepost.notifications.model import Closing, Ending, Reader, TooManyStreams
from tradepost.prices.model import PriceAnswer

logger = logging.getLogger(__name__)

Market = tuple[str, str]
T = TypeVar("T")

#: Answers that several streams asked for at once.
_MOST_SHARED: Final = 64
_PAUSE_S: Final = 1.0
_LAST_WORDS_S: Final = 2.0
#: What of the process's connections streams use at once at most.
_PART: Final = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """The times that streams keep, in seconds, and how much a client may say."""

    heartbeat_s: float = 15
    #: How long a client may say nothing.
    silence_s: float = 60
    #: How long a message may take to be sent.
    send_s: float = 10
    #: How long until a stream is looked after without a signal.
    look_s: float = 3
    #: How long a stream of events lives.
    life_s: float = 3600
    #: So many messages at once, and so many a second after that.
    burst: int = 100
    per_s: float = 10


PACE: Final = Pace()


class Waiting(Protocol):
    """A stream as the hub sees it."""

    reader: Reader | None
    address: str

    def look(self, topic: str) -> None:
        """Something of the topic may be new."""

    def behind(self, topic: str, last: int | None) -> bool:
        """Whether it has not read a topic up to this number (None: the number is not known)."""

    def end(self, closing: Ending) -> None:
        """Ends soon."""


class Hub:
    """The streams of one process. Use it as an async context manager."""

    def __init__(self, database: Database, wire: Wire, settings: Settings, pace: Pace) -> None:
        self.database = database
        self.pace = pace
        self._wire = wire
        self._settings = settings
        self._assets = frozenset(asset.code for asset in settings.assets)
        self._streams: set[Waiting] = set()
        self._accounts: Counter[UUID] = Counter()
        self._addresses: Counter[str] = Counter()
        self._waiting: dict[str, set[Waiting]] = {}
        self._markets: dict[str, Market] = {}
        #: When each topic that is waited for was last touched, by a count of all touches.
        self._touches: dict[str, int] = {}
        self._count = 0
        self._shared: dict[Hashable, tuple[int, asyncio.Future[Any]]] = {}
        self._places = asyncio.Semaphore(max(1, settings.database_connections // _PART))
        self._look_now = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for work in (self._listen, self._keep_looking):
            self._tasks.append(asyncio.create_task(work(), name=f"streams{work.__name__}"))
        return self

    def end(self) -> None:
        """Has all streams end soon."""
        for stream in self._streams:
            stream.end(Closing.GOING_AWAY)

    async def __aexit__(self, *_: object) -> None:
        self.end()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._empty.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wire.close()

    # --- who is there ------------------------------------------------------------------------

    def enter(self, stream: Waiting) -> None:
        """Lets a stream in; raises `TooManyStreams`, or `Busy` where this process has its fill."""
        settings, reader = self._settings, stream.reader
        if len(self._streams) >= settings.stream_connections:
            raise Busy
        if self._addresses[stream.address] >= settings.stream_address_connections:
            raise TooManyStreams
        if reader is not None:
            if self._accounts[reader.account_id] >= settings.stream_account_connections:
                raise TooManyStreams
            self._accounts[reader.account_id] += 1
            self.watch(identity.token_topic(reader.token_id), stream)
        self._addresses[stream.address] += 1
        self._streams.add(stream)
        self._empty.clear()

    def leave(self, stream: Waiting) -> None:
        """Forgets a stream that came in; twice does no harm."""
        if stream not in self._streams:
            return
        self._streams.remove(stream)
        if not self._streams:
            self._empty.set()
        _count_down(self._addresses, stream.address)
        if stream.reader is not None:
            _count_down(self._accounts, stream.reader.account_id)
        for topic in [topic for topic, waiting in self._waiting.items() if stream in waiting]:
            self.unwatch(topic, stream)

    def __len__(self) -> int:
        return len(self._streams)

    def trades(self, market: Market) -> bool:
        """Whether there is such a market: only for those is anything kept."""
        return market[0] in self._assets and market[1] in iso.currencies()

    def watch(self, topic: str, stream: Waiting, market: Market | None = None) -> None:
        """Has the stream told when the topic was touched; `market` is whose changes it numbers."""
        if topic not in self._waiting:
            self._touch(topic)
        self._waiting.setdefault(topic, set()).add(stream)
        if market is not None:
            self._markets[topic] = market

    def unwatch(self, topic: str, stream: Waiting) -> None:
        """Takes that back."""
        waiting = self._waiting.get(topic, set())
        waiting.discard(stream)
        if not waiting:
            for known in (self._waiting, self._markets, self._touches):
                known.pop(topic, None)

    # --- what there is to see ----------------------------------------------------------------

    async def events(
        self, account_id: UUID, after: int, limit: int
    ) -> tuple[int, list[AccountEvent]]:
        """As `service.events`."""
        async with self._reading() as reading:
            return await service.events(reading, account_id, after, limit)

    async def changes(self, market: Market, after: int, limit: int) -> tuple[int, list[Change]]:
        """As `service.changes`, asked for once for all streams that are equally far."""

        async def ask() -> tuple[int, list[Change]]:
            async with self._places:
                return await service.changes(self.database, market, after, limit)

        return await self._once(book.topic(market), (after, limit), ask)

    async def price(self, market: Market) -> PriceAnswer | None:
        """The market's price, asked for once for all streams."""

        async def ask() -> PriceAnswer | None:
            async with self._places, self.database.transaction() as tx:
                return await service.price(tx, market)

        return await self._once(service.price_topic(market), None, ask)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """A moment of the database, for what is told beside an event."""
        async with self._places, self.database.snapshot() as tx:
            yield tx

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Reading]:
        async with self._places, self.database.reading() as reading:
            yield reading

    async def _once(
        self, topic: str, what: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """The answer to a question that was asked since the topic was touched, else a new one."""
        key, touched = (topic, what), self._touches.get(topic, -1)
        known = self._shared.get(key)
        if known is None or known[0] != touched or _failed(known[1]):
            while len(self._shared) >= _MOST_SHARED:
                self._shared.pop(next(iter(self._shared)))
            asked = asyncio.ensure_future(ask())
            # Whoever waits for it may be gone when it fails.
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._shared.pop(key, None)
            known = self._shared[key] = (touched, asked)
        # One who leaves must not take the answer from the others.
        return cast("T", await asyncio.shield(known[1]))

    # --- who has to look ---------------------------------------------------------------------

    def _touch(self, topic: str) -> None:
        self._count += 1
        self._touches[topic] = self._count

    def _touched(self, topics: Iterable[str]) -> None:
        for topic in topics:
            waiting = self._waiting.get(topic)
            if waiting is None:
                continue
            self._touch(topic)
            for stream in waiting:
                stream.look(topic)
            if topic.startswith(identity.REVOKED_TOPICS):
                self._look_now.set()

    async def _listen(self) -> None:
        broken = False
        while True:
            try:
                async with aclosing(self._wire.listen()) as heard:
                    async for topics in heard:
                        broken = False
                        # What came before listening began, or while it was broken, is not known.
                        self._touched(topics or tuple(self._waiting))
            except WireBroken as error:
                if not broken:
                    logger.warning("signals are not heard (%s); streams look by themselves", error)
                broken = True
            await asyncio.sleep(_PAUSE_S)

    async def _keep_looking(self) -> None:
        away = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pace.look_s):
                    await self._look_now.wait()
            self._look_now.clear()
            try:
                await self._look_after()
                away = False
            except (OperationalError, PoolTimeout):
                if not away:
                    logger.warning("streams: the database does not answer; waiting for it")
                away = True

    async def _look_after(self) -> None:
        """Finds out without a signal which streams have to look, and whose token has ended."""
        if not self._streams:
            return
        readers = {one.reader for one in self._streams if one.reader is not None}
        tokens = {reader.token_id for reader in readers}
        markets = dict(self._markets)
        async with self._reading() as reading:
            live = await identity.live_tokens(reading, list(tokens))
            accounts = list({reader.account_id for reader in readers})
            seqs = await outbox.last_seqs(reading.connection, accounts)
            newest = await book.newest_changes(reading, sorted(set(markets.values())))
        # Of one that came in meanwhile nobody has asked.
        ended = tokens - live
        for stream in self._streams:
            if stream.reader is not None and stream.reader.token_id in ended:
                stream.end(Closing.TOKEN_ENDED)
        # What has no number, as a price, is looked at each time.
        last: dict[str, int | None] = dict.fromkeys(self._waiting)
        last |= {topic: newest[market] for topic, market in markets.items()}
        last |= {outbox.topic(account): seq for account, seq in seqs.items()}
        for topic, waiting in self._waiting.items():
            behind = [stream for stream in waiting if stream.behind(topic, last[topic])]
            if behind:
                self._touch(topic)
            for stream in behind:
                stream.look(topic)


def _failed(asked: "asyncio.Future[Any]") -> bool:
    return asked.done() and (asked.cancelled() or asked.exception() is not None)


def _count_down(counter: "Counter[Any]", key: Hashable) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
