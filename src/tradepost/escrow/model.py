"""What is locked for whom: the escrow as the chain tells it, and what may be brought to it.

An escrow's state is nothing but its chain events, read in order: `read()` makes it from them, so
the rows can be rebuilt at any time and a reorganisation is only another list of events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from tradepost.kernel.errors import Problem
from tradepost.kernel.money import Amount
from tradepost.kernel.outbox import Event
from tradepost_contracts.means import LockWay
from tradepost_contracts.terms import Terms


class EscrowState(StrEnum):
    """What the chain says; the -ing states are seen but not yet deep enough to count on."""

    NONE = "none"
    LOCKING = "locking"
    LOCKED = "locked"
    RELEASING = "releasing"
    RELEASED = "released"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    SPLITTING = "splitting"
    SPLIT = "split"


class ChainEventKind(StrEnum):
    """The contract's events that concern one escrow."""

    LOCKED = "locked"
    PAID = "paid"
    CANCEL_REQUESTED = "cancel_requested"
    RELEASED = "released"
    REFUNDED = "refunded"
    SETTLED = "settled"


#: Each kind that changes the state: the state while it is fresh, and once it is confirmed.
_MEANING = {
    ChainEventKind.LOCKED: (EscrowState.LOCKING, EscrowState.LOCKED),
    ChainEventKind.RELEASED: (EscrowState.RELEASING, EscrowState.RELEASED),
    ChainEventKind.REFUNDED: (EscrowState.REFUNDING, EscrowState.REFUNDED),
    ChainEventKind.SETTLED: (EscrowState.SPLITTING, EscrowState.SPLIT),
}

#: From these the chain can move on only by forgetting.
FINAL = frozenset({EscrowState.RELEASED, EscrowState.REFUNDED, EscrowState.SPLIT})


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One log of the contract, where it stands on the chain, and what it says."""

    escrow_id: bytes
    kind: ChainEventKind
    block_number: int
    block_hash: bytes
    block_time: int
    tx_hash: bytes
    log_index: int
    #: The time of a cancellation (unix s) or the buyer's amount of a settlement (minor units).
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the events of one escrow add up to. Times are the chain's, in unix seconds."""

    state: EscrowState = EscrowState.NONE
    locked_at: int | None = None
    cancel_at: int | None = None
    paid_on_chain: bool = False
    buyer_amount: int | None = None
    #: Where the last event stands: confirmations are counted from it.
    block_number: int | None = None
    tx_hash: bytes | None = None


def read(events: Iterable[ChainEvent], confirmed: int) -> Reading:
    """The reading of one escrow's `events` when blocks up to number `confirmed` count as final."""
    reading = Reading()
    for event in sorted(events, key=lambda event: (event.block_number, event.log_index)):
        state, locked_at = reading.state, reading.locked_at
        cancel_at, paid = reading.cancel_at, reading.paid_on_chain
        buyer_amount = reading.buyer_amount
        if event.kind in _MEANING:
            fresh, settled = _MEANING[event.kind]
            state = settled if event.block_number <= confirmed else fresh
        match event.kind:
            case ChainEventKind.LOCKED:
                locked_at = event.block_time
            case ChainEventKind.CANCEL_REQUESTED:
                cancel_at = event.value
            case ChainEventKind.PAID:
                paid, cancel_at = True, None
            case ChainEventKind.SETTLED:
                buyer_amount = event.value
        reading = Reading(
            state, locked_at, cancel_at, paid, buyer_amount, event.block_number, event.tx_hash
        )
    return reading


@dataclass(frozen=True, slots=True)
class Escrow:
    """One escrow: the terms both sides see, and what the chain says of it."""

    id: bytes
    chain_id: int
    contract: str
    asset: str
    terms: Terms
    reading: Reading
    created_at: datetime
    #: The seller's signed lock, while it is to be brought to the chain.
    lock: "LockBrought | None" = None

    @property
    def state(self) -> EscrowState:
        """What the chain says."""
        return self.reading.state

    def payment_deadline(self) -> int | None:
        """The chain time (unix s) after which the seller may ask for the coins back."""
        locked_at = self.reading.locked_at
        return None if locked_at is None else locked_at + self.terms.payment_window


@dataclass(frozen=True, slots=True)
class ChainView:
    """How far the chain is followed. Times are the chain's, in unix seconds."""

    chain_id: int
    contract: str
    head_number: int
    head_time: int
    confirmed_number: int
    confirmed_time: int
    confirmations: int
    #: When the node last answered, on the server's clock.
    seen_at: datetime

    def lapsed(self, last: int) -> bool:
        """True once what the contract takes until `last` cannot come on the chain any more."""
        return self.confirmed_time > last


@dataclass(frozen=True, slots=True)
class Block:
    """A block's place on the chain; `time` in unix seconds."""

    number: int
    hash: bytes
    parent_hash: bytes
    time: int


class Party(StrEnum):
    """Who may sign about an escrow."""

    SELLER = "seller"
    BUYER = "buyer"
    ARBITRATOR = "arbitrator"

    def wallet(self, terms: Terms) -> str:
        """This party's address in `terms`."""
        return {
            Party.SELLER: terms.seller,
            Party.BUYER: terms.buyer,
            Party.ARBITRATOR: terms.arbitrator,
        }[self]


@dataclass(frozen=True, slots=True)
class SignedLock:
    """A seller's signature by which others bring his lock, until the terms' `fund_by`."""

    way: LockWay
    signature: bytes
    #: For a permit: 65 bytes over the exact amount, until `fund_by`.
    permit_signature: bytes | None = None
    #: For Permit2.
    nonce: int | None = None


