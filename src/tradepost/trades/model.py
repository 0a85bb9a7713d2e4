"""A trade: its states and what moves it on, what each party may do, and what can go wrong.

Three machines stay apart. This is the trade's; the escrow's state is what the chain says
(`escrow/model.py`). The chain's events are part of the table below because the chain may also
take back what it said: a reorganisation leads backwards, and every trade can go on from there.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from tradepost.escrow.model import ChainView, Escrow, EscrowState, Party, SignedSettlement
from tradepost.kernel.access import Role
from tradepost.kernel.errors import Problem
from tradepost.kernel.money import Amount
from tradepost.kernel.outbox import Event
from tradepost.trades.settlements import Settlement, agreed


class TradeState(StrEnum):
    """Where a trade stands."""

    AWAITING_ESCROW = "awaiting_escrow"  # the seller has to lock the coins
    ESCROWED = "escrowed"  # the coins are locked: the buyer has to pay
    PAYMENT_SENT = "payment_sent"  # the buyer says he paid: the seller has to look and release
    RELEASING = "releasing"  # the seller has signed: the coins are on their way to the buyer
    COMPLETED = "completed"  # the buyer has the coins
    EXPIRED = "expired"  # nothing was locked in time
    CANCELLED = "cancelled"  # a party left before anything was locked
    REFUNDING = "refunding"  # the coins are on their way back to the seller
    REFUNDED = "refunded"  # the seller has them again
    DISPUTED = "disputed"  # the parties disagree: two of three signatures decide
    SPLITTING = "splitting"  # two have signed how to share: on its way
    RESOLVED = "resolved"  # shared


class TradeEvent(StrEnum):
    """What moves a trade: what a party does, what the clock does, what the chain says."""

    CANCEL = "cancel"
    EXPIRE = "expire"
    PAYMENT_SENT = "payment_sent"
    RELEASE = "release"
    REFUND = "refund"
    CANCEL_ESCROW = "cancel_escrow"  # the seller asks for the coins after the payment deadline
    DISPUTE = "dispute"
    SETTLE = "settle"
    ESCROW_LOCKED = "escrow_locked"
    ESCROW_LOST = "escrow_lost"  # a reorganisation took the lock away
    ESCROW_PAID = "escrow_paid"  # the buyer's word that he paid is on the chain
    ESCROW_RELEASED = "escrow_released"
    ESCROW_REFUNDED = "escrow_refunded"
    ESCROW_SPLIT = "escrow_split"
    SETTLEMENT_LOST = "settlement_lost"  # a reorganisation took the settlement away


_S, _E = TradeState, TradeEvent

#: States that rest on a lock.
_UNDER_WAY = (
    _S.ESCROWED,
    _S.PAYMENT_SENT,
    _S.RELEASING,
    _S.REFUNDING,
    _S.DISPUTED,
    _S.SPLITTING,
)

TRANSITIONS: dict[tuple[TradeState, TradeEvent], TradeState] = {
    (_S.AWAITING_ESCROW, _E.CANCEL): _S.CANCELLED,
    (_S.AWAITING_ESCROW, _E.EXPIRE): _S.EXPIRED,
    (_S.AWAITING_ESCROW, _E.ESCROW_LOCKED): _S.ESCROWED,
    # A lock that crossed a cancellation goes straight back to the seller.
    (_S.CANCELLED, _E.ESCROW_LOCKED): _S.REFUNDING,
    (_S.EXPIRED, _E.ESCROW_LOCKED): _S.REFUNDING,
    (_S.ESCROWED, _E.PAYMENT_SENT): _S.PAYMENT_SENT,
    (_S.ESCROWED, _E.RELEASE): _S.RELEASING,
    (_S.ESCROWED, _E.REFUND): _S.REFUNDING,
    (_S.ESCROWED, _E.CANCEL_ESCROW): _S.REFUNDING,
    (_S.ESCROWED, _E.DISPUTE): _S.DISPUTED,
    (_S.ESCROWED, _E.SETTLE): _S.SPLITTING,
    (_S.ESCROWED, _E.ESCROW_PAID): _S.PAYMENT_SENT,
    (_S.PAYMENT_SENT, _E.RELEASE): _S.RELEASING,
    (_S.PAYMENT_SENT, _E.REFUND): _S.REFUNDING,
    (_S.PAYMENT_SENT, _E.DISPUTE): _S.DISPUTED,
    (_S.PAYMENT_SENT, _E.SETTLE): _S.SPLITTING,
    # Asked for while the buyer was still within the challenge window: his word stands.
    (_S.REFUNDING, _E.PAYMENT_SENT): _S.PAYMENT_SENT,
    (_S.REFUNDING, _E.ESCROW_PAID): _S.PAYMENT_SENT,
    (_S.REFUNDING, _E.REFUND): _S.REFUNDING,
    (_S.REFUNDING, _E.RELEASE): _S.RELEASING,
    (_S.REFUNDING, _E.CANCEL_ESCROW): _S.REFUNDING,
    (_S.DISPUTED, _E.RELEASE): _S.RELEASING,
    (_S.DISPUTED, _E.REFUND): _S.REFUNDING,
    (_S.DISPUTED, _E.SETTLE): _S.SPLITTING,
    # What was signed need not arrive: the word of a contract wallet can be taken back, and what a
    # party did without the exchange can be lost from the chain.
    (_S.RELEASING, _E.DISPUTE): _S.DISPUTED,
    (_S.REFUNDING, _E.DISPUTE): _S.DISPUTED,
    (_S.SPLITTING, _E.DISPUTE): _S.DISPUTED,
    # Whatever was going on, without a lock there is nothing to be had: it is awaited again until
    # the funding deadline. If it comes back, the trade goes on from where it was (`_resumed`).
    **{(state, _E.ESCROW_LOST): _S.AWAITING_ESCROW for state in _UNDER_WAY},
    # What is on its way can be brought again after the chain forgot it.
    (_S.RELEASING, _E.RELEASE): _S.RELEASING,
    (_S.COMPLETED, _E.SETTLEMENT_LOST): _S.RELEASING,
    (_S.REFUNDED, _E.SETTLEMENT_LOST): _S.REFUNDING,
    (_S.RESOLVED, _E.SETTLEMENT_LOST): _S.SPLITTING,
    # The chain decides, whatever we believed.
    **{(state, _E.ESCROW_RELEASED): _S.COMPLETED for state in _S if state is not _S.COMPLETED},
    **{(state, _E.ESCROW_REFUNDED): _S.REFUNDED for state in _S if state is not _S.REFUNDED},
    **{(state, _E.ESCROW_SPLIT): _S.RESOLVED for state in _S if state is not _S.RESOLVED},
}

#: States in which nothing is left to be done, unless the chain takes something back.
FINAL = frozenset({_S.COMPLETED, _S.EXPIRED, _S.CANCELLED, _S.REFUNDED, _S.RESOLVED})
#: States that end without the buyer having the coins: the offer's amount is free again.
GIVES_BACK = frozenset({_S.EXPIRED, _S.CANCELLED, _S.REFUNDED})


class Action(StrEnum):
    """What a party can do; each is an operation of the API, and `lock` a transaction too."""

    LOCK = "lock"
    CANCEL = "cancel"
    SEND_PAYMENT_DETAILS = "send_payment_details"
    PAYMENT_SENT = "payment_sent"
    RELEASE = "release"
    REFUND = "refund"
    DISPUTE = "dispute"
    SETTLE = "settle"


class DisputeReason(StrEnum):
    """Why a party calls for the arbitrator."""

    NOT_PAID = "not_paid"
    PAID_NOT_RELEASED = "paid_not_released"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_SENDER = "wrong_sender"
    SELLER_SILENT = "seller_silent"  # by the clock: the release window has passed
    SETTLEMENT_LAPSED = "settlement_lapsed"  # by the chain's: it did not arrive in its time
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade as it stands in its row; the escrow and the chain's word are beside it."""

    id: UUID
    offer_id: UUID
    buyer_id: UUID
    seller_id: UUID
    maker: Party
    state: TradeState
    version: int
    amount: Amount
    fiat_amount: Amount
    price: Decimal
    payment_method: str
    terms: str
    buyer_key: str
    buyer_key_signature: bytes | None
    seller_key: str
    seller_key_signature: bytes | None
    escrow_id: bytes
    fund_by: int
    sealed_details: str | None
    paid_signature: bytes | None
    payment_sent_at: datetime | None
    release_signature: bytes | None
    refund_signature: bytes | None
    cancel_signature: bytes | None
    given_back: bool
    dispute_reason: DisputeReason | None
    #: At most one of each party.
    settlements: tuple[Settlement, ...]
    created_at: datetime
    updated_at: datetime

    def party_of(self, account_id: UUID, roles: frozenset[Role]) -> Party | None:
        """Which side the account is on; an arbitrator has one only while there is a dispute."""
        if account_id == self.buyer_id:
            return Party.BUYER
        if account_id == self.seller_id:
            return Party.SELLER
        if Role.ARBITRATOR in roles and self.dispute_reason is not None:
            return Party.ARBITRATOR
        return None

    def agreement(self, chain_time: int) -> SignedSettlement | None:
        """The share that two parties have signed and that can still be had, if there is one."""
        return agreed(self.settlements, chain_time)


