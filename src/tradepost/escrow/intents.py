"""What is to be brought to the chain, row by row: how an intent waits, is sent, and ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import DictRow

from tradepost.escrow.model import (
    Intent,
    IntentKind,
    IntentState,
    Outlook,
    Party,
    SignedLock,
    SignedSettlement,
)
from tradepost.kernel import tracing
from tradepost.kernel.database import Transaction
from tradepost.kernel.ids import new_id
from tradepost_contracts.means import LockWay


async def add(
    tx: Transaction,
    escrow_id: bytes,
    kind: IntentKind,
    signature: bytes | None,
    settlement: SignedSettlement | None,
    not_before: int,
) -> None:
    """Stores an intent, unless the same is already open for this escrow.

    Of settlements those are the same that give the buyer as much, for as long.
    """
    await tx.execute(
        """
        INSERT INTO escrow_intents (id, escrow_id, kind, state, signature, buyer_amount,
            valid_until, first_party, first_signature, second_party, second_signature, not_before,
            tries, try_at, created_at, traceparent)
        VALUES (%(id)s, %(escrow_id)s, %(kind)s, 'waiting', %(signature)s, %(buyer_amount)s,
            %(valid_until)s, %(first)s, %(first_signature)s, %(second)s, %(second_signature)s,
            %(not_before)s, 0, %(now)s, %(now)s, %(trace)s)
        ON CONFLICT (escrow_id, kind, buyer_amount, valid_until)
            WHERE state IN ('waiting', 'sent') DO NOTHING
        """,
        {
            "id": new_id(),
            "escrow_id": escrow_id,
            "kind": kind,
            "signature": signature,
            "buyer_amount": settlement and settlement.buyer_amount,
            "valid_until": settlement and settlement.valid_until,
            "first": settlement and settlement.first,
            "first_signature": settlement and settlement.first_signature,
            "second": settlement and settlement.second,
            "second_signature": settlement and settlement.second_signature,
            "not_before": not_before,
            "now": tx.now,
            "trace": tracing.current(),
        },
    )


async def add_lock(tx: Transaction, escrow_id: bytes, lock: SignedLock) -> None:
    """Stores a seller's signed lock as an intent, where no other is open for this escrow."""
    await tx.execute(
        """
        INSERT INTO escrow_intents (id, escrow_id, kind, state, signature, lock_way,
            permit_signature, permit2_nonce, not_before, tries, try_at, created_at, traceparent)
        VALUES (%(id)s, %(escrow_id)s, 'lock', 'waiting', %(signature)s, %(way)s, %(permit)s,
            %(nonce)s, 0, 0, %(now)s, %(now)s, %(trace)s)
        """,
        {
            "id": new_id(),
            "escrow_id": escrow_id,
            "signature": lock.signature,
            "way": lock.way,
            "permit": lock.permit_signature,
            "nonce": lock.nonce,
            "now": tx.now,
            "trace": tracing.current(),
        },
    )


async def withdraw_lock(tx: Transaction, escrow_id: bytes, reason: str) -> bool:
    """Gives up a signed lock; False where a transaction carries it, which cannot be called back.

    That one is not tried again, should it fail.
    """
    await tx.execute(
        """
        UPDATE escrow_intents SET wanted = false, reason = %s,
            state = CASE state WHEN 'waiting' THEN 'moot' ELSE state END
        WHERE escrow_id = %s AND kind = 'lock' AND state IN ('waiting', 'sent')
        """,
        [reason, escrow_id],
    )
    row = await tx.one(
        "SELECT 1 FROM escrow_intents WHERE escrow_id = %s AND kind = 'lock' AND state = 'sent'",
        [escrow_id],
    )
    return row is None


async def reopen_lock(tx: Transaction, escrow_id: bytes) -> None:
    """Opens again the last signed lock that was done, where no other is open for this escrow.

    Its transaction, if it had one, is broadcast again at its old nonce, so that it is out as it
    was before; one that others had done in its place waits.
    """
    await tx.execute(
        """
        UPDATE escrow_intents SET reason = NULL,
            state = CASE WHEN nonce IS NULL THEN 'waiting' ELSE 'sent' END
        WHERE id = (
            SELECT id FROM escrow_intents WHERE escrow_id = %(escrow)s AND kind = 'lock'
                AND state = 'done' ORDER BY created_at DESC, id DESC LIMIT 1
        ) AND (wanted OR nonce IS NOT NULL) AND NOT EXISTS (
            SELECT FROM escrow_intents WHERE escrow_id = %(escrow)s AND kind = 'lock'
                AND state IN ('waiting', 'sent')
        )
        """,
        {"escrow": escrow_id},
    )


async def supersede_settlements(
    tx: Transaction, escrow_id: bytes, settlement: SignedSettlement
) -> None:
    """Gives up the other settlements of this escrow that no transaction carries yet."""
    await tx.execute(
        """
        UPDATE escrow_intents SET state = 'moot', reason = 'another was signed'
        WHERE escrow_id = %s AND kind = 'settle' AND state = 'waiting'
            AND (buyer_amount, valid_until) IS DISTINCT FROM (%s, %s)
        """,
        [escrow_id, settlement.buyer_amount, settlement.valid_until],
    )


