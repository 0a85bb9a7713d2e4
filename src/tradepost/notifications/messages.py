"""What the server says on a stream, each as a model: the AsyncAPI document is made of them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tradepost.book.model import Change, OfferDocument
from tradepost.kernel.access import ScopeMissing
from tradepost.kernel.outbox import AccountEvent
from tradepost.notifications.model import Message, Why
from tradepost.prices.model import PRICE_EXAMPLE, PriceAnswer

EVENT_EXAMPLE: Final[dict[str, Any]] = {
    "seq": 42,
    "id": "0193579a-3b22-7d41-a1c5-8e9f0a1b2c3d",
    "type": "trade.advanced",
    "payload": {
        "trade_id": "0193579a-4d30-7b11-8f5e-6a7b8c9d0e1f",
        "state": "escrowed",
        "event": "escrow_locked",
    },
    "created_at": "2026-11-24T05:00:00Z",
}


_NOW: Final = "2026-11-24T05:00:00Z"
_ACCOUNT: Final = "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10"
_OFFER: Final = "0193579a-3b20-7f13-b6d8-4c5d6e7f8091"


def _example(**members: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [members]})


class EventAnswer(BaseModel):
    """Something that happened to this account."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [EVENT_EXAMPLE]})

    seq: int
    id: UUID
    type: str
    payload: dict[str, Any]
    created_at: datetime


class ServerMessage(BaseModel):
    """Base of what the server says."""

    type: str

    def message(self) -> Message:
        """Ready to be sent."""
        return Message(self.type, self.model_dump_json())


class Welcome(ServerMessage):
    """The first message: how often a heartbeat comes, and for how long a client may be silent."""

    model_config = _example(
        type="welcome", now=_NOW, account_id=_ACCOUNT, heartbeat_s=15, silence_s=60
    )

    type: Literal["welcome"] = "welcome"
    now: datetime
    account_id: UUID | None
    heartbeat_s: float
    silence_s: float | None


class Heartbeat(ServerMessage):
    """Comes where nothing else does. `positions` is up to where each numbered channel is told."""

    model_config = _example(
        type="heartbeat", now=_NOW, positions={"trades": 42, "offers:ETH-EUR": 7}
    )

    type: Literal["heartbeat"] = "heartbeat"
    now: datetime
    positions: dict[str, int]


class Subscribed(ServerMessage):
    """The channel is taken. What comes on it, comes behind `seq`, where the channel is numbered."""

    model_config = _example(type="subscribed", channel="trades", seq=41)

    type: Literal["subscribed"] = "subscribed"
    channel: str
    seq: int | None


class Unsubscribed(ServerMessage):
    """The channel is left."""

    model_config = _example(type="unsubscribed", channel="trades")

    type: Literal["unsubscribed"] = "unsubscribed"
    channel: str


class ResyncRequired(ServerMessage):
    """You missed something that is not told again: read it by REST. It goes on behind `seq`."""

    model_config = _example(
        type="resync_required", channel="offers:ETH-EUR", seq=9120, why="forgotten"
    )

    type: Literal["resync_required"] = "resync_required"
    channel: str
    seq: int
    why: Why


class EventMessage(ServerMessage):
    """An event of the account. `after` is the number of the one that you have seen before it."""

    model_config = _example(type="event", channel="trades", seq=42, after=41, event=EVENT_EXAMPLE)

    type: Literal["event"] = "event"
    channel: str
    seq: int
    after: int
    event: EventAnswer

    @classmethod
    def of(cls, channel: str, after: int, event: AccountEvent) -> Message:
        """The message of `event`."""
        told = EventAnswer.model_validate(event)
        return cls(channel=channel, seq=event.seq, after=after, event=told).message()


class PriceMessage(ServerMessage):
    """The market's price as it is now, or null while there is none. Only the newest is told."""

    model_config = _example(type="price", channel="prices:ETH-EUR", price=PRICE_EXAMPLE)

    type: Literal["price"] = "price"
    channel: str
    price: PriceAnswer | None


class ShownOffer(OfferDocument):
    """An offer in the book; one without a `price` costs the market's price with its margin."""

    price: str | None
    funded: bool


class OfferMessage(ServerMessage):
    """An offer of the market came, changed, or is gone (null): as it is now.

    `after` is the number of the change that you have seen before it.
    """

    model_config = _example(
        type="offer", channel="offers:ETH-EUR", seq=7, after=6, offer_id=_OFFER, offer=None
    )

    type: Literal["offer"] = "offer"
    channel: str
    seq: int
    after: int
    offer_id: UUID
    offer: ShownOffer | None

    @classmethod
    def of(cls, channel: str, after: int, change: Change) -> Message:
        """The message of `change`: a listing's document is JSON already."""
        offer = "null"
        if change.document is not None:
            price = "null" if change.price is None else f'"{change.price}"'
            funded = "true" if change.funded else "false"
            offer = f'{change.document[:-1]},"price":{price},"funded":{funded}}}'
        return Message(
            "offer",
            f'{{"type":"offer","channel":"{channel}","seq":{change.seq},"after":{after},'
            f'"offer_id":"{change.listing_id}","offer":{offer}}}',
        )


class Refused(ServerMessage):
    """What you asked for is refused: a problem document (RFC 9457). The stream goes on."""

    model_config = _example(type="refused", channel="notifications", problem=ScopeMissing().body())

    type: Literal["refused"] = "refused"
    channel: str
    problem: Annotated[dict[str, Any], Field(description="As REST answers it.")]


class Closed(ServerMessage):
    """The last message of an event stream, in the place of a close frame."""

    model_config = _example(type="closed", code=4499, reason="the stream is old: connect again")

    type: Literal["closed"] = "closed"
    code: int
    reason: str


SERVER_MESSAGES: Final[tuple[type[ServerMessage], ...]] = (
    Welcome,
    Heartbeat,
    Subscribed,
    Unsubscribed,
    ResyncRequired,
    EventMessage,
    PriceMessage,
    OfferMessage,
    Refused,
)
