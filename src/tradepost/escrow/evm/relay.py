"""The relayer: brings stored intents to the chain, many in one transaction, whatever dies when.

The order is what makes it safe. Intents are bound to a nonce and their signed transaction is
stored before anything is broadcast; from then on every stored transaction whose nonce the chain
has not used is broadcast again, so a crash, a lost answer, a full mempool and a reorganisation
all have the same cure. A transaction that is not mined in time is replaced at the same nonce by
one that carries the same and pays more: two of them can never both happen.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from psycopg import AsyncConnection, Rollback
from psycopg.rows import DictRow
from web3.types import TxReceipt

from tradepost.escrow import intents, store
from tradepost.escrow.evm import batches, transactions
from tradepost.escrow.evm.batches import Batch, Item
from tradepost.escrow.evm.chain import Chain, Refused, Rejected
from tradepost.escrow.evm.transactions import SignedTransaction
from tradepost.escrow.model import (
    FINAL,
    ChainNotReady,
    ChainView,
    Escrow,
    Intent,
    IntentKind,
    IntentState,
)
from tradepost.kernel import tracing
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.leading import lead
from tradepost.kernel.settings import Settings
from tradepost_contracts import calls

logger = logging.getLogger(__name__)

_AT_ONCE = 50
_ADVISORY_LOCK = 7_233_092
#: Nodes replace a waiting transaction only for a tenth more; this is above it.
_BUMP_PERCENT = 125
_LONGEST_PAUSE_S = 300


@dataclass(frozen=True, slots=True)
class _Out:
    """Intents that one transaction carries, with the tries at it, the best paid last."""

    nonce: int
    tries: Sequence[SignedTransaction]
    intents: list[Intent] = field(default_factory=list)


class Relayer:
    """Sends from one account, whose key is a setting; only one process relays at a time."""

    def __init__(self, database: Database, chain: Chain, settings: Settings) -> None:
        self._database = database
        self._chain = chain
        self._settings = settings
        self._rejections: dict[bytes, str] = {}
        self._account: LocalAccount = Account.from_key(settings.relayer_key.get_secret_value())

    async def run(self) -> None:
        """Relays until it is cancelled; a node or a database that is away is waited for."""
        pause_s = self._settings.poll_interval_s
        await lead(self._database, "relayer", _ADVISORY_LOCK, pause_s, self._lead)

    async def _lead(self, connection: AsyncConnection[DictRow]) -> None:
        away = False
        while True:
            await connection.execute("SELECT 1")
            try:
                await self.round()
                away = False
            except ChainNotReady:
                if not away:
                    logger.warning("the chain's node does not answer; nothing is sent")
                away = True
            await asyncio.sleep(self._settings.poll_interval_s)

    async def round(self) -> None:
        """Sends what is due, looks after what is out, and broadcasts what the chain lacks."""
        async with self._database.transaction() as tx:
            view = await store.chain_view(tx)
            if view is None:
                # Nothing has been followed yet, so nothing can be open either.
                return
            waiting = await intents.due(tx, view.head_time, _AT_ONCE)
            escrows = await store.escrows(tx, [intent.escrow_id for intent in waiting])
            due = [(intent, escrows[intent.escrow_id]) for intent in waiting]
            out = await _out(tx)
            now = tx.now
        for batch in out:
            await self._look_after(batch, view.confirmed_number)
        window = timedelta(seconds=self._settings.relay_window_s)
        for family in batches.families(due):
            ripe = batches.ripe(family, self._settings.relay_count, now, window)
            await self._bring(ripe, view.head_time)
        await self._broadcast()

    async def _bring(self, ripe: Sequence[tuple[Intent, Escrow]], chain_time: int) -> None:
        """Has intents of one family signed and stored; puts off those that would fail."""
        if not ripe:
            return
        # All are waited for, so that none still asks while another round begins.
        tried = await asyncio.gather(
            *(self._try(intent, escrow, chain_time) for intent, escrow in ripe),
            return_exceptions=True,
        )
        items = []
        for (intent, escrow), result in zip(ripe, tried, strict=True):
            if isinstance(result, Refused):
                await self._put_off(intent, escrow, str(result))
            elif isinstance(result, BaseException):
                raise result
            else:
                items.append(result)
        if not items:
            return
        max_fee, tip = await self._chain.fees()
        most_gas = await self._most_gas(max_fee)
        for chosen in batches.pack(items, self._settings.relay_count, most_gas):
            await self._sign(batches.build(chosen, most_gas), max_fee, tip)

    async def _try(self, intent: Intent, escrow: Escrow, chain_time: int) -> Item:
        """Asks the node what the intent would cost if it were carried out alone, now."""
        if intent.kind is IntentKind.LOCK and chain_time > escrow.terms.fund_by:
            raise Refused("its last time has passed")
        steps = batches.steps(intent, escrow)
        sender, contract = self._account.address, escrow.contract
        if len(steps) > 1:
            both = calls.batch(batches.PERMITTED_GAS, steps)
            if not any(await self._chain.call(contract, both, sender)):
                return Item(intent, escrow, steps, batches.PERMITTED_GAS)
            # One of them fails. Where the permit was brought before, the lock is good without it.
        try:
            gas = await self._chain.estimate(sender, contract, steps[-1])
        except Refused as refused:
            if len(steps) == 1:
                raise
            raise Refused(await self._why_both(escrow, steps[0], str(refused))) from None
        return Item(intent, escrow, steps[-1:], gas)

    async def _why_both(self, escrow: Escrow, permit: bytes, alone: str) -> str:
        """Why a lock fails with its permit and without it, which by itself misleads."""
        try:
            await self._chain.estimate(self._account.address, escrow.contract, permit)
        except Refused as refused:
            return f"{alone}; its permit: {refused}"
        return "the lock fails, though its permit is good"

    async def _most_gas(self, max_fee: int) -> int:
        """What a transaction may have by the chain's rules, and by what the account can pay."""
        balance = await self._chain.balance(self._account.address)
        affordable = batches.affordable_gas(balance, max_fee)
        return min(batches.MOST_GAS, await self._chain.block_gas(), affordable)

    async def _sign(self, batch: Batch, max_fee: int, tip: int) -> None:
        """Binds a batch's intents to the next nonce and stores the transaction, or does nothing."""
        used = await self._chain.nonce(self._account.address)
        carries = [(place, intent.id) for place, intent in batch.carries]
        ids = [intent_id for _, intent_id in carries]
        stored: list[tuple[bytes, datetime]] = []
        async with self._database.transaction() as tx:
            nonce = await transactions.take_nonce(tx, self._account.address, used)
            if not await intents.mark_sent(tx, ids, nonce):
                # Another relayer has one of them, as can be while one takes over: the nonce stays
                # free, and the others are tried again in the next round.
                raise Rollback
            call = {
                "chainId": batch.chain_id,
                "nonce": nonce,
                "to": to_checksum_address(batch.contract),
                "data": batch.data,
                "gas": batch.gas,
            }
            stored.append((await self._store(tx, call, max_fee, tip, carries), tx.now))
        for tx_hash, since in stored:
            for _, intent in batch.carries:
                told = _traced(intent, tx_hash)
                tracing.mark("relay.sign", intent.trace, since, **told, carried=len(carries))

    async def _put_off(self, intent: Intent, escrow: Escrow, reason: str) -> None:
        state = escrow.reading.state
        async with self._database.transaction() as tx:
            view = await store.chain_view(tx)
            if intent.fulfilled(escrow.reading):
                await intents.close(tx, intent.id, IntentState.DONE, "done by others")
            elif state in FINAL or _overtaken(intent, escrow) or _lapsed(intent, escrow, view):
                await intents.close(tx, intent.id, IntentState.MOOT, reason)
            else:
                await intents.postpone(tx, intent, _next_try(tx, intent), reason)
                logger.warning(
                    "%s waits: %s",
                    intent.kind,
                    reason,
                    extra={"escrow_id": f"0x{escrow.id.hex()}"},
                )

    async def _look_after(self, batch: _Out, confirmed: int) -> None:
        """Ends intents that the chain has taken deep enough; pays more for those that wait."""
        for receipt in [await self._chain.receipt(one.hash) for one in batch.tries]:
            if receipt is not None:
                if receipt["blockNumber"] <= confirmed:
                    await self._take_in(batch, receipt)
                return
        if batch.nonce < await self._chain.nonce(self._account.address):
            # Asked again: it may have been mined between the two questions.
            if any([await self._chain.receipt(one.hash) for one in batch.tries]):
                return
            logger.warning("nonce %d was used by another transaction", batch.nonce)
            async with self._database.transaction() as tx:
                for intent in batch.intents:
                    reason = "its nonce was used by another"
                    await intents.reopen(tx, intent, tx.now, reason)
            return
        await self._pay_more(batch)

    async def _take_in(self, batch: _Out, receipt: TxReceipt) -> None:
        """Ends each intent that a mined transaction has carried out, and reopens the others."""
        async with self._database.transaction() as tx:
            carried = await transactions.carried(tx, bytes(receipt["transactionHash"]))
            places = {intent_id: place for place, intent_id in carried}
            escrows = await store.escrows(tx, [intent.escrow_id for intent in batch.intents])
            for intent in batch.intents:
                said = batches.said_by(escrows[intent.escrow_id].contract, receipt["logs"])
                if batches.carried_out(intent, said):
                    await intents.close(tx, intent.id, IntentState.DONE, "mined")
                    tracing.mark(
                        "relay.mined",
                        intent.trace,
                        batch.tries[0].created_at,
                        **_traced(intent, bytes(receipt["transactionHash"])),
                        block=receipt["blockNumber"],
                    )
                    continue
                # The branch it came into was another than the one it was tried on, or another was
                # faster. Whether it is still wanted, and can be, the next try finds out.
                reason = batches.failure(said, places[intent.id])
                await intents.reopen(tx, intent, _next_try(tx, intent), reason)

    async def _pay_more(self, batch: _Out) -> None:
        last = batch.tries[-1]
        max_fee, tip = await self._chain.fees()
        async with self._database.transaction() as tx:
            waited = tx.now - last.created_at
            if waited < timedelta(seconds=self._settings.bump_after_s):
                return
            # What is in it is read from itself: so it carries the same, whoever signs it again.
            call = TypedTransaction.from_bytes(HexBytes(last.raw)).as_dict()
            await self._store(
                tx,
                {
                    "chainId": call["chainId"],
                    "nonce": call["nonce"],
                    "to": to_checksum_address(call["to"]),
                    "data": call["data"],
                    "gas": call["gas"],
                },
                max(max_fee, last.max_fee * _BUMP_PERCENT // 100 + 1),
                max(tip, last.priority_fee * _BUMP_PERCENT // 100 + 1),
                await transactions.carried(tx, last.hash),
            )
        logger.info("paying more for nonce %d after %s", last.nonce, waited)

    async def _store(
        self,
        tx: Transaction,
        call: dict[str, Any],
        max_fee: int,
        tip: int,
        carries: Sequence[tuple[int, UUID]],
    ) -> bytes:
        signed = self._account.sign_transaction(
            call
            | {
                "type": 2,
                "value": 0,
                "maxFeePerGas": max_fee,
                "maxPriorityFeePerGas": min(tip, max_fee),
            }
        )
        await transactions.add(
            tx,
            SignedTransaction(
                hash=bytes(signed.hash),
                nonce=call["nonce"],
                raw=bytes(signed.raw_transaction),
                gas=call["gas"],
                max_fee=max_fee,
                priority_fee=tip,
                created_at=tx.now,
            ),
            carries,
        )
        return bytes(signed.hash)

    async def _broadcast(self) -> None:
        used = await self._chain.nonce(self._account.address)
        async with self._database.transaction() as tx:
            waiting = await transactions.from_nonce(tx, used, _AT_ONCE)
        rejections: dict[bytes, str] = {}
        for one in waiting:
            try:
                await self._chain.send(one.raw)
            except Rejected as rejected:
                # Asked again every round; told once.
                if self._rejections.get(one.hash) != str(rejected):
                    logger.warning("the node does not take nonce %d: %s", one.nonce, rejected)
                rejections[one.hash] = str(rejected)
        self._rejections = rejections


async def _out(tx: Transaction) -> list[_Out]:
    """What is out: a batch for each transaction, with all its tries."""
    found: dict[bytes, _Out] = {}
    for intent in await intents.sent(tx, _AT_ONCE):
        assert intent.nonce is not None, "a sent intent has a nonce"
        tries = await transactions.of_intent(tx, intent.id, intent.nonce)
        found.setdefault(tries[-1].hash, _Out(intent.nonce, tries)).intents.append(intent)
    return list(found.values())


def _traced(intent: Intent, tx_hash: bytes) -> dict[str, str | int]:
    """What a span of an intent tells: all of it stands on the chain."""
    return {
        "tradepost.intent": intent.kind,
        "tradepost.escrow_id": f"0x{intent.escrow_id.hex()}",
        "tradepost.transaction": f"0x{tx_hash.hex()}",
    }


def _next_try(tx: Transaction, intent: Intent) -> datetime:
    return tx.now + timedelta(seconds=min(2**intent.tries, _LONGEST_PAUSE_S))


def _overtaken(intent: Intent, escrow: Escrow) -> bool:
    """True where the chain went another way: a paid trade is not cancelled any more."""
    asks_back = {IntentKind.REQUEST_CANCEL, IntentKind.FINISH_CANCEL}
    return intent.kind in asks_back and escrow.reading.paid_on_chain


def _lapsed(intent: Intent, escrow: Escrow, view: ChainView | None) -> bool:
    """True where the contract will refuse it for ever, since its time has passed."""
    if view is None:
        return False
    if intent.kind is IntentKind.LOCK:
        return view.lapsed(escrow.terms.fund_by)
    return intent.settlement is not None and view.lapsed(intent.settlement.valid_until)
