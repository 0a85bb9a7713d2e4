"""A confirmation: what a program asks its owner to let happen, word for word, and his answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from tradepost.kernel.access import Scope
from tradepost.kernel.errors import Problem
from tradepost.kernel.outbox import Event

#: How long an owner has to answer; whoever still wants it asks again.
LIFE: Final = timedelta(minutes=15)
#: How many of one account wait at once.
MAX_PENDING: Final = 20
#: How long an answered or lapsed one can be looked up.
KEPT: Final = timedelta(days=7)


class Step(StrEnum):
    """What can be asked for: each is an operation of the API that binds the owner."""

    OPEN_TRADE = "open_trade"
    PAYMENT_SENT = "payment_sent"
    RELEASE = "release"
    REFUND = "refund"
    CANCEL = "cancel"
    DISPUTE = "dispute"


#: What the owner's token has to have beside `confirmations:write`: no more is done by confirming
#: than the same token could do by itself.
SCOPES: Final[Mapping[Step, Scope]] = {
    Step.OPEN_TRADE: Scope.TRADES_WRITE,
    Step.PAYMENT_SENT: Scope.TRADES_WRITE,
    Step.RELEASE: Scope.ESCROW_RELEASE,
    Step.REFUND: Scope.TRADES_WRITE,
    Step.CANCEL: Scope.TRADES_WRITE,
    Step.DISPUTE: Scope.TRADES_WRITE,
}


class ConfirmationState(StrEnum):
    """Where it stands. That its time is over is not stored: `Confirmation.state_at` says it."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"


class Answer(StrEnum):
    """What an owner says."""

    CONFIRM = "confirm"
    REFUSE = "refuse"


TRANSITIONS: Final[Mapping[tuple[ConfirmationState, Answer], ConfirmationState]] = {
    (ConfirmationState.PENDING, Answer.CONFIRM): ConfirmationState.CONFIRMED,
    (ConfirmationState.PENDING, Answer.REFUSE): ConfirmationState.REFUSED,
}


class Need(StrEnum):
    """What the owner's wallet adds: no program can, and the exchange has no key."""

    WALLET = "wallet"
    ENCRYPTION_KEY = "encryption_key"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was asked for, and by which token. `parameters` are all that decides what is done."""

    id: UUID
    account_id: UUID
    token_id: UUID
    step: Step
    parameters: Mapping[str, str]
    summary: str
    needs: tuple[Need, ...]
    state: ConfirmationState
    trade_id: UUID | None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None

    @property
    def digest(self) -> str:
        """What an owner confirms: SHA-256 over the id, the step and the parameters, in hex."""
        return digest(str(self.id), self.step, self.parameters)

    def state_at(self, now: datetime) -> ConfirmationState:
        """Where it stands at this moment."""
        if self.state is ConfirmationState.PENDING and self.expires_at <= now:
            return ConfirmationState.EXPIRED
        return self.state


def digest(*said: str | Mapping[str, str]) -> str:
    """SHA-256, in hex, of `said` as a JSON list: members in order, no spaces, UTF-8."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Opening:
    """The trade that a program would open: as `Taking`, without what is the wallet's."""

    offer_id: UUID
    amount: str | None
    fiat_amount: str | None
    price_limit: str
    payment_method: str
    hold: str | None
    link: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What the owner's wallet added."""

    wallet: str | None = None
    encryption_key: str | None = None
    key_signature: bytes | None = None
    signature: bytes | None = None


@dataclass(frozen=True, slots=True)
class ConfirmationRequested(Event):
    """A program asks the owner of the account to confirm something."""

    confirmation_id: str
    step: str


@dataclass(frozen=True, slots=True)
class ConfirmationDecided(Event):
    """The owner has answered; the state is `confirmed`, and it was done, or `refused`."""

    confirmation_id: str
    state: str


class TooManyConfirmations(Problem):
    """As many confirmations wait for the owner's answer as one account can have."""

    status = 409


class ConfirmationDigestWrong(Problem):
    """The digest is not that of this confirmation: what you saw is not what would be done."""

    status = 409


class ConfirmationAnswered(Problem):
    """This confirmation has its answer already; `state` says which."""

    status = 409


class ConfirmationExpired(Problem):
    """The time to answer is over; nothing was done."""

    status = 409


class ConfirmationOutdated(Problem):
    """The offer is not what it was when this was asked for; nothing was done."""

    status = 409


class ConfirmationIncomplete(Problem):
    """This step needs what only your wallet can add; `needs` says what."""

    status = 400
