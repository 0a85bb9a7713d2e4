"""The rows of subscriptions and of what waits for them.

Whatever changes a subscription or its messages locks its row first (`lock`), so that its `due_at`
always is that of its messages, and nobody waits for another in a circle.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from tradepost.kernel import outbox
from tradepost.kernel.database import Transaction
from tradepost.outward.model import Outcome
from tradepost.push.model import MAX_SUBSCRIPTIONS, MAX_WAITING, TTL_S, Message, News, Subscription

_SUBSCRIPTION: Final = (
    "id, account_id, endpoint, device_key, auth, server_key, label, accepted_at, created_at"
)
_NOT_ANOTHERS: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 0))"


# --- subscriptions ---------------------------------------------------------------------------


async def take_turn(tx: Transaction, account_id: UUID, endpoint: str) -> None:
    """Who subscribes goes one after the other, of one endpoint and of one account."""
    for name in (f"push endpoint {endpoint}", f"push subscriptions of {account_id}"):
        await tx.execute(_NOT_ANOTHERS, [name])


async def add(tx: Transaction, new: Subscription, seen_seq: int) -> None:
    """Keeps a new subscription, which has seen the account's events up to `seen_seq`."""
    await tx.execute(
        """
        INSERT INTO push_subscriptions (id, account_id, endpoint, device_key, auth, server_key,
            label, seen_seq, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            new.id,
            new.account_id,
            new.endpoint,
            new.device_key,
            new.auth,
            new.server_key,
            new.label,
            seen_seq,
            new.created_at,
        ],
    )


async def at(tx: Transaction, endpoint: str) -> Subscription | None:
    """The subscription of this endpoint, whosever it is, under a lock."""
    row = await tx.one(
        f"SELECT {_SUBSCRIPTION} FROM push_subscriptions WHERE endpoint = %s FOR UPDATE",  # noqa: S608 - made of literals
        [endpoint],
    )
    return None if row is None else _subscription(row)


async def renew(tx: Transaction, changed: Subscription) -> None:
    """Writes the keys and the label of a locked subscription, whose failures are forgotten."""
    await tx.execute(
        """
        UPDATE push_subscriptions SET device_key = %s, auth = %s, server_key = %s, label = %s,
            failing_since = NULL, failures = 0, resting_until = NULL
        WHERE id = %s
        """,
        [changed.device_key, changed.auth, changed.server_key, changed.label, changed.id],
    )


async def of_account(tx: Transaction, account_id: UUID, server_key: str) -> list[Subscription]:
    """The account's subscriptions to this key of the exchange, the newest first."""
    rows = await tx.all(
        f"""
        SELECT {_SUBSCRIPTION} FROM push_subscriptions
        WHERE account_id = %s AND server_key = %s ORDER BY id DESC LIMIT %s
        """,  # noqa: S608 - made of literals
        [account_id, server_key, MAX_SUBSCRIPTIONS],
    )
    return [_subscription(row) for row in rows]


async def lock(
    tx: Transaction, subscription_id: UUID, lease: int | None = None
) -> Subscription | None:
    """The subscription, until the end of `tx` nobody else's to change.

    None where it is gone, or where a `lease` is given that has passed to somebody else.
    """
    row = await tx.one(
        f"""
        SELECT {_SUBSCRIPTION} FROM push_subscriptions
        WHERE id = %(id)s AND (%(lease)s::bigint IS NULL OR lease = %(lease)s) FOR UPDATE
        """,  # noqa: S608 - made of literals
        {"id": subscription_id, "lease": lease},
    )
    return None if row is None else _subscription(row)


async def remove(tx: Transaction, subscription_id: UUID, account_id: UUID | None = None) -> bool:
    """Forgets a subscription and what waits for it; False where there is none of this account."""
    sql: LiteralString = """
        DELETE FROM push_subscriptions
        WHERE id = %(id)s AND (%(account)s::uuid IS NULL OR account_id = %(account)s)
    """
    return await tx.execute(sql, {"id": subscription_id, "account": account_id}) == 1


async def forget_others(tx: Transaction, server_key: str, limit: int) -> int:
    """Deletes up to `limit` subscriptions to other keys than this one; how many."""
    return await tx.execute(
        """
        DELETE FROM push_subscriptions WHERE id IN (
            SELECT id FROM push_subscriptions WHERE server_key <> %s
            LIMIT %s FOR UPDATE SKIP LOCKED
        )
        """,
        [server_key, limit],
    )


# --- from events to messages -----------------------------------------------------------------


async def behind(tx: Transaction, limit: int) -> list[UUID]:
    """Subscriptions whose account has events that they have not seen."""
    rows = await tx.all(
        f"""
        SELECT id FROM push_subscriptions AS one JOIN ({outbox.NEWEST}) AS newest
            USING (account_id)
        WHERE newest.last_seq > one.seen_seq LIMIT %s
        """,  # noqa: S608 - made of literals
        [limit],
    )
    return [row["id"] for row in rows]


async def seen_seq(tx: Transaction, subscription_id: UUID) -> int:
    """Up to which number a locked subscription has seen its account's events."""
    row = await tx.one("SELECT seen_seq FROM push_subscriptions WHERE id = %s", [subscription_id])
    assert row is not None, "it is locked"
    return int(row["seen_seq"])


async def see(tx: Transaction, subscription_id: UUID, upto: int) -> None:
    """Notes that a locked subscription has seen the events up to a number."""
    await tx.execute(
        "UPDATE push_subscriptions SET seen_seq = %s WHERE id = %s", [upto, subscription_id]
    )


async def put(tx: Transaction, message: Message) -> None:
    """Has a message wait, in the place of an older one of its trade."""
    await tx.execute(
        """
        INSERT INTO push_messages
            (subscription_id, trade_id, event_id, news, due_at, created_at)
        VALUES (%(subscription)s, %(trade)s, %(event)s, %(news)s, %(now)s, %(created_at)s)
        ON CONFLICT (subscription_id, trade_id) DO UPDATE SET event_id = excluded.event_id,
            news = excluded.news, tries = 0, due_at = excluded.due_at,
            created_at = excluded.created_at
        """,
        {
            "subscription": message.subscription_id,
            "trade": message.trade_id,
            "event": message.event_id,
            "news": message.news,
            "now": tx.now,
            "created_at": message.created_at,
        },
    )


async def make_room(tx: Transaction, subscription_id: UUID) -> None:
    """Deletes what is too old to be told, and the oldest of what is too much."""
    await tx.execute(
        """
        DELETE FROM push_messages WHERE subscription_id = %(id)s AND (
            created_at <= %(oldest)s OR trade_id IN (
                SELECT trade_id FROM push_messages WHERE subscription_id = %(id)s
                ORDER BY created_at DESC, event_id DESC OFFSET %(most)s
            )
        )
        """,
        {
            "id": subscription_id,
            "oldest": tx.now - timedelta(seconds=TTL_S),
            "most": MAX_WAITING,
        },
    )


async def due(tx: Transaction, subscription_id: UUID, limit: int) -> list[Message]:
    """Messages of a subscription that are to be tried now, unless its service wants a rest."""
    rows = await tx.all(
        """
        SELECT subscription_id, trade_id, event_id, news, tries, created_at FROM push_messages
        WHERE subscription_id = %(id)s AND due_at <= %(now)s AND EXISTS (
            SELECT FROM push_subscriptions
            WHERE id = %(id)s AND (resting_until IS NULL OR resting_until <= %(now)s)
        )
        ORDER BY due_at, event_id LIMIT %(limit)s
        """,
        {"id": subscription_id, "now": tx.now, "limit": limit},
    )
    return [Message(**row | {"news": News(row["news"])}) for row in rows]


async def done_with(tx: Transaction, message: Message) -> bool:
    """Forgets a message that still is the one that was sent; False if it is another by now."""
    return (
        await tx.execute(
            """
            DELETE FROM push_messages WHERE subscription_id = %s AND trade_id = %s
                AND event_id = %s AND tries = %s
            """,
            [message.subscription_id, message.trade_id, message.event_id, message.tries],
        )
        == 1
    )


async def try_later(tx: Transaction, message: Message, due_at: datetime) -> bool:
    """Has a message wait for its next try; False if it is another by now."""
    return (
        await tx.execute(
            """
            UPDATE push_messages SET tries = tries + 1, due_at = %s
            WHERE subscription_id = %s AND trade_id = %s AND event_id = %s AND tries = %s
            """,
            [
                due_at,
                message.subscription_id,
                message.trade_id,
                message.event_id,
                message.tries,
            ],
        )
        == 1
    )


async def wake(tx: Transaction, subscription_id: UUID, *, again: bool = False) -> None:
    """Writes when a locked subscription is due, by its messages as they are now.

    It keeps its place among those that are due, unless it has had its turn and comes `again`.
    """
    await tx.execute(
        """
        UPDATE push_subscriptions AS one SET due_at = (
            SELECT least(
                greatest(min(message.due_at), one.resting_until, %(now)s),
                CASE WHEN NOT %(again)s THEN one.due_at END
            )
            FROM push_messages AS message WHERE subscription_id = one.id
            HAVING min(message.due_at) IS NOT NULL
        )
        WHERE id = %(id)s
        """,
        {"id": subscription_id, "now": tx.now, "again": again},
    )


async def lease(
    tx: Transaction, *, quick: bool, limit: int, length: timedelta
) -> Sequence[tuple[UUID, int]]:
    """Takes up to `limit` subscriptions that are due, with the numbers of the leases.

    Two who ask at the same time never get the same one.
    """
    rows = await tx.all(
        """
        UPDATE push_subscriptions SET leased_until = %(until)s, lease = lease + 1 WHERE id IN (
            SELECT id FROM push_subscriptions
            WHERE quick = %(quick)s AND due_at <= %(now)s AND leased_until <= %(now)s
            ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) RETURNING id, lease
        """,
        {"quick": quick, "now": tx.now, "until": tx.now + length, "limit": limit},
    )
    return [(row["id"], row["lease"]) for row in rows]


async def release(tx: Transaction, subscription_id: UUID) -> None:
    """Ends the lease of a locked subscription."""
    await tx.execute(
        "UPDATE push_subscriptions SET leased_until = '-infinity' WHERE id = %s",
        [subscription_id],
    )


async def is_quick(tx: Transaction, subscription_id: UUID) -> bool:
    """Whether a locked subscription's service took its last message, and soon."""
    row = await tx.one("SELECT quick FROM push_subscriptions WHERE id = %s", [subscription_id])
    return row is not None and bool(row["quick"])


async def judge(
    tx: Transaction, subscription_id: UUID, outcome: Outcome, *, rest: datetime | None
) -> tuple[datetime | None, int]:
    """Notes how a try went; since when it only fails, and how often it did."""
    row = await tx.one(
        """
        UPDATE push_subscriptions SET quick = %(quick)s,
            accepted_at = CASE WHEN %(well)s THEN %(now)s ELSE accepted_at END,
            failing_since = CASE WHEN %(well)s THEN NULL ELSE coalesce(failing_since, %(now)s) END,
            failures = CASE WHEN %(well)s THEN 0 ELSE failures + 1 END,
            resting_until = CASE WHEN %(well)s THEN NULL
                ELSE greatest(resting_until, %(rest)s::timestamptz) END
        WHERE id = %(id)s RETURNING failing_since, failures
        """,
        {
            "id": subscription_id,
            "well": outcome.accepted,
            "quick": outcome.quick,
            "rest": rest,
            "now": tx.now,
        },
    )
    assert row is not None, "it is locked"
    return row["failing_since"], int(row["failures"])


def _subscription(row: dict[str, Any]) -> Subscription:
    return Subscription(
        **row | {"device_key": bytes(row["device_key"]), "auth": bytes(row["auth"])}
    )
