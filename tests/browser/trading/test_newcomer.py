"""A newcomer's first trade on a sandbox as one command starts it, from the first load on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.trading.starting import SAID_NO
from tests.browser.visit import DESKTOP, PHONE, Visit, visit
from tests.e2e.test_sandbox import Sandbox
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.page import build

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

PASSPHRASE = "lantern orbit velvet quarry"
#: What the first minutes may take, and how often a newcomer may have to press something.
MOST_S, MOST_PRESSES = 180, 16
#: A simulated trader and the chain take their time; a bound, not a wait.
_ANSWERED_MS = 60_000


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with its simulated traders."""
    build(Console())
    started = Sandbox(tmp_path_factory.mktemp("sandbox"))
    try:
        yield started
    finally:
        started.stop()
        print(started.said())  # pytest shows it where a test has failed


@dataclass
class Newcomer:
    """Somebody who has never been here; he counts what he presses, and when he got where."""

    one: Visit
    began: float = field(default_factory=monotonic)
    presses: int = 0
    reached: list[str] = field(default_factory=list)

    def press(self, what: Locator) -> None:
        """Presses it, once it can be pressed."""
        expect(what).to_be_enabled(timeout=_ANSWERED_MS)
        what.click()
        self.presses += 1

    def button(self, name: str) -> None:
        """Presses the button of that name."""
        self.press(self.one.page.get_by_role("button", name=re.compile(name)))

    def link(self, name: str) -> None:
        """Follows the link of that name."""
        self.press(self.one.page.get_by_role("link", name=re.compile(name)))

    def at(self, heading: str) -> None:
        """Waits for a heading of this name."""
        found = self.one.page.get_by_role("heading", name=re.compile(heading))
        expect(found).to_be_visible(timeout=_ANSWERED_MS)
        self.reached.append(
            f"{monotonic() - self.began:6.1f} s, {self.presses:2} presses: {heading}"
        )


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_newcomer_finishes_a_trade_within_three_minutes(
    browser: Browser, sandbox: Sandbox, size: tuple[int, int]
) -> None:
    one = visit(browser, sandbox.url, size=size)
    newcomer = Newcomer(one)
    one.go("/")
    newcomer.at("Buy ETH from people")
    begin(newcomer, "desktop" if size == DESKTOP else "phone")
    newcomer.button("^Get coins for trial$")
    expect(one.page.get_by_text("On their way to your wallet")).to_be_visible()
    newcomer.link("^Buy a little")
    newcomer.at("Buy ETH for EUR")
    buy(newcomer)
    took = monotonic() - newcomer.began
    print(*newcomer.reached, f"a first trade: {took:.1f} s, {newcomer.presses} presses", sep="\n")
    one.context.close()
    assert [fault for fault in one.faults if not SAID_NO.search(fault)] == []
    assert took < MOST_S
    assert newcomer.presses <= MOST_PRESSES


def begin(newcomer: Newcomer, name: str) -> None:
    """Makes an account with a wallet in this browser."""
    page = newcomer.one.page
    newcomer.link("^Start$")
    newcomer.at("Start trading")
    newcomer.link("^Create one here")
    newcomer.at("Your name and its lock")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    newcomer.button("^Continue$")
    newcomer.at("Write down these 12 words")
    words = page.get_by_role("list", name="Your 12 words").locator("li > span:last-child")
    written = words.all_inner_texts()
    newcomer.button("^I have written them down$")
    newcomer.at("Confirm three of them")
    for asked in page.get_by_label(re.compile("^Word number")).all():
        label = asked.evaluate("element => element.labels[0].textContent")
        asked.fill(written[int(re.findall(r"\d+", label)[0]) - 1])
    newcomer.button("^Create my account$")
    newcomer.at(f"You are ready, {name}")


def buy(newcomer: Newcomer) -> None:
    """Takes the offer that stands there, pays, and gets the coins."""
    page = newcomer.one.page
    newcomer.button("^Leave$")
    newcomer.button("^Open trade$")
    newcomer.at("Open this trade")
    newcomer.button("^Open the trade$")
    newcomer.at("Pay EUR 50.00")
    newcomer.button("^Open payment details$")
    expect(page.get_by_text("DE02")).to_be_visible()
    newcomer.button("^I have paid")
    paid = page.get_by_role("dialog").get_by_role("button", name=re.compile("^I have paid"))
    newcomer.press(paid)
    newcomer.at("You bought .* ETH for EUR")
