"""The chain says one thing and then another: the new branch contradicts what was believed."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.arena import PAYMENT_WINDOW_S, Arena
from tests.faults.deals import Deal, Player
from tests.stage import CONTRACT
from tradepost_contracts import calls

pytestmark = pytest.mark.slow

_EMPTY: list[tuple[str, int]] = []


async def _locked(arena: Arena) -> Deal:
    deal = await arena.open()
    deal.lock()
    await arena.settle_down(1)
    return deal


async def _finished(arena: Arena, deal: Deal, state: str) -> None:
    """The trade ends so, and stays so whatever else is still on its way."""
    arena.rebroadcast()
    await arena.settle_down()
    assert await deal.state() == state
    await arena.check()
    await arena.settle_down()
    assert await deal.state() == state


def _depth_to(arena: Arena, block: int) -> int:
    """How deep a reorganisation has to be so that it takes this block with it."""
    return int(arena.stage.node.rpc("eth_blockNumber"), 16) - block + 1


async def _block_of(arena: Arena, deal: Deal) -> int:
    async with arena.stage.database.transaction() as tx:
        row = await tx.one("SELECT block_number FROM escrows WHERE id = %s", [deal.escrow_id])
    assert row is not None
    return int(row["block_number"])


def _instead(player: Player, data: bytes) -> list[tuple[str, int]]:
    """Another transaction of a player on the new branch, in its first block."""
    return [(player.sign(CONTRACT, data, 0, player.nonce()), 0)]


async def _split(deal: Deal) -> None:
    await deal.settle(deal.seller, 1)
    await deal.settle(deal.buyer, 1)


#: How the trade ended, who says something else on the new branch, and how it ends then.
OTHER_ENDINGS: list[tuple[Callable[[Deal], Awaitable[None]], str, str, str]] = [
    (Deal.release, "completed", "buyer", "refunded"),
    (Deal.refund, "refunded", "seller", "completed"),
    (_split, "resolved", "seller", "completed"),
    (_split, "resolved", "buyer", "refunded"),
]


@pytest.mark.parametrize("deeper", range(4))
async def test_an_ending_becomes_another(arena: Arena, counts: Counter[str], deeper: int) -> None:
    """One has the coins, and then he never had them: the other got them before."""
    for end, state, side, other_state in OTHER_ENDINGS:
        deal = await _locked(arena)
        await end(deal)
        await arena.settle_down(2)
        assert await deal.state() == state
        await arena.mine(deeper)
        player = deal.seller if side == "seller" else deal.buyer
        call = calls.release if side == "seller" else calls.refund
        instead = _instead(player, call(deal.terms))
        arena.reorganise(_depth_to(arena, await _block_of(arena, deal)), instead)
        counts["reorganisations"] += 1
        await arena.mine()
        await _finished(arena, deal, other_state)


async def _nothing(_: Deal) -> None:
    pass


#: How far a trade has come when its lock is taken away for ever, or for a while.
ON_THE_WAY: dict[str, Callable[[Deal], Awaitable[None]]] = {
    "escrowed": _nothing,
    "payment_sent": Deal.payment_sent,
    "releasing": Deal.release,
    "refunding": Deal.refund,
    "disputed": lambda deal: deal.do(deal.buyer, "dispute", {"reason": "other"}),
}


@pytest.mark.parametrize("returns", [True, False], ids=["returns", "is_spent"])
async def test_a_lock_is_lost(arena: Arena, counts: Counter[str], returns: bool) -> None:
    """Then nothing can be had until it is locked again; it goes on from there, or it lapses."""
    for state in ON_THE_WAY:
        await _lose_the_lock(arena, counts, state, returns)


async def _lose_the_lock(arena: Arena, counts: Counter[str], state: str, returns: bool) -> None:
    deal = await _locked(arena)
    await ON_THE_WAY[state](deal)
    depth = _depth_to(arena, await _block_of(arena, deal))
    instead: list[tuple[str, int]] = []
    if not returns:
        # The seller's nonce goes into something else: the lock cannot come again by itself.
        nonce = deal.seller.nonce() - 1
        instead = [(deal.seller.sign(deal.seller.wallet.address, b"", 0, nonce), 0)]
        del deal.seller.sent[nonce]
    arena.reorganise(depth, instead)
    counts["reorganisations"] += 1
    await arena.mine()
    assert await deal.state() == "awaiting_escrow"
    await arena.check()
    if returns:
        arena.rebroadcast()
        await arena.settle_down()
        ends = {"releasing": "completed", "refunding": "refunded"}
        assert await deal.state() == ends.get(state, state)
    else:
        shown = (await deal.shown())["viewer"]["allowed_actions"]
        assert ("cancel" in shown) is (state == "escrowed")
        await arena.pass_time(40_000)
        await arena.work()
        assert await deal.state() == "expired"
    await arena.check()


async def test_what_a_party_did_alone_is_lost(arena: Arena, counts: Counter[str]) -> None:
    """The seller released past the exchange, which has no signature to bring it again."""
    deal = await _locked(arena)
    await deal.payment_sent()
    deal.seller.transact(CONTRACT, calls.release(deal.terms))
    await arena.settle_down(1)
    assert await deal.state() == "completed"
    depth = _depth_to(arena, await _block_of(arena, deal))
    arena.reorganise(depth, _EMPTY)
    counts["reorganisations"] += 1
    deal.seller.sent.clear()
    await arena.settle_down()
    assert await deal.state() == "releasing"
    # He could leave it at that; the buyer need not.
    await deal.do(deal.buyer, "dispute", {"reason": "paid_not_released"})
    for player in (deal.buyer, arena.arbitrator):
        await deal.settle(player, deal.terms.amount)
    await _finished(arena, deal, "resolved")


async def test_a_challenge_is_lost_and_brought_again(arena: Arena, counts: Counter[str]) -> None:
    """The seller asks back after the buyer has paid; the answer is reorganised away, again."""
    deal = await _locked(arena)
    await deal.payment_sent()
    await arena.pass_time(PAYMENT_WINDOW_S + 1)
    deal.seller.transact(CONTRACT, calls.request_cancel(deal.terms))
    await arena.settle_down(2)
    assert (await deal.shown())["escrow"]["paid_on_chain"]
    for depth in (2, 5, 8):
        arena.reorganise(depth, _EMPTY)
        counts["reorganisations"] += 1
        arena.rebroadcast()
        await arena.settle_down()
        assert (await deal.shown())["escrow"]["paid_on_chain"]
        await arena.check()
    await deal.refund()
    await arena.mine()
    # The older word does not undo the later one while it is on its way.
    assert await deal.state() == "refunding"
    await _finished(arena, deal, "refunded")


async def test_a_shorter_branch_makes_the_confirmed_fresh(
    arena: Arena, counts: Counter[str]
) -> None:
    """The lock stays, but fewer blocks stand on it than before: it has to wait again."""
    deal = await arena.open()
    deal.lock()
    await arena.mine(arena.stage.settings.confirmations - 1)
    assert await deal.state() == "escrowed"
    arena.stage.node.rpc("anvil_rollback", 2)
    arena.stage.node.rpc("anvil_setCoinbase", "0x" + "7" * 40)
    counts["reorganisations"] += 1
    await arena.mine()
    await arena.check()
    assert await deal.state() == "awaiting_escrow"
    await arena.mine()
    assert await deal.state() == "escrowed"
    await arena.check()
