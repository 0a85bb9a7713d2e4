"""Draws from the faucet, and the transactions that bring what they gave."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tradepost.kernel.database import Transaction
from tradepost.sandbox.model import Gift

#: Any number, the same in every process: draws take turns, for their nonces.
_ADVISORY_LOCK = 7_233_117


async def take_turn(tx: Transaction) -> None:
    """Waits until no other transaction draws; holds until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])


async def count_draws(tx: Transaction) -> int:
    """How many there were, of everybody."""
    row = await tx.one("SELECT count(*) AS draws FROM sandbox_draws")
    assert row is not None, "an aggregate has a row"
    return int(row["draws"])


async def draws_since(tx: Transaction, account_id: UUID, since: datetime) -> list[datetime]:
    """When the account has drawn, the oldest first."""
    rows = await tx.all(
        """
        SELECT created_at FROM sandbox_draws WHERE account_id = %s AND created_at > %s
        ORDER BY created_at
        """,
        [account_id, since],
    )
    return [row["created_at"] for row in rows]


async def next_nonce(tx: Transaction) -> int:
    """The nonce behind the last one that was given."""
    row = await tx.one("SELECT coalesce(max(nonce) + 1, 0) AS nonce FROM sandbox_gifts")
    assert row is not None, "an aggregate has a row"
    return int(row["nonce"])


async def add_draw(tx: Transaction, draw_id: UUID, account_id: UUID, gifts: Sequence[Gift]) -> None:
    """Stores a draw with its transactions, before any of them is sent."""
    await tx.execute(
        "INSERT INTO sandbox_draws (id, account_id, created_at) VALUES (%s, %s, %s)",
        [draw_id, account_id, tx.now],
    )
    for gift in gifts:
        await tx.execute(
            "INSERT INTO sandbox_gifts (nonce, draw_id, hash, raw) VALUES (%s, %s, %s, %s)",
            [gift.nonce, draw_id, gift.hash, gift.raw],
        )


async def raw_from(tx: Transaction, nonce: int, limit: int) -> list[bytes]:
    """The signed transactions from this nonce on, in order."""
    rows = await tx.all(
        "SELECT raw FROM sandbox_gifts WHERE nonce >= %s ORDER BY nonce LIMIT %s", [nonce, limit]
    )
    return [bytes(row["raw"]) for row in rows]
