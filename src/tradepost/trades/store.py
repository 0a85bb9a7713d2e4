"""The trades' tables: the trade, its history, its settlements."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg.rows import DictRow

from tradepost.escrow.model import Party
from tradepost.kernel.database import Transaction
from tradepost.kernel.money import Amount, Asset
from tradepost.trades.model import (
    DisputeReason,
    HistoryEntry,
    Trade,
    TradeState,
)
from tradepost.trades.settlements import Settlement

#: A trade with what its parties have signed to share it, at most one row each.
_SELECT: LiteralString = """
    SELECT trades.*, ARRAY(
        SELECT (party, buyer_amount, valid_until, signature) FROM trade_settlements
        WHERE trade_id = trades.id ORDER BY party
    ) AS settlements
    FROM trades
"""


async def add(tx: Transaction, trade: Trade) -> None:
    """Stores a new trade with the first row of its history."""
    await tx.execute(
        """
        WITH trade AS (
            INSERT INTO trades (id, offer_id, buyer_id, seller_id, maker, state, version, asset,
                asset_decimals, amount, currency, currency_decimals, fiat_amount, price,
                payment_method, terms, buyer_key, buyer_key_signature, seller_key,
                seller_key_signature, escrow_id, fund_by, created_at, updated_at)
            VALUES (%(id)s, %(offer_id)s, %(buyer_id)s, %(seller_id)s, %(maker)s, %(state)s, 1,
                %(asset)s, %(asset_decimals)s, %(amount)s, %(currency)s, %(currency_decimals)s,
                %(fiat_amount)s, %(price)s, %(payment_method)s, %(terms)s, %(buyer_key)s,
                %(buyer_key_signature)s, %(seller_key)s, %(seller_key_signature)s, %(escrow_id)s,
                %(fund_by)s, %(now)s, %(now)s)
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
            "buyer_key_signature": trade.buyer_key_signature,
            "seller_key": trade.seller_key,
            "seller_key_signature": trade.seller_key_signature,
            "escrow_id": trade.escrow_id,
            "fund_by": trade.fund_by,
            "taker_id": trade.seller_id if trade.maker is Party.BUYER else trade.buyer_id,
            "now": tx.now,
        },
    )


async def get(tx: Transaction, trade_id: UUID) -> Trade | None:
    """One trade."""
    row = await tx.one(_SELECT + "WHERE id = %s", [trade_id])
    return None if row is None else _trade(row)


async def get_many(tx: Transaction, trade_ids: Sequence[UUID]) -> list[Trade]:
    """Those of the trades that exist."""
    rows = await tx.all(_SELECT + "WHERE id = ANY(%s)", [list(trade_ids)])
    return [_trade(row) for row in rows]


async def held(tx: Transaction, trade_id: UUID) -> Trade | None:
    """One trade, its row locked until the end of the transaction."""
    row = await tx.one(_SELECT + "WHERE id = %s FOR UPDATE", [trade_id])
    return None if row is None else _trade(row)


async def held_for(tx: Transaction, escrow_id: bytes) -> Trade | None:
    """The trade this escrow is for, its row locked until the end of the transaction."""
    row = await tx.one(_SELECT + "WHERE escrow_id = %s FOR UPDATE", [escrow_id])
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
        _SELECT
        + """
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


async def following(tx: Transaction, account_id: UUID, after: UUID, limit: int) -> list[Trade]:
    """The account's trades, oldest first, those newer than `after`: each page costs the same."""
    rows = await tx.all(
        _SELECT  # noqa: S608 - both parts are literals
        + """
        WHERE id = ANY(ARRAY(
            (SELECT id FROM trades
            WHERE buyer_id = %(account)s AND id > %(after)s
            ORDER BY id LIMIT %(limit)s)
            UNION ALL
            (SELECT id FROM trades
            WHERE seller_id = %(account)s AND id > %(after)s
            ORDER BY id LIMIT %(limit)s)
            ORDER BY id LIMIT %(limit)s
        )) ORDER BY id
        """,
        {"account": account_id, "after": after, "limit": limit},
    )
    return [_trade(row) for row in rows]


