"""The example of `docs/agents.md`, as its reader runs it, with an owner at the command line."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_command_line import Person
from tradepost.entrypoints.dev.data import CLONE, Instance

pytestmark = pytest.mark.slow

TEXT = (CLONE / "docs" / "agents.md").read_text()
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r" [0-9a-f-]{36}$")
_PATIENCE_S = 60


def _words(typed: str) -> list[str]:
    """What follows `tradepost` in a line of the page, without the id of a confirmation."""
    return _ID.sub("", typed.removeprefix("$ tradepost ")).split()


def _pending(owner: Person) -> str:
    """The id of what the owner is asked to confirm, once he is."""
    ends = time.monotonic() + _PATIENCE_S
    while not (asked := owner.says("confirmations")["data"]):
        assert time.monotonic() < ends, "the agent asks for nothing"
        time.sleep(0.2)
    (one,) = asked
    return str(one["id"])


def _answered(owner: Person, token: str, *answer: str) -> tuple[dict[str, Any], list[str]]:
    """What the owner's answer brought, and the lines of the agent that asked."""
    (program,) = PYTHON.findall(TEXT)
    agent = subprocess.Popen(
        [sys.executable, "-c", program],
        env=dict(owner.environment) | {"TRADEPOST_AGENT_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        asked = _pending(owner)
        done = owner.says(answer[0], asked, *answer[1:])
        told, wrong = agent.communicate(timeout=_PATIENCE_S)
    finally:
        agent.kill()
    assert agent.returncode == 0, wrong
    summary, what_next, *rest = told.splitlines()
    assert summary.startswith("Buy at least 0.1")
    assert f"tradepost confirm {asked}" in what_next
    # It has its answer, and gets no other.
    owner.types("confirm", asked, "--yes", code=1)
    return done, rest


@pytest.mark.timeout(300)
def test_an_agent_asks_and_its_owner_answers(exchange: Instance, tmp_path: Path) -> None:
    maker = Person.at(exchange, tmp_path / "maker", 1)
    owner = Person.at(exchange, tmp_path / "owner", 2)
    bounds = ("--min", "0.01", "--max", "1", "--total", "5")
    said = ("ETH", "--currency", "EUR", "--price", "2500", *bounds, "--method", "sepa", "--yes")
    maker.says("offer", "create", "sell", *said)
    made, answers = ([*map(_words, text.splitlines())] for text in CONSOLE.findall(TEXT))
    assert answers == [["confirmations"], ["confirm"], ["refuse"]]
    token = owner.says(*made[0])["token"]

    refused, lines = _answered(owner, token, "refuse")
    assert (refused["state"], lines) == ("refused", ["refused"])
    assert owner.says("trade", "list")["data"] == []

    trade, lines = _answered(owner, token, "confirm", "--yes")
    assert (trade["state"], trade["verified"]) == ("awaiting_escrow", True)
    assert trade["fiat_amount"] == "250.00"
    assert lines == ["confirmed", "awaiting_escrow"]
    assert [one["id"] for one in owner.says("trade", "list")["data"]] == [trade["id"]]
    assert owner.says("confirmations")["data"] == []
    states = [one["state"] for one in owner.says("confirmations", "--all")["data"]]
    assert states == ["confirmed", "refused"]
