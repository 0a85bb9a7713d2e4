"""What axe-core and a keyboard find, on every page, in every theme, width and direction."""

import re
from itertools import product

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.stage import Stage
from tests.browser.visit import DESKTOP, PHONE, Visit

_NOT_FOUND = "Failed to load resource: the server responded with a status of 404"


def paths(exchange: Stage) -> list[str]:
    """Every page of the map, the one for what is not there among them."""
    offer = exchange.offers[1]["id"]
    return [
        "/",
        "/?method=none_has_this",
        f"/offers/{offer}?amount=250",
        "/offers/new",
        "/my/offers",
        "/market",
        "/settings",
        "/settings/payment-accounts",
        "/start",
        "/start?way=new",
        "/start?way=back",
        "/wallet",
        "/settings/payment-accounts",
        "/no",
    ]


@pytest.mark.parametrize(
    ("size", "theme", "language"), list(product((DESKTOP, PHONE), ("light", "dark"), ("en", "ar")))
)
def test_no_page_breaks_wcag(
    see: Open, exchange: Stage, size: tuple[int, int], theme: str, language: str
) -> None:
    one = see(size=size, theme=theme, language=language)
    for path in paths(exchange):
        one.go(path)
        assert one.axe() == [], path
        assert overflow(one) == 0, path
    one.faults[:] = [fault for fault in one.faults if _NOT_FOUND not in fault]


def test_the_table_of_a_chart_breaks_nothing_either(see: Open) -> None:
    one = see()
    one.go("/market")
    one.page.get_by_role("button", name="Show as a table").click()
    expect(one.page.get_by_role("table", name="To buy")).to_be_visible()
    assert one.axe() == []


def overflow(one: Visit) -> int:
    """By how many pixels the page is wider than the screen."""
    wider: int = one.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


@pytest.mark.parametrize("path", ["/", "/offers/new", "/market", "/settings"])
def test_each_stop_of_the_keyboard_can_be_seen(see: Open, path: str) -> None:
    one = see()
    one.go(path)
    stops: list[str] = []
    while True:
        one.page.keyboard.press("Tab")
        if one.page.evaluate("() => document.activeElement === document.body"):
            break
        stops.append(one.focused())
        assert len(stops) < 100, "the keyboard is caught"
        assert one.page.evaluate(
            """() => {
                const marked = (element) => getComputedStyle(element).outlineStyle !== 'none';
                const at = document.activeElement;
                return marked(at) || (at.closest('label') !== null && marked(at.closest('label')));
            }"""
        ), f"{stops[-1]} does not show that it has the focus"
    assert stops[0] == "Skip to the page"
    assert len(stops) > 6


def test_an_offer_is_found_and_read_by_the_keyboard_alone(see: Open) -> None:
    one = see()
    one.go("/")
    keys = one.page.keyboard
    keys.press("Tab")
    keys.press("Enter")
    assert one.page.evaluate("() => document.activeElement.id") == "main"
    while one.focused() != "Buy":
        keys.press("Tab")
    keys.press("ArrowRight")
    expect(one.page).to_have_url(re.compile(r"direction=sell"))
    keys.press("ArrowLeft")
    expect(one.page).not_to_have_url(re.compile(r"direction"))
    keys.press("Tab")
    keys.type("250")
    expect(one.page).to_have_url(re.compile(r"amount=250"))
    one.settled()
    while not one.focused().startswith("Buy ETH at"):
        keys.press("Tab")
    keys.press("Enter")
    expect(one.page.get_by_role("heading", level=1)).to_be_focused()
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Buy ETH for EUR")
    expect(one.page.get_by_text("You pay", exact=True)).to_be_visible()
