"""The escrow's tables: contracts, the followed chain, its events, escrows."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg.rows import DictRow

from tradepost.escrow.model import (
    Block,
    ChainEvent,
    ChainEventKind,
    ChainView,
    Escrow,
    EscrowState,
    IntentState,
    LockBrought,
    Owed,
    Reading,
)
from tradepost.kernel.database import Transaction
from tradepost_contracts.means import LockWay
from tradepost_contracts.terms import Terms

_TERMS = tuple(field.name for field in fields(Terms))
#: Escrows, with the signed lock of each that is being brought, of which there is one at most.
_ESCROWS: LiteralString = """
    escrows LEFT JOIN LATERAL (
        SELECT lock_way, intents.state AS lock_state, intents.reason AS lock_reason
        FROM escrow_intents AS intents
        WHERE escrow_id = escrows.id AND kind = 'lock' AND intents.state IN ('waiting', 'sent')
    ) AS brought ON true
    """
_SELECT: LiteralString = "SELECT escrows.*, lock_way, lock_state, lock_reason"
_FROM: LiteralString = _SELECT + " FROM " + _ESCROWS


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
        _SELECT
        + """,
            head_number, head_time, confirmed_number, confirmed_time, seen_at
        FROM escrow_chains, """
        + _ESCROWS
        + "WHERE id = %s AND head_number IS NOT NULL",
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


async def next_nonce(tx: Transaction, sender: str) -> int | None:
    """The nonce that `sender` takes next; None before its first."""
    row = await tx.one("SELECT next_nonce FROM escrow_nonces WHERE sender = %s", [sender])
    return None if row is None else int(row["next_nonce"])


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


async def touch_chain(tx: Transaction, at: datetime) -> None:
    """Notes that the node answered at `at`, with nothing new; not at each question."""
    await tx.execute(
        "UPDATE escrow_chains SET seen_at = %s WHERE seen_at < %s",
        [at, at - timedelta(seconds=5)],
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


async def add_escrow(tx: Transaction, escrow: Escrow, lapses: int) -> bool:
    """Stores a new escrow, whose terms are never changed again, as the holder of its lane.

    False where another escrow holds that lane, and nothing was written: also where that has the
    same terms, opened in the same second, and so the same id. `lapses` is how many came to nothing
    in the lane right before.
    """
    terms = escrow.terms
    stored = await tx.execute(
        """
        INSERT INTO escrows (id, chain_id, contract, asset, seller, buyer, arbitrator, token,
            amount, fee, fee_recipient, fund_by, payment_window, challenge_window, lane,
            state, paid_on_chain, created_at, holds_lane, lane_lapses)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s, true,
            %s)
        ON CONFLICT DO NOTHING
        """,
        [
            escrow.id,
            escrow.chain_id,
            escrow.contract,
            escrow.asset,
            *(getattr(terms, name) for name in _TERMS),
            escrow.state,
            escrow.created_at,
            lapses,
        ],
    )
    return stored == 1


async def escrow(tx: Transaction, escrow_id: bytes) -> Escrow | None:
    """One escrow."""
    row = await tx.one(_FROM + "WHERE id = %s", [escrow_id])
    return None if row is None else _escrow(row)


async def escrows(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, Escrow]:
    """Those of `ids` that exist."""
    rows = await tx.all(_FROM + "WHERE id = ANY(%s)", [list(ids)])
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


async def owed(tx: Transaction) -> Owed | None:
    """What the contract has to hold at the followed head; None before the first block.

    One statement, so of one moment. A balance that an event can have changed since it was read is
    left out: there may be nothing left of it.
    """
    rows = await tx.all(
        """
        WITH chain AS (
            SELECT contract, head_hash FROM escrow_chains WHERE head_number IS NOT NULL
        ), parts AS (
            SELECT lower(token) AS token, sum(amount + fee) AS total
            FROM escrows JOIN chain USING (contract) WHERE state IN ('locking', 'locked')
            GROUP BY token
            UNION ALL
            SELECT token, sum(amount) FROM escrow_balances AS known
            WHERE block_number IS NOT NULL AND NOT EXISTS (
                SELECT FROM escrow_touches AS touch
                WHERE touch.token = known.token AND touch.account = known.account
            )
            GROUP BY token
        )
        SELECT contract, head_hash, token, sum(total) AS total
        FROM chain LEFT JOIN parts ON true GROUP BY contract, head_hash, token
        """
    )
    if not rows:
        return None
    tokens = {row["token"]: int(row["total"]) for row in rows if row["token"] is not None}
    return Owed(rows[0]["contract"], rows[0]["head_hash"], tokens)


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
        _lock_brought(row),
    )


def _lock_brought(row: DictRow) -> LockBrought | None:
    if row["lock_way"] is None:
        return None
    state = IntentState(row["lock_state"])
    return LockBrought(LockWay(row["lock_way"]), state, row["lock_reason"])
