"""Push messages in a real browser: turned on by hand, and said by its worker in the reader's words.

This browser has no push service and no place for notifications: what it would get and show stands
in their place. The messages come to the real worker, by the browser's own tools.
"""

import json
from typing import Any

from playwright.sync_api import Worker, expect

from tests.browser.conftest import Open
from tests.browser.stage import Stage
from tests.browser.visit import Visit
from tests.integration.push.device import Device
from tests.integration.trades.conftest import Trader

TRADE = "0193579a-4d30-7b11-8f5e-6a7b8c9d0e1f"
#: A reader who permits it, and a push service that gives out one place.
_SERVICE = """(said) => {
    Object.defineProperty(Notification, 'permission', { get: () => 'granted' });
    let given = null;
    PushManager.prototype.getSubscription = async () => given;
    PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
        given = {
            endpoint: said.endpoint,
            options: { applicationServerKey: applicationServerKey.slice().buffer },
            toJSON: () => said,
            unsubscribe: async () => { given = null; return true; },
        };
        return given;
    };
}"""
#: What the worker shows from now on, and by what it looks for what is shown.
_NOTES = """() => {
    self.shown = [];
    const { registration } = self;
    registration.showNotification = async (title, how) => void self.shown.push({ title, ...how });
    registration.getNotifications = async ({ tag }) =>
        self.shown.filter((each) => each.tag === tag);
}"""


def _signed_in(one: Visit, trader: Trader) -> None:
    """A session of this trader on the visitor's device."""
    session = {
        "account": {
            "id": str(trader.id),
            "name": None,
            "roles": ["trader"],
            "wallets": [trader.wallet],
            "created_at": "2026-03-01T12:00:00Z",
        },
        "token": trader.token,
        "expiresAt": "2096-01-01T00:00:00Z",
        "wallet": trader.wallet,
    }
    text = json.dumps(json.dumps(session))
    one.context.add_init_script(f"localStorage.setItem('tradepost.session', {text})")


def test_a_device_is_turned_on_and_told_in_its_language(see: Open, exchange: Stage) -> None:
    one = see(language="ar")
    trader = exchange.do(exchange.world.trader())
    _signed_in(one, trader)
    said = Device().subscription(f"https://93.184.215.14/push/{trader.id}")
    one.context.add_init_script(f"({_SERVICE})({json.dumps(said)})")
    browser = one.context.new_cdp_session(one.page)
    registrations: list[Any] = []
    browser.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(event["registrations"]),
    )
    browser.send("ServiceWorker.enable")
    one.go("/settings/notifications")
    one.page.evaluate("navigator.serviceWorker.ready")
    one.go("/settings/notifications")
    section = one.page.locator("section[aria-labelledby=push]")
    section.get_by_role("button").first.click()
    expect(section.get_by_role("listitem")).to_have_count(1)
    assert one.axe() == []
    listed = exchange.do(exchange.world.get(trader, "/v1/push/subscriptions")).json()["data"]
    assert [device["service"] for device in listed] == ["93.184.215.14"]

    (worker,) = one.context.service_workers
    worker.evaluate(_NOTES)
    (registration_id,) = {one["registrationId"] for one in registrations if not one["isDeleted"]}
    for data in (json.dumps({"news": "escrowed", "trade": TRADE}), "no json"):
        browser.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": one.url, "registrationId": registration_id, "data": data},
        )
    of_trade, other = _shown(worker, 2)
    assert (of_trade["tag"], of_trade["data"]) == (TRADE, {"path": f"/trades/{TRADE}"})
    assert other["data"] == {"path": "/notifications"}
    for each in (of_trade, other):
        assert (each["lang"], each["dir"]) == ("ar", "rtl")
        assert each["title"]
    assert of_trade["title"] != other["title"]


def _shown(worker: Worker, count: int) -> list[dict[str, Any]]:
    """What the worker has shown, once it is so much."""
    shown: list[dict[str, Any]] = worker.evaluate(
        """async (count) => {
            while (self.shown.length < count) {
                await new Promise((later) => setTimeout(later, 20));
            }
            return self.shown;
        }""",
        count,
    )
    return shown
