"""The relayer's own tables: its nonces, every transaction it has signed, and what each carries."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from tradepost.kernel.database import Transaction


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A signed transaction of the relayer; fees in wei per unit of gas."""

    hash: bytes
    nonce: int
    raw: bytes
    gas: int
    max_fee: int
    priority_fee: int
    created_at: datetime


async def add(
    tx: Transaction, sent: SignedTransaction, carries: Sequence[tuple[int, UUID]]
) -> None:
    """Stores a transaction, with the intents that it carries and the places of their calls.

    To be done before it is broadcast. One that is stored already is the same.
    """
    await tx.execute(
        """
        INSERT INTO escrow_transactions (hash, nonce, raw, gas, max_fee, priority_fee, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (hash) DO NOTHING
        """,
        [getattr(sent, field.name) for field in fields(sent)],
    )
    await tx.execute(
        """
        INSERT INTO escrow_carried (hash, place, intent_id)
        SELECT %s, place, id FROM unnest(%s::integer[], %s::uuid[]) AS carried (place, id)
        ON CONFLICT (hash, place) DO NOTHING
        """,
        [sent.hash, [place for place, _ in carries], [intent_id for _, intent_id in carries]],
    )


async def carried(tx: Transaction, tx_hash: bytes) -> list[tuple[int, UUID]]:
    """The intents that a transaction carries, after the places of their calls."""
    rows = await tx.all(
        "SELECT place, intent_id FROM escrow_carried WHERE hash = %s ORDER BY place", [tx_hash]
    )
    return [(row["place"], row["intent_id"]) for row in rows]


async def of_intent(tx: Transaction, intent_id: UUID, nonce: int) -> list[SignedTransaction]:
    """The tries at one nonce of an intent, the best paid last."""
    rows = await tx.all(
        """
        SELECT escrow_transactions.* FROM escrow_transactions JOIN escrow_carried USING (hash)
        WHERE intent_id = %s AND nonce = %s ORDER BY max_fee
        """,
        [intent_id, nonce],
    )
    return [_transaction(row) for row in rows]


async def from_nonce(tx: Transaction, nonce: int, limit: int) -> list[SignedTransaction]:
    """The best paid transaction of each nonce from `nonce` on, in order."""
    rows = await tx.all(
        """
        SELECT DISTINCT ON (nonce) * FROM escrow_transactions WHERE nonce >= %s
        ORDER BY nonce, max_fee DESC LIMIT %s
        """,
        [nonce, limit],
    )
    return [_transaction(row) for row in rows]


async def take_nonce(tx: Transaction, sender: str, at_least: int) -> int:
    """The next nonce of `sender`; the row is locked, so they come without a gap."""
    row = await tx.one(
        """
        INSERT INTO escrow_nonces AS known (sender, next_nonce) VALUES (%(sender)s, %(least)s + 1)
        ON CONFLICT (sender) DO UPDATE
            SET next_nonce = greatest(known.next_nonce, %(least)s) + 1
        RETURNING next_nonce - 1 AS nonce
        """,
        {"sender": sender, "least": at_least},
    )
    assert row is not None
    return int(row["nonce"])


def _transaction(row: DictRow) -> SignedTransaction:
    fees = {name: int(row[name]) for name in ("max_fee", "priority_fee")}
    return SignedTransaction(**row | fees)
