"""The ends of a trade that nobody wishes for, by both kinds of wallet on each side."""

import re
from decimal import Decimal

import pytest

from tests.browser.trading.pairs import Pair
from tests.browser.trading.people import ETH
from tests.browser.trading.stage import TradingStage


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_either_cancels_before_the_lock(pair: Pair, who: str) -> None:
    trade = pair.take()
    pair.seller.open_trade(trade)
    one = pair.seller if who == "seller" else pair.buyer
    one.asks_and_says_yes("Cancel this trade")
    pair.both_told("This trade was cancelled")
    pair.moved(0)


def test_the_buyer_gives_the_coins_back(pair: Pair) -> None:
    pair.locked()
    pair.buyer.asks_and_says_yes("Give the coins back")
    pair.both_told("The coins went back to the seller", "You have the coins back")
    pair.moved(0)


def test_both_share_the_coins_after_a_dispute(pair: Pair) -> None:
    pair.locked()
    pair.buyer.pays()
    pair.buyer.told(re.compile("has to release the coins$"))
    pair.buyer.calls_the_arbitrator("The payment was sent, and the coins were not released")
    pair.both_told("The arbitrator has been called")
    pair.seller.reads("The payment was sent, and the coins were not released")
    pair.seller.proposes_share("0.2")
    pair.buyer.agrees_to("0.2 ETH to the buyer, 0.3 ETH to the seller")
    pair.both_told("The coins were shared")
    pair.moved(ETH // 5)


def test_the_arbitrator_decides_with_the_buyer(pair: Pair, stage: TradingStage) -> None:
    trade = pair.locked()
    pair.buyer.pays()
    pair.seller.told("Have EUR 1,250.00 arrived?")
    pair.seller.calls_the_arbitrator("The payment has not arrived")
    pair.both_told("The arbitrator has been called")
    arbitrator = stage.do(stage.inner.arbitrator())
    stage.do(arbitrator.settle(trade, Decimal("0.4")))
    pair.seller.reads("The arbitrator proposes")
    pair.buyer.agrees_to("0.4 ETH to the buyer, 0.1 ETH to the seller")
    pair.both_told("The coins were shared")
    pair.moved(ETH * 2 // 5)
