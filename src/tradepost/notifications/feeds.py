"""What a stream reads of one channel, from the database and by number."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Protocol

from tradepost.book import service as book
from tradepost.book.model import Change
from tradepost.kernel import outbox
from tradepost.kernel.outbox import AccountEvent
from tradepost.notifications import service
from tradepost.notifications.hub import Hub, Market
from tradepost.notifications.messages import (
    EventMessage,
    OfferMessage,
    PriceMessage,
    ResyncRequired,
    Subscribed,
)
from tradepost.notifications.model import Channel, Kind, Message, Reader, resync, tells

#: So much is read at once, and is all that the server holds of a channel for a stream.
_BATCH: Final = 100

#: Messages, each with the number that is told with it where the channel has numbers.
Told = Sequence[tuple[Message, int | None]]


class Feed(ABC):
    """One channel of one stream."""

    #: What is touched when there may be something new.
    topic: str
    #: Up to which number everything was told, or told of; None where the channel has none.
    told: int | None = None
    #: Up to which number it has read.
    seen: int | None = None
    #: Whether there is more than was read.
    more: bool = False
    #: Whose changes it numbers, where it does.
    market: Market | None = None

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    @abstractmethod
    async def read(self) -> Told:
        """What is new; the first time it begins with what says that the channel is taken."""

    def behind(self, last: int | None) -> bool:  # noqa: ARG002 - others ask
        """Whether something is new where `last` is the newest number (None: it is not known)."""
        return True


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


class NumberedFeed(Feed):
    """A channel with a number for each thing, without a gap: nothing is left out or comes twice."""

    def __init__(self, channel: Channel, resume_from: int | None) -> None:
        super().__init__(channel)
        self.seen = resume_from
        self._begun = False

    @abstractmethod
    async def _look(self, after: int, limit: int) -> tuple[int, Sequence[_Numbered]]:
        """The newest number, and what is above `after`."""

    @abstractmethod
    def _message(self, after: int, item: _Numbered) -> Message | None:
        """What is told of it to somebody who was told up to `after`; None: it is not for him."""

    def behind(self, last: int | None) -> bool:
        """As `Feed` says."""
        return last is None or last != self.seen

    async def read(self) -> Told:
        """As `Feed` says."""
        channel = str(self.channel)
        if self.seen is None:
            # From now on: nothing above a number that nobody reaches.
            last, _ = await self._look(2**62, 1)
            self.seen, self._begun = last, True
            return [(Subscribed(channel=channel, seq=last).message(), last)]
        last, found = await self._look(self.seen, _BATCH)
        why = resync(self.seen, last, found[0].seq if found else None)
        begun, self._begun = self._begun, True
        if why is not None:
            self.seen, self.more = last, False
            return [(ResyncRequired(channel=channel, seq=last, why=why).message(), last)]
        told: list[tuple[Message, int | None]] = []
        if not begun:
            told.append((Subscribed(channel=channel, seq=self.seen).message(), self.seen))
            self.told = self.seen
        after = self.seen if self.told is None else self.told
        for item in found:
            if item.seq != self.seen + 1:
                break  # the next look finds out why
            self.seen = item.seq
            message = self._message(after, item)
            if message is not None:
                told.append((message, item.seq))
                after = item.seq
        self.more = len(found) == _BATCH or bool(found and found[-1].seq != self.seen)
        return told


class AccountFeed(NumberedFeed):
    """The events of an account that are trades', or those that are not."""

    def __init__(self, hub: Hub, channel: Channel, reader: Reader, resume_from: int | None) -> None:
        super().__init__(channel, resume_from)
        self.topic = outbox.topic(reader.account_id)
        self._hub = hub
        self._account_id = reader.account_id

    async def _look(self, after: int, limit: int) -> tuple[int, Sequence[AccountEvent]]:
        return await self._hub.events(self._account_id, after, limit)

    def _message(self, after: int, item: _Numbered) -> Message | None:
        assert isinstance(item, AccountEvent)
        if not tells(self.channel.kind, item.type):
            return None
        return EventMessage.of(str(self.channel), after, item)


class OffersFeed(NumberedFeed):
    """The offers of a market in the book: which came, changed, or are gone."""

    def __init__(self, hub: Hub, channel: Channel, resume_from: int | None) -> None:
        super().__init__(channel, resume_from)
        assert channel.market is not None
        self.market = channel.market
        self.topic = book.topic(channel.market)
        self._hub = hub

    async def _look(self, after: int, limit: int) -> tuple[int, Sequence[Change]]:
        assert self.market is not None
        return await self._hub.changes(self.market, after, limit)

    def _message(self, after: int, item: _Numbered) -> Message | None:
        assert isinstance(item, Change)
        return OfferMessage.of(str(self.channel), after, item)


class PriceFeed(Feed):
    """A market's price: only the newest counts."""

    def __init__(self, hub: Hub, channel: Channel) -> None:
        super().__init__(channel)
        assert channel.market is not None
        self._market = channel.market
        self.topic = service.price_topic(channel.market)
        self._hub = hub
        self._last: Message | None = None

    async def read(self) -> Told:
        """As `Feed` says."""
        channel = str(self.channel)
        message = PriceMessage(channel=channel, price=await self._hub.price(self._market)).message()
        told: list[tuple[Message, int | None]] = []
        if self._last is None:
            told.append((Subscribed(channel=channel, seq=None).message(), None))
        if message != self._last:
            told.append((message, None))
        self._last = message
        return told


def feed_of(hub: Hub, channel: Channel, reader: Reader | None, resume_from: int | None) -> Feed:
    """What reads this channel for this reader, who may."""
    if channel.kind is Kind.PRICES:
        return PriceFeed(hub, channel)
    if channel.kind is Kind.OFFERS:
        return OffersFeed(hub, channel, resume_from)
    assert reader is not None, "who may read an account's channel is known"
    return AccountFeed(hub, channel, reader, resume_from)
