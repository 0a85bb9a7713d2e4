"""The installed page: a browser takes it for an app, and it opens without its exchange."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.stage import Stage
from tests.browser.visit import Visit

#: The worker is there, and has what it fetches beforehand.
_READY = """async () => {
    const registration = await navigator.serviceWorker.ready;
    while (registration.active?.state !== 'activated') {
        await new Promise((later) => setTimeout(later, 50));
    }
}"""
_KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys()) {
        for (const request of await (await caches.open(name)).keys()) {
            found.push(new URL(request.url).pathname);
        }
    }
    return found;
}"""


def _installed(one: Visit) -> None:
    one.go("/")
    one.page.evaluate(_READY)


def test_a_browser_finds_nothing_that_keeps_it_from_being_installed(see: Open) -> None:
    one = see()
    _installed(one)
    browser = one.context.new_cdp_session(one.page)
    manifest: Any = browser.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
    errors: Any = browser.send("Page.getInstallabilityErrors")
    # A window without traces is no place to install anything; that says nothing of the page.
    assert [
        error["errorId"]
        for error in errors["installabilityErrors"]
        if error["errorId"] != "in-incognito"
    ] == []


def test_the_page_opens_without_its_exchange_in_its_language(see: Open) -> None:
    one = see(language="de")
    _installed(one)
    one.cut = True
    one.context.set_offline(True)
    one.page.goto(f"{one.url}/settings")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Einstellungen")
    expect(one.page.get_by_role("status").filter(has_text="offline")).to_be_visible()
    one.context.set_offline(False)
    one.page.goto(f"{one.url}/")
    expect(one.page.get_by_role("listitem")).to_have_count(5)


def test_nothing_that_the_exchange_answers_is_kept_by_the_worker(
    see: Open, exchange: Stage
) -> None:
    one = see()
    _installed(one)
    one.go(f"/offers/{exchange.offers[0]['id']}")
    one.go("/market")
    kept: list[str] = one.page.evaluate(_KEPT)
    assert kept
    assert [path for path in kept if not re.match(r"/assets/|/index\.html|/icon\.svg", path)] == []
