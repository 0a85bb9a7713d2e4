"""The page before a real browser: what it shows, and what it does when the exchange is away."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.account import Furnished
from tests.browser.conftest import Open
from tests.browser.pages import pages, unfold
from tests.browser.stage import Stage
from tests.browser.visit import PHONE

#: Letters in which English is written where it went through the translators' hands.
_UNTRANSLATED = """() => {
    const plain = /[A-Za-z]{2,}/;
    // An attribute cannot say which part of it is a name: these are.
    const names = /\\b(rosa|bruno|SEPA transfer|SEPA instant transfer|Revolut|Wise)\\b/gi;
    const codes = /\\b(0x[0-9a-fA-F…]+|[A-Z0-9]{2,})\\b/g;
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const at = walker.currentNode;
        const left = at.parentElement.closest(
            '[translate=no], bdi, time, textarea, noscript, script, style',
        );
        if (!left && plain.test(at.textContent)) found.push(at.textContent.trim());
    }
    for (const at of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]')) {
        for (const name of ['aria-label', 'placeholder', 'title', 'alt']) {
            const text = at.getAttribute(name) ?? '';
            const own = text.replaceAll(names, '').replaceAll(codes, '');
            if (plain.test(own)) found.push(`${name}: ${text}`);
        }
    }
    return found;
}"""


def test_the_book_has_the_best_price_first_and_says_what_it_is_for_me(see: Open) -> None:
    one = see()
    one.go("/")
    rows = one.page.get_by_role("listitem")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("0.4% below market")
    expect(rows.last).to_contain_text("3.5% above market")
    one.page.get_by_text("Sell", exact=True).first.click()
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Sell ETH to people")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("0.9% below market")


def test_what_is_looked_for_stands_in_the_address_and_comes_back_with_it(see: Open) -> None:
    one = see()
    one.go("/?amount=250&method=revolut")
    expect(one.page.get_by_label("Amount", exact=True)).to_have_value("250")
    rows = one.page.get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("You get")
    one.page.reload()
    one.settled()
    expect(rows).to_have_count(3)
    rows.first.get_by_role("link").click()
    expect(one.page.get_by_label("Amount", exact=True)).to_have_value("250")
    one.page.go_back()
    expect(one.page.get_by_label("Payment method")).to_have_value("revolut")


def test_no_offer_says_why_and_how_to_go_on(see: Open) -> None:
    one = see()
    one.go("/?amount=999999")
    one.page.get_by_role("button", name="Clear filters").click()
    expect(one.page.get_by_role("listitem")).to_have_count(5)


def test_a_quote_is_the_exchanges_own(see: Open, exchange: Stage) -> None:
    one = see()
    one.go(f"/offers/{exchange.offers[0]['id']}")
    one.page.get_by_label("Amount", exact=True).fill("250")
    expect(one.page.get_by_text("0.10040161 ETH")).to_be_visible()
    one.page.get_by_label("Amount", exact=True).fill("3")
    expect(one.page.get_by_text("This amount is outside of")).to_be_visible()


def test_the_stream_is_followed_through_a_cut(see: Open, exchange: Stage) -> None:
    one = see()
    exchange.do(exchange.offer(currency="USD", price="2700", payment_methods=["wise"]))
    one.go("/?currency=USD")
    expect(one.page.get_by_text("live", exact=True)).to_be_visible()
    rows = one.page.get_by_role("listitem")
    expect(rows).to_have_count(1)
    exchange.do(exchange.offer(currency="USD", price="2690", payment_methods=["wise"]))
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2,690.00")
    one.cut = True
    exchange.do(exchange.wire.cut())
    expect(one.page.get_by_text("Not live: connecting again")).to_be_visible()
    exchange.do(exchange.offer(currency="USD", price="2680", payment_methods=["wise"]))
    with one.page.expect_request(re.compile("/v1/stream")) as again:
        exchange.do(exchange.wire.mend())
    expect(one.page.get_by_text("live", exact=True)).to_be_visible()
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("2,680.00")
    position = again.value.header_value("Last-Event-ID") or again.value.url
    assert "offers:ETH-USD" in position or "resume_from=" in position


def test_without_a_network_the_page_says_so_and_keeps_what_it_has(see: Open) -> None:
    one = see(size=PHONE)
    one.go("/")
    one.cut = True
    one.context.set_offline(True)
    expect(one.page.get_by_text("You are offline.")).to_be_visible()
    expect(one.page.get_by_role("listitem")).to_have_count(5)
    one.context.set_offline(False)
    expect(one.page.get_by_text("You are offline.")).to_have_count(0)


def test_an_exchange_that_is_away_is_told_with_what_is_safe_and_tried_again(
    see: Open, exchange: Stage
) -> None:
    one = see()
    one.go("/settings")
    one.cut = True
    one.page.route("**/v1/offers*", lambda route: route.abort())
    one.page.get_by_role("link", name="Offers").click()
    alert = one.page.get_by_role("alert")
    expect(alert).to_contain_text("Escrowed coins are not affected")
    one.page.unroute_all()
    alert.get_by_role("button", name="Try again").click()
    expect(one.page.get_by_role("listitem")).to_have_count(5)


def test_a_theme_and_a_language_stay_chosen(see: Open) -> None:
    one = see()
    one.go("/settings")
    one.page.get_by_role("radio", name="Dark").check()
    dark = one.page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    one.page.get_by_role("link", name="Market").click()
    one.settled()
    one.page.reload()
    one.settled()
    assert dark == one.page.evaluate(
        "() => getComputedStyle(document.documentElement).backgroundColor"
    )


@pytest.mark.parametrize("signed_in", [True, False], ids=["reader", "nobody"])
def test_nothing_is_said_that_was_never_translated(
    look: Open, house: Furnished, signed_in: bool
) -> None:
    one = look(house.reader if signed_in else None, language="pseudo")
    said: dict[str, list[str]] = {}
    for paths in pages(house).values():
        for path in paths if signed_in else paths[:1]:
            one.go(path)
            unfold(one)
            said[path] = one.page.evaluate(_UNTRANSLATED)
    assert {path: found for path, found in said.items() if found} == {}


@pytest.mark.parametrize("language", ["es", "pt", "ar", "ru", "zh", "hi", "fr", "de"])
def test_each_language_is_spoken_and_fits_a_phone(
    see: Open, exchange: Stage, language: str
) -> None:
    one = see(size=PHONE, language=language)
    one.go("/")
    assert one.page.evaluate("() => document.documentElement.lang") == language
    expect(one.page.get_by_role("listitem")).to_have_count(5)
    expect(one.page.get_by_text("from people")).to_have_count(0)
    wider = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert one.page.evaluate(wider) == 0
