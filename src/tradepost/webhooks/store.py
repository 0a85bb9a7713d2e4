"""The rows of webhooks and their secrets; `deliveries.py` has what is brought to them.

Whatever changes a webhook or its deliveries locks the webhook's row first (`lock`), so that its
`due_at` always is that of its deliveries, and nobody waits for another in a circle.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from tradepost.kernel import outbox
from tradepost.kernel.database import Transaction
from tradepost.outward.model import Outcome
from tradepost.webhooks.model import (
    MAX_PENDING,
    MAX_WEBHOOKS,
    DisabledReason,
    Key,
    Webhook,
)

_WEBHOOK: Final = (
    "id, account_id, url, description, events, disabled_reason, failing_since, version,"
    " created_at, updated_at"
)
_NOT_ANOTHERS: LiteralString = (
    "SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || %s::text, 0))"
)


# --- webhooks and secrets --------------------------------------------------------------------


async def add(tx: Transaction, webhook: Webhook, seen_seq: int) -> None:
    """Keeps a new webhook, which has seen the account's events up to `seen_seq`."""
    await tx.execute(
        """
        INSERT INTO webhooks
            (id, account_id, url, description, events, seen_seq, created_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            webhook.id,
            webhook.account_id,
            webhook.url,
            webhook.description,
            list(webhook.events),
            seen_seq,
            webhook.created_at,
            webhook.updated_at,
        ],
    )


async def take_turn(tx: Transaction, account_id: UUID) -> None:
    """Those who add to an account's webhooks, or change an address, go one after the other."""
    await tx.execute(_NOT_ANOTHERS, [account_id])


async def of_account(tx: Transaction, account_id: UUID) -> list[Webhook]:
    """The account's webhooks with their keys, the newest first."""
    rows = await tx.all(
        f"SELECT {_WEBHOOK} FROM webhooks WHERE account_id = %s ORDER BY id DESC LIMIT %s",  # noqa: S608 - made of literals
        [account_id, MAX_WEBHOOKS],
    )
    found = [_webhook(row) for row in rows]
    keys = await _keys(tx, [webhook.id for webhook in found])
    return [replace(webhook, keys=tuple(keys.get(webhook.id, ()))) for webhook in found]


async def get(tx: Transaction, account_id: UUID, webhook_id: UUID) -> Webhook | None:
    """One webhook of this account with its keys."""
    row = await tx.one(
        f"SELECT {_WEBHOOK} FROM webhooks WHERE id = %s AND account_id = %s",  # noqa: S608 - made of literals
        [webhook_id, account_id],
    )
    if row is None:
        return None
    keys = await _keys(tx, [webhook_id])
    return replace(_webhook(row), keys=tuple(keys.get(webhook_id, ())))


async def lock(tx: Transaction, webhook_id: UUID, lease: int | None = None) -> Webhook | None:
    """The webhook without its keys, until the end of `tx` nobody else's to change.

    None where it is gone, or where a `lease` is given that has passed to somebody else.
    """
    row = await tx.one(
        f"""
        SELECT {_WEBHOOK} FROM webhooks
        WHERE id = %(id)s AND (%(lease)s::bigint IS NULL OR lease = %(lease)s) FOR UPDATE
        """,  # noqa: S608 - made of literals
        {"id": webhook_id, "lease": lease},
    )
    return None if row is None else _webhook(row)


async def change(tx: Transaction, webhook: Webhook, *, afresh: bool) -> None:
    """Writes what the owner sees of a webhook; `afresh` forgets how its tries went until now."""
    await tx.execute(
        """
        UPDATE webhooks SET url = %(url)s, description = %(description)s, events = %(events)s,
            disabled_reason = %(reason)s, version = %(version)s, updated_at = %(now)s,
            quick = quick AND NOT %(afresh)s,
            failures = CASE WHEN %(afresh)s THEN 0 ELSE failures END,
            failing_since = CASE WHEN %(afresh)s THEN NULL ELSE failing_since END,
            resting_until = CASE WHEN %(afresh)s THEN NULL ELSE resting_until END
        WHERE id = %(id)s
        """,
        {
            "id": webhook.id,
            "url": webhook.url,
            "description": webhook.description,
            "events": list(webhook.events),
            "reason": webhook.disabled_reason,
            "version": webhook.version,
            "now": webhook.updated_at,
            "afresh": afresh,
        },
    )


async def remove(tx: Transaction, account_id: UUID, webhook_id: UUID) -> bool:
    """Forgets a webhook and its log; False where the account has none of this id."""
    sql: LiteralString = "DELETE FROM webhooks WHERE id = %s AND account_id = %s"
    return await tx.execute(sql, [webhook_id, account_id]) == 1


async def add_secret(tx: Transaction, webhook_id: UUID, key: Key, sealed: bytes) -> None:
    """Keeps a secret as the webhook's newest."""
    await tx.execute(
        """
        INSERT INTO webhook_secrets (id, webhook_id, sealed, public_key, created_at)
        VALUES (%s, %s, %s, %s, %s)
        """,
        [key.id, webhook_id, sealed, key.public_key, key.created_at],
    )


async def end_newest_secret(tx: Transaction, webhook_id: UUID, at: datetime) -> None:
    """Has the newest secret end; one that ends at once is gone."""
    await tx.execute(
        """
        UPDATE webhook_secrets SET expires_at = %s WHERE webhook_id = %s AND expires_at IS NULL
        """,
        [at, webhook_id],
    )


async def sealed_secrets(tx: Transaction, webhook_id: UUID) -> list[tuple[UUID, bytes]]:
    """The valid secrets with their ids, the newest first."""
    rows = await tx.all(
        """
        SELECT id, sealed FROM webhook_secrets
        WHERE webhook_id = %s AND (expires_at IS NULL OR expires_at > %s)
        ORDER BY expires_at DESC NULLS FIRST
        """,
        [webhook_id, tx.now],
    )
    return [(row["id"], bytes(row["sealed"])) for row in rows]


async def _keys(tx: Transaction, webhook_ids: Sequence[UUID]) -> dict[UUID, list[Key]]:
    rows = await tx.all(
        """
        SELECT webhook_id, id, public_key, created_at, expires_at FROM webhook_secrets
        WHERE webhook_id = ANY(%s) AND (expires_at IS NULL OR expires_at > %s)
        ORDER BY webhook_id, expires_at DESC NULLS FIRST
        """,
        [list(webhook_ids), tx.now],
    )
    found: dict[UUID, list[Key]] = {}
    for row in rows:
        found.setdefault(row.pop("webhook_id"), []).append(Key(**row))
    return found


# --- from events to deliveries ---------------------------------------------------------------


async def behind(tx: Transaction, limit: int) -> list[UUID]:
    """Webhooks whose account has events that they have not seen, and that have room for more."""
    rows = await tx.all(
        f"""
        SELECT id FROM webhooks AS webhook JOIN ({outbox.NEWEST}) AS newest USING (account_id)
        WHERE disabled_reason IS NULL AND newest.last_seq > webhook.seen_seq AND (
            SELECT count(*) FROM (
                SELECT FROM webhook_deliveries
                WHERE webhook_id = webhook.id AND state = 'pending' LIMIT %(most)s
            ) AS waiting
        ) < %(most)s
        LIMIT %(limit)s
        """,  # noqa: S608 - made of literals
        {"most": MAX_PENDING, "limit": limit},
    )
    return [row["id"] for row in rows]


async def seen_seq(tx: Transaction, webhook_id: UUID) -> int:
    """Up to which number a locked webhook has seen its account's events."""
    row = await tx.one("SELECT seen_seq FROM webhooks WHERE id = %s", [webhook_id])
    assert row is not None, "it is locked"
    return int(row["seen_seq"])


async def see(tx: Transaction, webhook_id: UUID, before: int, upto: int) -> bool:
    """Notes that a webhook has seen the events up to a number; False if it stood elsewhere."""
    return (
        await tx.execute(
            "UPDATE webhooks SET seen_seq = %s WHERE id = %s AND seen_seq = %s",
            [upto, webhook_id, before],
        )
        == 1
    )


async def wake(tx: Transaction, webhook_id: UUID, *, again: bool = False) -> None:
    """Writes when a locked webhook is due, by its deliveries as they are now.

    It keeps its place among those that are due, unless it has had its turn and comes `again`.
    """
    await tx.execute(
        """
        UPDATE webhooks AS webhook SET due_at = CASE WHEN disabled_reason IS NULL THEN (
            SELECT least(
                greatest(min(delivery.due_at), webhook.resting_until, %(now)s),
                CASE WHEN NOT %(again)s THEN webhook.due_at END
            )
            FROM webhook_deliveries AS delivery
            WHERE webhook_id = webhook.id AND state = 'pending'
            HAVING min(delivery.due_at) IS NOT NULL
        ) END
        WHERE id = %(id)s
        """,
        {"id": webhook_id, "now": tx.now, "again": again},
    )


async def lease(
    tx: Transaction, *, quick: bool, limit: int, length: timedelta
) -> list[tuple[UUID, int]]:
    """Takes up to `limit` webhooks that are due, with the numbers of the leases.

    Two who ask at the same time never get the same one.
    """
    rows = await tx.all(
        """
        UPDATE webhooks SET leased_until = %(until)s, lease = lease + 1 WHERE id IN (
            SELECT id FROM webhooks
            WHERE quick = %(quick)s AND due_at <= %(now)s AND leased_until <= %(now)s
            ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) RETURNING id, lease
        """,
        {"quick": quick, "now": tx.now, "until": tx.now + length, "limit": limit},
    )
    return [(row["id"], row["lease"]) for row in rows]


async def release(tx: Transaction, webhook_id: UUID) -> None:
    """Ends the lease of a locked webhook."""
    await tx.execute("UPDATE webhooks SET leased_until = '-infinity' WHERE id = %s", [webhook_id])


async def is_quick(tx: Transaction, webhook_id: UUID) -> bool:
    """Whether a locked webhook answered its last try well, and soon."""
    row = await tx.one("SELECT quick FROM webhooks WHERE id = %s", [webhook_id])
    return row is not None and bool(row["quick"])


async def judge(
    tx: Transaction, webhook_id: UUID, outcome: Outcome, *, rest: datetime | None
) -> tuple[datetime | None, int]:
    """Notes how a try of a locked webhook went; since when it only fails, and how often it did."""
    row = await tx.one(
        """
        UPDATE webhooks SET quick = %(quick)s,
            failing_since = CASE WHEN %(well)s THEN NULL ELSE coalesce(failing_since, %(now)s) END,
            failures = CASE WHEN %(well)s THEN 0 ELSE failures + 1 END,
            resting_until = CASE WHEN %(well)s THEN NULL
                ELSE greatest(resting_until, %(rest)s::timestamptz) END
        WHERE id = %(id)s RETURNING failing_since, failures
        """,
        {
            "id": webhook_id,
            "well": outcome.accepted,
            "quick": outcome.quick,
            "rest": rest,
            "now": tx.now,
        },
    )
    assert row is not None, "it is locked"
    return row["failing_since"], int(row["failures"])


async def forget_secrets(tx: Transaction) -> None:
    """Deletes the secrets that are valid no more."""
    await tx.execute("DELETE FROM webhook_secrets WHERE expires_at <= %s", [tx.now])


def _webhook(row: dict[str, Any]) -> Webhook:
    reason = row["disabled_reason"]
    return Webhook(
        **row
        | {
            "events": tuple(row["events"]),
            "disabled_reason": None if reason is None else DisabledReason(reason),
        }
    )
