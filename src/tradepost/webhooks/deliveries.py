"""The rows of what is brought to webhooks: deliveries, and the log of their tries.

Whoever changes some has locked their webhook, and has it woken then (`store.lock`, `store.wake`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tradepost.kernel.database import Transaction
from tradepost.outward.model import Fault
from tradepost.webhooks.model import MAX_PENDING, Attempt, Delivery, DeliveryState

#: Of one delivery's attempts, the last ones are shown.
_SHOWN_ATTEMPTS: Final = 30
_DELIVERY: Final = (
    "id, webhook_id, message_id, seq, type, body, state, attempts, tries, due_at, created_at"
)


async def add(tx: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keeps new deliveries of a locked webhook."""
    async with tx.connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO webhook_deliveries
                (id, webhook_id, message_id, seq, type, body, state, due_at, created_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [
                    one.id,
                    one.webhook_id,
                    one.message_id,
                    one.seq,
                    one.type,
                    one.body,
                    one.state,
                    one.due_at,
                    one.created_at,
                ]
                for one in deliveries
            ],
        )


async def due(tx: Transaction, webhook_id: UUID, limit: int) -> list[Delivery]:
    """Deliveries of an enabled webhook that are to be tried now, in the order of their events."""
    rows = await tx.all(
        f"""
        SELECT {_DELIVERY} FROM webhook_deliveries
        WHERE webhook_id = %(id)s AND state = 'pending' AND due_at <= %(now)s AND EXISTS (
            SELECT FROM webhooks WHERE id = %(id)s AND disabled_reason IS NULL
                AND (resting_until IS NULL OR resting_until <= %(now)s)
        )
        ORDER BY due_at, id LIMIT %(limit)s
        """,  # noqa: S608 - made of literals
        {"id": webhook_id, "now": tx.now, "limit": limit},
    )
    return [_delivery(row) for row in rows]


async def count_pending(tx: Transaction, webhook_id: UUID) -> int:
    """How many deliveries wait, counted up to the bound."""
    row = await tx.one(
        """
        SELECT count(*) AS pending FROM (
            SELECT FROM webhook_deliveries WHERE webhook_id = %s AND state = 'pending' LIMIT %s
        ) AS waiting
        """,
        [webhook_id, MAX_PENDING],
    )
    return 0 if row is None else int(row["pending"])


async def get(tx: Transaction, webhook_id: UUID, delivery_id: UUID) -> Delivery | None:
    """One delivery of this webhook with its log."""
    row = await tx.one(
        f"SELECT {_DELIVERY} FROM webhook_deliveries WHERE id = %s AND webhook_id = %s",  # noqa: S608 - made of literals
        [delivery_id, webhook_id],
    )
    return None if row is None else (await _with_logs(tx, [_delivery(row)]))[0]


async def of_webhook(
    tx: Transaction, webhook_id: UUID, state: DeliveryState | None, before: UUID | None, limit: int
) -> list[Delivery]:
    """Deliveries of this webhook with their logs, the newest first."""
    rows = await tx.all(
        f"""
        SELECT {_DELIVERY} FROM webhook_deliveries
        WHERE webhook_id = %(webhook)s AND (%(state)s::text IS NULL OR state = %(state)s)
            AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,  # noqa: S608 - made of literals
        {"webhook": webhook_id, "state": state, "before": before, "limit": limit},
    )
    return await _with_logs(tx, [_delivery(row) for row in rows])


async def move(
    tx: Transaction, delivery: Delivery, state: DeliveryState, tries: int, due_at: datetime | None
) -> bool:
    """Moves a delivery that is as `delivery` says; False if it is another by now."""
    return (
        await tx.execute(
            """
            UPDATE webhook_deliveries SET state = %(state)s, tries = %(tries)s,
                due_at = %(due_at)s, finished_at = %(finished_at)s
            WHERE id = %(id)s AND state = %(before)s AND attempts = %(attempts)s
            """,
            {
                "id": delivery.id,
                "state": state,
                "tries": tries,
                "due_at": due_at,
                "finished_at": None if state is DeliveryState.PENDING else tx.now,
                "before": delivery.state,
                "attempts": delivery.attempts,
            },
        )
        == 1
    )


async def add_attempt(tx: Transaction, delivery: Delivery, attempt: Attempt) -> None:
    """Writes a try into the log of a delivery that has just been moved."""
    await tx.execute(
        """
        WITH counted AS (UPDATE webhook_deliveries SET attempts = %(number)s WHERE id = %(id)s)
        INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, status, fault)
        VALUES (%(id)s, %(number)s, %(at)s, %(duration_ms)s, %(status)s, %(fault)s)
        """,
        {
            "id": delivery.id,
            "number": attempt.number,
            "at": attempt.at,
            "duration_ms": attempt.duration_ms,
            "status": attempt.status,
            "fault": attempt.fault,
        },
    )


async def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Deletes up to `limit` deliveries that were done with before; how many."""
    return await tx.execute(
        """
        DELETE FROM webhook_deliveries WHERE id IN (
            SELECT id FROM webhook_deliveries WHERE finished_at < %s
            ORDER BY finished_at LIMIT %s FOR UPDATE SKIP LOCKED
        )
        """,
        [before, limit],
    )


async def _with_logs(tx: Transaction, found: Sequence[Delivery]) -> list[Delivery]:
    rows = await tx.all(
        """
        SELECT delivery_id, number, at, duration_ms, status, fault
        FROM unnest(%s::uuid[]) AS one (id) CROSS JOIN LATERAL (
            SELECT * FROM webhook_attempts WHERE delivery_id = one.id
            ORDER BY number DESC LIMIT %s
        ) AS attempt
        ORDER BY delivery_id, number
        """,
        [[one.id for one in found], _SHOWN_ATTEMPTS],
    )
    logs: dict[UUID, list[Attempt]] = {}
    for row in rows:
        fault = None if row["fault"] is None else Fault(row["fault"])
        attempt = Attempt(row["number"], row["at"], row["duration_ms"], row["status"], fault)
        logs.setdefault(row["delivery_id"], []).append(attempt)
    return [replace(one, log=tuple(logs.get(one.id, ()))) for one in found]


def _delivery(row: dict[str, Any]) -> Delivery:
    return Delivery(**row | {"state": DeliveryState(row["state"])})
