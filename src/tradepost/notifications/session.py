"""One stream: what it takes from its channels, one after the other, and what its client may say.

A stream pulls. It reads the next things of a channel once the ones before have been sent, so a slow
reader costs the server one small batch; one who takes too long for a message is left.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import TypeAdapter, ValidationError

from tradepost.kernel.access import ScopeMissing, Unauthenticated
from tradepost.kernel.clock import Clock
from tradepost.kernel.errors import Problem
from tradepost.notifications.feeds import Feed, feed_of
from tradepost.notifications.hub import Hub
from tradepost.notifications.messages import Heartbeat, Refused, Unsubscribed, Welcome
from tradepost.notifications.model import (
    MAX_CHANNELS,
    MAX_MESSAGE,
    MAX_SAME,
    SCOPES,
    Channel,
    ChannelUnknown,
    Closing,
    Ending,
    Message,
    Pong,
    Reader,
    Subscribe,
    TooManyChannels,
    Unsubscribe,
)

logger = logging.getLogger(__name__)

_SAID: Final[TypeAdapter[Subscribe | Unsubscribe | Pong]] = TypeAdapter(
    Subscribe | Unsubscribe | Pong
)
#: How long a stream waits for a database that is away before it asks again.
_PAUSE_S: Final = 1.0


class Session:
    """One stream, from when it was let in until it is left.

    `life_s` bounds how long it goes on; None: its client shows that it is there.
    """

    def __init__(
        self,
        hub: Hub,
        clock: Clock,
        reader: Reader | None,
        address: str,
        *,
        life_s: float | None = None,
    ) -> None:
        self.reader = reader
        self.address = address
        self.closing: Ending | None = None
        self._hub = hub
        self._clock = clock
        #: By the name that the reader has for it.
        self._feeds: dict[str, Feed] = {}
        #: Those that have to look, in turn.
        self._due: dict[str, None] = {}
        self._replies: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._heard = self._now()
        self._ends = None if life_s is None else self._now() + life_s
        self._said = _Bucket(hub.pace.burst, hub.pace.per_s, self._now)

    # --- as the hub sees it ------------------------------------------------------------------

    def look(self, topic: str) -> None:
        """Something of the topic may be new."""
        for name, feed in self._feeds.items():
            if feed.topic == topic:
                self._due[name] = None
                self._wake.set()

    def behind(self, topic: str, last: int | None) -> bool:
        """Whether a channel of the topic is not at this number."""
        return any(feed.topic == topic and feed.behind(last) for feed in self._feeds.values())

    def end(self, closing: Ending) -> None:
        """Ends once what is being sent was sent; the first reason stands."""
        if self.closing is None:
            self.closing = closing
        self._wake.set()

    # --- what the client says ----------------------------------------------------------------

    def hear(self, text: str | None) -> None:
        """Takes a message of the client, None where it was not text; what is wrong ends it."""
        admitted = self.admit(text, MAX_MESSAGE)
        if admitted is None:
            return
        try:
            said = _SAID.validate_json(admitted)
        except ValidationError:
            self.end(Closing.MALFORMED)
            return
        if not isinstance(said, Pong):
            self._do(said)

    def admit(self, text: str | None, most: int) -> str | None:
        """Counts a message of the client; the same text, or None where it has ended the stream.

        It may have `most` characters.
        """
        self._heard = self._now()
        if text is None:
            self.end(Closing.NOT_TEXT)
        elif len(text) > most:
            self.end(Closing.TOO_LARGE)
        elif not self._said.take():
            self.end(Closing.TOO_MANY_MESSAGES)
        else:
            return text
        return None

    def say(self, message: Message) -> None:
        """Sends an answer to what the client said, before anything that is new."""
        self._replies.append(message)
        self._wake.set()

    def _do(self, said: Subscribe | Unsubscribe) -> None:
        try:
            channel = Channel.parse(said.channel)
            if isinstance(said, Subscribe):
                self.subscribe(channel, said.resume_from)
            else:
                self.unsubscribe(str(channel))
                self.say(Unsubscribed(channel=str(channel)).message())
        except Problem as problem:
            # Not what it said itself: it could be anything.
            name = "" if isinstance(problem, ChannelUnknown) else said.channel
            self.say(Refused(channel=name, problem=problem.body()).message())

    def subscribe(self, channel: Channel, resume_from: int | None, name: str | None = None) -> None:
        """Takes a channel under a name, its own if none is said; a name that it has is taken anew.

        A stream that has ended takes none.

        Raises `ChannelUnknown`, `Unauthenticated`, `ScopeMissing`, `TooManyChannels`.
        """
        name = str(channel) if name is None else name
        if channel.market is not None and not self._hub.trades(channel.market):
            raise ChannelUnknown
        scope = SCOPES.get(channel.kind)
        if scope is not None:
            if self.reader is None:
                raise Unauthenticated
            if scope not in self.reader.scopes:
                raise ScopeMissing(f"The scope is {scope}.", scope=scope)
        others = [feed for known, feed in self._feeds.items() if known != name]
        same = sum(feed.channel == channel for feed in others)
        if len(others) >= MAX_CHANNELS or same >= MAX_SAME:
            raise TooManyChannels
        if self.closing is not None:
            return  # the hub may have forgotten it
        self.unsubscribe(name)
        feed = feed_of(self._hub, channel, self.reader, resume_from)
        self._feeds[name] = feed
        # First of all: what comes from now on is not missed.
        self._hub.watch(feed.topic, self, feed.market)
        self._due[name] = None
        self._wake.set()

    def unsubscribe(self, name: str) -> None:
        """Leaves a channel, if it has one of this name."""
        feed = self._feeds.pop(name, None)
        self._due.pop(name, None)
        if feed is not None and all(other.topic != feed.topic for other in self._feeds.values()):
            self._hub.unwatch(feed.topic, self)

    # --- what it says ------------------------------------------------------------------------

    def positions(self) -> dict[str, int]:
        """Up to where each numbered channel was told, by its name."""
        return {name: feed.told for name, feed in self._feeds.items() if feed.told is not None}

    async def messages(self) -> AsyncGenerator[Message]:
        """What there is to send, until the stream ends."""
        pace = self._hub.pace
        yield Welcome(
            now=self._clock(),
            account_id=None if self.reader is None else self.reader.account_id,
            heartbeat_s=pace.heartbeat_s,
            silence_s=pace.silence_s if self._ends is None else None,
        ).message()
        beat = self._now() + pace.heartbeat_s
        while self.closing is None:
            self._wake.clear()
            while self._replies:
                yield self._replies.popleft()
            if self._due:
                async for message in self._next():
                    yield message
            now = self._now()
            if self._ends is None and now - self._heard > pace.silence_s:
                self.end(Closing.SILENT)
            elif self._ends is not None and now > self._ends:
                self.end(Closing.OLD)
            elif now >= beat:
                beat = now + pace.heartbeat_s
                for feed in self._feeds.values():
                    feed.told = feed.seen
                yield Heartbeat(now=self._clock(), positions=self.positions()).message()
            elif not self._due:
                await self._rest(beat - now)

    async def _next(self) -> AsyncGenerator[Message]:
        """What is new on the channel that waits longest."""
        name = next(iter(self._due))
        del self._due[name]
        feed = self._feeds[name]
        try:
            told = await feed.read()
        except (OperationalError, PoolTimeout):
            if self._feeds.get(name) is feed:
                self._due[name] = None
            await asyncio.sleep(_PAUSE_S)
            return
        for message, seq in told:
            if self.closing is not None or self._feeds.get(name) is not feed:
                return
            feed.told = seq
            yield message._replace(name=name)
        if feed.more and self._feeds.get(name) is feed:
            self._due[name] = None

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


class _Bucket:
    """So many at once, and so many a second after that."""

    def __init__(self, most: int, per_s: float, now: Callable[[], float]) -> None:
        self._left: float = most
        self._most = most
        self._per_s = per_s
        self._now = now
        self._at = now()

    def take(self) -> bool:
        now = self._now()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def open_session(
    hub: Hub,
    clock: Clock,
    reader: Reader | None,
    address: str,
    channels: Mapping[Channel, int | None],
    *,
    life_s: float | None = None,
) -> Session:
    """A stream with these channels that was let in; its opener has the hub forget it in the end.

    Raises as `Hub.enter` and `Session.subscribe`.
    """
    session = Session(hub, clock, reader, address, life_s=life_s)
    hub.enter(session)
    try:
        for channel, resume_from in channels.items():
            session.subscribe(channel, resume_from)
    except Problem:
        hub.leave(session)
        raise
    return session


async def pump(
    session: Session,
    messages: AsyncGenerator[Message],
    send: Callable[[Message], Awaitable[None]],
    send_s: float,
) -> Ending:
    """Sends what the stream has to say, in the form of `messages`, until it ends; how it ended."""
    async with aclosing(messages):
        async for message in messages:
            try:
                async with asyncio.timeout(send_s):
                    await send(message)
            except TimeoutError:
                session.end(Closing.TOO_SLOW)
                return Closing.TOO_SLOW
    assert session.closing is not None
    return session.closing


def log_end(session: Session, closing: Ending) -> None:
    """One line where a stream ended unusually."""
    if closing.unusual:
        who: Any = "nobody" if session.reader is None else session.reader.account_id
        logger.info("stream of %s at %s: %s", who, session.address, closing.reason)
