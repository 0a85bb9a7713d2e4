"""The watcher: reads the node, lets the follower decide, and writes what the chain says.

Each round goes from the branch in the database to the node's newest block in one transaction.
It can be killed at any moment: the cursor, the events and what follows from them stand or fall
together. Balances that events can have changed are read after that (`balances`).
"""

import asyncio
import logging
from collections.abc import Sequence

from prometheus_client import Gauge, Histogram
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from web3.types import LogReceipt

from tradepost.escrow import balances as balance_rows
from tradepost.escrow import intents, store
from tradepost.escrow.evm import balances
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.follow import REMEMBERED, Changes, Follower
from tradepost.escrow.model import (
    Block,
    ChainEvent,
    ChainEventKind,
    ChainNotReady,
    EscrowChanged,
    read,
)
from tradepost.kernel import tracing
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.metrics import REGISTRY
from tradepost.kernel.settings import Settings
from tradepost_contracts import events as contract_events

logger = logging.getLogger(__name__)

#: A round reads at most this many blocks one by one; more are taken in the next.
_BLOCKS_A_ROUND = 500
#: Far behind the head, logs are read over this many blocks at once.
_JUMP = 2_000


NODE_HEAD = Gauge(
    "tradepost_chain_node_block", "The newest block that the node has.", registry=REGISTRY
)
FOLLOWED = Gauge(
    "tradepost_chain_followed_block", "The newest block that is taken in.", registry=REGISTRY
)
REORGANISED = Histogram(
    "tradepost_chain_reorganisation_blocks",
    "How many blocks the chain took back, each time that it took some back.",
    buckets=(1, 2, 3, 6, 12, 24, 64, 256),
    registry=REGISTRY,
)


class BranchMoved(Exception):
    """The node went over to another branch while it was being read: the round starts again."""


async def watch(database: Database, chain: Chain, settings: Settings) -> None:
    """Follows the chain until it is cancelled; a node or a database away is waited for.

    Whatever was missed before, all balances are read again at first.
    """
    away, begun = False, False
    while True:
        try:
            if not begun:
                async with database.transaction() as tx:
                    await balance_rows.touch_all(tx)
                begun = True
            advanced = await follow_once(database, chain)
            if away:
                logger.info("the chain's node is back")
            away = False
        except (ChainNotReady, BranchMoved) as error:
            if isinstance(error, ChainNotReady) and not away:
                logger.warning("the chain's node does not answer; waiting for it")
                away = True
            advanced = False
        except (OperationalError, PoolTimeout):
            logger.warning("the database does not answer; waiting for it")
            advanced = False
        if not advanced:
            await asyncio.sleep(settings.poll_interval_s)


async def follow_once(database: Database, chain: Chain) -> bool:
    """One round: the blocks, then balances; True where there was something new.

    Raises `ChainNotReady` without an answer and `BranchMoved` where the answers do not fit
    together; neither leaves a trace.
    """
    advanced = await _follow_blocks(database, chain)
    return await balances.read_due(database, chain) or advanced


async def _follow_blocks(database: Database, chain: Chain) -> bool:
    async with database.transaction() as tx:
        row = await store.chain_row(tx)
        known = await store.blocks(tx)
    if row is None:
        raise ChainNotReady("No contract is recorded: run `tradepost deploy`.")
    head = await chain.head()
    NODE_HEAD.set(head.number)
    contract, start = row["contract"], row["start_block"]
    tip = known[-1].number if known else start - 1
    if head.number - tip > REMEMBERED + _BLOCKS_A_ROUND and await _still_there(chain, known):
        changes = await _jump(chain, tip, head.number)
        branch: Sequence[Block] = changes.blocks
        first = tip + 1
    else:
        follower = Follower(start, known)
        for _ in range(_BLOCKS_A_ROUND):
            number = follower.wanted(head)
            if number is None:
                break
            block = head if number == head.number else await chain.block(number)
            if block is None:
                raise BranchMoved
            follower.take(block)
        found = follower.changes()
        if found is None:
            FOLLOWED.set(tip)
            async with database.transaction() as tx:
                await store.touch_chain(tx, tx.now)
            return False
        changes, branch, first = found, follower.branch(), found.keep + 1
    times = {block.number: block for block in changes.blocks}
    logs = await chain.logs(contract, first, changes.blocks[-1].number) if times else []
    events = [event for log in logs if (event := await _event(chain, log, times)) is not None]
    mentions = balances.mentions((contract_events.decode(log), log["blockNumber"]) for log in logs)
    async with database.transaction() as tx:
        if await _apply(tx, row["head_hash"], changes, branch, events):
            await balances.note(tx, mentions)
    return True


