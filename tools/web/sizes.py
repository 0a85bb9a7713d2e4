"""Measures the built page against its budgets: what a browser fetches, packed by Brotli."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.page import build
from tradepost.entrypoints.page import FOLDER

_KB = 1_024
#: Kilobytes that may be fetched. Raising one is a decision: see ADR 37.
BUDGETS = {
    "scripts at the start": 160,
    "styles at the start": 12,
    "Latin letters": 35,
    "order book in all": 215,
    "page of an offer": 15,
    "page of the market": 30,
    "page of the settings": 15,
    "page of a new offer": 20,
    "page of own offers": 10,
    "page of payment accounts": 15,
    "wallet and crypto": 115,
    "page of the start": 15,
    "page of the wallet": 15,
    "page of the trades": 15,
    "page of a trade": 15,
    "page of a trade's checks": 15,
    "page of notifications": 15,
    "bell and stream of an account": 10,
    "service worker": 12,
}
_ENTRY = "index.html"
#: Nobody starts without a language; English is the smallest that everybody has.
_LANGUAGE = "src/locales/en.po"
#: What opens wallets: it is fetched with the first page that needs one, and shared by all.
_WALLET = "src/account/SigningDialog.tsx"
_PAGES = {
    "page of an offer": "src/offers/OfferPage.tsx",
    "page of the market": "src/market/MarketPage.tsx",
    "page of the settings": "src/settings/SettingsPage.tsx",
    "page of a new offer": "src/offers/making/NewOfferPage.tsx",
    "page of own offers": "src/offers/own/MyOffersPage.tsx",
    "page of payment accounts": "src/payments/AccountsPage.tsx",
    "page of the start": "src/start/StartPage.tsx",
    "page of the wallet": "src/purse/WalletPage.tsx",
    "page of the trades": "src/trades/TradesPage.tsx",
    "page of a trade": "src/trades/TradePage.tsx",
    "page of a trade's checks": "src/verifying/VerifyPage.tsx",
    "page of notifications": "src/notifications/NotificationsPage.tsx",
    "bell and stream of an account": "src/notifications/Attendant.tsx",
    "service worker": "src/offline/sw.ts",
}


def sizes() -> dict[str, float]:
    """Kilobytes of each budget's files, as the exchange sends them."""
    manifest: dict[str, Any] = json.loads((FOLDER / ".vite" / "manifest.json").read_text())
    start = {*_needed(manifest, _ENTRY), *_needed(manifest, _LANGUAGE)}
    scripts = _weight(name for name in start if name.endswith(".js"))
    styles = _weight(name for name in start if name.endswith(".css"))
    letters = _weight(
        f"assets/{path.name}" for path in (FOLDER / "assets").glob("onest-latin-wght*.woff2")
    )
    measured = {
        "scripts at the start": scripts,
        "styles at the start": styles,
        "Latin letters": letters,
        "order book in all": scripts + styles + letters,
    }
    wallet = {*_needed(manifest, _WALLET)} - start
    measured["wallet and crypto"] = _weight(wallet)
    for name, source in _PAGES.items():
        measured[name] = _weight({*_needed(manifest, source)} - start - wallet)
    return measured


def _needed(manifest: dict[str, Any], source: str) -> Iterator[str]:
    """The files of a chunk and of all that it imports at once."""
    chunk = manifest[source]
    yield chunk["file"]
    yield from chunk.get("css", ())
    for imported in chunk.get("imports", ()):
        yield from _needed(manifest, imported)


def _weight(names: Iterator[str] | set[str]) -> float:
    return sum(_sent(FOLDER / name).stat().st_size for name in names) / _KB


def _sent(path: Path) -> Path:
    packed = path.with_name(path.name + ".br")
    return packed if packed.exists() else path


if __name__ == "__main__":
    build(Console())
    over = 0
    for name, size in sizes().items():
        over += size > BUDGETS[name]
        print(
            f"{name:30} {size:6.1f} of {BUDGETS[name]:3} KB{' TOO LARGE' * (size > BUDGETS[name])}"
        )
    sys.exit(1 if over else 0)
