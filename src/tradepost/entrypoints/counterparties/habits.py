"""How a counterparty behaves: which step it takes next in a trade that it sees. Pure."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from tradepost_client.models import Trade


class Habit(StrEnum):
    """What is said of a counterparty in the terms of its offers, and what it does."""

    PROMPT = "prompt"
    SLOW = "slow"
    NEVER_LOCKS = "never locks"
    NEVER_PAYS = "never pays"
    NEVER_RELEASES = "never releases"
    CANCELS = "cancels"


class Act(StrEnum):
    """A step of a trade, by the client's word for it."""

    LOCK = "lock"
    SEND_DETAILS = "send_payment_details"
    PAY = "payment_sent"
    RELEASE = "release"
    REFUND = "refund"
    CANCEL = "cancel"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done; `buyer_amount` (whole units) is what a settlement gives the buyer."""

    act: Act
    buyer_amount: Decimal | None = None


def next_step(trade: Trade, habit: Habit, decimals: int) -> Step | None:
    """What a trader of this habit does now; None where he waits, for the other side or for ever.

    `decimals` are those of the trade's coin.
    """
    step = _sellers(trade, habit) if trade.viewer.role == "seller" else _buyers(trade, habit)
    if step is None and trade.state == "disputed":
        step = Step(Act.SETTLE, _half(trade, decimals))
    if step is None or step.act not in trade.viewer.allowed_actions:
        return None
    if step.act is Act.SETTLE and _signed(trade, trade.viewer.role) == step.buyer_amount:
        return None
    return step


def _sellers(trade: Trade, habit: Habit) -> Step | None:
    allowed = trade.viewer.allowed_actions
    match trade.state:
        case "awaiting_escrow" if habit is Habit.CANCELS:
            return Step(Act.CANCEL)
        case "awaiting_escrow" | "escrowed" if habit is not Habit.NEVER_LOCKS:
            if Act.LOCK in allowed:
                return Step(Act.LOCK)
            if Act.SEND_DETAILS in allowed:
                return Step(Act.SEND_DETAILS)
            if trade.state == "escrowed" and Act.CANCEL in allowed:
                return Step(Act.CANCEL)  # the buyer let his time pass
            return _agreed(trade, "buyer")
        case "payment_sent" if habit is not Habit.NEVER_RELEASES:
            return Step(Act.RELEASE)
    return None


def _buyers(trade: Trade, habit: Habit) -> Step | None:
    match trade.state:
        case "escrowed" if habit is Habit.CANCELS:
            return Step(Act.REFUND)
        case "escrowed" if habit is not Habit.NEVER_PAYS:
            if _signed(trade, "seller") == 0:
                return Step(Act.REFUND)  # he asks to call it off
            if trade.sealed_payment_details is not None:
                return Step(Act.PAY)
        case "refunding" if habit is not Habit.NEVER_PAYS:
            return Step(Act.REFUND)
    return None


def _agreed(trade: Trade, other: str) -> Step | None:
    """Joins the other side where it wants to call the trade off."""
    return Step(Act.SETTLE, Decimal(0)) if _signed(trade, other) == 0 else None


def _signed(trade: Trade, role: str) -> Decimal | None:
    """The share of the buyer that a party has signed."""
    return next((one.buyer_amount for one in trade.settlements if one.role == role), None)


def _half(trade: Trade, decimals: int) -> Decimal:
    """Half of the coins, or what the other side has signed."""
    other = "buyer" if trade.viewer.role == "seller" else "seller"
    offered = _signed(trade, other)
    if offered is not None:
        return offered
    return (trade.amount / 2).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)