async def _still_there(chain: Chain, known: Sequence[Block]) -> bool:
    if not known:
        return True
    block = await chain.block(known[-1].number)
    return block is not None and block.hash == known[-1].hash


async def _jump(chain: Chain, tip: int, head: int) -> Changes:
    target = await chain.block(min(tip + _JUMP, head - REMEMBERED))
    if target is None:
        raise BranchMoved
    return Changes(tip, (target,))


async def _event(chain: Chain, log: LogReceipt, blocks: dict[int, Block]) -> ChainEvent | None:
    block = blocks.get(log["blockNumber"])
    if block is None:
        # Within a jump, only its last block was read.
        block = await chain.block(log["blockNumber"])
    if block is None or block.hash != bytes(log["blockHash"]):
        raise BranchMoved
    return decode(log, block.time)


def decode(log: LogReceipt, block_time: int) -> ChainEvent | None:
    """The contract's log as an event of one escrow; None for those that concern none."""
    said = contract_events.decode(log)
    value: int | None = None
    match said:
        case contract_events.Locked():
            kind = ChainEventKind.LOCKED
        case contract_events.Paid():
            kind = ChainEventKind.PAID
        case contract_events.CancelRequested(cancel_at=value):
            kind = ChainEventKind.CANCEL_REQUESTED
        case contract_events.Released():
            kind = ChainEventKind.RELEASED
        case contract_events.Refunded():
            kind = ChainEventKind.REFUNDED
        case contract_events.Settled(buyer_amount=value):
            kind = ChainEventKind.SETTLED
        case _:
            return None
    return ChainEvent(
        escrow_id=said.id,
        kind=kind,
        block_number=log["blockNumber"],
        block_hash=bytes(log["blockHash"]),
        block_time=block_time,
        tx_hash=bytes(log["transactionHash"]),
        log_index=log["logIndex"],
        value=value,
    )


async def _apply(
    tx: Transaction,
    based_on: bytes | None,
    changes: Changes,
    branch: Sequence[Block],
    events: Sequence[ChainEvent],
) -> bool:
    row = await store.chain_row(tx, lock=True)
    if row is None or row["head_hash"] != based_on:
        # Another watcher was faster: what it wrote is read in the next round.
        return False
    oldest = branch[-1].number - REMEMBERED + 1 if branch else row["start_block"]
    if row["head_number"] is not None and changes.keep < row["head_number"]:
        REORGANISED.observe(row["head_number"] - changes.keep)
    touched = await store.replace_blocks(tx, changes.keep, changes.blocks, oldest)
    touched |= await store.add_events(tx, events)
    await balance_rows.forget_above(tx, changes.keep)
    head = branch[-1] if branch else None
    if head is None:
        # Nothing of the branch is left: the chain is read from its start in the next round.
        await store.unset_head(tx)
        confirmed = row["start_block"] - 1
    else:
        confirmed = head.number - tx.settings.confirmations + 1
        times = {block.number: block.time for block in branch}
        # Without that block at hand no deadline is over: it errs on the side of waiting.
        await store.set_head(tx, head, confirmed, times.get(confirmed, 0))
        FOLLOWED.set(head.number)
    touched |= await store.unconfirmed(tx, confirmed)
    for escrow_id in sorted(touched):
        # What comes of it belongs to the trace of what was brought to the chain.
        parent = await intents.trace_of(tx, escrow_id) if tracing.on() else None
        with tracing.span("watch.escrow", parent=parent):
            await reread(tx, escrow_id, confirmed)
    return True


async def reread(tx: Transaction, escrow_id: bytes, confirmed: int) -> bool:
    """Makes an escrow's row what its events say; tells those above if that is another."""
    reading = read(await store.events_of(tx, escrow_id), confirmed)
    changed = await store.set_reading(tx, escrow_id, reading)
    if changed:
        await tx.publish(EscrowChanged.of(escrow_id, reading))
    return changed
