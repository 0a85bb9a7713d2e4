#!/usr/bin/env python3
"""Makes the synchronous client from the asynchronous one: `src/tradepost_client/_async` -> `_sync`.

Run it after each change of `_async`; with `--check` it only compares, and ends with 1 where the
two have come apart.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import unasync

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "tradepost_client"
_CLASSES = (
    "Accounts",
    "Chain",
    "Client",
    "Confirmations",
    "Escrow",
    "Locks",
    "Market",
    "Owner",
    "Payments",
    "Streams",
    "Trader",
    "Transport",
    "Webhooks",
)
NAMES = {
    "_async": "_sync",
    "asyncio": "time",
    "aclose": "close",
    "aclosing": "closing",
    "aiter_bytes": "iter_bytes",
    "aread": "read",
    "AsyncBaseTransport": "BaseTransport",
    **{f"Async{name}": name for name in _CLASSES},
}
#: Names in texts that people read, which are no tokens of Python.
_TOLD = (
    ("The parts that wait, written once;", "The parts that wait, without `async`:"),
    ("`tools/unasync_client.py` makes `_sync` from them.", "made by `tools/unasync_client.py`."),
)


def generate(target: Path) -> None:
    """Writes the synchronous package to the folder `target`, formatted and sorted."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "_async"
        shutil.copytree(PACKAGE / "_async", source, ignore=shutil.ignore_patterns("__pycache__"))
        files = sorted(source.glob("*.py"))
        rule = unasync.Rule("/_async/", "/_sync/", additional_replacements=NAMES)
        unasync.unasync_files([str(file) for file in files], [rule])
        made = source.with_name("_sync")
        for file in made.glob("*.py"):
            text = file.read_text(encoding="utf-8")
            for before, after in _TOLD:
                text = text.replace(before, after)
            file.write_text(text, encoding="utf-8")
        config = ["--config", str(PACKAGE.parent.parent / "pyproject.toml")]
        ruff = [sys.executable, "-m", "ruff"]
        # UP028: a loop that only yields is right in the asynchronous form alone.
        fix = [*ruff, "check", "--quiet", "--select", "I,UP028", "--fix", "--unsafe-fixes"]
        own = [
            "--config",
            'lint.isort.known-first-party=["tradepost_client", "tradepost_contracts"]',
        ]
        subprocess.run([*fix, *config, *own, str(made)], check=True)
        subprocess.run([*ruff, "format", "--quiet", *config, str(made)], check=True)
        target.mkdir(exist_ok=True)
        for stale in target.glob("*.py"):
            stale.unlink()
        for file in made.glob("*.py"):
            shutil.copyfile(file, target / file.name)


def differences() -> list[str]:
    """The names of the modules of `_sync` that are not what `generate` would write."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        wanted = {file.name: file.read_bytes() for file in Path(scratch).glob("*.py")}
    found = {file.name: file.read_bytes() for file in (PACKAGE / "_sync").glob("*.py")}
    return sorted(name for name in wanted | found if wanted.get(name) != found.get(name))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        stale = differences()
        if stale:
            sys.exit(f"Run tools/unasync_client.py: {', '.join(stale)} differ.")
    else:
        generate(PACKAGE / "_sync")
