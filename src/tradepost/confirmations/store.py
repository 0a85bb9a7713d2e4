"""The rows of confirmations."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tradepost.confirmations.model import KEPT, Confirmation, ConfirmationState, Need, Step
from tradepost.kernel.database import Transaction


async def take_turns(tx: Transaction, account_id: UUID) -> None:
    """Has those who ask for one account go one after the other."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('confirmations of ' || %s::text, 0))",
        [account_id],
    )


async def pending(tx: Transaction, account_id: UUID) -> list[Confirmation]:
    """Those of the account that wait for an answer and still can have one."""
    rows = await tx.all(
        """
        SELECT * FROM confirmations
        WHERE account_id = %s AND state = 'pending' AND expires_at > %s ORDER BY id
        """,
        [account_id, tx.now],
    )
    return [_confirmation(row) for row in rows]


async def add(tx: Transaction, asked: Confirmation) -> None:
    """Keeps what was asked for."""
    await tx.execute(
        """
        INSERT INTO confirmations (
            id, account_id, token_id, step, parameters, summary, needs, state, created_at,
            expires_at
        ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            asked.id,
            asked.account_id,
            asked.token_id,
            asked.step,
            Jsonb(dict(asked.parameters)),
            asked.summary,
            list(asked.needs),
            asked.state,
            asked.created_at,
            asked.expires_at,
        ],
    )


async def get(tx: Transaction, account_id: UUID, confirmation_id: UUID) -> Confirmation | None:
    """One of the account's."""
    row = await tx.one(
        "SELECT * FROM confirmations WHERE id = %s AND account_id = %s",
        [confirmation_id, account_id],
    )
    return None if row is None else _confirmation(row)


async def page(
    tx: Transaction, account_id: UUID, before: UUID | None, limit: int
) -> list[Confirmation]:
    """Those of the account, the newest first."""
    rows = await tx.all(
        """
        SELECT * FROM confirmations
        WHERE account_id = %(account)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"account": account_id, "before": before, "limit": limit},
    )
    return [_confirmation(row) for row in rows]


async def decide(
    tx: Transaction, account_id: UUID, confirmation_id: UUID, to: ConfirmationState
) -> Confirmation | None:
    """Answers a pending one in its time, once; None where there is none to answer.

    Whoever answers at the same moment waits here for the other's commit.
    """
    row = await tx.one(
        """
        UPDATE confirmations SET state = %s, decided_at = %s  -- pending -> confirmed, refused
        WHERE id = %s AND account_id = %s AND state = 'pending' AND expires_at > %s
        RETURNING *
        """,
        [to, tx.now, confirmation_id, account_id, tx.now],
    )
    return None if row is None else _confirmation(row)


async def note_trade(tx: Transaction, confirmation_id: UUID, trade_id: UUID) -> None:
    """Notes which trade it opened or moved on."""
    await tx.execute(
        "UPDATE confirmations SET trade_id = %s WHERE id = %s", [trade_id, confirmation_id]
    )


async def forget(tx: Transaction) -> None:
    """Deletes those that ended long ago."""
    await tx.execute("DELETE FROM confirmations WHERE expires_at < %s", [tx.now - KEPT])


def _confirmation(row: dict[str, Any]) -> Confirmation:
    return Confirmation(
        id=row["id"],
        account_id=row["account_id"],
        token_id=row["token_id"],
        step=Step(row["step"]),
        parameters=row["parameters"],
        summary=row["summary"],
        needs=tuple(Need(need) for need in row["needs"]),
        state=ConfirmationState(row["state"]),
        trade_id=row["trade_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        decided_at=row["decided_at"],
    )
