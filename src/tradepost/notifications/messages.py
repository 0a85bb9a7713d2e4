"""What the server says on a stream, each as a model: the AsyncAPI document is made of them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tradepost.book.model import OfferDocument
from tradepost.kernel.outbox import AccountEvent
from tradepost.notifications.model import Message, Why
from tradepost.prices.model import PriceAnswer

EVENT_EXAMPLE: Final[dict[str, Any]] = {
    "seq": 42,
    "id": "0193579a-3b22-7d41-a1c5-8e9f0a1b2c3d",
    "type": "trade.advanced",
    "payload": {
        "trade_id": "0193579a-4d30-7b11-8f5e-6a7b8c9d0e1f",
        "state": "escrowed",
        "event": "lock_confirmed",
    },
    "created_at": "2026-11-24T05:00:00Z",
}


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

    type: Literal["welcome"] = "welcome"
    now: datetime
    account_id: UUID | None
    heartbeat_s: float
    silence_s: float | None


class Heartbeat(ServerMessage):
    """Comes where nothing else does. `positions` is up to where each numbered channel is told."""

    type: Literal["heartbeat"] = "heartbeat"
    now: datetime
    positions: dict[str, int]


class Subscribed(ServerMessage):
    """The channel is taken. What comes on it, comes behind `seq`, where the channel is numbered."""

    type: Literal["subscribed"] = "subscribed"
    channel: str
    seq: int | None


class Unsubscribed(ServerMessage):
    """The channel is left."""

    type: Literal["unsubscribed"] = "unsubscribed"
    channel: str


class ResyncRequired(ServerMessage):
    """You missed something that is not told again: read it by REST. It goes on behind `seq`."""

    type: Literal["resync_required"] = "resync_required"
    channel: str
    seq: int
    why: Why


class EventMessage(ServerMessage):
    """An event of the account. `after` is the number of the one that you have seen before it."""

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

    type: Literal["price"] = "price"
    channel: str
    price: PriceAnswer | None


class ShownOffer(OfferDocument):
    """An offer in the book; a floating one costs the market's price with its margin."""

    funded: bool


class OfferMessage(ServerMessage):
    """An offer of the market came, changed, or is gone (null): as it is now.

    `after` is the number of the change that you have seen before it.
    """

    type: Literal["offer"] = "offer"
    channel: str
    seq: int
    after: int
    offer_id: UUID
    offer: ShownOffer | None

    @classmethod
    def of(
        cls, channel: str, after: int, seq: int, offer_id: UUID, document: str | None, funded: str
    ) -> Message:
        """The message of a listing: its document is JSON already."""
        offer = "null" if document is None else f'{document[:-1]},"funded":{funded}}}'
        return Message(
            "offer",
            f'{{"type":"offer","channel":"{channel}","seq":{seq},"after":{after},'
            f'"offer_id":"{offer_id}","offer":{offer}}}',
        )


class Refused(ServerMessage):
    """What you asked for is refused: a problem document (RFC 9457). The stream goes on."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["refused"] = "refused"
    channel: str
    problem: Annotated[dict[str, Any], Field(description="As REST answers it.")]


class Closed(ServerMessage):
    """The last message of an event stream, in the place of a close frame."""

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
