"""What a trade's viewer is shown of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from tradepost.escrow.model import Party
from tradepost.identity import service as identity
from tradepost.kernel.http import Tx
from tradepost.trades import service
from tradepost.trades.http.bodies import (
    EscrowBody,
    EscrowTermsBody,
    HistoryEntryBody,
    LockBroughtBody,
    PartyBody,
    SettlementSigned,
    TradeBody,
    ViewerBody,
)
from tradepost.trades.model import HistoryEntry, Trade
from tradepost.trades.settlements import Settlement


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


async def shown_all(tx: Tx, views: list[service.TradeView]) -> list[TradeBody]:
    """Each trade as its viewer is shown it."""
    ids = {side for seen in views for side in (seen.trade.buyer_id, seen.trade.seller_id)}
    people = await identity.public_accounts(tx, sorted(ids))
    return [_body(tx, seen, {key: person.name for key, person in people.items()}) for seen in views]


def _body(tx: Tx, seen: service.TradeView, names: dict[UUID, str | None]) -> TradeBody:
    trade, escrow, chain, viewer = seen.trade, seen.escrow, seen.chain, seen.viewer
    terms, reading, asset = escrow.terms, escrow.reading, trade.amount.asset
    confirmations = (
        0 if reading.block_number is None else max(0, chain.head_number - reading.block_number + 1)
    )
    return TradeBody(
        id=trade.id,
        offer_id=trade.offer_id,
        state=trade.state,
        asset=asset.code,
        amount=str(trade.amount),
        fee=str(type(trade.amount)(asset, terms.fee)),
        currency=trade.fiat_amount.asset.code,
        fiat_amount=str(trade.fiat_amount),
        price=f"{trade.price:f}",
        payment_method=trade.payment_method,
        maker=trade.maker,
        buyer=PartyBody(
            id=trade.buyer_id,
            name=names[trade.buyer_id],
            wallet=terms.buyer,
            encryption_key=trade.buyer_key,
            key_signature=_hex(trade.buyer_key_signature),
        ),
        seller=PartyBody(
            id=trade.seller_id,
            name=names[trade.seller_id],
            wallet=terms.seller,
            encryption_key=trade.seller_key,
            key_signature=_hex(trade.seller_key_signature),
        ),
        arbitrator=terms.arbitrator,
        terms=trade.terms,
        sealed_payment_details=None if viewer.party is Party.ARBITRATOR else trade.sealed_details,
        dispute_reason=trade.dispute_reason,
        escrow=EscrowBody(
            id="0x" + escrow.id.hex(),
            chain_id=escrow.chain_id,
            contract=escrow.contract,
            state=escrow.state,
            confirmations=confirmations,
            confirmations_needed=chain.confirmations,
            tx_hash=_hex(reading.tx_hash),
            terms=EscrowTermsBody(
                seller=terms.seller,
                buyer=terms.buyer,
                arbitrator=terms.arbitrator,
                token=terms.token,
                amount=str(terms.amount),
                fee=str(terms.fee),
                fee_recipient=terms.fee_recipient,
                fund_by=terms.fund_by,
                payment_window=terms.payment_window,
                challenge_window=terms.challenge_window,
                lane=str(terms.lane),
            ),
            paid_on_chain=reading.paid_on_chain,
            cancel_at=_time(reading.cancel_at),
            lock=None
            if viewer.party is not Party.SELLER or escrow.lock is None
            else LockBroughtBody(
                way=escrow.lock.way, state=escrow.lock.state, reason=escrow.lock.reason
            ),
        ),
        settlements=[signed(trade, one) for one in trade.settlements],
        created_at=trade.created_at,
        updated_at=trade.updated_at,
        funding_deadline=datetime.fromtimestamp(trade.fund_by, UTC),
        payment_deadline=_time(escrow.payment_deadline()),
        viewer=ViewerBody(
            role=viewer.party,
            primary_action=viewer.primary,
            allowed_actions=list(viewer.allowed),
            deadline_at=_time(viewer.deadline_at),
            deadline_effect=viewer.deadline_effect,
            server_now=tx.now,
            chain_now=datetime.fromtimestamp(chain.head_time, UTC),
        ),
    )


def signed(trade: Trade, settlement: Settlement) -> SettlementSigned:
    """A share that a party has signed."""
    return SettlementSigned(
        role=settlement.party,
        buyer_amount=str(type(trade.amount)(trade.amount.asset, settlement.buyer_amount)),
        valid_until=settlement.valid_until,
    )


async def shown(tx: Tx, seen: service.TradeView) -> TradeBody:
    """One trade as its viewer is shown it."""
    return (await shown_all(tx, [seen]))[0]


def shown_history(
    buyer_id: UUID, seller_id: UUID, entries: Sequence[HistoryEntry]
) -> list[HistoryEntryBody]:
    """A trade's steps; who is neither of its parties is its arbitrator."""
    sides = {buyer_id: Party.BUYER, seller_id: Party.SELLER}
    return [
        HistoryEntryBody(
            at=entry.at,
            from_state=entry.from_state,
            to_state=entry.to_state,
            event=entry.event,
            by=entry.by and sides.get(entry.by, Party.ARBITRATOR),
        )
        for entry in entries
    ]


def _hex(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()