def chain_says(trade: Trade, escrow: Escrow, chain_time: int) -> TradeEvent | None:
    """What the chain's word on the escrow means for its trade; None if nothing new."""
    state, reading = trade.state, escrow.reading
    settled = {
        EscrowState.RELEASED: (TradeEvent.ESCROW_RELEASED, TradeState.COMPLETED),
        EscrowState.REFUNDED: (TradeEvent.ESCROW_REFUNDED, TradeState.REFUNDED),
        EscrowState.SPLIT: (TradeEvent.ESCROW_SPLIT, TradeState.RESOLVED),
    }
    if escrow.state in settled:
        event, ending = settled[escrow.state]
        return None if state is ending else event
    if state in {TradeState.COMPLETED, TradeState.REFUNDED, TradeState.RESOLVED}:
        return TradeEvent.SETTLEMENT_LOST
    if escrow.state in {EscrowState.NONE, EscrowState.LOCKING}:
        return TradeEvent.ESCROW_LOST if state in _UNDER_WAY else None
    if state in {TradeState.AWAITING_ESCROW, TradeState.CANCELLED, TradeState.EXPIRED}:
        return TradeEvent.ESCROW_LOCKED if escrow.state is EscrowState.LOCKED else None
    # A buyer who has signed the refund cannot take it back by an earlier word.
    asked_back = state is TradeState.REFUNDING and trade.refund_signature is None
    if reading.paid_on_chain and (asked_back or state is TradeState.ESCROWED):
        return TradeEvent.ESCROW_PAID
    if state is TradeState.ESCROWED:
        asked = TradeEvent.CANCEL_ESCROW if reading.cancel_at is not None else None
        return _resumed(trade, chain_time) or asked
    return None


