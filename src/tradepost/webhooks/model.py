"""Webhooks, their messages, and when these are tried: pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tradepost.kernel.errors import Problem
from tradepost.kernel.outbox import Event
from tradepost.outward.model import Fault

MAX_WEBHOOKS: Final = 10
MAX_EVENT_FILTERS: Final = 20
#: Messages of one webhook that wait. Beyond it events wait in the outbox, and none is lost.
MAX_PENDING: Final = 1000
#: Secrets of one webhook that are valid at the same time: the newest, and those that it replaces.
MAX_SECRETS: Final = 3
#: How long a secret that was replaced stays valid by default, and at most.
OVERLAP_S: Final = 86_400
MAX_OVERLAP_S: Final = 7 * 86_400
#: How long the log of what is done with is kept.
KEPT_DAYS: Final = 30

_MINUTE: Final = 60
_HOUR: Final = 3600
#: The pauses between two tries, in seconds: dense for a receiver that fails now and then, long for
#: one that is away. 25 tries in a bit over three days.
SCHEDULE_S: Final = (
    *(5, 10, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 5 * _HOUR),
    *(6 * _HOUR,) * 10,
)
TEST_TYPE: Final = "webhook.test"
FILTER_PATTERN: Final = r"^(\*|[a-z]{1,40}\.(\*|[a-z_]{1,40}))$"


class DisabledReason(StrEnum):
    """Why a webhook gets nothing."""

    OWNER = "owner"
    GONE = "gone"
    FAILING = "failing"
    SECRETS_LOST = "secrets_lost"


class DeliveryState(StrEnum):
    """What has become of one message to one webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Happened(StrEnum):
    """What moves a delivery."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    REPLAYED = "replayed"


TRANSITIONS: Final[Mapping[tuple[DeliveryState, Happened], DeliveryState]] = {
    (DeliveryState.PENDING, Happened.ACCEPTED): DeliveryState.DELIVERED,
    (DeliveryState.PENDING, Happened.REFUSED): DeliveryState.PENDING,
    (DeliveryState.PENDING, Happened.GIVEN_UP): DeliveryState.FAILED,
    (DeliveryState.PENDING, Happened.REPLAYED): DeliveryState.PENDING,
    (DeliveryState.DELIVERED, Happened.REPLAYED): DeliveryState.PENDING,
    (DeliveryState.FAILED, Happened.REPLAYED): DeliveryState.PENDING,
}


@dataclass(frozen=True, slots=True)
class Key:
    """One of a webhook's signing secrets, as it may be shown: by its public key (`whpk_`)."""

    id: UUID
    public_key: str
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where an account wants to hear of its events. No `disabled_reason`: it is enabled."""

    id: UUID
    account_id: UUID
    url: str
    description: str
    events: tuple[str, ...]
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What an owner changes; None leaves a thing as it is."""

    url: str | None = None
    description: str | None = None
    events: tuple[str, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the answer's status, or why there was none. `duration_ms` is until then."""

    number: int
    at: datetime
    duration_ms: int
    status: int | None
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook. `tries` count in this round, `attempts` over all replays."""

    id: UUID
    webhook_id: UUID
    message_id: UUID
    seq: int | None
    type: str
    body: str
    state: DeliveryState
    attempts: int
    tries: int
    due_at: datetime | None
    created_at: datetime
    log: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. The receiver knows by `id` that he has had it."""

    id: UUID
    type: str
    seq: int | None
    at: datetime
    data: Mapping[str, Any]

    def body(self) -> str:
        """The JSON that is signed and sent; each try sends the same."""
        said = {
            "id": str(self.id),
            "type": self.type,
            "timestamp": self.at.isoformat().replace("+00:00", "Z"),
            "seq": self.seq,
            "data": dict(self.data),
        }
        return json.dumps(said, separators=(",", ":"))


def matches(filters: Sequence[str], kind: str) -> bool:
    """True if one of `filters` (`*`, `trade.*`, `trade.opened`) takes events of this type."""
    subject = kind.partition(".")[0]
    return any(one in {"*", kind, f"{subject}.*"} for one in filters)


@dataclass(frozen=True, slots=True)
class WebhookDisabled(Event):
    """A webhook was disabled by the exchange; its owner is told by his other ways."""

    webhook_id: str
    reason: str


class TooManyWebhooks(Problem):
    """You have as many webhooks as one account can have."""

    status = 409


class WebhookUrlTaken(Problem):
    """You have a webhook of this address already."""

    status = 409


class WebhookUrlRefused(Problem):
    """Webhooks do not go to this address."""

    status = 400


class EventTypeUnknown(Problem):
    """There are no events of that type."""

    status = 400


class TooManySecrets(Problem):
    """This webhook has as many valid secrets as it can have; wait until the oldest ends."""

    status = 409


class WebhookNotEnabled(Problem):
    """This webhook is disabled, so nothing is sent to it."""

    status = 409


class TooManyPending(Problem):
    """As many messages wait for this webhook as can; they have to be delivered first."""

    status = 409
    retryable = True
