"""A real browser before a served exchange; nothing that it should not do goes unseen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests import worlds
from tests.browser.chromium import chromium
from tests.browser.stage import Stage, stage
from tests.browser.visit import Visit, visit
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.page import build

Open = Callable[..., Visit]


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
