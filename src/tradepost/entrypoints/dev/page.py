"""Builds the web page into the package, once, and again only when its sources have changed."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.page import FOLDER

SOURCES = CLONE / "web"
#: The client that the page speaks through is the repository's own.
CLIENT = CLONE / "clients" / "typescript" / "src"
_NODE = Path(sys.executable).with_name("node")
_VITE = SOURCES / "node_modules" / "vite" / "bin" / "vite.js"
_STAMP = ".sources"
_LOCK = CLONE / ".set-up.lock"
#: Many times what it takes.
_PATIENCE_S = 300
_SAID = 800


class PageNotBuilt(StartError):
    """The page could not be built; the message says why."""


def sources_key() -> str:
    """Hashes all that the page is built from: paths and contents, and what builds it."""
    digest = hashlib.sha256()
    for folder in (SOURCES, CLIENT):
        for path in _files(folder):
            digest.update(f"{path.relative_to(CLONE).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name == "node_modules" or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def is_built() -> bool:
    """Whether what is served is made of the present sources."""
    with contextlib.suppress(FileNotFoundError):
        return (FOLDER / _STAMP).read_text() == sources_key()
    return False


def build(console: Console) -> None:
    """Builds the page if it is not what its sources say; another build of this clone is waited for.

    The new one takes the place of the old as a whole, so a build that is interrupted leaves that.

    Raises:
        PageNotBuilt: the page's packages are missing, or its build fails.
    """
    if is_built():
        return
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_built():
            with console.step("web page"):
                _build()


def _build() -> None:
    if not _VITE.exists():
        raise PageNotBuilt("The page's packages are missing: 'python3 run.py' installs them.")
    key = sources_key()
    fresh = FOLDER.with_name(".web-fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    command = [str(_NODE), str(_VITE), "build", f"--outDir={fresh}", "--logLevel=warn"]
    try:
        done = subprocess.run(
            command,
            cwd=SOURCES,
            env={**os.environ, "NODE_ENV": "production"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PageNotBuilt(f"The page could not be built ({error}).") from error
    if done.returncode != 0:
        raise PageNotBuilt(f"The page could not be built:\n{done.stdout.strip()[-_SAID:]}")
    (fresh / _STAMP).write_text(key)
    shutil.rmtree(FOLDER, ignore_errors=True)
    fresh.rename(FOLDER)


if __name__ == "__main__":
    try:
        build(Console())
    except PageNotBuilt as error:
        sys.exit(str(error))
