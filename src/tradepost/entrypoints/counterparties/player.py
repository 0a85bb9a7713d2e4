"""One counterparty at work: it keeps its offers alive, and answers whatever it is told.

It keeps nothing. When it begins, and whenever the stream says that something was missed, it reads
from the exchange which offers and trades it has, and goes on from there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Final

from tradepost.entrypoints.counterparties.habits import Act, Habit, Step, next_step
from tradepost.entrypoints.counterparties.personas import DETAILS, Persona
from tradepost_client import FINAL_STATES, AsyncTrader
from tradepost_client.amounts import from_minor
from tradepost_client.errors import ProblemError, TradepostError
from tradepost_client.models import Exchange, Offer, Trade, native
from tradepost_client.offers import NewOffer
from tradepost_client.streams import Happened, OfferChanged, Resync, Told
from tradepost_contracts.terms import ZERO_ADDRESS

logger = logging.getLogger(__name__)

#: No event has this number: whoever asks for what comes after it is told to read anew, and is told
#: what comes from that moment on.
_NOWHERE: Final = 10**17
_SLOW_S: Final = 10.0
#: More than any trade has: whatever an exchange says, a look at a trade comes to an end.
_MOST_STEPS: Final = 8
#: As long as a token can be: whoever moves the clock by days should not end all of them.
_TOKEN_S: Final = 90 * 86_400
_TOKEN_ENDED: Final = 401
#: How long a newcomer's offer is left to others, so that whoever meant to take it can.
_SHY_S: Final = 4.0
_SEEN_EVERY_S: Final = 120.0
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_TRIES: Final = 6
_AT_ONCE: Final = 5
_MOST_TAKEN: Final = 3
_FOR_GAS: Final = from_minor(10**16, 18)
_TAKEN_MARKETS: Final = (("ETH", "EUR"), ("USDT", "EUR"), ("ETH", "USD"), ("USDT", "USD"))


class Player:
    """A persona on one exchange; `run` plays until it is cancelled.

    Args:
        persona: who it is.
        trader: its wallet, the exchange and the chain.
        players: the ids of the accounts of all that play; it adds its own.
    """

    def __init__(self, persona: Persona, trader: AsyncTrader, players: set[str]) -> None:
        self._persona = persona
        self._trader = trader
        self._players = players
        self._exchange: Exchange | None = None
        #: A task for each thing that is looked at, by its name, and what came up meanwhile.
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        #: One step at a time: a wallet's transactions have to follow each other.
        self._turn = asyncio.Lock()
        self._funding = asyncio.Lock()
        self._signing = asyncio.Lock()
        self._considered: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def sign_in(self) -> None:
        """Signs in; the first time, this opens the account."""
        signed_in = await self._trader.sign_in(expires_in_s=_TOKEN_S)
        self._players.add(signed_in.account.id)

    async def run(self) -> None:
        """Plays; an exchange or a node that is away is waited for."""
        pause_s = _PAUSE_S
        while True:
            try:
                self._exchange = await self._trader.client.exchange()
                await self.sign_in()
                pause_s = _PAUSE_S
                self._start("presence", self._stay)
                await self._follow()
            except TradepostError as error:
                # A token that ran out, or a restart: it begins anew, from what the exchange says.
                logger.info("%s begins anew: %s", self._persona.name, error)
            finally:
                self._stop()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _stay(self) -> None:
        """Shows that it is there: makers who only listen would count as away after five minutes."""
        while True:
            await asyncio.sleep(_SEEN_EVERY_S)
            await self._trader.client.account()

    # --- what it is told -----------------------------------------------------------------------

    async def _follow(self) -> None:
        channels = ["trades", "notifications"]
        if self._persona.takes:
            channels += [f"offers:{asset}-{currency}" for asset, currency in _TAKEN_MARKETS]
        nowhere = dict.fromkeys(channels, _NOWHERE)
        stream = self._trader.client.stream(channels, resume_from=nowhere)
        async with aclosing(stream) as told:
            async for one in told:
                await self._hear(one)

    async def _hear(self, told: Told) -> None:
        match told:
            case Resync(channel=channel) if channel.startswith("offers:"):
                asset, _, currency = channel.removeprefix("offers:").partition("-")
                async for offer in self._trader.client.offers(asset=asset, currency=currency):
                    self._consider(offer)
            case Resync(channel="notifications"):
                self._start("offers", self._keep_offers)
            case Resync():
                self._start("trades", self._look_at_all)
            case OfferChanged(offer=offer) if offer is not None:
                self._consider(offer)
            case Happened(event=event) if event.type.startswith("trade."):
                self._wake(str(event.payload["trade_id"]))
            case Happened(event=event) if event.type.startswith("offer."):
                self._start("offers", self._keep_offers)
            case Happened(event=event) if event.type == "sandbox.clock_moved":
                self._start("trades", self._look_at_all)

    # --- trades --------------------------------------------------------------------------------

    async def _look_at_all(self) -> None:
        async for trade in self._trader.client.trades():
            if trade.state not in FINAL_STATES:
                self._wake(trade.id)

    def _wake(self, trade_id: str) -> None:
        async def look() -> None:
            async with self._places:
                await self._play(trade_id)

        self._start(trade_id, look)

    async def _play(self, trade_id: str) -> None:
        """Takes each step that is its own now."""
        trade = await self._trader.trade(trade_id)
        for _ in range(_MOST_STEPS):
            decimals = self._known().asset(trade.asset).decimals
            step = next_step(trade, self._persona.habit, decimals)
            if step is None:
                break
            if self._persona.habit is Habit.SLOW:
                await asyncio.sleep(_SLOW_S)
            async with self._turn:
                await self._take_step(trade, step)
            if step.act is Act.LOCK:
                # The exchange tells when it has seen it; until then it would be asked for again.
                if trade.sealed_payment_details is None:
                    await self._take_step(trade, Step(Act.SEND_DETAILS))
                return
            trade = await self._trader.trade(trade_id)
        if trade.state in FINAL_STATES:
            self._start("offers", self._keep_offers)
        elif trade.state == "escrowed" and trade.viewer.role == "seller":
            self._set_timer(trade)

    async def _take_step(self, trade: Trade, step: Step) -> None:
        logger.info("%s: %s in trade %s", self._persona.name, step.act, trade.id)
        trader = self._trader
        match step.act:
            case Act.LOCK:
                await self._have(trade.asset, trade.amount + trade.fee)
                await trader.lock(trade.id, wait=False)
            case Act.SEND_DETAILS:
                details = DETAILS.get(trade.payment_method, {"account_holder": "Sandbox"})
                await trader.send_payment_details(trade.id, details)
            case Act.PAY:
                await trader.open_payment_details(trade.id)
                await trader.payment_sent(trade.id)
            case Act.RELEASE:
                await trader.release(trade.id)
            case Act.REFUND:
                await trader.refund(trade.id)
            case Act.CANCEL:
                await trader.cancel(trade.id)
            case Act.SETTLE:
                assert step.buyer_amount is not None, "a settlement says how much"
                await trader.settle(trade.id, step.buyer_amount)

    def _set_timer(self, trade: Trade) -> None:
        """Looks again when the buyer's time is over; a clock that is moved tells so before."""
        ends = trade.viewer.deadline_at
        if ends is None:
            return
        left_s = max(1.0, (ends - trade.viewer.chain_now).total_seconds() + 1)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(left_s, self._start, "trades", self._look_at_all)

    # --- offers --------------------------------------------------------------------------------

    async def _keep_offers(self) -> None:
        """Publishes what it offers and is not there, and puts back what is paused."""
        own = [offer async for offer in self._trader.client.my_offers() if offer.state != "closed"]
        traded = {asset.code for asset in self._known().assets}
        for wanted in self._persona.offers:
            if wanted["asset"] not in traded:
                continue
            found = [offer for offer in own if _is(offer, wanted)]
            for offer in found:
                if offer.remaining_amount < offer.max_amount:
                    await self._trader.client.close_offer(offer.id)
                elif offer.state == "paused":
                    await self._trader.client.resume_offer(offer.id)
            if not [offer for offer in found if offer.remaining_amount >= offer.max_amount]:
                await self._trader.publish_offer(**wanted)
        for offer in own:
            if not any(_is(offer, wanted) for wanted in self._persona.offers):
                await self._trader.client.close_offer(offer.id)

    def _consider(self, offer: Offer) -> None:
        """Takes a newcomer's offer, once, if nobody has after a moment."""
        strange = offer.maker.id not in self._players and offer.id not in self._considered
        if strange and offer.state == "active" and len(self._considered) < 10_000:
            self._considered.add(offer.id)
            self._start(f"offer {offer.id}", lambda: self._take(offer.id))

    async def _take(self, offer_id: str) -> None:
        await asyncio.sleep(_SHY_S)
        try:
            offer = await self._trader.client.offer(offer_id)
        except ProblemError:
            return
        trades = [trade async for trade in self._trader.client.trades()]
        under_way = sum(trade.state not in FINAL_STATES for trade in trades)
        taken = any(trade.offer_id == offer.id for trade in trades)
        untouched = offer.state == "active" and offer.remaining_amount == offer.total_amount
        if taken or not untouched or under_way >= _MOST_TAKEN:
            return
        method = offer.payment_methods[0]
        logger.info("%s takes the offer %s", self._persona.name, offer.id)
        if offer.amount_unit == "asset":
            await self._trader.take(offer, method=method, amount=offer.min_amount)
        else:
            await self._trader.take(offer, method=method, fiat_amount=offer.min_amount)

    # --- coins ---------------------------------------------------------------------------------

    async def _have(self, code: str, amount: Any) -> None:
        """Draws from the faucet where the wallet has less than it needs, with gas."""
        async with self._funding:
            asset = self._known().asset(code)
            token = native(asset)
            coins = from_minor(await self._trader.escrow.balance(ZERO_ADDRESS), 18)
            have = from_minor(await self._trader.escrow.balance(token), asset.decimals)
            gas = _FOR_GAS + (amount if token == ZERO_ADDRESS else 0)
            if coins >= gas and have >= amount:
                return
            drawn = await self._trader.client.draw_from_faucet(self._trader.wallet.address)
            for gift in drawn.gifts:
                await self._trader.chain.arrived(gift.tx_hash)

    # --- inside --------------------------------------------------------------------------------

    def _known(self) -> Exchange:
        assert self._exchange is not None, "it is read before anything else"
        return self._exchange

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Does `work` apart; what comes up while it is under way is done once more after it."""
        if name in self._tasks:
            self._again.add(name)
            return

        async def run() -> None:
            while True:
                self._again.discard(name)
                await self._try(name, work)
                if name not in self._again:
                    break

        task = asyncio.create_task(run(), name=f"{self._persona.name}: {name}")
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s: %s", task.get_name(), error, exc_info=error)

    async def _try(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """What does not go now is tried a few times more; then it waits for the next news."""
        pause_s = _PAUSE_S
        for left in reversed(range(_TRIES)):
            try:
                await work()
                return
            except TradepostError as error:
                logger.info("%s: %s: %s", self._persona.name, name, error)
                if isinstance(error, ProblemError) and error.status == _TOKEN_ENDED:
                    await self._sign_in_anew()
                if left:
                    await asyncio.sleep(pause_s)
                    pause_s *= 2

    async def _sign_in_anew(self) -> None:
        """For a token that has run out; the others that find it so wait for the same."""
        token = self._trader.client.token
        async with self._signing:
            if self._trader.client.token == token:
                with suppress(TradepostError):
                    await self.sign_in()

    def _stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._again.clear()
        if self._timer is not None:
            self._timer.cancel()


def _is(offer: Offer, wanted: NewOffer) -> bool:
    """Whether an offer is the one that a persona wants to have."""
    return (
        (offer.direction, offer.asset, offer.currency, offer.terms, offer.payment_methods)
        == (
            wanted["direction"],
            wanted["asset"],
            wanted["currency"],
            wanted.get("terms"),
            tuple(wanted["payment_methods"]),
        )
        and offer.price == wanted.get("price", offer.price)
        and offer.margin_bps == wanted.get("margin_bps")
    )