async def disputed(tx: Transaction, before: UUID | None, limit: int) -> list[Trade]:
    """Trades that wait for an arbitrator, newest first."""
    rows = await tx.all(
        _SELECT
        + """
        WHERE state = 'disputed' AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [_trade(row) for row in rows]


async def count_unfunded(tx: Transaction, account_id: UUID) -> int:
    """How many trades that the account opened as a taker wait for their escrow."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM trades
        WHERE state = 'awaiting_escrow'
            AND ((buyer_id = %(id)s AND maker = 'seller')
                OR (seller_id = %(id)s AND maker = 'buyer'))
        """,
        {"id": account_id},
    )
    assert row is not None
    return int(row["number"])


async def count_completed(tx: Transaction, account_id: UUID) -> int:
    """How many trades the account has completed, on either side."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM trades
        WHERE state = 'completed' AND (buyer_id = %(id)s OR seller_id = %(id)s)
        """,
        {"id": account_id},
    )
    assert row is not None
    return int(row["number"])


async def advance(
    tx: Transaction, before: Trade, after: Trade, event: str, by: UUID | None
) -> bool:
    """Writes `after` if the trade still is as `before` was read, and its history with it.

    Compare and set: False means that somebody else was faster, and nothing was written.
    """
    moved = await tx.execute(
        """
        WITH moved AS (
            UPDATE trades SET state = %(to)s, version = %(version)s + 1, updated_at = %(now)s,
                sealed_details = %(sealed_details)s, paid_signature = %(paid_signature)s,
                payment_sent_at = %(payment_sent_at)s,
                release_signature = %(release_signature)s,
                refund_signature = %(refund_signature)s,
                cancel_signature = %(cancel_signature)s, given_back = %(given_back)s,
                dispute_reason = %(dispute_reason)s
            WHERE id = %(id)s AND state = %(from)s AND version = %(version)s
            RETURNING id, version
        )
        INSERT INTO trade_history (trade_id, version, at, from_state, to_state, event, by_account)
        SELECT id, version, %(now)s, %(from)s, %(to)s, %(event)s, %(by)s FROM moved
        """,
        {
            "id": before.id,
            "from": before.state,
            "to": after.state,
            "version": before.version,
            "event": event,
            "by": by,
            "now": tx.now,
            "sealed_details": after.sealed_details,
            "paid_signature": after.paid_signature,
            "payment_sent_at": after.payment_sent_at,
            "release_signature": after.release_signature,
            "refund_signature": after.refund_signature,
            "cancel_signature": after.cancel_signature,
            "given_back": after.given_back,
            "dispute_reason": after.dispute_reason,
        },
    )
    return moved == 1


async def unfunded(tx: Transaction, chain_time: int, limit: int) -> list[UUID]:
    """Trades whose escrow should have been locked before `chain_time` (unix s)."""
    rows = await tx.all(
        """
        SELECT id FROM trades
        WHERE state = 'awaiting_escrow' AND fund_by < %s
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


async def lapsed(tx: Transaction, chain_time: int, limit: int) -> list[UUID]:
    """Trades on their way to a share of which a signature was good before `chain_time` only."""
    rows = await tx.all(
        """
        SELECT id FROM trades
        WHERE state = 'splitting' AND EXISTS (
            SELECT FROM trade_settlements WHERE trade_id = id AND valid_until < %s
        )
        ORDER BY updated_at LIMIT %s
        """,
        [chain_time, limit],
    )
    return [row["id"] for row in rows]


async def late(tx: Transaction, chain_time: int, since: datetime) -> tuple[int, float]:
    """For how long (s) the most overdue trade of each kind is: by the chain's clock, by ours.

    As `unfunded`, `lapsed` and `unanswered` find them; 0 where none is.
    """
    row = await tx.one(
        """
        SELECT greatest(0, %(chain)s - least(
                (SELECT min(fund_by) FROM trades WHERE state = 'awaiting_escrow'),
                (
                    SELECT min(valid_until) FROM trade_settlements JOIN trades ON id = trade_id
                    WHERE state = 'splitting'
                )
            )) AS by_chain,
            greatest(0, extract(epoch FROM %(since)s - (
                SELECT min(payment_sent_at) FROM trades WHERE state = 'payment_sent'
            ))) AS by_clock
        """,
        {"chain": chain_time, "since": since},
    )
    assert row is not None, "a query without a table has a row"
    return int(row["by_chain"]), float(row["by_clock"])


async def count_disputed(tx: Transaction) -> int:
    """How many trades wait for a ruling."""
    row = await tx.one("SELECT count(*) AS number FROM trades WHERE state = 'disputed'")
    assert row is not None, "an aggregate has a row"
    return int(row["number"])


async def histories(
    tx: Transaction, trade_ids: Sequence[UUID], after: int, limit: int
) -> dict[UUID, list[HistoryEntry]]:
    """The steps of each trade that led to versions above `after`, in order."""
    rows = await tx.all(
        """
        SELECT trade_id, version, at, from_state, to_state, event, by_account AS by
        FROM unnest(%s::uuid[]) AS wanted (id), LATERAL (
            SELECT * FROM trade_history WHERE trade_id = wanted.id AND version > %s
            ORDER BY version LIMIT %s
        ) AS steps
        ORDER BY trade_id, version
        """,
        [list(trade_ids), after, limit],
    )
    found: dict[UUID, list[HistoryEntry]] = {trade_id: [] for trade_id in trade_ids}
    for row in rows:
        found[row["trade_id"]].append(
            HistoryEntry(
                row["version"],
                row["at"],
                row["from_state"] and TradeState(row["from_state"]),
                TradeState(row["to_state"]),
                row["event"],
                row["by"],
            )
        )
    return found


async def last_by(tx: Transaction, trade_id: UUID, event: str) -> UUID | None:
    """The account that took the newest such step."""
    row = await tx.one(
        """
        SELECT by_account FROM trade_history WHERE trade_id = %s AND event = %s
        ORDER BY version DESC LIMIT 1
        """,
        [trade_id, event],
    )
    return None if row is None else row["by_account"]


async def sign_settlement(
    tx: Transaction, trade_id: UUID, settlement: Settlement
) -> tuple[Settlement, ...]:
    """Keeps what a party has signed, in place of what he signed before; all that is signed now.

    The trade's row is held: it is read anew, since the other party may have signed while this
    transaction waited for that row.
    """
    await tx.execute(
        """
        INSERT INTO trade_settlements (trade_id, party, buyer_amount, valid_until, signature,
            signed_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (trade_id, party) DO UPDATE SET buyer_amount = excluded.buyer_amount,
            valid_until = excluded.valid_until, signature = excluded.signature,
            signed_at = excluded.signed_at
        """,
        [
            trade_id,
            settlement.party,
            settlement.buyer_amount,
            settlement.valid_until,
            settlement.signature,
            tx.now,
        ],
    )
    rows = await tx.all(
        """
        SELECT party, buyer_amount, valid_until, signature FROM trade_settlements
        WHERE trade_id = %s ORDER BY party
        """,
        [trade_id],
    )
    return tuple(
        Settlement(
            Party(row["party"]), int(row["buyer_amount"]), row["valid_until"], row["signature"]
        )
        for row in rows
    )


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
        buyer_key_signature=row["buyer_key_signature"],
        seller_key=row["seller_key"],
        seller_key_signature=row["seller_key_signature"],
        escrow_id=row["escrow_id"],
        fund_by=row["fund_by"],
        sealed_details=row["sealed_details"],
        paid_signature=row["paid_signature"],
        payment_sent_at=row["payment_sent_at"],
        release_signature=row["release_signature"],
        refund_signature=row["refund_signature"],
        cancel_signature=row["cancel_signature"],
        given_back=row["given_back"],
        dispute_reason=row["dispute_reason"] and DisputeReason(row["dispute_reason"]),
        settlements=tuple(
            Settlement(Party(party), int(buyer_amount), int(valid_until), signature)
            for party, buyer_amount, valid_until, signature in row["settlements"]
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
