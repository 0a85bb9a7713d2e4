"""The relayer: brings stored intents to the chain, each in one transaction whatever dies when.

The order is what makes it safe. An intent is bound to a nonce and its signed transaction is
stored before anything is broadcast; from then on every stored transaction whose nonce the chain
has not used is broadcast again, so a crash, a lost answer, a full mempool and a reorganisation
all have the same cure. A transaction that is not mined in time is replaced at the same nonce by
one that pays more: two of them can never both happen.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from psycopg import AsyncConnection, Rollback
from psycopg.rows import DictRow

from tradepost.escrow import store
from tradepost.escrow.evm import transactions
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
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.leading import lead
from tradepost.kernel.settings import Settings
from tradepost_contracts import calls

logger = logging.getLogger(__name__)

_AT_ONCE = 50
_ADVISORY_LOCK = 7_233_092
#: Nodes replace a waiting transaction only for a tenth more; this is above it.
_BUMP_PERCENT = 125
#: What an estimate may be off by, since the state can change before the block.
_GAS_MARGIN_PERCENT = 130
_LONGEST_PAUSE_S = 300


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
            due = await store.due_intents(tx, view.head_time, _AT_ONCE)
            sent = await store.sent_intents(tx, _AT_ONCE)
        for intent in sent:
            await self._look_after(intent, view.confirmed_number)
        for intent in due:
            await self._sign(intent)
        await self._broadcast()

    async def _sign(self, intent: Intent) -> None:
        """Turns a waiting intent into a stored transaction, or puts it off, or ends it."""
        async with self._database.transaction() as tx:
            escrow = await store.escrow(tx, intent.escrow_id)
        assert escrow is not None, "an intent is about an escrow"
        data = calldata(intent, escrow)
        try:
            gas = await self._chain.estimate(self._account.address, escrow.contract, data)
        except Refused as refused:
            await self._put_off(intent, escrow, str(refused))
            return
        max_fee, tip = await self._chain.fees()
        used = await self._chain.nonce(self._account.address)
        async with self._database.transaction() as tx:
            nonce = await transactions.take_nonce(tx, self._account.address, used)
            if not await store.mark_sent(tx, intent.id, nonce):
                # Another relayer has it, as can be while one takes over: the nonce stays free.
                raise Rollback
            await self._store(
                tx,
                intent,
                escrow,
                nonce,
                data,
                gas * _GAS_MARGIN_PERCENT // 100,
                max_fee,
                tip,
            )

    async def _put_off(self, intent: Intent, escrow: Escrow, reason: str) -> None:
        state = escrow.reading.state
        async with self._database.transaction() as tx:
            view = await store.chain_view(tx)
            if intent.fulfilled(escrow.reading):
                await store.close_intent(tx, intent.id, IntentState.DONE, "done by others")
            elif state in FINAL or _overtaken(intent, escrow) or _lapsed(intent, view):
                await store.close_intent(tx, intent.id, IntentState.MOOT, reason)
            else:
                await store.postpone_intent(tx, intent, _next_try(tx, intent), reason)
                logger.warning("%s of 0x%s waits: %s", intent.kind, escrow.id.hex(), reason)

    async def _look_after(self, intent: Intent, confirmed: int) -> None:
        """Ends an intent that the chain has taken deep enough; pays more for one that waits."""
        assert intent.nonce is not None, "a sent intent has a nonce"
        async with self._database.transaction() as tx:
            tries = await transactions.of_intent(tx, intent.id, intent.nonce)
        for receipt in [await self._chain.receipt(one.hash) for one in tries]:
            if receipt is not None:
                if receipt["blockNumber"] <= confirmed:
                    async with self._database.transaction() as tx:
                        if receipt["status"]:
                            await store.close_intent(tx, intent.id, IntentState.DONE, "mined")
                        else:
                            # The branch it came into was another than the one it was tried on.
                            # Whether it is still wanted, and can be, the next try finds out.
                            until, reason = _next_try(tx, intent), "the transaction failed"
                            await store.reopen_intent(tx, intent, until, reason)
                return
        if intent.nonce < await self._chain.nonce(self._account.address):
            # Asked again: it may have been mined between the two questions.
            if any([await self._chain.receipt(one.hash) for one in tries]):
                return
            logger.warning("nonce %d was used by another transaction", intent.nonce)
            async with self._database.transaction() as tx:
                await store.reopen_intent(tx, intent, tx.now, "its nonce was used by another")
            return
        await self._pay_more(intent, tries[-1])

    async def _pay_more(self, intent: Intent, last: SignedTransaction) -> None:
        max_fee, tip = await self._chain.fees()
        async with self._database.transaction() as tx:
            waited = tx.now - last.created_at
            if waited < timedelta(seconds=self._settings.bump_after_s):
                return
            escrow = await store.escrow(tx, intent.escrow_id)
            assert escrow is not None, "an intent is about an escrow"
            await self._store(
                tx,
                intent,
                escrow,
                last.nonce,
                calldata(intent, escrow),
                last.gas,
                max(max_fee, last.max_fee * _BUMP_PERCENT // 100 + 1),
                max(tip, last.priority_fee * _BUMP_PERCENT // 100 + 1),
            )
        logger.info("paying more for nonce %d after %s", last.nonce, waited)

    async def _store(
        self,
        tx: Transaction,
        intent: Intent,
        escrow: Escrow,
        nonce: int,
        data: bytes,
        gas: int,
        max_fee: int,
        tip: int,
    ) -> None:
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": escrow.chain_id,
                "nonce": nonce,
                "to": to_checksum_address(escrow.contract),
                "value": 0,
                "data": data,
                "gas": gas,
                "maxFeePerGas": max_fee,
                "maxPriorityFeePerGas": min(tip, max_fee),
            }
        )
        await transactions.add(
            tx,
            SignedTransaction(
                hash=bytes(signed.hash),
                intent_id=intent.id,
                nonce=nonce,
                raw=bytes(signed.raw_transaction),
                gas=gas,
                max_fee=max_fee,
                priority_fee=tip,
                created_at=tx.now,
            ),
        )

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


def _next_try(tx: Transaction, intent: Intent) -> datetime:
    return tx.now + timedelta(seconds=min(2**intent.tries, _LONGEST_PAUSE_S))


def _overtaken(intent: Intent, escrow: Escrow) -> bool:
    """True where the chain went another way: a paid trade is not cancelled any more."""
    asks_back = {IntentKind.REQUEST_CANCEL, IntentKind.FINISH_CANCEL}
    return intent.kind in asks_back and escrow.reading.paid_on_chain


def _lapsed(intent: Intent, view: ChainView | None) -> bool:
    """True where the contract will refuse a settlement for ever, since its time has passed."""
    settlement = intent.settlement
    return settlement is not None and view is not None and view.lapsed(settlement.valid_until)


def calldata(intent: Intent, escrow: Escrow) -> bytes:
    """The call that carries out an intent."""
    terms, signature = escrow.terms, intent.signature or b""
    match intent.kind:
        case IntentKind.RELEASE:
            return calls.release_by_sig(terms, signature)
        case IntentKind.REFUND:
            return calls.refund_by_sig(terms, signature)
        case IntentKind.MARK_PAID:
            return calls.mark_paid_by_sig(terms, signature)
        case IntentKind.REQUEST_CANCEL:
            return calls.request_cancel_by_sig(terms, signature)
        case IntentKind.FINISH_CANCEL:
            return calls.cancel(terms)
        case IntentKind.SETTLE:
            settlement = intent.settlement
            assert settlement is not None, "a settlement carries two signatures"
            return calls.settle(
                terms,
                settlement.buyer_amount,
                settlement.valid_until,
                settlement.first,
                settlement.first_signature,
                settlement.second,
                settlement.second_signature,
            )
