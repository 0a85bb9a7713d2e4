"""Events, written in the transaction of what they tell.

Each account sees its own events under a sequence without a gap: a reader who holds number n and
then sees n + 2 knows that he missed one.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tradepost.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; a subclass's fields (strings, numbers) are its payload."""

    #: False for what only other rooms hear of.
    for_accounts: ClassVar[bool] = True

    @classmethod
    def type(cls) -> str:
        """`OfferTaken` is `offer.taken`: the subject, then what happened to it."""
        words = re.findall(r"[A-Z][a-z0-9]*", cls.__name__)
        return f"{words[0].lower()}.{'_'.join(word.lower() for word in words[1:])}"


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """An event as one account reads it."""

    seq: int
    id: UUID
    type: str
    payload: dict[str, Any]
    created_at: datetime


# One statement, so one round trip. The upsert locks each account's counter until the commit: that
# is what keeps the numbers free of gaps. Accounts are taken in order, so two writers cannot wait
# for each other.
_WRITE = """
WITH event AS (
    INSERT INTO events (id, type, payload, created_at)
    VALUES (%(id)s, %(type)s, %(payload)s, %(now)s)
), numbered AS (
    INSERT INTO account_sequences AS counter (account_id, last_seq)
    SELECT account, 1 FROM unnest(%(accounts)s::uuid[]) AS account ORDER BY account
    ON CONFLICT (account_id) DO UPDATE SET last_seq = counter.last_seq + 1
    RETURNING account_id, last_seq
)
INSERT INTO account_events (account_id, seq, event_id)
SELECT account_id, last_seq, %(id)s FROM numbered
"""


def topic(account_id: UUID) -> str:
    """What is touched by an event of the account."""
    return f"account:{account_id}"


async def write(
    connection: AsyncConnection[DictRow], event: Event, to: Sequence[UUID], now: datetime
) -> UUID:
    """Stores `event` for the accounts in `to`; returns its id."""
    assert event.for_accounts or not to, "it is for other rooms only"
    event_id = new_id()
    await connection.execute(
        _WRITE,
        {
            "id": event_id,
            "type": event.type(),
            "payload": Jsonb(asdict(event)),
            "now": now,
            "accounts": sorted(set(to)),
        },
    )
    return event_id


async def payload(connection: AsyncConnection[DictRow], event_id: UUID) -> dict[str, Any]:
    """What the event with this id tells: for a job that carries only the id."""
    row = await (
        await connection.execute("SELECT payload FROM events WHERE id = %s", [event_id])
    ).fetchone()
    assert row is not None, "a job names an event of its own transaction"
    return dict(row["payload"])


#: The newest number of each account, for a statement that looks for those who are behind.
NEWEST: LiteralString = "SELECT account_id, last_seq FROM account_sequences"


async def newest(connection: AsyncConnection[DictRow], account_id: UUID) -> int:
    """The number of the account's newest event; 0 where there is none."""
    row = await (
        await connection.execute(NEWEST + " WHERE account_id = %s", [account_id])
    ).fetchone()
    return 0 if row is None else int(row["last_seq"])


def types() -> frozenset[str]:
    """The types of the events that accounts are told, of the modules that are imported."""
    return frozenset(event.type() for event in Event.__subclasses__() if event.for_accounts)


async def read(
    connection: AsyncConnection[DictRow], account_id: UUID, after: int, limit: int
) -> list[AccountEvent]:
    """Up to `limit` events of the account with a number above `after`, in order."""
    cursor = await connection.execute(
        """
        SELECT seq, events.id, type, payload, created_at
        FROM account_events JOIN events ON events.id = event_id
        WHERE account_id = %s AND seq > %s ORDER BY seq LIMIT %s
        """,
        [account_id, after, limit],
    )
    return [AccountEvent(**row) for row in await cursor.fetchall()]


async def last_seqs(
    connection: AsyncConnection[DictRow], account_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """The numbers of the newest events of those accounts; 0 where there is none."""
    cursor = await connection.execute(
        "SELECT account_id, last_seq FROM account_sequences WHERE account_id = ANY(%s)",
        [list(account_ids)],
    )
    found = {row["account_id"]: int(row["last_seq"]) for row in await cursor.fetchall()}
    return dict.fromkeys(account_ids, 0) | found
