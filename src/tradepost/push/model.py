"""Subscriptions of devices, what they are told, and to whom each step is news: pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tradepost.escrow.model import Party
from tradepost.kernel.errors import Problem
from tradepost.outward.model import Outcome
from tradepost.trades.model import (
    Trade,
    TradeAdvanced,
    TradeDetailsSealed,
    TradeEvent,
    TradeOpened,
    TradeSettlementSigned,
    TradeState,
)

MAX_SUBSCRIPTIONS: Final = 10
#: Messages of one subscription that wait, one a trade; the oldest make room.
MAX_WAITING: Final = 100
#: How long a message is worth bringing: here while it is tried, then at the push service while the
#: device is away.
TTL_S: Final = 86_400
#: The pauses between two tries, in seconds: ten tries in some fourteen hours.
SCHEDULE_S: Final = (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600)

#: The push service knows no such subscription any more.
_GONE: Final = frozenset({404, 410})
#: Refusals that time mends; any other is of the message itself.
_LATER: Final = frozenset({408, 429})


class News(StrEnum):
    """What a device is told of a trade; it finds the words itself."""

    TAKEN = "taken"
    ESCROWED = "escrowed"
    ESCROW_LOST = "escrow_lost"  # a reorganisation took the lock away: nobody should pay now
    DETAILS = "details"
    PAYMENT_SENT = "payment_sent"
    COMPLETED = "completed"
    ASKED_BACK = "asked_back"  # the seller wants the coins; who has paid has to say so now
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISPUTED = "disputed"
    SHARE_SIGNED = "share_signed"
    RESOLVED = "resolved"


#: After these nobody has to do anything.
_CALM: Final = frozenset(
    {News.COMPLETED, News.REFUNDED, News.CANCELLED, News.EXPIRED, News.RESOLVED}
)
_BUYER: Final = frozenset({Party.BUYER})
_SELLER: Final = frozenset({Party.SELLER})
_BOTH: Final = _BUYER | _SELLER
#: Whom a step is news to. Of what a party did he is not told; what is not here needs nobody.
_STEPS: Final[Mapping[TradeEvent, tuple[News, frozenset[Party]]]] = {
    TradeEvent.CANCEL: (News.CANCELLED, _BOTH),
    TradeEvent.EXPIRE: (News.EXPIRED, _BOTH),
    TradeEvent.PAYMENT_SENT: (News.PAYMENT_SENT, _SELLER),
    TradeEvent.CANCEL_ESCROW: (News.ASKED_BACK, _BUYER),
    TradeEvent.DISPUTE: (News.DISPUTED, _BOTH),
    TradeEvent.ESCROW_LOCKED: (News.ESCROWED, _BUYER),
    TradeEvent.ESCROW_LOST: (News.ESCROW_LOST, _BOTH),
    TradeEvent.ESCROW_PAID: (News.PAYMENT_SENT, _SELLER),
    TradeEvent.ESCROW_RELEASED: (News.COMPLETED, _BUYER),
    TradeEvent.ESCROW_REFUNDED: (News.REFUNDED, _BOTH),
    TradeEvent.ESCROW_SPLIT: (News.RESOLVED, _BOTH),
}
#: Steps that either party can take: who did has to be asked for.
EITHERS: Final = frozenset({TradeEvent.CANCEL, TradeEvent.DISPUTE})


@dataclass(frozen=True, slots=True)
class Subscription:
    """A device that is told of an account's trades.

    `device_key` is its public key on P-256 (65 bytes), `auth` the secret of 16 bytes that it
    shares with us, `server_key` the exchange's public key that it was told.
    """

    id: UUID
    account_id: UUID
    endpoint: str
    device_key: bytes
    auth: bytes
    server_key: str
    label: str
    accepted_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """The newest that a device is to be told of one trade, made of the event `event_id`."""

    subscription_id: UUID
    trade_id: UUID
    event_id: UUID
    news: News
    tries: int
    created_at: datetime

    def body(self) -> bytes:
        """What the device reads."""
        said = {"news": self.news, "trade": str(self.trade_id)}
        return json.dumps(said, separators=(",", ":")).encode()

    @property
    def urgency(self) -> str:
        """For the push service (RFC 8030, 5.3): what waits for its reader wakes a device."""
        return "normal" if self.news in _CALM else "high"

    def ttl_s(self, now: datetime) -> int:
        """How long the push service is to keep it for a device that is away, in seconds."""
        return max(0, TTL_S - int((now - self.created_at).total_seconds()))


class Verdict(StrEnum):
    """What an outcome means for a message and its subscription."""

    DONE = "done"
    LATER = "later"
    REFUSED = "refused"
    GONE = "gone"


def verdict(outcome: Outcome) -> Verdict:
    """Judges a try."""
    if outcome.accepted:
        return Verdict.DONE
    if outcome.status is None or outcome.status >= 500 or outcome.status in _LATER:
        return Verdict.LATER
    return Verdict.GONE if outcome.status in _GONE else Verdict.REFUSED


def news_of(
    kind: str, payload: Mapping[str, Any], trade: Trade, party: Party, by: Party | None
) -> News | None:
    """What an event of a trade is to one of its parties; None where it does not need him.

    Args:
        kind: the event's type.
        payload: what it tells.
        trade: as it stands now.
        party: whose device it is.
        by: who took the step, where it is one of `EITHERS`; None for the clock.
    """
    if kind == TradeOpened.type():
        return News.TAKEN if party is trade.maker else None
    if kind == TradeDetailsSealed.type():
        return News.DETAILS if party is Party.BUYER else None
    if kind == TradeSettlementSigned.type():
        return None if payload["party"] == party else News.SHARE_SIGNED
    if kind != TradeAdvanced.type() or by is party:
        return None
    event = TradeEvent(payload["event"])
    news, parties = _STEPS.get(event, (None, frozenset()))
    if party not in parties:
        return None
    # A lock that crossed a cancellation: there is nothing to be paid.
    if event is TradeEvent.ESCROW_LOCKED and payload["state"] != TradeState.ESCROWED:
        return None
    # The buyer gave the coins back himself.
    gave_back = party is Party.BUYER and trade.refund_signature is not None
    return None if event is TradeEvent.ESCROW_REFUNDED and gave_back else news


class TooManyPushSubscriptions(Problem):
    """You have as many devices with push messages as one account can have."""

    status = 409


class PushEndpointRefused(Problem):
    """Push messages do not go to this address."""

    status = 400


class PushEndpointTaken(Problem):
    """This address is another device's."""

    status = 409


class PushKeysInvalid(Problem):
    """These are no keys of a push subscription."""

    status = 400
