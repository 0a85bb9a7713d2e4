"""Traders that play whole trades through the API, whatever dies meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from tests.faults.processes.journal import Journal, Journalled
from tests.stage import AMOUNTS, DECIMALS, DETAILS, PRICES, Asset
from tests.ways import Way
from tradepost_client import AsyncChain, AsyncClient, AsyncTrader, Retries, Wallet
from tradepost_client.agreement import KnownTrade
from tradepost_client.errors import (
    ChainRefused,
    ChainUnreachable,
    ExchangeUnreachable,
    NotConfirmed,
    NotLocked,
    ProblemError,
)
from tradepost_client.models import Trade as Shown
from tradepost_contracts.means import LockWay

#: The client's own policy, with more tries than anything here stays away.
RETRIES = Retries(tries=120, first_s=0.05, longest_s=0.5)
_LOOK_S = 0.25
#: What a trader meets while the chain is away, or has forgotten something: he looks again.
_PASSING = (ChainUnreachable, ChainRefused, NotLocked, NotConfirmed)
#: States of a trade under which nothing was ever locked, or nothing shall be.
_UNLOCKED = frozenset({"cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a trade is played, how it ends, and the buyer's share of the coins."""

    name: str
    play: "Callable[[Play], Awaitable[None]]"
    state: str
    escrow: str
    share: Decimal


@dataclass
class Play:
    """One trade in play: two traders of its own, an ending to reach."""

    ending: Ending
    way: Way
    maker_sells: bool
    maker: AsyncTrader
    taker: AsyncTrader
    arbitrator: AsyncTrader
    clock: "Clock"
    id: str = ""
    offer_id: str = ""
    known: KnownTrade | None = None
    #: The seller wants his coins locked; what the chain forgot of that he sends again.
    locks: bool = field(default=False)
    #: The step that is being taken, and what the seller saw last, for who reads of a failure.
    doing: str = "nothing yet"
    seen: str = ""

    @property
    def asset(self) -> Asset:
        """What is traded."""
        return self.way.asset

    @property
    def seller(self) -> AsyncTrader:
        """Who locks."""
        return self.maker if self.maker_sells else self.taker

    @property
    def buyer(self) -> AsyncTrader:
        """Who pays."""
        return self.taker if self.maker_sells else self.maker

    @property
    def amount(self) -> Decimal:
        """The trade's amount in whole coins."""
        return AMOUNTS[self.asset]

    @property
    def minor(self) -> int:
        """The trade's amount in minor units."""
        return int(self.amount * 10 ** DECIMALS[self.asset])

    @property
    def kept(self) -> int:
        """What the seller has in the contract afterwards: it was there before he locked it."""
        was_there = self.way.from_balance and self.ending.escrow != "none"
        return int(self.minor * (1 - self.ending.share)) if was_there else 0

    def __str__(self) -> str:
        side = "sells" if self.maker_sells else "buys"
        trade = f"trade {self.id or 'not open'} {self.seen}, last step {self.doing}"
        return f"{self.ending.name} by {self.way}, maker {side}, {trade}"

    async def run(self) -> None:
        """Opens the trade and plays it as far as its ending needs the traders."""
        for trader in (self.maker, self.taker):
            await sign_in(trader)
        offer = await self.maker.publish_offer(
            direction="sell" if self.maker_sells else "buy",
            asset=self.asset,
            currency="EUR",
            price=PRICES[self.asset],
            min_amount=self.amount,
            max_amount=self.amount,
            total_amount=self.amount,
            payment_methods=["sepa"],
        )
        self.offer_id = offer.id
        taken = await self.taker.take(offer, method="sepa", amount=self.amount)
        self.id = taken.id
        self.known = await self.seller.known(self.id)
        await self.ending.play(self)
        self.doing = "done"

    # --- steps -----------------------------------------------------------------------------

    async def until(self, done: Callable[[Shown], bool]) -> Shown:
        """Looks at the trade until it is as wanted."""
        while True:
            shown = await self.look()
            if done(shown):
                return shown
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> Shown:
        """The trade as the seller sees it, who sends again what his chain forgot."""
        shown = await self.seller.client.trade(self.id)
        self.seen = f"{shown.state}, escrow {shown.escrow.state}"
        if self.locks and shown.escrow.state == "none" and shown.state not in _UNLOCKED:
            await self._send_lock(shown)
        return shown

    async def lock(self) -> None:
        """The seller locks the coins, and the exchange counts on it."""
        self.locks, self.doing = True, "lock"
        await self.until(lambda shown: shown.escrow.state == "locked")

    async def _send_lock(self, shown: Shown) -> None:
        """By himself, or by a signature that the exchange brings."""
        try:
            if self.way.signed is None:
                await self.seller.lock(self.id, wait=False)
            else:
                await self._sign_lock(self.way.signed, shown)
        except _PASSING:
            await asyncio.sleep(_LOOK_S)
        except ProblemError as refused:
            # It is on its way, or there, since he looked.
            if refused.slug not in {"action-not-allowed", "trade-changed"}:
                raise

    async def _sign_lock(self, way: LockWay, shown: Shown) -> None:
        assert self.known is not None, "it was taken"
        terms = self.known.terms.terms()
        # In this order: what a lock has taken meanwhile is not to be brought again.
        means = await self.seller.locks.means(self.known)
        if not await self.seller.escrow.is_lockable(self.known):
            return
        first = self.way.first(terms)
        if not first and way is means.open(terms)[0]:
            # The client chooses it too, and nothing that it waits for can be forgotten for good.
            await self.seller.lock(self.id, wait=False, relayed=True)
            return
        if way not in means.open(terms):
            # Never sent, or forgotten by the chain.
            for one in first:
                chain, wallet = self.seller.chain, self.seller.wallet
                sent = await chain.transact(wallet, one.to, one.data, one.value)
                await chain.wait(sent, step="prepare", confirmations=1)
        if "lock" in shown.viewer.allowed_actions:
            signed = await self.seller.locks.sign(self.known, way)
            if signed is not None:
                await self.seller.client.lock(self.id, signed)

    async def step(
        self,
        trader: AsyncTrader,
        action: str,
        act: Callable[[], Awaitable[Shown]],
        done: Callable[[Shown], bool],
    ) -> None:
        """Has `trader` act, once his viewer allows it, until the step is done.

        A refusal is only right while the step has not been taken: a request that was carried out
        but never answered has to be answered when its client tries it again.
        """
        self.doing = action
        while True:
            await self.look()
            shown = await trader.client.trade(self.id)
            if done(shown):
                return
            if action in shown.viewer.allowed_actions:
                try:
                    assert done(await act()), f"{action} was answered without an effect"
                except _PASSING:
                    pass
                except ProblemError as refusal:
                    if refusal.status != 409:
                        raise
                    if done(await trader.client.trade(self.id)):
                        raise AssertionError(f"{action} was done, and refused") from refusal
            await asyncio.sleep(_LOOK_S)

    async def move(
        self,
        trader: AsyncTrader,
        action: str,
        act: Callable[[str], Awaitable[Shown]],
        *states: str,
    ) -> None:
        """A step that brings the trade to one of `states`."""
        await self.step(trader, action, lambda: act(self.id), lambda shown: shown.state in states)

    async def hand_over_details(self) -> None:
        """The seller seals where to pay, and the buyer opens it."""
        await self.step(
            self.seller,
            "send_payment_details",
            lambda: self.seller.send_payment_details(self.id, DETAILS),
            lambda shown: shown.sealed_payment_details is not None,
        )
        while True:
            await self.look()
            try:
                assert await self.buyer.open_payment_details(self.id) == DETAILS
            except _PASSING:
                await asyncio.sleep(_LOOK_S)
            else:
                return

    async def pay(self) -> None:
        """Details, payment, and the buyer's word."""
        await self.hand_over_details()
        await self.say_paid()

    async def say_paid(self) -> None:
        """The buyer says that he paid."""
        await self.move(self.buyer, "payment_sent", self.buyer.payment_sent, "payment_sent")

    async def release(self) -> None:
        """The seller signs the coins over."""
        after = ("releasing", "completed")
        await self.move(self.seller, "release", self.seller.release, *after)

    async def settle(self, trader: AsyncTrader, share: Decimal, role: str) -> None:
        """One party signs how to share."""
        await self.step(
            trader,
            "settle",
            lambda: trader.settle(self.id, share),
            lambda shown: (
                shown.state in {"splitting", "resolved"}
                or any(signed.role == role for signed in shown.settlements)
            ),
        )

    async def is_over(self) -> bool:
        """Whether exchange and chain agree that it has ended as it should."""
        shown = await self.look()
        return (shown.state, shown.escrow.state) == (self.ending.state, self.ending.escrow)