async def due(tx: Transaction, chain_time: int, limit: int) -> list[Intent]:
    """Intents without a transaction whose time has come, oldest first."""
    rows = await tx.all(
        """
        SELECT * FROM escrow_intents
        WHERE state = 'waiting' AND not_before <= %s AND try_at <= %s
        ORDER BY created_at, id LIMIT %s
        """,
        [chain_time, tx.now, limit],
    )
    return [_intent(row) for row in rows]


async def sent(tx: Transaction, limit: int) -> list[Intent]:
    """Intents whose transaction is out: all those of the first `limit` nonces, in their order."""
    rows = await tx.all(
        """
        SELECT * FROM escrow_intents WHERE state = 'sent' AND nonce IN (
            SELECT DISTINCT nonce FROM escrow_intents WHERE state = 'sent' ORDER BY nonce LIMIT %s
        ) ORDER BY nonce, id
        """,
        [limit],
    )
    return [_intent(row) for row in rows]


async def count_late(tx: Transaction, age: timedelta) -> int:
    """How many intents should have been on the chain for longer than `age`.

    A lock that was tried and put off waits for its seller.
    """
    row = await tx.one(
        """
        SELECT count(*) AS number FROM escrow_intents, escrow_chains
        WHERE state IN ('waiting', 'sent') AND created_at < %s AND not_before <= head_time
            AND NOT (kind = 'lock' AND state = 'waiting' AND reason IS NOT NULL)
        """,
        [tx.now - age],
    )
    assert row is not None
    return int(row["number"])


async def outlook(tx: Transaction) -> Outlook:
    """How many intents wait that could be sent, and are out, and how long the oldest is (s).

    As in `count_late`, a lock that was tried and put off is its seller's business.
    """
    row = await tx.one(
        """
        SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
            count(*) FILTER (WHERE state = 'sent') AS sent,
            coalesce(extract(epoch FROM %s - min(created_at)), 0) AS oldest_s
        FROM escrow_intents, escrow_chains
        WHERE state IN ('waiting', 'sent') AND not_before <= head_time
            AND NOT (kind = 'lock' AND state = 'waiting' AND reason IS NOT NULL)
        """,
        [tx.now],
    )
    assert row is not None, "an aggregate has a row"
    return Outlook(row["waiting"], row["sent"], max(0.0, float(row["oldest_s"])))


async def trace_of(tx: Transaction, escrow_id: bytes) -> str | None:
    """The trace of what was last brought to the chain for this escrow; None without one."""
    row = await tx.one(
        """
        SELECT traceparent FROM escrow_intents WHERE escrow_id = %s AND nonce IS NOT NULL
        ORDER BY created_at DESC, id DESC LIMIT 1
        """,
        [escrow_id],
    )
    return None if row is None else row["traceparent"]


async def postpone(tx: Transaction, intent: Intent, until: datetime, reason: str) -> None:
    """Leaves an intent for later, with the reason for the operator to read."""
    await tx.execute(
        """
        UPDATE escrow_intents SET tries = tries + 1, try_at = %s, reason = %s
        WHERE id = %s AND state = 'waiting'
        """,
        [until, reason, intent.id],
    )


async def close(tx: Transaction, intent_id: UUID, state: IntentState, reason: str) -> None:
    """Ends an intent: done or moot."""
    await tx.execute(
        """
        UPDATE escrow_intents SET state = %s, reason = %s
        WHERE id = %s AND state IN ('waiting', 'sent')
        """,
        [state, reason, intent_id],
    )


async def reopen(tx: Transaction, intent: Intent, until: datetime, reason: str) -> None:
    """Lets an intent wait for another nonce, unless it has one by now; one not wanted is moot."""
    await tx.execute(
        """
        UPDATE escrow_intents
        SET state = CASE WHEN wanted THEN 'waiting' ELSE 'moot' END, nonce = NULL,
            tries = tries + 1, try_at = %s, reason = %s
        WHERE id = %s AND state = 'sent' AND nonce = %s
        """,
        [until, reason, intent.id, intent.nonce],
    )


async def mark_sent(tx: Transaction, ids: Sequence[UUID], nonce: int) -> bool:
    """Binds intents to one nonce; False if one of them is no longer waiting."""
    moved = await tx.execute(
        """
        UPDATE escrow_intents SET state = 'sent', nonce = %s, reason = NULL
        WHERE id = ANY(%s) AND state = 'waiting'
        """,
        [nonce, list(ids)],
    )
    return moved == len(ids)


def _intent(row: DictRow) -> Intent:
    settlement = None
    if row["buyer_amount"] is not None:
        settlement = SignedSettlement(
            int(row["buyer_amount"]),
            row["valid_until"],
            Party(row["first_party"]),
            row["first_signature"],
            Party(row["second_party"]),
            row["second_signature"],
        )
    lock = None
    if row["lock_way"] is not None:
        nonce = row["permit2_nonce"]
        lock = SignedLock(
            LockWay(row["lock_way"]),
            row["signature"],
            row["permit_signature"],
            None if nonce is None else int(nonce),
        )
    return Intent(
        id=row["id"],
        escrow_id=row["escrow_id"],
        kind=IntentKind(row["kind"]),
        state=IntentState(row["state"]),
        signature=row["signature"],
        settlement=settlement,
        lock=lock,
        not_before=row["not_before"],
        nonce=row["nonce"],
        tries=row["tries"],
        try_at=row["try_at"],
        created_at=row["created_at"],
        trace=row["traceparent"],
    )
