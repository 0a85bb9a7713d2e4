"""The commands of a trade: each reads it under a lock, asks the table, and moves it once.

What a step wants on the chain goes into the same transaction as an intent of the escrow; what
the chain answers comes back through `follow`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypedDict, Unpack
from uuid import UUID

from tradepost.escrow import service as escrows
from tradepost.escrow.model import (
    ChainView,
    Escrow,
    EscrowState,
    Party,
    SignedLock,
)
from tradepost.kernel.access import Caller, Role
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import MalformedRequest, NotFound, PreconditionFailed
from tradepost.kernel.money import Amount
from tradepost.kernel.signatures import ContractSignatures
from tradepost.offers import service as offers
from tradepost.trades import store
from tradepost.trades.model import (
    GIVES_BACK,
    TRANSITIONS,
    Action,
    ActionNotAllowed,
    DisputeReason,
    HistoryEntry,
    SignatureMissing,
    Trade,
    TradeAdvanced,
    TradeChanged,
    TradeCompletionChanged,
    TradeDetailsSealed,
    TradeEvent,
    TradeSettlementSigned,
    TradeState,
    Viewer,
    chain_says,
    maker_was_there,
    view,
)
from tradepost.trades.settlements import Settlement, SettlementTooLarge, check_time


class Facts(TypedDict, total=False):
    """What a step writes beside the state."""

    paid_signature: bytes
    payment_sent_at: datetime
    release_signature: bytes
    refund_signature: bytes
    cancel_signature: bytes
    dispute_reason: DisputeReason


@dataclass(frozen=True, slots=True)
class TradeView:
    """A trade with all that one viewer is shown of it."""

    trade: Trade
    escrow: Escrow
    chain: ChainView
    viewer: Viewer


# --- looking -------------------------------------------------------------------------------


async def get(tx: Transaction, caller: Caller, trade_id: UUID) -> TradeView:
    """A trade as the caller sees it; `NotFound` where it is none of his."""
    trade = await store.get(tx, trade_id)
    if trade is None:
        raise NotFound
    return await view_of(tx, trade, caller)


async def expect(tx: Transaction, caller: Caller, trade_id: UUID, version: int) -> None:
    """Locks a trade of the caller's that still is the one he saw.

    Raises `NotFound`, and `PreconditionFailed` where it has moved since.
    """
    trade = await store.held(tx, trade_id)
    if trade is None or trade.party_of(caller.account_id, caller.roles) is None:
        raise NotFound
    if trade.version != version:
        raise PreconditionFailed(version=trade.version)


async def known(tx: Transaction, trade_id: UUID) -> Trade:
    """A trade as it stands now, for a room above that follows its events; `NotFound`."""
    trade = await store.get(tx, trade_id)
    if trade is None:
        raise NotFound
    return trade


async def last_by(tx: Transaction, trade_id: UUID, event: TradeEvent) -> UUID | None:
    """The account that took such a step last; None where it was the clock, the chain or nobody."""
    return await store.last_by(tx, trade_id, event)


async def page(
    tx: Transaction,
    caller: Caller,
    party: Party | None,
    state: TradeState | None,
    before: UUID | None,
    limit: int,
) -> list[TradeView]:
    """The caller's trades, newest first; for an arbitrator, as such, the disputed ones."""
    if party is Party.ARBITRATOR:
        trades = await store.disputed(tx, before, limit) if Role.ARBITRATOR in caller.roles else []
    else:
        trades = await store.page(tx, caller.account_id, party, state, before, limit)
    return await _all_seen(tx, trades, caller)


async def get_many(tx: Transaction, caller: Caller, trade_ids: Sequence[UUID]) -> list[TradeView]:
    """Those of the trades that are the caller's, as he sees them."""
    found = await store.get_many(tx, trade_ids)
    his = [one for one in found if one.party_of(caller.account_id, caller.roles) is not None]
    return await _all_seen(tx, his, caller)


