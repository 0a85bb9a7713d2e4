"""Every way to lock to every end of a locked escrow, and what the chain may do to it meanwhile.

All trades of a test walk side by side, each with a seller of its own, so that an approval or a
deposit is for one trade only.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction

import pytest

from tests.faults.arena import CHALLENGE_WINDOW_S, PAYMENT_WINDOW_S, Arena
from tests.faults.deals import Deal
from tests.faults.test_reorganisations import delayed, dropped, moved
from tests.stage import MINTED
from tests.ways import WAYS, Way

pytestmark = pytest.mark.slow

Deals = dict[Way, Deal]


@dataclass(frozen=True, slots=True)
class End:
    """How locked trades end together: what the parties do, and the buyer's share of the coins."""

    play: Callable[[Arena, list[Deal]], Awaitable[None]]
    state: str
    share: Fraction


async def _released(_: Arena, deals: list[Deal]) -> None:
    for deal in deals:
        await deal.payment_sent()
        await deal.release()


async def _refunded(_: Arena, deals: list[Deal]) -> None:
    for deal in deals:
        await deal.refund()


async def _cancelled(arena: Arena, deals: list[Deal]) -> None:
    """The buyer is silent through both windows."""
    await arena.pass_time(PAYMENT_WINDOW_S + 1)
    for deal in deals:
        await deal.do(deal.seller, "cancel", {"signature": deal.signature("Cancel")})
    await arena.settle_down(2)
    await arena.pass_time(CHALLENGE_WINDOW_S + 1)


async def _settled(_: Arena, deals: list[Deal]) -> None:
    for deal in deals:
        for player in (deal.buyer, deal.seller):
            await deal.settle(player, deal.terms.amount // 4)


async def _ruled(arena: Arena, deals: list[Deal]) -> None:
    for deal in deals:
        await deal.do(deal.buyer, "dispute", {"reason": "other"})
        for player in (arena.arbitrator, deal.buyer):
            await deal.settle(player, deal.terms.amount // 2)


ENDS = {
    "released": End(_released, "completed", Fraction(1)),
    "refunded": End(_refunded, "refunded", Fraction(0)),
    "cancelled": End(_cancelled, "refunded", Fraction(0)),
    "settled": End(_settled, "resolved", Fraction(1, 4)),
    "ruled": End(_ruled, "resolved", Fraction(1, 2)),
}


async def _locked(arena: Arena) -> tuple[Deals, int]:
    """A trade for each way, locked by it as deep as counts; and the first block of it."""
    deals = {way: await arena.open_by(way) for way in WAYS}
    first = _head(arena) + 1
    for way, deal in deals.items():
        await deal.lock_by(way)
    await arena.settle_down(2)
    assert await _states(deals) == dict.fromkeys(WAYS, "escrowed")
    return deals, first


async def _states(deals: Deals) -> dict[Way, str]:
    return {way: await deal.state() for way, deal in deals.items()}


def _check_coins(arena: Arena, deals: Deals, share: Fraction) -> None:
    """What did not go to the buyer, or as his part of the fee, is where the seller had it."""
    for way, deal in deals.items():
        terms = deal.terms
        gone = int(terms.amount * share) + int(terms.fee * share)
        back = terms.locked_amount - gone
        kept = back if way.from_balance else 0
        assert arena.stage.credit(terms.seller, way.asset) == kept, way
        if way.asset == "USDT":
            assert arena.stage.balance(terms.seller, "USDT") == MINTED - gone - kept, way


@pytest.mark.parametrize("name", ENDS)
async def test_every_way_to_lock_ends(arena: Arena, counts: Counter[str], name: str) -> None:
    """And the chain forgets the end, then the locks too, or has all of it in another order."""
    end = ENDS[name]
    deals, first = await _locked(arena)
    bought = _bought(arena)
    await end.play(arena, list(deals.values()))
    await arena.settle_down()
    counts["endings of locked trades"] += len(deals)
    await _check(arena, deals, end, bought)
    for instead in (dropped, moved, delayed):
        for depth in (await _depth(arena, deals), _head(arena) - first + 1):
            arena.reorganise(depth, await instead(arena, depth))
            counts["reorganisations"] += 1
            await arena.mine()
            if instead is dropped:
                assert end.state not in (await _states(deals)).values()
            await _until(arena, deals, end.state)
            await _check(arena, deals, end, bought)


async def _until(arena: Arena, deals: Deals, state: str) -> None:
    """Wallets send again what is lost, blocks and windows pass."""
    for _ in range(8):
        if set((await _states(deals)).values()) == {state}:
            return
        arena.rebroadcast()
        await arena.settle_down(2)
        await arena.pass_time(PAYMENT_WINDOW_S + 1)
    raise AssertionError(await _states(deals))


async def _check(arena: Arena, deals: Deals, end: End, bought: dict[str, int]) -> None:
    """Every trade has ended so, and every coin is where it belongs."""
    await arena.settle_down(2)
    assert await _states(deals) == dict.fromkeys(WAYS, end.state)
    await arena.check()
    _check_coins(arena, deals, end.share)
    shares = dict.fromkeys(bought, 0)
    for way, deal in deals.items():
        shares[way.asset] += int(deal.terms.amount * end.share)
    assert {asset: now - bought[asset] for asset, now in _bought(arena).items()} == shares


def _bought(arena: Arena) -> dict[str, int]:
    """What the buyer has; he sends no transaction, so he pays no gas."""
    wallet = arena.buyer.wallet.address
    return {asset: arena.stage.balance(wallet, asset) for asset in arena.held}


def _head(arena: Arena) -> int:
    return int(arena.stage.node.rpc("eth_blockNumber"), 16)


async def _depth(arena: Arena, deals: Deals) -> int:
    """So deep that the newest step of each escrow is in it."""
    async with arena.stage.database.transaction() as tx:
        row = await tx.one(
            "SELECT min(block_number) AS first FROM escrows WHERE id = ANY(%s)",
            [[deal.escrow_id for deal in deals.values()]],
        )
    assert row is not None
    return _head(arena) - int(row["first"]) + 1
