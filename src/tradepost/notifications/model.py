"""Channels, what is said on them in both directions, and how a stream ends."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Annotated, Final, Literal, NamedTuple, Protocol, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tradepost.kernel.access import Scope
from tradepost.kernel.errors import Problem

TICKET_LIFE: Final = timedelta(seconds=60)
#: Tickets of one token that nobody has used yet; the oldest makes room.
MAX_TICKETS: Final = 20
#: Channels of one stream.
MAX_CHANNELS: Final = 50
#: How often one stream can have one channel, under several names: each reads for itself.
MAX_SAME: Final = 5
#: Who is farther behind is told to read anew: that takes less than to read all of it.
MOST_BEHIND: Final = 10_000
#: Larger than anything that a client has to say.
MAX_MESSAGE: Final = 1_000

_TICKET_FORM: Final = re.compile(r"ts_[A-Za-z0-9_-]{43}")
_CHANNEL_FORM: Final = re.compile(
    r"(?P<account>trades|notifications)|(?P<market>prices|offers):"
    r"(?P<asset>[A-Z0-9]{2,10})-(?P<currency>[A-Z]{3})"
)
_POSITION_FORM: Final = re.compile(r"(?P<channel>[a-zA-Z0-9:-]{1,30})=(?P<seq>[0-9]{1,18})")


class Kind(StrEnum):
    """What a channel tells of."""

    TRADES = "trades"
    NOTIFICATIONS = "notifications"
    PRICES = "prices"
    OFFERS = "offers"


#: What a token needs for a channel; the others are for everybody.
SCOPES: Final = {Kind.TRADES: Scope.TRADES_READ, Kind.NOTIFICATIONS: Scope.ACCOUNT_READ}


@dataclass(frozen=True, slots=True)
class Channel:
    """One of an account's two, or one of a market's two."""

    kind: Kind
    #: Asset and currency; None for an account's.
    market: tuple[str, str] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The channel of this name; raises `ChannelUnknown`."""
        found = _CHANNEL_FORM.fullmatch(text)
        if found is None:
            raise ChannelUnknown
        if found["account"]:
            return cls(Kind(found["account"]))
        return cls(Kind(found["market"]), (found["asset"], found["currency"]))

    def __str__(self) -> str:
        return self.kind if self.market is None else f"{self.kind}:{'-'.join(self.market)}"


def tells(kind: Kind, event_type: str) -> bool:
    """Whether an account's channel tells events of this type: trades, or all else."""
    return event_type.startswith("trade.") is (kind is Kind.TRADES)


def positions(text: str) -> dict[str, int]:
    """The numbers by channel of a text such as `trades=41,offers:ETH-EUR=7`.

    Raises `PositionsMalformed`.
    """
    found = {}
    for part in text.split(",") if text else ():
        match = _POSITION_FORM.fullmatch(part)
        if match is None:
            raise PositionsMalformed
        found[match["channel"]] = int(match["seq"])
    return found


class Why(StrEnum):
    """Why a reader cannot go on where he was."""

    TOO_FAR_BEHIND = "too_far_behind"
    FORGOTTEN = "forgotten"  # what came next is not kept any more
    UNKNOWN = "unknown"  # we have never been there


def resync(after: int, last: int, first: int | None) -> Why | None:
    """Why somebody who has read up to `after` has to read anew, if he has to.

    `last` is the newest number, `first` the lowest above `after` that is kept, if there is one.
    """
    if after > last and first is None:
        return Why.UNKNOWN
    if last - after > MOST_BEHIND:
        return Why.TOO_FAR_BEHIND
    if first is None:
        return Why.FORGOTTEN if last > after else None
    return None if first == after + 1 else Why.FORGOTTEN


class Ending(Protocol):
    """How a stream ends: the code and the reason of its close frame (RFC 6455)."""

    @property
    def code(self) -> int:
        """The frame's code."""

    @property
    def reason(self) -> str:
        """The frame's reason."""

    @property
    def unusual(self) -> bool:
        """Whether the log should say so."""


class Closing(Enum):
    """How a stream ends, whatever form it has."""

    def __init__(self, code: int, reason: str, unusual: bool) -> None:
        self.code = code
        self.reason = reason
        self.unusual = unusual

    LEFT = 1000, "you left", False
    GOING_AWAY = 1001, "the server stops: connect again", False
    NOT_TEXT = 1003, "messages are text", True
    TOO_LARGE = 1009, "the message is too large", True
    FAILED = 1011, "something failed on our side: connect again", True
    MALFORMED = 4400, "the message has not the form of one", True
    TOKEN_ENDED = 4401, "the token has ended", False
    SILENT = 4408, "nothing was heard of you", False
    TOO_MANY_MESSAGES = 4429, "too many messages", True
    TOO_SLOW = 4490, "you read too slowly", True
    #: Of an event stream, which has no other way to find out who is gone.
    OLD = 4499, "the stream is old: connect again", False


class Message(NamedTuple):
    """What is sent: its type, itself as JSON, and under which name its reader has the channel."""

    type: str
    text: str
    name: str = ""


def new_ticket() -> str:
    """A ticket's secret: 256 random bits behind a prefix that leak scanners can look for."""
    return "ts_" + secrets.token_urlsafe(32)


def ticket_hash(ticket: str) -> bytes | None:
    """What is stored of a ticket; None where it cannot be one."""
    if not _TICKET_FORM.fullmatch(ticket):
        return None
    return hashlib.sha256(ticket.encode()).digest()


def _said(**members: str | int) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [dict(members)]})


class Subscribe(BaseModel):
    """Takes a channel, from now on or from behind the number that `resume_from` names."""

    model_config = _said(op="subscribe", channel="trades", resume_from=41)

    op: Literal["subscribe"]
    channel: Annotated[str, Field(max_length=30)]
    resume_from: Annotated[int | None, Field(ge=0, lt=2**63, strict=True)] = None


class Unsubscribe(BaseModel):
    """Leaves a channel."""

    model_config = _said(op="unsubscribe", channel="trades")

    op: Literal["unsubscribe"]
    channel: Annotated[str, Field(max_length=30)]


class Pong(BaseModel):
    """The answer to a heartbeat."""

    model_config = _said(op="pong")

    op: Literal["pong"]


class ChannelUnknown(Problem):
    """There is no such channel."""

    status = 404


class TooManyChannels(Problem):
    """This stream has as many channels as one can have."""

    status = 409


class PositionsMalformed(Problem):
    """Positions are channels with their numbers, such as `trades=41,offers:ETH-EUR=7`."""

    status = 422


class TooManyStreams(Problem):
    """As many streams are open as your account, or your network address, can have."""

    status = 429
    retryable = True


class TicketInvalid(Problem):
    """This ticket was not issued here, has been used, has expired, or its token has ended."""

    status = 401


@dataclass(frozen=True, slots=True)
class Reader:
    """Who holds a stream open: the account and the token behind it, and what that may do."""

    account_id: UUID
    token_id: UUID
    scopes: frozenset[Scope]