async def _all_seen(tx: Transaction, trades: Sequence[Trade], caller: Caller) -> list[TradeView]:
    if not trades:
        return []
    chain = await escrows.chain(tx)
    found = await escrows.get_many(tx, [trade.escrow_id for trade in trades])
    return [_seen(tx, trade, found[trade.escrow_id], chain, caller) for trade in trades]


async def history(
    tx: Transaction, caller: Caller, trade_id: UUID, after: int, limit: int
) -> tuple[Trade, list[HistoryEntry]]:
    """A trade of the caller's, and what has happened to it since its version `after`."""
    trade = (await get(tx, caller, trade_id)).trade
    return trade, (await store.histories(tx, [trade_id], after, limit))[trade_id]


async def histories(
    tx: Transaction, caller: Caller, trade_ids: Sequence[UUID], limit: int
) -> dict[UUID, list[HistoryEntry]]:
    """What has happened first to those of the trades that are the caller's."""
    found = await store.get_many(tx, trade_ids)
    his = [one.id for one in found if one.party_of(caller.account_id, caller.roles) is not None]
    return await store.histories(tx, his, 0, limit)


def _seen(
    tx: Transaction, trade: Trade, escrow: Escrow, chain: ChainView, caller: Caller
) -> TradeView:
    party = trade.party_of(caller.account_id, caller.roles)
    if party is None:
        raise NotFound
    viewer = view(trade, escrow, party, chain, tx.settings.release_window_s)
    return TradeView(trade, escrow, chain, viewer)


async def view_of(tx: Transaction, trade: Trade, caller: Caller) -> TradeView:
    """The trade as the caller sees it; raises `NotFound` where it is none of his."""
    escrow, chain = await escrows.watched(tx, trade.escrow_id)
    return _seen(tx, trade, escrow, chain, caller)


# --- the parties' steps --------------------------------------------------------------------


async def lock(
    tx: Transaction,
    caller: Caller,
    trade_id: UUID,
    signed: SignedLock,
    wallets: ContractSignatures,
    means: escrows.LockMeans,
) -> TradeView:
    """The seller hands over his signed lock, for the exchange to bring it and to pay its gas.

    It cannot be taken back where a transaction carries it, and is brought until `fund_by` at most.
    """
    seen = await _step(tx, caller, trade_id, Action.LOCK)
    await escrows.check_lock(seen.escrow, signed, wallets, means)
    if not await escrows.lock(tx, seen.escrow, signed):
        raise TradeChanged
    trade = replace(seen.trade, version=seen.trade.version + 1)
    if not await store.advance(tx, seen.trade, trade, "sign_lock", caller.account_id):
        raise TradeChanged
    return await view_of(tx, trade, caller)


async def seal_payment_details(
    tx: Transaction, caller: Caller, trade_id: UUID, sealed: str
) -> TradeView:
    """Keeps the seller's payment details, which only the buyer can open."""
    seen = await _step(tx, caller, trade_id, Action.SEND_PAYMENT_DETAILS)
    trade = replace(seen.trade, sealed_details=sealed, version=seen.trade.version + 1)
    if not await store.advance(tx, seen.trade, trade, "seal_details", caller.account_id):
        raise TradeChanged
    await tx.publish(TradeDetailsSealed(str(trade_id)), [trade.buyer_id, trade.seller_id])
    return _seen(tx, trade, seen.escrow, seen.chain, caller)


async def say_payment_sent(
    tx: Transaction,
    caller: Caller,
    trade_id: UUID,
    signature: bytes,
    wallets: ContractSignatures,
) -> TradeView:
    """The buyer says, signed, that he has paid: from now on the seller cannot cancel."""
    seen = await _step(tx, caller, trade_id, Action.PAYMENT_SENT)
    await escrows.check_paid(seen.escrow, signature, wallets)
    # Against a request to cancel that is on the chain already.
    await escrows.answer_cancel(tx, seen.escrow, signature)
    return await _act(
        tx,
        caller,
        seen,
        TradeEvent.PAYMENT_SENT,
        paid_signature=signature,
        payment_sent_at=seen.trade.payment_sent_at or tx.now,
    )


