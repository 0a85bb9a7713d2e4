"""Rebuilds what the database says of escrows from the chain alone, and reports differences."""

from dataclasses import dataclass

from tradepost.escrow import balances, store
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.watch import decode, reread
from tradepost.escrow.model import Block, ChainEvent, ChainNotReady, Reading, read
from tradepost.kernel.database import Database

_RANGE = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """An escrow of which the database said something else than the chain."""

    escrow_id: bytes
    database: Reading
    chain: Reading


async def rebuild(database: Database, chain: Chain, *, write: bool) -> list[Difference]:
    """Reads every event of the contract again and compares; with `write`, the chain wins.

    With it, the watcher reads the balances again, too, as soon as it goes on. It works up to the
    block that the watcher has reached, and keeps the watcher waiting meanwhile. Raises
    `ChainNotReady` where nothing has been followed yet, and where the node goes over to another
    branch while it is read.
    """
    async with database.transaction() as tx:
        row = await store.chain_row(tx, lock=True)
        if row is None or row["head_number"] is None:
            raise ChainNotReady
        # A whole chain takes longer than a request may.
        await tx.execute("SET LOCAL statement_timeout = 0")
        await tx.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        said: dict[bytes, list[ChainEvent]] = {}
        block: Block | None = None
        for first in range(row["start_block"], row["head_number"] + 1, _RANGE):
            last = min(first + _RANGE - 1, row["head_number"])
            for log in await chain.logs(row["contract"], first, last):
                if block is None or block.number != log["blockNumber"]:
                    block = await chain.block(log["blockNumber"])
                if block is None or block.hash != bytes(log["blockHash"]):
                    raise ChainNotReady("The node went over to another branch: try again.")
                event = decode(log, block.time)
                if event is not None:
                    said.setdefault(event.escrow_id, []).append(event)
        if write:
            await balances.touch_all(tx)
        differences = []
        for escrow_id in await store.escrow_ids(tx):
            escrow = await store.escrow(tx, escrow_id)
            assert escrow is not None, "escrows are never deleted"
            truth = read(said.get(escrow_id, []), row["confirmed_number"])
            if truth != escrow.reading:
                differences.append(Difference(escrow_id, escrow.reading, truth))
                if write:
                    await store.replace_events(tx, escrow_id, said.get(escrow_id, []))
                    await reread(tx, escrow_id, row["confirmed_number"])
        return differences