class IntentKind(StrEnum):
    """What the exchange brings to the chain, each with the signature of whom it concerns."""

    LOCK = "lock"
    RELEASE = "release"
    REFUND = "refund"
    MARK_PAID = "mark_paid"
    REQUEST_CANCEL = "request_cancel"
    FINISH_CANCEL = "finish_cancel"  # needs no signature: the contract knows the time
    SETTLE = "settle"


class IntentState(StrEnum):
    """How far an intent has come."""

    WAITING = "waiting"  # no transaction yet
    SENT = "sent"  # a signed transaction is stored, and is broadcast until its nonce is used
    DONE = "done"  # the chain has what was wanted, deep enough
    MOOT = "moot"  # the chain can no longer take it: something else was settled


@dataclass(frozen=True, slots=True)
class LockBrought:
    """How far the exchange has come with bringing a signed lock."""

    way: LockWay
    state: IntentState
    #: Why it waits, where a try was refused.
    reason: str | None

    @property
    def is_out(self) -> bool:
        """Whether it cannot be called back: a signed transaction may be anywhere."""
        return self.state is IntentState.SENT


@dataclass(frozen=True, slots=True)
class SignedSettlement:
    """Two parties' signatures on one sum for the buyer (minor units), until a chain time."""

    buyer_amount: int
    valid_until: int
    first: Party
    first_signature: bytes
    second: Party
    second_signature: bytes


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to be brought to the chain, with its effect at most once whatever dies when."""

    id: UUID
    escrow_id: bytes
    kind: IntentKind
    state: IntentState
    signature: bytes | None
    settlement: SignedSettlement | None
    lock: SignedLock | None
    #: Chain time (unix s) before which the contract would refuse it.
    not_before: int
    nonce: int | None
    tries: int
    #: When it is due, on the server's clock: later than it was made where a try was put off.
    try_at: datetime
    created_at: datetime
    #: The `traceparent` of what wanted it; None where it was not traced.
    trace: str | None = None

    def fulfilled(self, reading: Reading) -> bool:
        """True where the chain holds what this intent wants, deep enough to count on."""
        match self.kind:
            case IntentKind.LOCK:
                # However it was brought, and whatever has become of it since.
                return reading.state not in {EscrowState.NONE, EscrowState.LOCKING}
            case IntentKind.RELEASE:
                return reading.state is EscrowState.RELEASED
            case IntentKind.REFUND | IntentKind.FINISH_CANCEL:
                return reading.state is EscrowState.REFUNDED
            case IntentKind.MARK_PAID:
                return reading.paid_on_chain
            case IntentKind.REQUEST_CANCEL:
                return reading.cancel_at is not None
            case IntentKind.SETTLE:
                wanted = self.settlement and self.settlement.buyer_amount
                return reading.state is EscrowState.SPLIT and reading.buyer_amount == wanted


@dataclass(frozen=True, slots=True)
class EscrowChanged(Event):
    """The chain's word on an escrow is another than before; read the escrow for what it is."""

    for_accounts: ClassVar[bool] = False

    escrow_id: str
    state: str

    @classmethod
    def of(cls, escrow_id: bytes, reading: Reading) -> Self:
        """The event for an escrow's new reading."""
        return cls("0x" + escrow_id.hex(), reading.state)


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """Who has a balance in the contract, and of what: addresses in small letters.

    The zero address is the native coin's.
    """

    token: str
    account: str

    @classmethod
    def of(cls, token: str, account: str) -> Self:
        """The holder, with addresses in any case of their letters."""
        return cls(token.lower(), account.lower())


@dataclass(frozen=True, slots=True)
class Balance:
    """What a holder has outside of escrows (minor units), as read at a block of the chain."""

    holder: Holder
    amount: int
    block_number: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many intents could be sent and are out, and how long the oldest of both is there (s)."""

    waiting: int
    sent: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Owed:
    """What the contract has to hold at a block at least, by token (lower case), in minor units.

    That is what is locked in escrows that are known here, and the known balances. The contract may
    hold more: it serves strangers too, whose balances and escrows nobody here knows.
    """

    contract: str
    block_hash: bytes
    tokens: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BalanceChanged(Event):
    """A holder's confirmed balance is another than before; read it for what it is."""

    for_accounts: ClassVar[bool] = False

    token: str
    account: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What an escrow is opened for, in the exchange's own words."""

    amount: Amount
    seller: str
    buyer: str
    funding_window_s: int
    payment_window_s: int


class ChainNotReady(Problem):
    """The chain's node does not answer at the moment; escrowed coins are not affected."""

    status = 503
    retryable = True


class NodeUnreachable(Problem):
    """The exchange's node does not answer this call at present; ask again, or another node."""

    status = 503
    retryable = True


class NodeRefused(Problem):
    """The exchange's node refuses this call; `code`, `message` and `data` are its own words."""

    status = 422


class SignatureInvalid(Problem):
    """The signature is not that of the wallet which has to sign this, for this escrow."""

    status = 403


class EscrowImpossible(Problem):
    """The contract would not take an escrow with these terms."""

    status = 409


class LockWayUnsupported(Problem):
    """The trade's coin cannot be locked in this way."""

    status = 409


class AssetUnknown(Problem):
    """This exchange does not trade that asset."""

    status = 400


class ContractMismatch(Exception):
    """The code at the escrow's address is not the contract that this version ships."""


class ChainReplaced(Exception):
    """The node follows another chain than the one this database was filled from."""
