"""Balances in the contract: which of them an event can have changed, and the reading of those.

What has to be read is noted in the transaction that stores the event, so it is never forgotten.
The reading itself comes after it: a node that cannot tell a balance still tells blocks, and no
escrow waits for it.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tradepost.escrow import balances, store
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.model import BalanceChanged, ChainNotReady, Holder
from tradepost.identity import service as identity
from tradepost.kernel.database import Database, Transaction
from tradepost_contracts import calls
from tradepost_contracts.events import (
    Credited,
    Deposited,
    Event,
    Locked,
    Refunded,
    Released,
    Settled,
    Withdrawn,
)
from tradepost_contracts.terms import ZERO_ADDRESS

logger = logging.getLogger(__name__)

#: What is asked of the node at once, and stored at once.
_AT_ONCE = 50
#: What nothing has touched is read again after so many blocks: an escrow that another exchange
#: opened is paid back into a balance without a word of whose it is.
STALE_BLOCKS = 5_000


@dataclass(frozen=True, slots=True)
class Mention:
    """An event of a block that can have changed balances."""

    said: Event
    block_number: int


async def note(tx: Transaction, mentions: Sequence[Mention]) -> None:
    """Notes the balances that events can have changed, to be read once their blocks are confirmed.

    Strangers deposit what they like for whom they like: only coins that are traded here count,
    of wallets of accounts here and of those who are paid by escrows here.
    """
    traded = {(asset.token or ZERO_ADDRESS).lower() for asset in tx.settings.assets}
    ids = [one.said.id for one in mentions if isinstance(one.said, (Released, Refunded, Settled))]
    escrows = await store.escrows(tx, ids)
    ours: set[tuple[Holder, int]] = set()
    others: set[tuple[Holder, int]] = set()
    for one in mentions:
        match one.said:
            case Deposited() | Credited() | Withdrawn() as said:
                others.add((Holder.of(said.token, said.account), one.block_number))
            case Locked(seller=seller):
                # Of which coins it is, the event does not say.
                others |= {(Holder.of(token, seller), one.block_number) for token in traded}
            case Released() | Refunded() | Settled() as said if said.id in escrows:
                terms = escrows[said.id].terms
                if not isinstance(said, Released):
                    ours.add((Holder.of(terms.token, terms.seller), one.block_number))
                if not isinstance(said, Refunded) and terms.fee:
                    ours.add((Holder.of(terms.token, terms.fee_recipient), one.block_number))
    others = {(holder, number) for holder, number in others if holder.token in traded}
    if others:
        wallets = await identity.wallets_among(tx, {holder.account for holder, _ in others})
        known = await balances.known(tx, [holder for holder, _ in others])
        ours |= {
            (holder, number)
            for holder, number in others
            if holder.account in wallets or holder in known
        }
    if ours:
        await balances.touch(tx, ours)


def mentions(said: Iterable[tuple[Event | None, int]]) -> list[Mention]:
    """Those of a contract's events, each with its block, that can have changed a balance."""
    kinds = (Deposited, Withdrawn, Credited, Locked, Released, Refunded, Settled)
    return [Mention(event, number) for event, number in said if isinstance(event, kinds)]


async def read_due(database: Database, chain: Chain) -> bool:
    """Reads some of what is due, as it was at the confirmed block; True where it read any.

    Where the node does not know that block's state any more, it is asked for the newest block's:
    what had to be confirmed is confirmed by then, and should the newest block go, its balances
    are read again. Where it knows neither, they stay as they were, and due.
    """
    async with database.transaction() as tx:
        row = await store.chain_row(tx)
        if row is None or row["head_number"] is None:
            return False
        confirmed: int = row["confirmed_number"]
        holders = await balances.due(tx, confirmed, confirmed - STALE_BLOCKS, _AT_ONCE)
        branch = {block.number: block.hash for block in (await store.blocks(tx) if holders else ())}
    if confirmed not in branch:
        # There is nothing to read, or the chain is young, or the watcher far behind it.
        return False
    questions = [calls.balance_of(holder.token, holder.account) for holder in holders]
    for number in dict.fromkeys((confirmed, row["head_number"])):
        try:
            answers = await chain.numbers(row["contract"], questions, branch[number])
        except ChainNotReady:
            return False
        amounts = {
            holder: amount
            for holder, amount in zip(holders, answers, strict=True)
            if amount is not None
        }
        if amounts:
            return await _store(database, row["contract"], amounts, number, branch, confirmed)
    logger.debug("the node does not tell balances at block %s", confirmed)
    return False


async def _store(
    database: Database,
    contract: str,
    amounts: dict[Holder, int],
    number: int,
    branch: dict[int, bytes],
    confirmed: int,
) -> bool:
    async with database.transaction() as tx:
        row = await store.chain_row(tx, lock=True)
        # Meanwhile the branch may have become another one.
        if row is None or row["contract"] != contract:
            return False
        for block in {number, confirmed}:
            if not await balances.on_branch(tx, block, branch[block]):
                return False
        for holder in await balances.put(tx, amounts, number, confirmed):
            await tx.publish(BalanceChanged(holder.token, holder.account))
    return True
