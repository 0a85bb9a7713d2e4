"""Measures the order book as a phone loads it: `run.py lighthouse`.

It is no check, since its times say what else the machine does; what it finds is written down with
each release of the page.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.browser.chromium import FLAGS, executable
from tests.browser.stage import stage
from tools.web.screenshots import database
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.page import build

_FOLDER = CLONE / "tools" / "lighthouse"
_BIN = Path(sys.executable).parent
_PATIENCE_S = 180
_TIMES = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
    "speed-index",
)


def _install() -> None:
    if not (_FOLDER / "node_modules").is_dir():
        command = [str(_BIN / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=_FOLDER, check=True)


def measure(url: str) -> dict[str, Any]:
    """Lighthouse's report of the page at `url`."""
    command = [str(_BIN / "node"), "measure.mjs", url, executable(), *FLAGS]
    done = subprocess.run(
        command, cwd=_FOLDER, capture_output=True, text=True, timeout=_PATIENCE_S, check=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def main() -> None:
    """Prints the scores, the times, and what Lighthouse would mend."""
    build(Console())
    _install()
    with database() as url, stage(url) as exchange:
        report = measure(f"{exchange.url}/")
    for category in report["categories"].values():
        print(f"{category['title']:28} {100 * category['score']:4.0f}")
    audits = report["audits"]
    for name in _TIMES:
        print(f"{audits[name]['title']:28} {audits[name]['displayValue']}")
    for audit in audits.values():
        if audit["score"] is not None and audit["score"] < 1 and audit["id"] not in _TIMES:
            print(f"  {audit['id']}: {audit['title']}")


if __name__ == "__main__":
    main()
