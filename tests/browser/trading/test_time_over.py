"""Ends that come because somebody let his time go by."""

import re

import pytest

from tests.browser.trading.pairs import HALF, Pair
from tests.browser.trading.stage import TradingStage
from tests.stage import CONTRACT
from tradepost_contracts import calls

#: More than an offer gives for the lock, and more than its payment method has.
_TO_LOCK_S = 1_801
_TO_PAY_S = 4 * 86_400
_ON_CHAIN = re.compile("^The buyer.s word that the payment was sent is on the chain")


def test_nobody_locks_in_time(pair: Pair, stage: TradingStage) -> None:
    trade = pair.take()
    pair.seller.open_trade(trade)
    stage.pass_time(_TO_LOCK_S)
    pair.both_told("This trade has expired")
    pair.moved(0)


def test_the_seller_takes_back_what_nobody_paid_for(pair: Pair, stage: TradingStage) -> None:
    pair.locked()
    stage.pass_time(_TO_PAY_S)
    pair.seller.reload()  # his page waits for the time by a clock that has not moved
    pair.seller.told("The time to pay is over")
    pair.seller.asks_and_says_yes("Ask for the coins back")
    pair.seller.told("The coins are on their way back to you")
    pair.seller.reads("Until the time is over, the buyer can still say")
    pair.buyer.reads("asks for the coins back. Have you paid?")
    stage.pass_time(stage.inner.settings.challenge_window_s + 1)
    pair.both_told("The coins went back to the seller", "You have the coins back")
    pair.moved(0)


def test_the_buyer_answers_within_the_challenge(pair: Pair, stage: TradingStage) -> None:
    pair.locked()
    stage.pass_time(_TO_PAY_S)
    pair.seller.reload()  # his page waits for the time by a clock that has not moved
    pair.seller.told("The time to pay is over")
    pair.seller.asks_and_says_yes("Ask for the coins back")
    pair.buyer.reads("asks for the coins back. Have you paid?")
    pair.buyer.says_paid()
    pair.seller.told("Have EUR 1,250.00 arrived?")
    pair.seller.reads(_ON_CHAIN)
    pair.seller.releases()
    pair.buyer.told("You bought 0.5 ETH for EUR 1,250.00")
    pair.moved(HALF)


@pytest.mark.parametrize("pair", ["own-sells"], indirect=True)
def test_a_seller_who_goes_past_the_exchange_is_answered_by_it(
    pair: Pair, stage: TradingStage
) -> None:
    trade = pair.locked()
    pair.buyer.pays()
    pair.seller.told("Have EUR 1,250.00 arrived?")
    stage.pass_time(_TO_PAY_S)
    trader = stage.do(stage.inner.trader(pair.seller.wallet.keys))
    terms = stage.do(trader.client.trade(trade)).escrow.terms.terms()
    stage.inner.send(pair.seller.address, CONTRACT, calls.request_cancel(terms))
    pair.buyer.reload()
    pair.buyer.reads(_ON_CHAIN)
    stage.pass_time(stage.inner.settings.challenge_window_s + 1)
    pair.seller.releases()
    pair.buyer.told("You bought 0.5 ETH for EUR 1,250.00")
    pair.moved(HALF)
