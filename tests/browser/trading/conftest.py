"""A whole exchange for each file, and people before it whose pages must do nothing wrong."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests import worlds
from tests.browser.trading.pairs import Pair
from tests.browser.trading.people import Company, Person
from tests.browser.trading.stage import TradingStage, trading_stage
from tests.browser.trading.starting import SAID_NO
from tests.browser.visit import PHONE, Visit, visit
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.page import build

Open = Callable[..., Visit]
Meet = Callable[..., Person]


@pytest.fixture(scope="module")
def stage(postgres: str, template: str) -> Iterator[TradingStage]:
    """A whole exchange on a chain of its own."""
    build(Console())
    with worlds.copy_of(postgres, template) as url, trading_stage(url) as opened:
        yield opened


@pytest.fixture
def see(browser: Browser, stage: TradingStage) -> Iterator[Open]:
    """Opens the page as somebody new; faults fail the test."""
    opened: list[Visit] = []

    def begin(**how: Any) -> Visit:
        one = visit(browser, stage.url, **how)
        opened.append(one)
        return one

    yield begin
    for one in opened:
        one.context.close()
        _nothing_wrong(one)


@pytest.fixture(scope="module")
def company(browser: Browser, stage: TradingStage) -> Iterator[Company]:
    """The people of a file, who stay before their pages from test to test."""
    opened = Company(browser, stage)
    yield opened
    opened.leave()


@pytest.fixture
def meet(company: Company) -> Iterator[Meet]:
    """Somebody by his name, who is made the first time; faults of anybody fail the test."""
    yield company.meet
    for person in company.people:
        _nothing_wrong(person.visit)


@pytest.fixture(params=["own-sells", "passkey-sells"])
def pair(request: pytest.FixtureRequest, meet: Meet) -> Pair:
    """A seller with an offer, and a buyer: so each kind of wallet comes to each end."""
    if request.param == "own-sells":
        seller, buyer = meet("own-seller", "own"), meet("made-buyer", "passphrase", PHONE)
    else:
        seller, buyer = meet("made-seller", "passkey"), meet("own-buyer", "own", PHONE)
    if not seller.has_offer:
        seller.publish_offer()
    return Pair(seller, buyer, (seller.holds(), buyer.holds()))


def _nothing_wrong(one: Visit) -> None:
    faults = [fault for fault in one.faults if not SAID_NO.search(fault)]
    one.faults.clear()
    assert faults == [], faults
