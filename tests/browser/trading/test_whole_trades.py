"""Whole trades that come to their good end, with every kind of wallet, on desktop and phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.trading.conftest import Meet
from tests.browser.trading.pairs import HALF, Pair
from tests.browser.trading.people import Kind, Person
from tests.browser.trading.starting import PASSPHRASE
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


def test_a_buyer_has_a_keyboard_alone(meet: Meet) -> None:
    seller, buyer = meet("seller-own", "own"), meet("keys-only", "passphrase")
    if not seller.has_offer:
        seller.publish_offer()
    pair = Pair(seller, buyer, (seller.holds(), buyer.holds()))
    page, keys = buyer.page, buyer.page.keyboard
    buyer.go("/")
    buyer.enter("Buy ETH at")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    buyer.tab_to("Amount")
    keys.type("1250")
    expect(page.get_by_role("button", name="Open trade")).to_be_enabled()
    buyer.enter("Open trade")
    expect(page.get_by_role("heading", name="Open this trade?")).to_be_focused()
    buyer.enter("Open the trade")
    _unlocks(buyer)
    expect(page).to_have_url(re.compile("/trades/"))
    trade = page.url.rsplit("/", 1)[1]
    seller.open_trade(trade)
    seller.locked()
    expect(page.get_by_role("button", name="Open payment details")).to_be_visible()
    buyer.enter("Open payment details")
    buyer.reads("Rosa Example")
    expect(page.get_by_role("button", name=re.compile("^I have paid"))).to_be_enabled()
    buyer.enter("I have paid")
    expect(page.get_by_role("dialog")).to_be_visible()
    buyer.enter("I have paid")
    buyer.told(re.compile("has to release the coins$"))
    expect(page.get_by_role("heading", name=re.compile("has to release"))).to_be_focused()
    seller.releases()
    pair.both_told("You bought 0.5 ETH for EUR 1,250.00", "You sold 0.5 ETH for EUR 1,250.00")
    pair.moved(HALF)


def _unlocks(person: Person) -> None:
    """Opens the wallet in the dialog that has taken the focus."""
    expect(person.page.get_by_label("Passphrase", exact=True)).to_be_focused()
    person.page.keyboard.type(PASSPHRASE)
    person.page.keyboard.press("Enter")
    person.is_open = True


@pytest.mark.parametrize("kind", ["own", "passphrase"])
def test_coins_are_bought_by_a_maker(meet: Meet, kind: Kind) -> None:
    """The same the other way round: who made the offer buys, and who takes it locks."""
    buyer, seller = meet(f"seller-{kind}", kind), meet(f"buyer-{kind}", kind)
    buyer.publish_offer("buy", price="2400")
    pair = Pair(seller, buyer, (seller.holds(), buyer.holds()))
    trade = seller.take(buyer, "0.5", sells=True)
    seller.locked()
    buyer.open_trade(trade)
    buyer.pays()
    seller.releases()
    pair.both_told("You bought 0.5 ETH for EUR 1,200.00", "You sold 0.5 ETH for EUR 1,200.00")
    pair.moved(HALF)