class Clock:
    """Moves the chain's time once all trades of a wave have come to the place that needs it."""

    def __init__(self, pass_time: Callable[[int], None], waiting: int) -> None:
        self._pass_time = pass_time
        self._waiting = waiting
        self._here = 0
        self._jumps = 0

    async def pass_time(self, seconds: int) -> None:
        """Waits for the others; the last one moves the clock."""
        jump = self._jumps
        self._here += 1
        if self._here == self._waiting:
            self._here = 0
            await self._jump(seconds)
            self._jumps += 1
        while self._jumps == jump:  # noqa: ASYNC110 - looked at as everything here
            await asyncio.sleep(_LOOK_S)

    async def _jump(self, seconds: int) -> None:
        while True:
            try:
                await asyncio.to_thread(self._pass_time, seconds)
            # The node is away: a second jump does no harm.
            except OSError:
                await asyncio.sleep(_LOOK_S)
            else:
                return


async def sign_in(trader: AsyncTrader) -> None:
    """Signs in; a sign-in has no key, so it begins anew where it was not answered."""
    while True:
        try:
            await trader.sign_in()
        except (ExchangeUnreachable, ChainUnreachable):
            pass
        except ProblemError as problem:
            if not problem.retryable:
                raise
        else:
            return
        await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def trader(
    url: str, node: str, wallet: Wallet, journal: Journal, rng: random.Random
) -> AsyncIterator[AsyncTrader]:
    """A trader whose every answer is written down."""
    client = AsyncClient(url, retries=RETRIES, transport=Journalled(journal, rng))
    async with client, AsyncChain(node, poll_s=0.05, retries=RETRIES) as chain:
        yield AsyncTrader(client, chain, wallet)
