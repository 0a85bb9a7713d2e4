"""The trades' tables: the trade, its history, its settlements."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg.rows import DictRow

from tradepost.escrow.model import Party
from tradepost.kernel.database import Transaction
from tradepost.kernel.money import Amount, Asset
from tradepost.trades.model import (
    DisputeReason,
    HistoryEntry,
    Settlement,
    Trade,
    TradeEvent,
    TradeState,
)


async def add(tx: Transaction, trade: Trade) -> None:
    """Stores a new trade with the first row of its history."""
    await tx.execute(
        """
        WITH trade AS (
            INSERT INTO trades (id, offer_id, buyer_id, seller_id, maker, state, version, asset,
                asset_decimals, amount, currency, currency_decimals, fiat_amount, price,
                payment_method, terms, buyer_key, seller_key, escrow_id, fund_by, created_at,
                updated_at)
            VALUES (%(id)s, %(offer_id)s, %(buyer_id)s, %(seller_id)s, %(maker)s, %(state)s, 1,
                %(asset)s, %(asset_decimals)s, %(amount)s, %(currency)s, %(currency_decimals)s,
                %(fiat_amount)s, %(price)s, %(payment_method)s, %(terms)s, %(buyer_key)s,
                %(seller_key)s, %(escrow_id)s, %(fund_by)s, %(now)s, %(now)s)
        )
        INSERT INTO trade_history (trade_id, version, at, from_state, to_state, event, by_account)
        VALUES (%(id)s, 1, %(now)s, NULL, %(state)s, 'take', %(taker_id)s)
        """,
        {
            "id": trade.id,
            "offer_id": trade.offer_id,
            "buyer_id": trade.buyer_id,
            "seller_id": trade.seller_id,
            "maker": trade.maker,
            "state": trade.state,
            "asset": trade.amount.asset.code,
            "asset_decimals": trade.amount.asset.decimals,
            "amount": trade.amount.minor,
            "currency": trade.fiat_amount.asset.code,
            "currency_decimals": trade.fiat_amount.asset.decimals,
            "fiat_amount": trade.fiat_amount.minor,
            "price": trade.price,
            "payment_method": trade.payment_method,
            "terms": trade.terms,
            "buyer_key": trade.buyer_key,
            "seller_key": trade.seller_key,
            "escrow_id": trade.escrow_id,
            "fund_by": trade.fund_by,
            "taker_id": trade.seller_id if trade.maker is Party.BUYER else trade.buyer_id,
            "now": tx.now,
        },
    )


async def get(tx: Transaction, trade_id: UUID, *, lock: bool = False) -> Trade | None:
    """One trade; `lock` keeps its row until the end of the transaction."""
    if lock:
        row = await tx.one("SELECT * FROM trades WHERE id = %s FOR UPDATE", [trade_id])
    else:
        row = await tx.one("SELECT * FROM trades WHERE id = %s", [trade_id])
    return None if row is None else _trade(row)


async def of_escrow(tx: Transaction, escrow_id: bytes) -> Trade | None:
    """The trade this escrow is for, its row locked."""
    row = await tx.one("SELECT * FROM trades WHERE escrow_id = %s FOR UPDATE", [escrow_id])
    return None if row is None else _trade(row)


async def page(
    tx: Transaction,
    account_id: UUID,
    party: Party | None,
    state: TradeState | None,
    before: UUID | None,
    limit: int,
) -> list[Trade]:
    """The account's trades, newest first, those older than `before`."""
    rows = await tx.all(
        """
        SELECT * FROM trades
        WHERE ((%(party)s::text IS DISTINCT FROM 'seller' AND buyer_id = %(account)s)
            OR (%(party)s::text IS DISTINCT FROM 'buyer' AND seller_id = %(account)s))
            AND (%(state)s::text IS NULL OR state = %(state)s)
            AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {
            "account": account_id,
            "party": party,
            "state": state,
            "before": before,
            "limit": limit,
        },
    )
    return [_trade(row) for row in rows]


async def disputed(tx: Transaction, before: UUID | None, limit: int) -> list[Trade]:
    """Trades that wait for an arbitrator, newest first."""
    rows = await tx.all(
        """
        SELECT * FROM trades
        WHERE state = 'disputed' AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [_trade(row) for row in rows]


async def count_unfunded(tx: Transaction, account_id: UUID) -> int:
    """How many of the account's trades wait for their escrow."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM trades
        WHERE state = 'awaiting_escrow' AND (buyer_id = %(id)s OR seller_id = %(id)s)
        """,
        {"id": account_id},
    )
    assert row is not None
    return int(row["number"])


