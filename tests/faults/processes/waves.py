"""A wave of trades: its players in a thread of their own, so that killing never waits for them."""

import asyncio
import random
import threading
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests import worlds
from tests.faults.processes.audit import Outcome, is_quiet, outcome_of
from tests.faults.processes.endings import ENDINGS, LATE_ENDINGS
from tests.faults.processes.journal import Journal
from tests.faults.processes.players import Clock, Ending, Play, sign_in, trader
from tests.faults.processes.world import World
from tests.ways import CLIENTS, Way
from tradepost_client import AsyncTrader, Wallet

#: So many trades are in flight at once, and so many are dealt for each kill that is to come.
_AT_ONCE = 6
_A_KILL = 2
_LOOK_S = 0.3
_BASE_S = 120.0
_A_KILL_S = 15.0


@dataclass(frozen=True, slots=True)
class Card:
    """What is to be played."""

    ending: Ending
    way: Way
    maker_sells: bool


def deal(rng: random.Random, endings: tuple[Ending, ...], most: int) -> list[Card]:
    """Each ending once in some order, then any of them; the ways to lock take turns."""
    order = rng.sample(endings, len(endings))
    order += rng.choices(endings, k=max(0, most - len(endings)))
    ways = rng.sample(CLIENTS, len(CLIENTS))
    return [
        Card(ending, ways[number % len(ways)], rng.random() < 0.5)
        for number, ending in enumerate(order)
    ]


class Wave(threading.Thread):
    """Plays trades until the killing is over, then waits until all is quiet.

    Args:
        world: where; its new wallets are funded here.
        journal: where every answer is written down.
        rng: chooses who sells what, and the order.
        late: plays the endings that need the chain's clock to jump, each once and all at once;
            else every other ending once, and more as long as the killing goes on.
        kills: how many are to come, which says how long the wave may take.
    """

    def __init__(
        self, world: World, journal: Journal, rng: random.Random, *, late: bool, kills: int
    ) -> None:
        super().__init__(name="players", daemon=True)
        self.outcomes: list[Outcome] = []
        self.failure: BaseException | None = None
        self.killing_is_over = threading.Event()
        self._world = world
        self._journal = journal
        self._timeout_s = _BASE_S + _A_KILL_S * kills
        endings = LATE_ENDINGS if late else ENDINGS
        self._deck = deal(rng, endings, len(endings) if late else _A_KILL * kills)
        self._sure = len(endings)
        self._at_once = len(endings) if late else _AT_ONCE
        # The killer draws from another thread: each has a source of its own.
        self._luck = random.Random(rng.random())  # noqa: S311 - chooses what is lost, no secret
        self._clock = Clock(world.pass_time, len(endings))
        self._wallets = [Wallet.create() for _ in range(2 * len(self._deck))]
        self._plays: list[Play] = []
        self._traders: list[AsyncTrader] = []
        world.fund(self._wallets)

    def run(self) -> None:
        """The thread: what goes wrong is kept for the main one."""
        try:
            asyncio.run(self._all())
        # Whatever it is, it is the test's failure and is told there.
        except BaseException as failure:  # noqa: BLE001
            self.failure = failure

    def where(self) -> str:
        """What is in play, for the one who reads of a failure."""
        return "\n".join(f"  {play}" for play in self._plays)

    async def _all(self) -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(self._timeout_s):
            self._stack = stack
            arbitrator = await self._trader(worlds.arbitrator())
            await sign_in(arbitrator)
            self._traders = [await self._trader(wallet) for wallet in self._wallets]
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._at_once):
                    slots.create_task(self._slot(arbitrator))
            await self._settle()
            self.outcomes = [await outcome_of(play) for play in self._plays]

    async def _trader(self, wallet: Wallet) -> AsyncTrader:
        world = self._world
        return await self._stack.enter_async_context(
            trader(world.url, world.chain.url, wallet, self._journal, self._luck)
        )

    async def _slot(self, arbitrator: AsyncTrader) -> None:
        """Plays one trade after the other."""
        while (number := len(self._plays)) < len(self._deck):
            if number >= self._sure and self.killing_is_over.is_set():
                return
            card = self._deck[number]
            maker, taker = self._traders[2 * number : 2 * number + 2]
            play = Play(
                card.ending, card.way, card.maker_sells, maker, taker, arbitrator, self._clock
            )
            self._plays.append(play)
            await play.run()

    async def _settle(self) -> None:
        """Waits until every trade has its ending, on the chain and in the database alike."""
        while True:
            was_quiet = await asyncio.to_thread(is_quiet, self._world)
            # Asked in any case: who looks also locks again what the chain forgot.
            over = all([await play.is_over() for play in self._plays])
            killing = not self.killing_is_over.is_set()
            if (
                was_quiet
                and over
                and not killing
                and await asyncio.to_thread(is_quiet, self._world)
            ):
                return
            await asyncio.sleep(_LOOK_S)