async def release(
    tx: Transaction,
    caller: Caller,
    trade_id: UUID,
    signature: bytes,
    wallets: ContractSignatures,
) -> TradeView:
    """The seller has his money and signs the coins over to the buyer."""
    seen = await _step(tx, caller, trade_id, Action.RELEASE)
    await escrows.check_release(seen.escrow, signature, wallets)
    await escrows.release(tx, seen.escrow, signature)
    return await _act(tx, caller, seen, TradeEvent.RELEASE, release_signature=signature)


async def refund(
    tx: Transaction,
    caller: Caller,
    trade_id: UUID,
    signature: bytes,
    wallets: ContractSignatures,
) -> TradeView:
    """The buyer gives up: the coins go back to the seller."""
    seen = await _step(tx, caller, trade_id, Action.REFUND)
    await escrows.check_refund(seen.escrow, signature, wallets)
    await escrows.refund(tx, seen.escrow, signature)
    return await _act(tx, caller, seen, TradeEvent.REFUND, refund_signature=signature)


async def cancel(
    tx: Transaction,
    caller: Caller,
    trade_id: UUID,
    signature: bytes | None,
    wallets: ContractSignatures,
) -> TradeView:
    """A party leaves before anything is locked; or the seller asks for his coins back.

    A signed lock that waits is not brought any more; where it is out, the seller cannot leave.
    A buyer who leaves signs the refund at once, for a lock that may be on its way already. A
    seller whose buyer did not pay in time signs the request that starts the challenge window.
    """
    seen = await _step(tx, caller, trade_id, Action.CANCEL)
    if seen.trade.state is not TradeState.AWAITING_ESCROW:
        if signature is None:
            raise SignatureMissing("The seller signs Cancel.")
        await escrows.check_cancel(seen.escrow, signature, wallets)
        await escrows.request_cancel(tx, seen.escrow, signature)
        event = TradeEvent.CANCEL_ESCROW
        return await _act(tx, caller, seen, event, cancel_signature=signature)
    withdrawn = await escrows.withdraw_lock(tx, seen.escrow)
    if seen.viewer.party is Party.SELLER:
        if not withdrawn:
            # It went out at this moment.
            raise TradeChanged
        return await _act(tx, caller, seen, TradeEvent.CANCEL)
    if signature is None:
        raise SignatureMissing("The buyer signs Refund.")
    await escrows.check_refund(seen.escrow, signature, wallets)
    return await _act(tx, caller, seen, TradeEvent.CANCEL, refund_signature=signature)


async def open_dispute(
    tx: Transaction, caller: Caller, trade_id: UUID, reason: DisputeReason
) -> TradeView:
    """A party calls for the arbitrator: from now on two of three signatures decide."""
    seen = await _step(tx, caller, trade_id, Action.DISPUTE)
    return await _act(tx, caller, seen, TradeEvent.DISPUTE, dispute_reason=reason)


async def sign_settlement(
    tx: Transaction,
    caller: Caller,
    trade_id: UUID,
    buyer_amount: str,
    valid_until: int,
    signature: bytes,
    wallets: ContractSignatures,
) -> TradeView:
    """A party signs how much of the coins the buyer gets, until a chain time (unix s).

    It takes the place of what he signed before. Two that are equal are carried out. Raises
    `SettlementTooLarge` beyond the trade's amount, `SettlementLapsed` and `SettlementTooLong`.
    """
    seen = await _step(tx, caller, trade_id, Action.SETTLE)
    trade, party, now = seen.trade, seen.viewer.party, seen.chain.head_time
    sum_for_buyer = share_of(trade, buyer_amount)
    check_time(valid_until, now)
    signed = Settlement(party, sum_for_buyer.minor, valid_until, signature)
    await escrows.check_settlement(seen.escrow, party, signed.share, signature, wallets)
    trade = replace(trade, settlements=await store.sign_settlement(tx, trade_id, signed))
    await tx.publish(
        TradeSettlementSigned(str(trade_id), party, str(sum_for_buyer), valid_until),
        [trade.buyer_id, trade.seller_id],
    )
    agreed = trade.agreement(now)
    if agreed is not None:
        await escrows.settle(tx, seen.escrow, agreed)
        trade = await _advance(tx, trade, TradeEvent.SETTLE, caller.account_id)
    return _seen(tx, trade, seen.escrow, seen.chain, caller)


