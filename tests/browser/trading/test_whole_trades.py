"""Whole trades that come to their good end, with every kind of wallet, on desktop and phone."""

import pytest

from tests.browser.trading.conftest import Meet
from tests.browser.trading.pairs import HALF, Pair
from tests.browser.trading.people import Kind
from tests.browser.visit import DESKTOP, PHONE


@pytest.mark.parametrize(
    ("kind", "sells_on", "buys_on"),
    [("own", DESKTOP, DESKTOP), ("passphrase", PHONE, PHONE), ("passkey", DESKTOP, PHONE)],
)
def test_coins_are_sold_for_money(
    meet: Meet, kind: Kind, sells_on: tuple[int, int], buys_on: tuple[int, int]
) -> None:
    seller, buyer = meet(f"seller-{kind}", kind, sells_on), meet(f"buyer-{kind}", kind, buys_on)
    seller.publish_offer()
    pair = Pair(seller, buyer, (seller.holds(), buyer.holds()))
    pair.locked()
    buyer.pays()
    seller.told("Have EUR 1,250.00 arrived?")
    seller.releases()
    pair.both_told("You bought 0.5 ETH for EUR 1,250.00", "You sold 0.5 ETH for EUR 1,250.00")
    pair.moved(HALF)


@pytest.mark.parametrize("kind", ["own", "passphrase"])
def test_coins_are_bought_by_a_maker(meet: Meet, kind: Kind) -> None:
    """The same the other way round: who made the offer buys, and who takes it locks."""
    buyer, seller = meet(f"seller-{kind}", kind), meet(f"buyer-{kind}", kind)
    buyer.publish_offer("buy", price="2400")
    pair = Pair(seller, buyer, (seller.holds(), buyer.holds()))
    trade = seller.take(buyer, "0.5")
    seller.locked()
    buyer.open_trade(trade)
    buyer.pays()
    seller.releases()
    pair.both_told("You bought 0.5 ETH for EUR 1,200.00", "You sold 0.5 ETH for EUR 1,200.00")
    pair.moved(HALF)
