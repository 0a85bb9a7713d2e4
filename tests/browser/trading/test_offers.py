"""Offers before a real browser, a whole exchange and real wallets: made, kept, and taken."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.trading.conftest import Open
from tests.browser.trading.own_wallet import OwnWallet
from tests.browser.trading.stage import TradingStage
from tests.browser.trading.starting import press
from tests.browser.visit import DESKTOP, PHONE, Visit
from tradepost_client import Wallet

IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def trader(see: Open, stage: TradingStage) -> Open:
    """Opens the page as somebody with an own wallet and an account."""

    def begin(**how: Any) -> Visit:
        one = see(**how)
        OwnWallet(Wallet.create(), stage.inner.node).attach(one.context)
        one.go("/start?way=own&then=%2Fmy%2Foffers")
        press(one.page, "Test Wallet")
        press(one.page, "Go on where you were")
        shown(one, "My offers")
        return one

    return begin


def connect(page: Page) -> None:
    """Lets the page have the wallet again, which it has lost with its last address."""
    page.get_by_role("dialog").get_by_role("button", name="Connect", exact=True).click()


def shown(one: Visit, heading: str) -> None:
    """Waits for a page or a step, and lets axe look at it."""
    expect(one.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(one.page.locator("[aria-busy=true]")).to_have_count(0)
    assert one.axe() == [], heading
    wider = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert one.page.evaluate(wider) == 0, heading


def make(one: Visit, price: str) -> None:
    """Publishes an offer to sell at a fixed price, step by step."""
    page = one.page
    one.go("/offers/new")
    shown(one, "Direction and coin")
    press(page, "Next")
    shown(one, "Price")
    page.get_by_role("radio", name=re.compile("It is fixed")).check()
    page.get_by_label(re.compile("^Price of one")).fill(price)
    expect(page.get_by_text("No offer in the book is better")).to_be_visible()
    press(page, "Next")
    shown(one, "Amounts and terms")
    page.get_by_label("Least at once").fill("50")
    page.get_by_label("Most at once").fill("500")
    page.get_by_label("Over all trades").fill("1000")
    page.get_by_role("searchbox").fill("SEPA instant")
    page.get_by_role("checkbox", name=re.compile("SEPA instant")).check()
    press(page, "Next")
    page.reload()
    shown(one, "As takers see it")
    press(page, "Publish")
    connect(page)
    expect(page.get_by_text("Your offer is published.")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_payment_account_is_sealed_and_opened_again(trader: Open, size: tuple[int, int]) -> None:
    one = trader(size=size)
    page = one.page
    one.go("/settings/payment-accounts")
    press(page, "Add a payment account")
    page.get_by_role("searchbox").fill("sepa inst")
    page.get_by_role("button", name=re.compile("SEPA instant")).click()
    page.get_by_label("Account holder").fill("Rosa Luz")
    page.get_by_label("IBAN").fill(IBAN.replace("89", "88", 1))
    press(page, "Seal and keep it")
    expect(page.get_by_text("There can be no such number")).to_be_visible()
    assert one.axe() == []
    page.get_by_label("IBAN").fill(IBAN)
    with page.expect_request("**/v1/payment-accounts") as kept:
        press(page, "Seal and keep it")
        connect(page)
    assert "Rosa" not in (kept.value.post_data or "")
    expect(page.get_by_text("Rosa Luz")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sealed", exact=True)).to_be_visible()
    press(page, "Open them")
    connect(page)
    expect(page.get_by_text(IBAN)).to_be_visible()
    assert one.axe() == []
    press(page, "Delete SEPA instant transfer")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("You have none yet")).to_be_visible()


def test_an_offer_is_made_kept_and_taken(trader: Open) -> None:
    maker, taker = trader(), trader(size=PHONE)
    make(maker, "2400")
    press(maker.page, "Change the price, EUR 2,400.00")
    maker.page.get_by_label("Price", exact=True).fill("2390")
    press(maker.page, "Save")
    expect(maker.page.get_by_text("EUR 2,390.00")).to_be_visible()
    shown(maker, "My offers")

    taker.go("/")
    taker.page.get_by_role("link", name=re.compile("^Buy ETH at EUR 2,390.00")).click()
    shown(taker, "Buy ETH for EUR")
    taker.page.get_by_label("Amount", exact=True).fill("239")
    press(taker.page, "Open trade")
    shown(taker, "Open this trade?")
    expect(taker.page.get_by_text("0.1 ETH")).to_be_visible()
    press(taker.page, "Open the trade")
    connect(taker.page)
    taker.page.wait_for_url("**/trades/*")

    maker.go("/my/offers")
    expect(maker.page.get_by_text("EUR 761.00 left of EUR 1,000.00")).to_be_visible()
    press(maker.page, "Pause ETH/EUR")
    expect(maker.page.get_by_text("You have paused it")).to_be_visible()
    press(maker.page, "Close ETH/EUR")
    assert maker.axe() == []
    press(maker.page, "Close it")
    expect(maker.page.get_by_role("heading", name="Closed")).to_be_visible()


def test_ones_own_offer_is_not_to_be_taken(trader: Open) -> None:
    one = trader()
    make(one, "2300")
    one.page.get_by_role("link", name="You sell ETH for EUR").click()
    expect(one.page.get_by_text("This offer is your own.")).to_be_visible()
    expect(one.page.get_by_role("button", name="Open trade")).to_have_count(0)
