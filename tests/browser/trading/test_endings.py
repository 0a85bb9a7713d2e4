"""The ends of a trade that nobody wishes for, by both kinds of wallet on each side."""

import re
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.browser.trading.conftest import Meet
from tests.browser.trading.people import ETH, Person
from tests.browser.trading.stage import TradingStage
from tests.browser.visit import PHONE

#: What transactions of his own may cost somebody.
_GAS = ETH // 100
AMOUNT = "0.5"
HALF = ETH // 2


@dataclass
class Pair:
    """Who sells and who buys, and what both had before."""

    seller: Person
    buyer: Person
    before: tuple[int, int]

    def take(self) -> str:
        """The buyer takes the seller's offer."""
        return self.buyer.take(self.seller, AMOUNT)

    def locked(self) -> str:
        """The same, and the seller has locked the coins."""
        trade = self.take()
        self.seller.open_trade(trade)
        self.seller.locked()
        return trade

    def both_told(self, buyer: str, seller: str | None = None) -> None:
        """Waits until both pages say how it stands."""
        self.buyer.told(buyer)
        self.seller.told(seller or buyer)

    def moved(self, coins: int) -> None:
        """Holds what both have against what has moved from one to the other, in wei."""
        seller, buyer = self.before
        assert self.buyer.holds() - buyer == coins
        assert 0 <= seller - self.seller.holds() - coins < _GAS


@pytest.fixture(params=["own-sells", "built-in-sells"])
def pair(request: pytest.FixtureRequest, meet: Meet) -> Pair:
    """A seller with an offer, and a buyer; one of them has a wallet of his own."""
    if request.param == "own-sells":
        seller, buyer = meet("own-seller", "own"), meet("made-buyer", "passphrase", PHONE)
    else:
        seller, buyer = meet("made-seller", "passphrase"), meet("own-buyer", "own", PHONE)
    if not seller.has_offer:
        seller.publish_offer()
    return Pair(seller, buyer, (seller.holds(), buyer.holds()))


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