def maker_was_there(trade: Trade, event: TradeEvent) -> bool | None:
    """Whether the maker did what a take asked of him; None where the event does not say.

    A seller has to lock, and a buyer to pay, or to give the trade up in time.
    """
    if trade.maker is Party.SELLER:
        return {TradeEvent.ESCROW_LOCKED: True, TradeEvent.EXPIRE: False}.get(event)
    if event is TradeEvent.ESCROW_REFUNDED:
        asked_back = trade.cancel_signature is not None and trade.refund_signature is None
        return False if asked_back else None
    return True if event in {TradeEvent.PAYMENT_SENT, TradeEvent.ESCROW_PAID} else None


def _resumed(trade: Trade, chain_time: int) -> TradeEvent | None:
    """Where a trade goes on whose lock was lost from the chain and came back."""
    if trade.release_signature is not None:
        return TradeEvent.RELEASE
    if trade.agreement(chain_time) is not None:
        return TradeEvent.SETTLE
    if trade.refund_signature is not None or trade.given_back:
        return TradeEvent.REFUND
    if trade.dispute_reason is not None:
        return TradeEvent.DISPUTE
    return None if trade.paid_signature is None else TradeEvent.PAYMENT_SENT


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """The step to a `version` of a trade; `by` is None where the clock or the chain took it."""

    version: int
    at: datetime
    from_state: TradeState | None
    to_state: TradeState
    event: str
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Viewer:
    """What the trade means for the one who looks at it; `deadline_at` in unix seconds."""

    party: Party
    primary: Action | None
    allowed: tuple[Action, ...]
    deadline_at: int | None
    deadline_effect: str | None


