"""Locking without gas: the seller signs, the exchange brings it, and his own node tells of it."""

import asyncio
import secrets
from time import monotonic

from tradepost_client import verify
from tradepost_client._async.chain import AsyncChain
from tradepost_client._async.client import AsyncClient
from tradepost_client._async.escrow import AsyncEscrow
from tradepost_client.agreement import KnownTrade
from tradepost_client.errors import ChainRefused, Unfinished
from tradepost_client.models import SignedLock, Trade
from tradepost_client.wallet import Wallet
from tradepost_contracts.means import LockWay, Means, questions, read, to_sign


class AsyncLocks:
    """A seller's signed locks. What is signed rests on what his own node says, and on no other."""

    def __init__(self, client: AsyncClient, chain: AsyncChain, wallet: Wallet) -> None:
        self._client = client
        self._chain = chain
        self._wallet = wallet
        self._escrow = AsyncEscrow(chain, wallet)

    async def means(self, known: KnownTrade) -> Means:
        """By which ways the seller of a verified trade can lock at present."""
        terms, agreement = known.terms.terms(), known.agreement
        escrow_id = bytes.fromhex(known.escrow_id.removeprefix("0x"))
        answers: dict[str, bytes | None] = {}
        for name, asked in questions(terms, escrow_id, agreement.contract).items():
            try:
                answers[name] = await self._chain.call(asked.to, asked.data)
            except ChainRefused:
                answers[name] = None
        return read(answers, terms, agreement.chain_id)

    async def sign(self, known: KnownTrade, way: LockWay | None = None) -> SignedLock | None:
        """Signs the lock of a verified trade, good for it alone and until its `fund_by`.

        A signature cannot be called back: until then whoever has it can bring it.

        Args:
            known: The trade.
            way: Which way; by default the first that is open of deposit, authorization
                (EIP-3009), permit (EIP-2612), Permit2 and an allowance.

        Returns:
            What the exchange takes; None where no way is open, or nothing is left to be locked.

        Raises:
            VerificationFailed: The chain, the contract, the token or the time is wrong.
        """
        if not await self._escrow.is_lockable(known):
            return None
        terms, agreement = known.terms.terms(), known.agreement
        means = await self.means(known)
        ways = means.open(terms) if way is None else (way,)
        if not ways:
            return None
        nonce = secrets.randbits(256) if ways[0] is LockWay.PERMIT2 else None
        asked = to_sign(
            ways[0],
            terms,
            agreement.chain_id,
            agreement.contract,
            token=means.token,
            permit_nonce=means.permit_nonce,
            permit2_nonce=nonce,
        )
        signed = {name: self._wallet.sign_digest(each.digest()) for name, each in asked.items()}
        return SignedLock(way=ways[0], nonce=None if nonce is None else str(nonce), **signed)

    async def relay(self, trade: Trade, known: KnownTrade, *, wait: bool = True) -> bool:
        """Has the exchange lock, and waits for it; False where the seller has to do it himself.

        What was handed over before is waited for, and not signed again.

        Raises:
            VerificationFailed: As `sign`; `FundingTooLate` where it did not come in time.
            Unfinished: It has not come yet; it says why the chain refuses it.
        """
        if trade.escrow.lock is None or "lock" in trade.viewer.allowed_actions:
            signed = await self.sign(known)
            if signed is not None:
                await self._client.lock(trade.id, signed)
            elif await self._escrow.is_lockable(known):
                return False
        await self._until_locked(known, known.agreement.confirmations if wait else 1)
        return True

    async def _until_locked(
        self, known: KnownTrade, depth: int, *, timeout_s: float = 900.0
    ) -> None:
        ends = monotonic() + timeout_s
        while not await self._escrow.is_locked(known, depth):
            head = await self._chain.head()
            if not (await self._escrow.state(known)).is_open:
                verify.check_fundable(known.terms.terms(), head.time)
            if monotonic() > ends:
                lock = (await self._client.trade(known.id)).escrow.lock
                raise Unfinished(f"It is not locked yet. {(lock and lock.reason) or ''}".strip())
            await asyncio.sleep(self._chain.poll_s)