async def advance(
    tx: Transaction, trade: Trade, event: TradeEvent, to: TradeState, by: UUID | None
) -> bool:
    """Moves the trade if it still is as it was read, and writes its history.

    Compare and set: False means that somebody else was faster, and nothing was written.
    """
    moved = await tx.execute(
        """
        WITH moved AS (
            UPDATE trades SET state = %(to)s, version = version + 1, updated_at = %(now)s
            WHERE id = %(id)s AND state = %(from)s AND version = %(version)s
            RETURNING id, version
        )
        INSERT INTO trade_history (trade_id, version, at, from_state, to_state, event, by_account)
        SELECT id, version, %(now)s, %(from)s, %(to)s, %(event)s, %(by)s FROM moved
        """,
        {
            "id": trade.id,
            "from": trade.state,
            "to": to,
            "version": trade.version,
            "event": event,
            "by": by,
            "now": tx.now,
        },
    )
    return moved == 1


async def seal_details(tx: Transaction, trade_id: UUID, sealed: str) -> bool:
    """Stores the sealed payment details, once."""
    stored = await tx.execute(
        """
        UPDATE trades SET sealed_details = %s, version = version + 1, updated_at = %s
        WHERE id = %s AND sealed_details IS NULL
        """,
        [sealed, tx.now, trade_id],
    )
    if stored:
        await tx.execute(
            """
            INSERT INTO trade_history (trade_id, version, at, from_state, to_state, event,
                by_account)
            SELECT id, version, %s, state, state, 'seal_details', seller_id
            FROM trades WHERE id = %s
            """,
            [tx.now, trade_id],
        )
    return stored == 1


async def set_paid(tx: Transaction, trade_id: UUID, signature: bytes) -> None:
    """Keeps the buyer's signed word that he paid; the first one stays."""
    await tx.execute(
        """
        UPDATE trades SET payment_sent_at = coalesce(payment_sent_at, %s),
            paid_signature = coalesce(paid_signature, %s)
        WHERE id = %s
        """,
        [tx.now, signature, trade_id],
    )


async def set_payment_seen(tx: Transaction, trade_id: UUID) -> None:
    """Starts the seller's time to answer where the buyer said on the chain that he paid."""
    await tx.execute(
        "UPDATE trades SET payment_sent_at = coalesce(payment_sent_at, %s) WHERE id = %s",
        [tx.now, trade_id],
    )


async def set_release(tx: Transaction, trade_id: UUID, signature: bytes) -> None:
    """Keeps the seller's signed release, to be brought again if the chain forgets it."""
    await tx.execute(
        "UPDATE trades SET release_signature = %s WHERE id = %s", [signature, trade_id]
    )


async def set_refund(tx: Transaction, trade_id: UUID, signature: bytes) -> None:
    """Keeps the buyer's signed refund, for now or for a lock that is still on its way."""
    await tx.execute("UPDATE trades SET refund_signature = %s WHERE id = %s", [signature, trade_id])


async def set_dispute(tx: Transaction, trade_id: UUID, reason: DisputeReason) -> None:
    """Keeps why the trade is disputed."""
    await tx.execute("UPDATE trades SET dispute_reason = %s WHERE id = %s", [reason, trade_id])


async def mark_given_back(tx: Transaction, trade_id: UUID) -> bool:
    """True for the one time that the trade's amount may go back to its offer."""
    marked = await tx.execute(
        "UPDATE trades SET given_back = true WHERE id = %s AND NOT given_back", [trade_id]
    )
    return marked == 1