_A = Action

#: The actions of each party in each state. What the facts of the trade rule out is dropped by
#: `_open`.
_ACTIONS: dict[TradeState, dict[Party, tuple[Action, ...]]] = {
    _S.AWAITING_ESCROW: {
        Party.SELLER: (_A.LOCK, _A.SEND_PAYMENT_DETAILS, _A.CANCEL),
        Party.BUYER: (_A.CANCEL,),
    },
    _S.ESCROWED: {
        Party.SELLER: (_A.SEND_PAYMENT_DETAILS, _A.CANCEL, _A.RELEASE, _A.DISPUTE, _A.SETTLE),
        Party.BUYER: (_A.PAYMENT_SENT, _A.REFUND, _A.DISPUTE, _A.SETTLE),
    },
    _S.PAYMENT_SENT: {
        Party.SELLER: (_A.RELEASE, _A.SEND_PAYMENT_DETAILS, _A.DISPUTE, _A.SETTLE),
        Party.BUYER: (_A.DISPUTE, _A.REFUND, _A.SETTLE),
    },
    _S.RELEASING: {
        Party.SELLER: (_A.RELEASE,),
        Party.BUYER: (_A.DISPUTE,),
    },
    _S.REFUNDING: {
        Party.SELLER: (_A.RELEASE, _A.CANCEL, _A.DISPUTE),
        Party.BUYER: (_A.PAYMENT_SENT, _A.REFUND),
    },
    _S.SPLITTING: {
        Party.SELLER: (_A.DISPUTE,),
        Party.BUYER: (_A.DISPUTE,),
    },
    _S.DISPUTED: {
        Party.SELLER: (_A.RELEASE, _A.SETTLE),
        Party.BUYER: (_A.REFUND, _A.SETTLE),
        Party.ARBITRATOR: (_A.SETTLE,),
    },
}
#: What each party is urged to do; the rest of what is allowed is there when he wants it.
_NEXT: dict[tuple[TradeState, Party], tuple[Action, ...]] = {
    (_S.AWAITING_ESCROW, Party.SELLER): (_A.LOCK, _A.SEND_PAYMENT_DETAILS),
    (_S.ESCROWED, Party.SELLER): (_A.SEND_PAYMENT_DETAILS, _A.CANCEL),
    (_S.ESCROWED, Party.BUYER): (_A.PAYMENT_SENT,),
    (_S.PAYMENT_SENT, Party.SELLER): (_A.RELEASE,),
    (_S.RELEASING, Party.SELLER): (_A.RELEASE,),
    (_S.REFUNDING, Party.SELLER): (_A.CANCEL,),
    (_S.REFUNDING, Party.BUYER): (_A.PAYMENT_SENT, _A.REFUND),
    (_S.DISPUTED, Party.ARBITRATOR): (_A.SETTLE,),
}


def view(
    trade: Trade, escrow: Escrow, party: Party, chain: ChainView, release_window_s: int
) -> Viewer:
    """What `party` may do now, what comes next, and what happens when."""
    actions = _ACTIONS.get(trade.state, {}).get(party, ())
    allowed = tuple(action for action in actions if _open(action, party, trade, escrow, chain))
    urged = [action for action in _NEXT.get((trade.state, party), ()) if action in allowed]
    deadline_at, effect = _deadline(trade, escrow, release_window_s)
    return Viewer(party, urged[0] if urged else None, allowed, deadline_at, effect)


