"""A real browser before a served exchange; nothing that it should not do goes unseen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests import worlds
from tests.browser.account import Furnished, Person, furnished
from tests.browser.chromium import chromium
from tests.browser.stage import Stage, stage
from tests.browser.visit import Visit, visit
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.page import build

Open = Callable[..., Visit]
#: What a browser says of an address where nothing is; some pages are opened for that.
NOT_THERE = "Failed to load resource: the server responded with a status of 404"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A module's browser: while it is there, this thread can run no other loop of asyncio."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def exchange(postgres: str, template: str) -> Iterator[Stage]:
    """An exchange with a small market. Tests share it, and change pairs of their own only."""
    build(Console())
    with worlds.copy_of(postgres, template) as url, stage(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def house(postgres: str, template: str) -> Iterator[Furnished]:
    """An exchange with a reader who has something of everything. Tests leave it as it is."""
    build(Console())
    with worlds.copy_of(postgres, template) as url, furnished(url) as opened:
        yield opened


@pytest.fixture
def look(browser: Browser, house: Furnished) -> Iterator[Open]:
    """Opens the furnished page as `who`, or as nobody; faults fail the test."""
    opened: list[Visit] = []

    def begin(who: Person | None = None, **how: Any) -> Visit:
        one = visit(browser, house.url, kept={} if who is None else who.kept, **how)
        opened.append(one)
        return one

    yield begin
    for one in opened:
        one.context.close()
        faults = [fault for fault in one.faults if NOT_THERE not in fault]
        assert faults == [], faults


@pytest.fixture
def see(browser: Browser, exchange: Stage) -> Iterator[Open]:
    """Opens the page as somebody with a screen, a theme and a language; faults fail the test."""
    opened: list[Visit] = []

    def begin(**how: Any) -> Visit:
        one = visit(browser, exchange.url, **how)
        opened.append(one)
        return one

    yield begin
    for one in opened:
        one.context.close()
        assert one.faults == [], one.faults