def share_of(trade: Trade, buyer_amount: str) -> Amount:
    """A sum for the buyer in whole coins; raises `MalformedRequest` or `SettlementTooLarge`."""
    try:
        share = trade.amount.asset.amount(buyer_amount)
    except ValueError as error:
        raise MalformedRequest(str(error)) from None
    if trade.amount < share:
        raise SettlementTooLarge
    return share


async def _step(tx: Transaction, caller: Caller, trade_id: UUID, action: Action) -> TradeView:
    """The trade under a lock, if the caller may take this action now."""
    trade = await store.held(tx, trade_id)
    if trade is None:
        raise NotFound
    seen = await view_of(tx, trade, caller)
    if action not in seen.viewer.allowed:
        raise ActionNotAllowed(
            state=trade.state, role=seen.viewer.party, allowed_actions=list(seen.viewer.allowed)
        )
    return seen


async def _act(
    tx: Transaction, caller: Caller, seen: TradeView, event: TradeEvent, **facts: Unpack[Facts]
) -> TradeView:
    """A party's step, and what he sees after it."""
    trade = await _advance(tx, seen.trade, event, caller.account_id, **facts)
    return _seen(tx, trade, seen.escrow, seen.chain, caller)


async def _advance(
    tx: Transaction,
    trade: Trade,
    event: TradeEvent,
    by: UUID | None,
    **facts: Unpack[Facts],
) -> Trade:
    """Moves the trade as the table says, with its history, its event and its offer's amount."""
    to = TRANSITIONS.get((trade.state, event))
    if to is None:
        raise TradeChanged
    gives_back = to in GIVES_BACK and not trade.given_back
    moved = replace(
        trade,
        state=to,
        version=trade.version + 1,
        updated_at=tx.now,
        given_back=trade.given_back or gives_back,
        **facts,
    )
    if not await store.advance(tx, trade, moved, event, by):
        raise TradeChanged
    maker_id = trade.seller_id if trade.maker is Party.SELLER else trade.buyer_id
    there = maker_was_there(trade, event)
    if there:
        await offers.met(tx, maker_id)
    elif there is False and gives_back:
        # Once a trade, whatever the chain takes back; and first, since it holds all his offers.
        await offers.missed(tx, maker_id)
    if gives_back:
        await offers.give_back(tx, trade.offer_id, trade.amount, trade.fiat_amount)
    await tx.publish(TradeAdvanced(str(trade.id), to, event), [trade.buyer_id, trade.seller_id])
    if TradeState.COMPLETED in {trade.state, to}:
        await tx.publish(TradeCompletionChanged(str(trade.id)))
    return moved


# --- the chain and the clock ---------------------------------------------------------------


async def follow(tx: Transaction, escrow_id: bytes) -> None:
    """Takes in what the chain says of an escrow. May run twice, late, or not in order.

    It reads the escrow as it is now, so only the last word counts.
    """
    trade = await store.held_for(tx, escrow_id)
    if trade is None:
        return
    escrow, now = await escrows.get(tx, escrow_id), await escrows.chain_time(tx)
    while (event := chain_says(trade, escrow, now)) is not None:
        facts: Facts = {}
        if event is TradeEvent.ESCROW_PAID:
            facts["payment_sent_at"] = trade.payment_sent_at or tx.now
        trade = await _advance(tx, trade, event, None, **facts)
    if escrow.state is EscrowState.LOCKED:
        await _bring(tx, trade, escrow, now)
    elif escrow.state is EscrowState.NONE and trade.state is TradeState.AWAITING_ESCROW:
        await escrows.lock_again(tx, escrow)


