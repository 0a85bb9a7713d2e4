"""What goes wrong on the way: a wallet that says no, a line that breaks, a page that dies."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.trading.pairs import HALF, Pair
from tests.browser.trading.people import press_in
from tests.browser.trading.stage import TradingStage

pytestmark = pytest.mark.parametrize("pair", ["own-sells"], indirect=True)
_BOUGHT = "You bought 0.5 ETH for EUR 1,250.00"


@contextmanager
def cut_off(pair: Pair, stage: TradingStage) -> Iterator[None]:
    """Nothing gets from the pages to the exchange, or back."""
    for person in (pair.seller, pair.buyer):
        person.visit.cut = True
    stage.do(stage.wire.cut())
    try:
        yield
    finally:
        stage.do(stage.wire.mend())


def test_a_wallet_refuses_is_on_another_network_and_replaces_its_transaction(pair: Pair) -> None:
    trade, seller = pair.take(), pair.seller
    seller.open_trade(trade)
    seller.looks_how_to_lock()
    seller.wallet.refuses = True
    seller.locks_now()
    seller.reads("You have not signed. Nothing has happened.")
    seller.wallet.chain_id = 1
    seller.locks_now()
    seller.reads("Your wallet is on another network.")
    pair.moved(0)
    seller.wallet.refuses, seller.wallet.replaces = False, True
    seller.press("Change the network")
    seller.told(re.compile("has to pay$"))
    assert (seller.wallet.chain_id, seller.wallet.replaces) == (31337, False)
    pair.buyer.asks_and_says_yes("Give the coins back")
    pair.both_told("The coins went back to the seller", "You have the coins back")
    pair.moved(0)


def test_the_exchange_goes_away_and_comes_back(pair: Pair, stage: TradingStage) -> None:
    trade = pair.locked()
    pair.buyer.pays()
    pair.seller.told("Have EUR 1,250.00 arrived?")
    with cut_off(pair, stage):
        pair.seller.releases()
        pair.seller.reads("The exchange or the chain did not answer. What was sent is not lost.")
    card = pair.seller.page.get_by_role("region", name="Have EUR 1,250.00 arrived?")
    press_in(card, "Try again")
    pair.both_told(_BOUGHT, "You sold 0.5 ETH for EUR 1,250.00")
    pair.moved(HALF)
    assert pair.buyer.page.url.endswith(trade)


def test_what_happened_while_the_line_was_cut_is_told(pair: Pair, stage: TradingStage) -> None:
    trade = pair.take()
    pair.seller.open_trade(trade)
    trader = stage.do(stage.inner.trader(pair.seller.wallet.keys))
    with cut_off(pair, stage):
        stage.do(trader.client.cancel(trade))
    pair.both_told("This trade was cancelled")
    pair.moved(0)


def test_both_pages_are_loaded_anew_at_each_step(pair: Pair, stage: TradingStage) -> None:
    trade, seller, buyer = pair.take(), pair.seller, pair.buyer
    seller.open_trade(trade)
    buyer.reload()
    buyer.told(re.compile("has to lock the coins$"))
    seller.reload()
    seller.looks_how_to_lock()
    seller.reload()
    seller.looks_how_to_lock()
    stage.stands_still = True
    seller.locks_now()
    expect(seller.page.get_by_role("main")).to_contain_text("1 of 3 confirmations")
    seller.reload()
    stage.stands_still = False
    seller.be_paid_there("Send payment details")
    buyer.reload()
    buyer.told("Pay EUR 1,250.00")
    seller.reload()
    seller.told(re.compile("has to pay$"))
    buyer.reads_details()
    buyer.reload()
    buyer.says_paid()
    buyer.told(re.compile("has to release the coins$"))
    buyer.reload()
    buyer.told(re.compile("has to release the coins$"))
    seller.reload()
    seller.releases()
    seller.told(re.compile("The coins are on their way|You sold"))
    seller.reload()
    pair.both_told(_BOUGHT, "You sold 0.5 ETH for EUR 1,250.00")
    pair.moved(HALF)
