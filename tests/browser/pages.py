"""Every page of the map, by its route: where it is, with what is furnished."""

import re
from pathlib import Path

from tests.browser.account import Furnished
from tests.browser.visit import Visit
from tradepost.entrypoints.dev.data import CLONE

_WEB = CLONE / "web" / "src"
#: Where no route leads.
NOWHERE = "nowhere"


def routes() -> set[str]:
    """The routes that the page knows, from its sources."""
    found = set(re.findall(r'^  path: "([^"]+)"', _text("routes.tsx"), re.MULTILINE))
    parts = re.findall(r"^  (\w+): lazyRouteComponent", _text("settings/routes.ts"), re.MULTILINE)
    return found | {f"/settings/{part}" for part in parts}


def pages(on: Furnished) -> dict[str, list[str]]:
    """For each route its addresses; the first one is the plainest."""
    offer, trade = on.offers[1].id, on.trades["buyer-told"]
    return {
        "/": ["/", "/?amount=250", "/?amount=999999"],
        "/offers/$offerId": [f"/offers/{offer}?amount=250", f"/offers/{on.own['active'].id}"],
        "/offers/new": ["/offers/new", *(f"/offers/new?step={step}" for step in (2, 3))],
        "/my/offers": ["/my/offers"],
        "/my/offers/$offerId": [
            f"/my/offers/{on.own['active'].id}?step={step}" for step in (4, 1, 2, 3)
        ],
        "/market": ["/market"],
        "/settings": ["/settings"],
        **{
            f"/settings/{part}": [f"/settings/{part}"]
            for part in (
                "payment-accounts", "notifications", "node", "agents", "tokens", "webhooks",
                "searches", "partners",
            )
        },
        "/start": ["/start", *(f"/start?way={way}" for way in ("new", "own", "back"))],
        "/wallet": ["/wallet"],
        "/trades": ["/trades"],
        "/trades/$tradeId": [f"/trades/{each}" for each in on.trades.values()],
        "/verify/$tradeId": [f"/verify/{trade}"],
        "/notifications": ["/notifications"],
        "/admin": ["/admin"],
        NOWHERE: ["/no"],
    }  # fmt: skip


def _text(name: str) -> str:
    return Path(_WEB / name).read_text()


def unfold(one: Visit) -> None:
    """Opens what is folded away, also where that has something folded in it."""
    one.page.evaluate(
        "() => document.querySelectorAll('main details').forEach((each) => (each.open = true))"
    )
    one.settled()
