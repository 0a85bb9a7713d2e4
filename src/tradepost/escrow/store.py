"""The escrow's tables: contracts, the followed chain, its events, escrows, intents."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from tradepost.escrow.model import (
    Block,
    ChainEvent,
    ChainEventKind,
    ChainView,
    Escrow,
    EscrowState,
    Intent,
    IntentKind,
    IntentState,
    Party,
    Reading,
    SignedSettlement,
)
from tradepost.kernel.database import Transaction
from tradepost.kernel.ids import new_id
from tradepost_contracts.terms import Terms

_TERMS = tuple(field.name for field in fields(Terms))


# --- the chain -----------------------------------------------------------------------------


async def record_contract(
    tx: Transaction, chain_id: int, address: str, genesis: bytes, deployed_block: int
) -> None:
    """Names the contract on this chain and the block from which it is followed."""
    await tx.execute(
        """
        INSERT INTO escrow_chains (chain_id, contract, genesis_hash, start_block)
        VALUES (%s, %s, %s, %s)
        ON CONFLICT (chain_id) DO UPDATE SET contract = excluded.contract,
            genesis_hash = excluded.genesis_hash, start_block = excluded.start_block,
            head_number = NULL, head_hash = NULL
        """,
        [chain_id, address, genesis, deployed_block],
    )


async def chain_row(tx: Transaction, *, lock: bool = False) -> DictRow | None:
    """The chain this exchange is on; `lock` makes watchers take turns."""
    if lock:
        return await tx.one("SELECT * FROM escrow_chains FOR UPDATE")
    return await tx.one("SELECT * FROM escrow_chains")


async def chain_view(tx: Transaction) -> ChainView | None:
    """How far the chain is followed; None before the first block."""
    row = await chain_row(tx)
    return None if row is None or row["head_number"] is None else _chain_view(tx, row)


async def watched(tx: Transaction, escrow_id: bytes) -> tuple[Escrow, ChainView] | None:
    """One escrow beside how far its chain is followed; None where either is missing."""
    row = await tx.one(
        """
        SELECT escrows.*, head_number, head_time, confirmed_number, confirmed_time, seen_at
        FROM escrows, escrow_chains
        WHERE id = %s AND head_number IS NOT NULL
        """,
        [escrow_id],
    )
    return None if row is None else (_escrow(row), _chain_view(tx, row))


def _chain_view(tx: Transaction, row: DictRow) -> ChainView:
    return ChainView(
        chain_id=row["chain_id"],
        contract=row["contract"],
        head_number=row["head_number"],
        head_time=row["head_time"],
        confirmed_number=row["confirmed_number"],
        confirmed_time=row["confirmed_time"],
        confirmations=tx.settings.confirmations,
        seen_at=row["seen_at"],
    )


async def forget_chain(tx: Transaction) -> None:
    """Drops all that was read from a chain that is gone, and what was sent to it."""
    await tx.execute("DELETE FROM escrow_events")
    await tx.execute("DELETE FROM escrow_blocks")
    await tx.execute("DELETE FROM escrow_nonces")
    await tx.execute("DELETE FROM escrow_carried")
    await tx.execute("DELETE FROM escrow_transactions")
    await tx.execute("UPDATE escrow_intents SET state = 'moot' WHERE state IN ('waiting', 'sent')")
    await tx.execute("DELETE FROM escrow_chains")


async def blocks(tx: Transaction) -> list[Block]:
    """The remembered end of the branch, ascending."""
    rows = await tx.all("SELECT number, hash, parent_hash, time FROM escrow_blocks ORDER BY number")
    return [Block(**row) for row in rows]


async def replace_blocks(
    tx: Transaction, keep: int, fresh: Sequence[Block], oldest: int
) -> set[bytes]:
    """Goes over to another end of the branch; returns the escrows whose events were dropped."""
    dropped = await tx.all(
        "DELETE FROM escrow_events WHERE block_number > %s RETURNING escrow_id", [keep]
    )
    await tx.execute("DELETE FROM escrow_blocks WHERE number > %s OR number < %s", [keep, oldest])
    async with tx.connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO escrow_blocks (number, hash, parent_hash, time) VALUES (%s, %s, %s, %s)",
            [
                (block.number, block.hash, block.parent_hash, block.time)
                for block in fresh
                if block.number >= oldest
            ],
        )
    return {row["escrow_id"] for row in dropped}


async def set_head(
    tx: Transaction, head: Block, confirmed_number: int, confirmed_time: int
) -> None:
    """Moves the cursor."""
    await tx.execute(
        """
        UPDATE escrow_chains SET head_number = %s, head_hash = %s, head_time = %s,
            confirmed_number = %s, confirmed_time = %s, seen_at = %s
        """,
        [head.number, head.hash, head.time, confirmed_number, confirmed_time, tx.now],
    )


async def unset_head(tx: Transaction) -> None:
    """Puts the cursor before the first block."""
    await tx.execute("UPDATE escrow_chains SET head_number = NULL, head_hash = NULL")


async def touch_chain(tx: Transaction) -> None:
    """Notes that the node answered, with nothing new; not at each question."""
    await tx.execute(
        "UPDATE escrow_chains SET seen_at = %s WHERE seen_at < %s",
        [tx.now, tx.now - timedelta(seconds=5)],
    )


async def add_events(tx: Transaction, events: Iterable[ChainEvent]) -> set[bytes]:
    """Stores the events of escrows we know, once each; returns those escrows."""
    touched: set[bytes] = set()
    for event in events:
        stored = await tx.execute(
            """
            INSERT INTO escrow_events (escrow_id, kind, block_number, block_hash, block_time,
                tx_hash, log_index, value)
            SELECT id, %s, %s, %s, %s, %s, %s, %s FROM escrows WHERE id = %s
            ON CONFLICT DO NOTHING
            """,
            [
                event.kind,
                event.block_number,
                event.block_hash,
                event.block_time,
                event.tx_hash,
                event.log_index,
                event.value,
                event.escrow_id,
            ],
        )
        if stored:
            touched.add(event.escrow_id)
    return touched


async def replace_events(tx: Transaction, escrow_id: bytes, events: Iterable[ChainEvent]) -> None:
    """Puts another account of what the chain said of one escrow in place of the stored one."""
    await tx.execute("DELETE FROM escrow_events WHERE escrow_id = %s", [escrow_id])
    await add_events(tx, events)


async def events_of(tx: Transaction, escrow_id: bytes) -> list[ChainEvent]:
    """All that the chain has said of an escrow, in order."""
    rows = await tx.all(
        """
        SELECT escrow_id, kind, block_number, block_hash, block_time, tx_hash, log_index, value
        FROM escrow_events WHERE escrow_id = %s ORDER BY block_number, log_index
        """,
        [escrow_id],
    )
    return [
        ChainEvent(
            **row
            | {
                "kind": ChainEventKind(row["kind"]),
                "value": None if row["value"] is None else int(row["value"]),
            }
        )
        for row in rows
    ]


# --- escrows -------------------------------------------------------------------------------


async def add_escrow(tx: Transaction, escrow: Escrow) -> None:
    """Stores a new escrow; its terms are never changed again."""
    terms = escrow.terms
    await tx.execute(
        """
        INSERT INTO escrows (id, chain_id, contract, asset, seller, buyer, arbitrator, token,
            amount, fee, fee_recipient, fund_by, payment_window, challenge_window, lane,
            state, paid_on_chain, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s)
        """,
        [
            escrow.id,
            escrow.chain_id,
            escrow.contract,
            escrow.asset,
            *(getattr(terms, name) for name in _TERMS),
            escrow.state,
            escrow.created_at,
        ],
    )


async def escrow(tx: Transaction, escrow_id: bytes) -> Escrow | None:
    """One escrow."""
    row = await tx.one("SELECT * FROM escrows WHERE id = %s", [escrow_id])
    return None if row is None else _escrow(row)


async def escrows(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, Escrow]:
    """Those of `ids` that exist."""
    rows = await tx.all("SELECT * FROM escrows WHERE id = ANY(%s)", [list(ids)])
    return {row["id"]: _escrow(row) for row in rows}


async def escrow_ids(tx: Transaction) -> list[bytes]:
    """Every escrow there is, oldest first: for a rebuild."""
    rows = await tx.all("SELECT id FROM escrows ORDER BY created_at, id")
    return [row["id"] for row in rows]


async def count_open(tx: Transaction) -> int:
    """How many escrows hold coins, or are about to."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM escrows
        WHERE state IN ('locking', 'locked', 'releasing', 'refunding', 'splitting')
        """
    )
    assert row is not None
    return int(row["number"])


async def unconfirmed(tx: Transaction, confirmed: int) -> set[bytes]:
    """Escrows that wait for confirmations, or have to again since the new branch is shorter."""
    rows = await tx.all(
        """
        SELECT id FROM escrows
        WHERE state IN ('locking', 'releasing', 'refunding', 'splitting')
        UNION SELECT escrow_id FROM escrow_events WHERE block_number > %s
        """,
        [confirmed],
    )
    return {row["id"] for row in rows}


async def set_reading(tx: Transaction, escrow_id: bytes, reading: Reading) -> bool:
    """Stores what the chain says; False where it says nothing new."""
    changed = await tx.execute(
        """
        UPDATE escrows SET state = %(state)s, locked_at = %(locked_at)s,
            cancel_at = %(cancel_at)s, paid_on_chain = %(paid_on_chain)s,
            buyer_amount = %(buyer_amount)s, block_number = %(block_number)s,
            tx_hash = %(tx_hash)s
        WHERE id = %(id)s
            AND (state, locked_at, cancel_at, paid_on_chain, buyer_amount, block_number, tx_hash)
            IS DISTINCT FROM (%(state)s, %(locked_at)s::bigint, %(cancel_at)s::bigint,
                %(paid_on_chain)s, %(buyer_amount)s::numeric, %(block_number)s::bigint,
                %(tx_hash)s::bytea)
        """,
        {"id": escrow_id} | {field.name: getattr(reading, field.name) for field in fields(reading)},
    )
    return changed > 0


def _escrow(row: DictRow) -> Escrow:
    numbers = {"amount", "fee", "lane"}
    values: dict[str, Any] = {
        name: int(row[name]) if name in numbers else row[name] for name in _TERMS
    }
    terms = Terms(**values)
    reading = Reading(
        state=EscrowState(row["state"]),
        locked_at=row["locked_at"],
        cancel_at=row["cancel_at"],
        paid_on_chain=row["paid_on_chain"],
        buyer_amount=None if row["buyer_amount"] is None else int(row["buyer_amount"]),
        block_number=row["block_number"],
        tx_hash=row["tx_hash"],
    )
    return Escrow(
        row["id"],
        row["chain_id"],
        row["contract"],
        row["asset"],
        terms,
        reading,
        row["created_at"],
    )


# --- intents -------------------------------------------------------------------------------


async def add_intent(
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
            tries, try_at, created_at)
        VALUES (%(id)s, %(escrow_id)s, %(kind)s, 'waiting', %(signature)s, %(buyer_amount)s,
            %(valid_until)s, %(first)s, %(first_signature)s, %(second)s, %(second_signature)s,
            %(not_before)s, 0, %(now)s, %(now)s)
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
        },
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


async def due_intents(tx: Transaction, chain_time: int, limit: int) -> list[Intent]:
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


async def sent_intents(tx: Transaction, limit: int) -> list[Intent]:
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
    """How many intents should have been on the chain for longer than `age`."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM escrow_intents, escrow_chains
        WHERE state IN ('waiting', 'sent') AND created_at < %s AND not_before <= head_time
        """,
        [tx.now - age],
    )
    assert row is not None
    return int(row["number"])


async def postpone_intent(tx: Transaction, intent: Intent, until: datetime, reason: str) -> None:
    """Leaves an intent for later, with the reason for the operator to read."""
    await tx.execute(
        """
        UPDATE escrow_intents SET tries = tries + 1, try_at = %s, reason = %s
        WHERE id = %s AND state = 'waiting'
        """,
        [until, reason, intent.id],
    )


async def close_intent(tx: Transaction, intent_id: UUID, state: IntentState, reason: str) -> None:
    """Ends an intent: done or moot."""
    await tx.execute(
        """
        UPDATE escrow_intents SET state = %s, reason = %s
        WHERE id = %s AND state IN ('waiting', 'sent')
        """,
        [state, reason, intent_id],
    )


async def reopen_intent(tx: Transaction, intent: Intent, until: datetime, reason: str) -> None:
    """Lets an intent wait for another nonce, unless it has one by now."""
    await tx.execute(
        """
        UPDATE escrow_intents SET state = 'waiting', nonce = NULL, tries = tries + 1, try_at = %s,
            reason = %s
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
    return Intent(
        id=row["id"],
        escrow_id=row["escrow_id"],
        kind=IntentKind(row["kind"]),
        state=IntentState(row["state"]),
        signature=row["signature"],
        settlement=settlement,
        not_before=row["not_before"],
        nonce=row["nonce"],
        tries=row["tries"],
        try_at=row["try_at"],
        created_at=row["created_at"],
    )
