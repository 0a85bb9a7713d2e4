"""The chain takes back what it said: at every step of a trade, as deep as twelve blocks.

Four trades walk side by side to four endings, and after each of their steps the chain forgets its
newest blocks. What the exchange believes has to be what is left on the chain, at once; and then
every trade has to reach its ending all the same.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.faults.arena import CHALLENGE_WINDOW_S, PAYMENT_WINDOW_S, Arena
from tests.faults.deals import Deal

pytestmark = pytest.mark.slow

#: Every depth, a few in each arena.
DEPTHS = [range(1, 5), range(5, 9), range(9, 13)]


@dataclass
class Walk:
    """Four trades on their way to four endings."""

    arena: Arena
    released: Deal
    refunded: Deal
    cancelled: Deal
    split: Deal

    @classmethod
    async def begin(cls, arena: Arena) -> "Walk":
        return cls(
            arena,
            await arena.open("ETH", "seller"),
            await arena.open("USDT", "buyer"),
            await arena.open("ETH", "buyer"),
            await arena.open("USDT", "seller"),
        )

    @property
    def deals(self) -> list[Deal]:
        return [self.released, self.refunded, self.cancelled, self.split]

    async def states(self) -> list[str]:
        return [await deal.state() for deal in self.deals]

    async def lock(self) -> None:
        with self.arena.one_block():
            for deal in self.deals:
                deal.lock()
        await self.arena.work()
        assert {(await deal.shown())["escrow"]["state"] for deal in self.deals} == {"locking"}

    async def confirm(self) -> None:
        await self.arena.mine(self.arena.stage.settings.confirmations)

    async def say_paid(self) -> None:
        await self.released.payment_sent()
        await self.refunded.payment_sent()

    async def ask_back(self) -> None:
        deal = self.cancelled
        await self.arena.pass_time(PAYMENT_WINDOW_S + 1)
        await deal.do(deal.seller, "cancel", {"signature": deal.signature("Cancel")})
        await deal_settles(self.split, self.split.buyer)
        await self.arena.mine()

    async def sign_the_ending(self) -> None:
        await self.released.release()
        await self.refunded.refund()
        await deal_settles(self.split, self.split.seller)
        await self.arena.pass_time(CHALLENGE_WINDOW_S + 1)

    async def end(self) -> None:
        await self.arena.settle_down()


async def deal_settles(deal: Deal, player: object) -> None:
    """Half of the coins for the buyer, signed by one of both."""
    side = deal.seller if player is deal.seller else deal.buyer
    await deal.settle(side, deal.terms.amount // 2)


#: Each step, and where the four trades stand after it.
STEPS: list[tuple[Callable[[Walk], Awaitable[None]], list[str]]] = [
    (Walk.lock, ["awaiting_escrow"] * 4),
    (Walk.confirm, ["escrowed"] * 4),
    (Walk.say_paid, ["payment_sent", "payment_sent", "escrowed", "escrowed"]),
    (Walk.ask_back, ["payment_sent", "payment_sent", "refunding", "escrowed"]),
    (Walk.sign_the_ending, ["releasing", "refunding", "refunding", "splitting"]),
    (Walk.end, ["completed", "refunded", "refunded", "resolved"]),
]
#: The way of each trade, in the order of `Walk.deals`.
WAYS = [
    ["awaiting_escrow", "escrowed", "payment_sent", "releasing", "completed"],
    ["awaiting_escrow", "escrowed", "payment_sent", "refunding", "refunded"],
    ["awaiting_escrow", "escrowed", "refunding", "refunded"],
    ["awaiting_escrow", "escrowed", "splitting", "resolved"],
]


async def dropped(_: Arena, __: int) -> list[tuple[str, int]]:
    """The new branch is empty."""
    return []


async def moved(arena: Arena, depth: int) -> list[tuple[str, int]]:
    """The new branch has the same transactions in other blocks, the last ones first."""
    raws = await arena.raw_of_newest(depth)
    shuffled = list(reversed(raws))
    return [(raw, index * depth // len(raws)) for index, raw in enumerate(shuffled)]


async def delayed(arena: Arena, depth: int) -> list[tuple[str, int]]:
    """The new branch has them in the same order, all in its last block."""
    return [(raw, depth - 1) for raw in await arena.raw_of_newest(depth)]


@pytest.mark.parametrize("depths", DEPTHS, ids=str)
@pytest.mark.parametrize("instead", [dropped, moved, delayed], ids=lambda each: each.__name__)
async def test_every_step_survives(
    arena: Arena,
    instead: Callable[[Arena, int], Awaitable[list[tuple[str, int]]]],
    depths: range,
    counts: Counter[str],
) -> None:
    for depth in depths:
        walk = await Walk.begin(arena)
        for step, wanted in STEPS:
            await step(walk)
            await until(walk, wanted)
            arena.reorganise(depth, await instead(arena, depth))
            counts["reorganisations"] += 1
            await arena.mine()
            await arena.check()
            await until(walk, wanted)
        await arena.settle_down()
        await arena.check()
        assert await walk.states() == STEPS[-1][1]


async def until(walk: Walk, wanted: list[str]) -> None:
    """Wallets send again what is lost and blocks come, until no trade is behind `wanted`."""
    for _ in range(30):
        places = zip(WAYS, await walk.states(), wanted, strict=True)
        if all(way.index(now) >= way.index(then) for way, now, then in places):
            return
        walk.arena.rebroadcast()
        # Time too, since deadlines and windows are counted from blocks that may have come later.
        await walk.arena.pass_time(200)
    raise AssertionError((await walk.states(), wanted))
