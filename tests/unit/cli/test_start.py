"""The command line as a program: it starts quickly, and every command explains itself."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tradepost.entrypoints.cli import app

HEAVY = (
    "tradepost_client",
    "tradepost_payments",
    "eth_account",
    "web3",
    "nostr_sdk",
    "coincurve",
    "fastapi",
    "procrastinate",
    "psycopg",
)


def paths(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from paths(inner, (*path, name))


@pytest.mark.parametrize("path", list(paths(get_command(app))), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*path, "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.stdout


def test_help_does_not_load_what_commands_need() -> None:
    script = (
        "import sys, tradepost.entrypoints.cli; "
        f"sys.exit(' '.join(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_traders_and_operators_have_their_places() -> None:
    known = set(paths(get_command(app)))
    traders = {
        "account": ("create", "show", "login", "logout", "payment"),
        "wallet": ("create", "import", "show", "balance"),
        "offer": (
            *("create", "list", "search", "count", "quote", "show", "edit", "pause"),
            *("resume", "close", "mine", "import"),
        ),
        "price": ("list", "show", "history"),
        "method": ("list", "show"),
        "search": ("save", "list", "remove"),
        "partner": ("add", "list", "remove", "offers"),
        "trade": (
            *("take", "lock", "details", "paid", "release", "refund"),
            *("cancel", "dispute", "settle", "show", "list", "watch"),
        ),
    }
    assert {(group, name) for group, names in traders.items() for name in names} <= known
    assert {("serve",), ("worker",), ("watch",), ("migrate",), ("doctor",), ("demo",)} <= known
