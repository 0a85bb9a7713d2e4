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
from tests.browser.chromium import chromium
from tests.browser.stage import stage
from tests.browser.visit import DESKTOP, PHONE, visit
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


def main() -> None:
    """Writes all pictures anew."""
    build(Console())
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with database() as url, stage(url) as exchange, chromium() as browser:
        offer = exchange.offers[1]["id"]
        pages = {
            "offers": "/?amount=250",
            "empty": "/?amount=999999",
            "offer": f"/offers/{offer}?amount=250",
            "market": "/market",
            "settings": "/settings",
            "nothing": "/no",
        }
        sizes = {"desktop": DESKTOP, "phone": PHONE}
        looks = [
            *product(sizes, ("light", "dark"), ("en",)),
            ("phone", "light", "ar"),
            ("desktop", "light", "ar"),
            ("phone", "dark", "de"),
        ]
        for size, theme, language in looks:
            one = visit(browser, exchange.url, size=sizes[size], theme=theme, language=language)
            for name, path in pages.items():
                one.go(path)
                one.page.evaluate("() => document.fonts.ready")
                # As tall as the page is, so that what sticks to the screen's edge is at the page's.
                tall = one.page.evaluate("() => document.documentElement.scrollHeight")
                one.page.set_viewport_size({"width": sizes[size][0], "height": tall})
                words = [name, size, theme, *([] if language == "en" else [language])]
                one.page.screenshot(path=FOLDER / f"{'-'.join(words)}.png")
                one.page.set_viewport_size({"width": sizes[size][0], "height": sizes[size][1]})
            one.context.close()
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