async def _bring(tx: Transaction, trade: Trade, escrow: Escrow, now: int) -> None:
    """Has what the parties have signed brought to the chain, again if it forgot it."""
    if trade.state is TradeState.RELEASING and trade.release_signature is not None:
        await escrows.release(tx, escrow, trade.release_signature)
    elif trade.state is TradeState.REFUNDING and trade.refund_signature is not None:
        await escrows.refund(tx, escrow, trade.refund_signature)
    elif trade.state is TradeState.SPLITTING and (agreed := trade.agreement(now)) is not None:
        await escrows.settle(tx, escrow, agreed)
    elif trade.state is TradeState.REFUNDING or trade.paid_signature is not None:
        unasked = escrow.reading.cancel_at is None and trade.state is TradeState.REFUNDING
        if unasked and trade.cancel_signature is not None:
            await escrows.request_cancel(tx, escrow, trade.cancel_signature)
        await escrows.answer_cancel(tx, escrow, trade.paid_signature)


async def overdue(tx: Transaction, limit: int) -> tuple[list[UUID], list[UUID], list[UUID]]:
    """Trades that nobody funded in time, whose seller does not answer, whose settlement lapsed."""
    chain = await escrows.chain(tx)
    silent_since = tx.now - timedelta(seconds=tx.settings.release_window_s)
    return (
        await store.unfunded(tx, chain.confirmed_time, limit),
        await store.unanswered(tx, silent_since, limit),
        await store.lapsed(tx, chain.confirmed_time, limit),
    )


async def lateness(tx: Transaction) -> float:
    """For how long (s) the oldest deadline of a trade has passed without being met; 0 for none.

    Raises `ChainNotReady`: without the chain's clock it is not known.
    """
    chain = await escrows.chain(tx)
    silent_since = tx.now - timedelta(seconds=tx.settings.release_window_s)
    return max(await store.late(tx, chain.confirmed_time, silent_since))


async def disputed(tx: Transaction) -> int:
    """How many trades wait for a ruling."""
    return await store.count_disputed(tx)


async def expire(tx: Transaction, trade_id: UUID) -> None:
    """Ends a trade whose escrow can no longer be locked."""
    trade = await _overdue(tx, trade_id)
    escrow, chain = await escrows.watched(tx, trade.escrow_id)
    waits = trade.state is TradeState.AWAITING_ESCROW
    if waits and escrow.state is EscrowState.NONE and chain.lapsed(trade.fund_by):
        await escrows.withdraw_lock(tx, escrow)
        await _advance(tx, trade, TradeEvent.EXPIRE, None)


async def dispute_silence(tx: Transaction, trade_id: UUID) -> None:
    """Calls for the arbitrator where the seller has not answered a payment in time."""
    trade = await _overdue(tx, trade_id)
    if trade.state is TradeState.PAYMENT_SENT:
        reason = DisputeReason.SELLER_SILENT
        await _advance(tx, trade, TradeEvent.DISPUTE, None, dispute_reason=reason)


async def dispute_lapsed(tx: Transaction, trade_id: UUID) -> None:
    """Gives a trade back to its parties whose settlement can no longer come on the chain."""
    trade = await _overdue(tx, trade_id)
    escrow, chain = await escrows.watched(tx, trade.escrow_id)
    lost = trade.state is TradeState.SPLITTING and escrow.state is EscrowState.LOCKED
    if lost and trade.agreement(chain.confirmed_time) is None:
        reason = trade.dispute_reason or DisputeReason.SETTLEMENT_LAPSED
        await _advance(tx, trade, TradeEvent.DISPUTE, None, dispute_reason=reason)


async def _overdue(tx: Transaction, trade_id: UUID) -> Trade:
    trade = await store.held(tx, trade_id)
    assert trade is not None, "trades are never deleted"
    return trade
