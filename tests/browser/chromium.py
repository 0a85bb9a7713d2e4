"""A Chromium that comes as a package: it needs no root, and nothing of the system's."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tradepost.entrypoints.dev.data import CLONE

_NODE = Path(sys.executable).with_name("node")
_CACHE = CLONE / ".cache" / "chromium"
_UNPACK = (
    "import('@sparticuz/chromium').then(async m => console.log(await m.default.executablePath()))"
)
#: The browser's own flags: those that the package proposes turn its security off.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str:
    """Where the browser is; it is unpacked the first time."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs must not unpack over each other
        done = subprocess.run(
            [_NODE, "-e", _UNPACK],
            cwd=CLONE / "web",
            env={**os.environ, "TMPDIR": str(_CACHE)},
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.strip()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