def _open(action: Action, party: Party, trade: Trade, escrow: Escrow, chain: ChainView) -> bool:
    locked = escrow.state is EscrowState.LOCKED
    lock = escrow.lock
    match action:
        case Action.LOCK:
            none = escrow.state is EscrowState.NONE and not trade.given_back
            # Not while a signed one is on its way; another way, where the chain refuses that one.
            free = lock is None or (not lock.is_out and lock.reason is not None)
            return none and free and not chain.lapsed(trade.fund_by)
        case Action.SEND_PAYMENT_DETAILS:
            return trade.sealed_details is None
        case Action.CANCEL if trade.state is TradeState.AWAITING_ESCROW:
            # Not where a lock was lost after it had been acted upon: it can come back. A seller
            # whose signed lock is out would lock himself in; a buyer signs the refund of it.
            out = party is Party.SELLER and lock is not None and lock.is_out
            none = escrow.state is EscrowState.NONE and _resumed(trade, chain.head_time) is None
            return none and not out
        case Action.CANCEL:
            # Asking the contract, which takes it only after the payment deadline.
            deadline = escrow.payment_deadline()
            asked = escrow.reading.cancel_at is not None or trade.cancel_signature is not None
            overdue = deadline is not None and chain.head_time > deadline
            return locked and overdue and not asked and not escrow.reading.paid_on_chain
        case Action.PAYMENT_SENT if trade.state is TradeState.REFUNDING:
            # Only against the seller's request; his own refund a buyer cannot take back.
            return trade.refund_signature is None and not trade.given_back and locked
        case Action.REFUND | Action.RELEASE if trade.state is TradeState.REFUNDING:
            return trade.refund_signature is None and locked
        case Action.RELEASE if trade.state is TradeState.RELEASING:
            return trade.release_signature is None and locked
        case Action.REFUND | Action.RELEASE | Action.SETTLE | Action.PAYMENT_SENT:
            return locked
        case Action.DISPUTE if trade.state in {TradeState.ESCROWED, TradeState.PAYMENT_SENT}:
            return True
        case Action.DISPUTE:
            return locked


def _deadline(trade: Trade, escrow: Escrow, release_window_s: int) -> tuple[int | None, str | None]:
    match trade.state:
        case TradeState.AWAITING_ESCROW:
            return trade.fund_by, (
                "If the seller has not locked the coins by then, the trade expires and the"
                " offer's amount is free again."
            )
        case TradeState.ESCROWED:
            return escrow.payment_deadline(), (
                "If the buyer has not said by then that he paid, the seller may ask the escrow"
                " for the coins back."
            )
        case TradeState.PAYMENT_SENT if trade.payment_sent_at is not None:
            return int(trade.payment_sent_at.timestamp()) + release_window_s, (
                "If the seller has not released by then, the trade goes to the arbitrator."
            )
        case TradeState.REFUNDING if escrow.reading.cancel_at is not None:
            return escrow.reading.cancel_at, (
                "The coins go back to the seller, unless the buyer's signed word that he paid is"
                " on the chain by then."
            )
        case _:
            return None, None


@dataclass(frozen=True, slots=True)
class TradeOpened(Event):
    """A taker opened a trade on an offer."""

    trade_id: str
    offer_id: str


@dataclass(frozen=True, slots=True)
class TradeAdvanced(Event):
    """A trade went from one state to another."""

    trade_id: str
    state: str
    event: str


@dataclass(frozen=True, slots=True)
class TradeCompletionChanged(Event):
    """A trade was completed, or the chain took its completion back; for other rooms only."""

    for_accounts: ClassVar[bool] = False

    trade_id: str


@dataclass(frozen=True, slots=True)
class TradeDetailsSealed(Event):
    """The seller's payment details, sealed to the buyer, can be fetched."""

    trade_id: str


@dataclass(frozen=True, slots=True)
class TradeSettlementSigned(Event):
    """A party signed how to share the escrow."""

    trade_id: str
    party: str
    buyer_amount: str
    valid_until: int


class ActionNotAllowed(Problem):
    """The trade's state does not allow this action to you now."""

    status = 409


class TradeChanged(Problem):
    """Somebody else moved the trade at the same moment; read it again."""

    status = 409
    retryable = True


class PriceMoved(Problem):
    """The offer's price is no longer within the limit you set."""

    status = 409


class MethodNotOffered(Problem):
    """The offer does not take this payment method."""

    status = 409


class SameWallet(Problem):
    """Buyer and seller of a trade need two wallets."""

    status = 409


class TooManyOpenTrades(Problem):
    """You have as many trades that wait for their escrow as one account may have."""

    status = 409
    retryable = True


class SignatureMissing(Problem):
    """This step needs your wallet's signature."""

    status = 400
