"""Whole trades that come to their good end, with every kind of wallet."""

import pytest

from tests.browser.trading.conftest import Meet
from tests.browser.trading.people import ETH, Kind


@pytest.mark.parametrize("kind", ["own", "passphrase"])
def test_coins_are_sold_for_money(meet: Meet, kind: Kind) -> None:
    seller, buyer = meet(f"seller-{kind}", kind), meet(f"buyer-{kind}", kind)
    seller.publish_offer()
    before = buyer.holds()
    trade = buyer.take(seller, "0.5")
    seller.open_trade(trade)
    seller.locked()
    buyer.pays()
    seller.releases()
    buyer.told("You bought 0.5 ETH for EUR 1,250.00")
    seller.told("You sold 0.5 ETH for EUR 1,250.00")
    assert buyer.holds() == before + ETH // 2