async def unfunded(tx: Transaction, chain_time: int, limit: int) -> list[UUID]:
    """Trades whose escrow should have been locked before `chain_time` (unix s)."""
    rows = await tx.all(
        """
        SELECT id FROM trades
        WHERE state IN ('awaiting_escrow', 'refunding') AND fund_by < %s
        ORDER BY fund_by LIMIT %s
        """,
        [chain_time, limit],
    )
    return [row["id"] for row in rows]


async def unanswered(tx: Transaction, since: datetime, limit: int) -> list[UUID]:
    """Trades whose buyer said before `since` that he paid, and whose seller is silent."""
    rows = await tx.all(
        """
        SELECT id FROM trades WHERE state = 'payment_sent' AND payment_sent_at < %s
        ORDER BY payment_sent_at LIMIT %s
        """,
        [since, limit],
    )
    return [row["id"] for row in rows]


async def history(tx: Transaction, trade_id: UUID) -> list[HistoryEntry]:
    """All steps of a trade, in order: their number is bounded by the machine's."""
    rows = await tx.all(
        """
        SELECT at, from_state, to_state, event, by_account AS by FROM trade_history
        WHERE trade_id = %s ORDER BY version LIMIT 500
        """,
        [trade_id],
    )
    return [
        HistoryEntry(
            row["at"],
            row["from_state"] and TradeState(row["from_state"]),
            TradeState(row["to_state"]),
            row["event"],
            row["by"],
        )
        for row in rows
    ]


async def sign_settlement(tx: Transaction, trade_id: UUID, settlement: Settlement) -> None:
    """Keeps what a party has signed; a later signature of the same party takes its place."""
    await tx.execute(
        """
        INSERT INTO trade_settlements (trade_id, party, buyer_amount, signature, signed_at)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (trade_id, party) DO UPDATE SET buyer_amount = excluded.buyer_amount,
            signature = excluded.signature, signed_at = excluded.signed_at
        """,
        [
            trade_id,
            settlement.party,
            settlement.buyer_amount,
            settlement.signature,
            tx.now,
        ],
    )


async def settlements(tx: Transaction, trade_ids: Sequence[UUID]) -> dict[UUID, list[Settlement]]:
    """What the parties of these trades have signed, at most one each."""
    rows = await tx.all(
        """
        SELECT trade_id, party, buyer_amount, signature FROM trade_settlements
        WHERE trade_id = ANY(%s) ORDER BY party
        """,
        [list(trade_ids)],
    )
    found: dict[UUID, list[Settlement]] = {trade_id: [] for trade_id in trade_ids}
    for row in rows:
        found[row["trade_id"]].append(
            Settlement(Party(row["party"]), int(row["buyer_amount"]), row["signature"])
        )
    return found


def _trade(row: DictRow) -> Trade:
    asset = Asset(row["asset"], row["asset_decimals"])
    currency = Asset(row["currency"], row["currency_decimals"])
    return Trade(
        id=row["id"],
        offer_id=row["offer_id"],
        buyer_id=row["buyer_id"],
        seller_id=row["seller_id"],
        maker=Party(row["maker"]),
        state=TradeState(row["state"]),
        version=row["version"],
        amount=Amount(asset, int(row["amount"])),
        fiat_amount=Amount(currency, int(row["fiat_amount"])),
        price=Decimal(row["price"]),
        payment_method=row["payment_method"],
        terms=row["terms"],
        buyer_key=row["buyer_key"],
        seller_key=row["seller_key"],
        escrow_id=row["escrow_id"],
        fund_by=row["fund_by"],
        sealed_details=row["sealed_details"],
        paid_signature=row["paid_signature"],
        payment_sent_at=row["payment_sent_at"],
        release_signature=row["release_signature"],
        refund_signature=row["refund_signature"],
        given_back=row["given_back"],
        dispute_reason=row["dispute_reason"] and DisputeReason(row["dispute_reason"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
