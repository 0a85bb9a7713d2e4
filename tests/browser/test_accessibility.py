"""What axe-core and a keyboard find, on every page, in every theme, width and direction.

A reader with an account sees each page in every width, theme and direction. For nobody each page
is turned to every width in one theme or the other, so that every pair of the three stands before
axe-core. Further addresses of a route (a trade in its other states, the steps of an offer) are
looked at once, each in the next combination.
"""

import re
from collections.abc import Iterator
from itertools import cycle, product

import pytest
from playwright.sync_api import expect

from tests.browser.account import Furnished
from tests.browser.conftest import Open
from tests.browser.pages import NOWHERE, pages, routes, unfold
from tests.browser.visit import DESKTOP, PHONE, TABLET, Visit

#: A page in all its looks is one test.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
#: All widths and themes.
ALL = tuple(product((PHONE, TABLET, DESKTOP), ("light", "dark")))
#: The widths and themes of a direction; both directions together have each of them.
LOOKS = {
    "en": ((PHONE, "light"), (TABLET, "dark"), (DESKTOP, "light")),
    "ar": ((PHONE, "dark"), (TABLET, "light"), (DESKTOP, "dark")),
}
#: The operator's own, which nobody else is shown.
_ADMIN = "/admin"


def faults(one: Visit, *looks: tuple[tuple[int, int], str]) -> Iterator[str]:
    """What is wrong with the page as it stands, in each of these looks."""
    for size, theme in looks:
        one.turn(size, theme)
        one.settled()
        at = f"{one.page.url} {size[0]} {theme}"
        yield from (f"{at}: {found}" for found in one.axe())
        if wider := one.overflow():
            yield f"{at}: {wider} pixels wider than the screen"


def test_every_route_of_the_map_is_looked_at(house: Furnished) -> None:
    assert set(pages(house)) == routes() | {NOWHERE}


@pytest.mark.parametrize("language", LOOKS)
@pytest.mark.parametrize("signed_in", [True, False], ids=["reader", "nobody"])
def test_no_page_breaks_wcag(look: Open, house: Furnished, signed_in: bool, language: str) -> None:
    one = look(house.reader if signed_in else None, language=language)
    found: list[str] = []
    for first, *_ in pages(house).values():
        one.go(first)
        unfold(one)
        found += faults(one, *(ALL if signed_in else LOOKS[language]))
    assert found == []


@pytest.mark.parametrize("language", LOOKS)
def test_no_state_of_a_page_breaks_wcag(look: Open, house: Furnished, language: str) -> None:
    one = look(house.reader, language=language)
    looks = cycle(LOOKS[language])
    found: list[str] = []
    for _, *others in pages(house).values():
        for path in others:
            one.go(path)
            found += faults(one, next(looks))
    assert found == []


@pytest.mark.parametrize("language", LOOKS)
def test_what_an_operator_sees_breaks_nothing(look: Open, house: Furnished, language: str) -> None:
    one = look(house.operator, language=language)
    one.go(_ADMIN)
    assert list(faults(one, *LOOKS[language])) == []


def test_the_table_of_a_chart_breaks_nothing_either(see: Open) -> None:
    one = see()
    one.go("/market")
    one.page.get_by_role("button", name="Show as a table").click()
    expect(one.page.get_by_role("table", name="To buy")).to_be_visible()
    assert one.axe() == []


#: What opens something over a page: where, by which button, and what is there then.
_OPENED = {
    "account": ("/trades", "^Your account", "[aria-expanded=true]"),
    "tour": ("/", "^How it works$", "[role=dialog]"),
    "unlock": ("/settings/payment-accounts", "^Open them$", "dialog[open]"),
    "delete": ("/settings/payment-accounts", "^Delete", "dialog[open]"),
    "send": ("/wallet", "^Send ETH$", "form"),
    "paid": ("buyer-told", "^I have paid EUR", "dialog[open]"),
    "arbitrator": ("buyer-told", "^Call the arbitrator$", "dialog[open]"),
    "release": ("seller-payment_sent", "^I received EUR", "dialog[open]"),
    "share": ("seller-payment_sent", "^Share the coins$", "dialog[open]"),
}


@pytest.mark.parametrize("name", _OPENED)
def test_what_opens_over_a_page_breaks_nothing(look: Open, house: Furnished, name: str) -> None:
    where, button, opened = _OPENED[name]
    path = f"/trades/{house.trades[where]}" if where in house.trades else where
    one = look(house.reader)
    one.go(path)
    one.page.get_by_role("button", name=re.compile(button)).first.click()
    expect(one.page.locator(opened).first).to_be_visible()
    assert list(faults(one, (DESKTOP, "light"), (TABLET, "dark"), (PHONE, "dark"))) == []


#: Pages with much to press; names of trades among them.
_STOPS = (
    "/",
    "/market",
    "/settings",
    "/wallet",
    "/trades",
    "/notifications",
    "/my/offers",
    "/offers/new",
    "/settings/webhooks",
    "/settings/tokens",
    "/settings/payment-accounts",
    "buyer-told",
    "seller-payment_sent",
)


@pytest.mark.parametrize("where", _STOPS)
def test_each_stop_of_the_keyboard_can_be_seen(look: Open, house: Furnished, where: str) -> None:
    one = look(house.reader)
    one.go(f"/trades/{house.trades[where]}" if where in house.trades else where)
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
