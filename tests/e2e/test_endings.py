"""Every way a trade can end, with either side as maker, in the native coin and in a token.

The seller locks by himself; `tests/faults/test_ways.py` plays the other ways to lock.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from tests.stage import AMOUNTS, CONTRACT, DETAILS, Asset, Stage, Trade
from tradepost.escrow.evm.rebuild import rebuild
from tradepost_contracts import calls

Play = Callable[[Trade], Awaitable[None]]


async def released(trade: Trade) -> None:
    await trade.lock()
    await trade.pay()
    await trade.seller.release(trade.id)
    await trade.stage.confirm()


async def released_early(trade: Trade) -> None:
    """The seller trusts the buyer and does not wait for his word."""
    await trade.lock()
    await trade.seller.release(trade.id)
    await trade.stage.confirm()


async def released_on_chain(trade: Trade) -> None:
    """The seller goes past the exchange."""
    await trade.lock()
    await trade.pay()
    known = await trade.seller.known(trade.id)
    trade.stage.send(trade.seller.wallet.address, CONTRACT, calls.release(known.terms.terms()))
    await trade.stage.confirm()


async def refunded(trade: Trade) -> None:
    await trade.lock()
    await trade.buyer.refund(trade.id)
    await trade.stage.confirm()


async def refunded_after_payment(trade: Trade) -> None:
    """The buyer said that he paid, and gives up all the same."""
    await trade.lock()
    await trade.pay()
    await trade.buyer.refund(trade.id)
    await trade.stage.confirm()


async def cancelled_by_seller_late(trade: Trade) -> None:
    """The buyer does not pay: after the deadline and the challenge the coins go back."""
    await trade.lock()
    await trade.stage.pass_time(15 * 86_400)
    await trade.seller.cancel(trade.id)
    await trade.stage.confirm()
    assert await trade.state() == "refunding"
    await trade.stage.pass_time(trade.stage.settings.challenge_window_s + 1)
    await trade.stage.confirm()


async def cancelled_on_chain(trade: Trade) -> None:
    """The same past the exchange, which still finishes it."""
    await trade.lock()
    await trade.stage.pass_time(15 * 86_400)
    known = await trade.seller.known(trade.id)
    terms = known.terms.terms()
    trade.stage.send(trade.seller.wallet.address, CONTRACT, calls.request_cancel(terms))
    await trade.stage.confirm()
    await trade.stage.pass_time(trade.stage.settings.challenge_window_s + 1)
    await trade.stage.confirm()


async def challenged(trade: Trade) -> None:
    """The seller wants his coins back though the buyer has paid: the exchange brings his word."""
    await trade.lock()
    await trade.pay()
    await trade.stage.pass_time(15 * 86_400)
    known = await trade.seller.known(trade.id)
    terms = known.terms.terms()
    trade.stage.send(trade.seller.wallet.address, CONTRACT, calls.request_cancel(terms))
    await trade.stage.confirm()
    shown = await trade.buyer.client.trade(trade.id)
    assert (shown.state, shown.escrow.paid_on_chain) == ("payment_sent", True)
    await trade.seller.release(trade.id)
    await trade.stage.confirm()


async def paid_within_the_challenge(trade: Trade) -> None:
    """The buyer is late, but answers the request to cancel in time."""
    await trade.lock()
    await trade.seller.send_payment_details(trade.id, DETAILS)
    await trade.stage.pass_time(15 * 86_400)
    await trade.seller.cancel(trade.id)
    await trade.stage.confirm()
    await trade.buyer.payment_sent(trade.id)
    await trade.stage.confirm()
    assert await trade.state() == "payment_sent"
    await trade.seller.release(trade.id)
    await trade.stage.confirm()


async def shared_by_both(trade: Trade) -> None:
    """Buyer and seller agree on half, without anybody else."""
    await trade.lock()
    half = AMOUNTS[trade.asset] / 2
    await trade.buyer.settle(trade.id, half)
    await trade.seller.settle(trade.id, half)
    await trade.stage.confirm()


async def cancelled_by_buyer(trade: Trade) -> None:
    await trade.buyer.cancel(trade.id)


async def cancelled_by_seller(trade: Trade) -> None:
    await trade.seller.cancel(trade.id)


async def expired(trade: Trade) -> None:
    await trade.stage.pass_time(1_801)


async def cancelled_while_locking(trade: Trade) -> None:
    """The lock crosses the buyer's cancellation: the coins go straight back."""
    known = await trade.seller.known(trade.id)
    await trade.buyer.cancel(trade.id)
    terms = known.terms.terms()
    await trade.seller.escrow.lock(known, None, wait=False)
    assert trade.minor == terms.amount
    await trade.stage.confirm()


ENDINGS: dict[Play, tuple[str, float]] = {
    # How the trade ends, and the buyer's share of the coins.
    released: ("completed", 1),
    released_early: ("completed", 1),
    released_on_chain: ("completed", 1),
    refunded: ("refunded", 0),
    refunded_after_payment: ("refunded", 0),
    cancelled_by_seller_late: ("refunded", 0),
    cancelled_on_chain: ("refunded", 0),
    challenged: ("completed", 1),
    paid_within_the_challenge: ("completed", 1),
    shared_by_both: ("resolved", 0.5),
    cancelled_by_buyer: ("cancelled", 0),
    cancelled_by_seller: ("cancelled", 0),
    expired: ("expired", 0),
    cancelled_while_locking: ("refunded", 0),
}


@pytest.mark.parametrize("asset", ["ETH", "USDT"])
@pytest.mark.parametrize("maker_sells", [True, False], ids=["maker_sells", "maker_buys"])
@pytest.mark.parametrize("play", ENDINGS, ids=lambda play: play.__name__)
async def test_a_trade_ends(stage: Stage, play: Play, maker_sells: bool, asset: Asset) -> None:
    trade = await Trade.open(stage, maker_sells=maker_sells, asset=asset)
    before = stage.balance(trade.buyer.wallet.address, asset)
    await play(trade)
    state, share = ENDINGS[play]
    assert await trade.state() == state
    assert stage.balance(trade.buyer.wallet.address, asset) - before == int(trade.minor * share)
    assert stage.balance(CONTRACT, asset) == 0
    trade.conserved()
    assert await rebuild(stage.database, stage.chain, write=False) == []
    offer = await trade.maker.client.offer(trade.offer_id)
    left = AMOUNTS[asset] if state in {"refunded", "cancelled", "expired"} else 0
    assert offer.remaining_amount == left


@pytest.mark.parametrize("ruling", ["0", "0.5", "1.5"])
async def test_an_arbitrator_decides_with_one_of_both(stage: Stage, ruling: str) -> None:
    """A dispute, a ruling, and the side it favours brings the second signature."""
    trade = await Trade.open(stage)
    arbitrator = await stage.arbitrator()
    before = stage.balance(trade.buyer.wallet.address, "ETH")
    await trade.lock()
    await trade.pay()
    await trade.buyer.dispute(trade.id, "paid_not_released")
    assert await trade.state() == "disputed"
    share = Decimal(ruling)
    await arbitrator.settle(trade.id, share)
    willing = trade.seller if share < AMOUNTS["ETH"] / 2 else trade.buyer
    await willing.settle(trade.id, share)
    await stage.confirm()
    assert await trade.state() == "resolved"
    assert stage.balance(trade.buyer.wallet.address, "ETH") - before == int(share * 10**18)
    trade.conserved()
