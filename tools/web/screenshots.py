"""Takes a picture of every page, light and dark, desktop and phone: `run.py screenshots`."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from tests import worlds
from tests.browser.account import Furnished, furnished
from tests.browser.chromium import chromium
from tests.browser.visit import DESKTOP, PHONE, Visit, visit
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.page import build
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate

FOLDER = CLONE / ".screenshots"


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The address of a migrated database of this run's own."""
    name = f"pictures_{secrets.token_hex(4)}"
    with (
        TemporaryDirectory(prefix="tradepost-pictures-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
    ):
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = worlds.renamed(server.dsn, name)
        migrate(worlds.settings(url))
        yield url


#: How the pages are looked at: a screen, a theme, a language.
_LOOKS = (
    *product(("desktop", "phone"), ("light", "dark"), ("en",)),
    ("phone", "light", "ar"),
    ("desktop", "dark", "ar"),
    ("phone", "dark", "de"),
)
_SIZES = {"desktop": DESKTOP, "phone": PHONE}


def _public(on: Furnished) -> dict[str, str]:
    """What everybody can look at, by the names of the pictures."""
    return {
        "offers": "/?amount=250",
        "empty": "/?amount=999999",
        "offer": f"/offers/{on.offers[1].id}?amount=250",
        "market": "/market",
        "settings": "/settings",
        "start": "/start",
        "start-new": "/start?way=new",
        "start-back": "/start?way=back",
        "start-own": "/start?way=own",
        "no-account": "/trades",
        "nothing": "/no",
    }


def _own(on: Furnished) -> dict[str, str]:
    """What a reader with an account has, each of his trades among it."""
    offer = on.own["active"].id
    parts = ("notifications", "tokens", "webhooks", "searches", "partners", "agents", "node")
    return {
        "own-offers": "/?amount=250",
        "own-offer": f"/offers/{on.offers[2].id}?amount=0.1&unit=asset",
        "wallet": "/wallet",
        "trades": "/trades",
        "notifications": "/notifications",
        "my-offers": "/my/offers",
        **{f"new-offer-{step}": f"/my/offers/{offer}?step={step}" for step in (1, 2, 3, 4)},
        "new-offer": "/offers/new",
        "payment-accounts": "/settings/payment-accounts",
        "own-settings": "/settings",
        **{f"settings-{part}": f"/settings/{part}" for part in parts},
        "verify": f"/verify/{on.trades['seller-payment_sent']}",
        **{f"trade-{name}": f"/trades/{trade}" for name, trade in on.trades.items()},
    }


def _take(one: Visit, pages: dict[str, str], size: str, words: tuple[str, ...]) -> None:
    """The pictures of these pages, each as tall as its page is."""
    width, height = _SIZES[size]
    for name, path in pages.items():
        one.go(path)
        one.page.evaluate("() => document.fonts.ready")
        # So that what sticks to the screen's edge is at the page's.
        tall = one.page.evaluate("() => document.documentElement.scrollHeight")
        one.page.set_viewport_size({"width": width, "height": tall})
        one.page.screenshot(path=FOLDER / f"{'-'.join((name, *words))}.png")
        one.page.set_viewport_size({"width": width, "height": height})


def main() -> None:
    """Writes all pictures anew."""
    build(Console())
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with database() as url, furnished(url) as on, chromium() as browser:
        whose: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
            ({}, _public(on)),
            (on.reader.kept, _own(on)),
            (on.operator.kept, {"admin": "/admin"}),
        )
        for size, theme, language in _LOOKS:
            words = (size, theme, *([] if language == "en" else [language]))
            for kept, pages in whose:
                one = visit(
                    browser, on.url, size=_SIZES[size], theme=theme, language=language, kept=kept
                )
                _take(one, pages, size, words)
                one.context.close()
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
