"""Doing what a file says, line by line: once each, and to the end."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import typer

from tradepost.entrypoints.cli.desk import Desk, ExitCode
from tradepost.entrypoints.cli.importing.files import Fault, Row
from tradepost.entrypoints.cli.shown import clean
from tradepost_client.errors import ProblemError, VerificationFailed
from tradepost_client.files import write_private


@dataclass(frozen=True, slots=True)
class Step:
    """What one line asks for; `key` is the same whenever the same account imports the same."""

    line: int
    key: str
    do: Callable[[], str]


@dataclass
class Report:
    """What came of a file, to be told at the end."""

    what: str
    dry_run: bool
    faults: list[Fault]
    right: int = 0
    done: dict[int, str] = field(default_factory=dict)
    before: dict[int, str] = field(default_factory=dict)

    @property
    def wrong_lines(self) -> int:
        """How many lines have a fault."""
        return len({fault.line for fault in self.faults})

    def end(self, desk: Desk) -> NoReturn:
        """Tells it, and ends the command by what came of it."""
        faults = sorted(self.faults, key=lambda fault: fault.line)
        machine: dict[str, Any] = {
            "dry_run": self.dry_run,
            "right": self.right,
            "imported": [{"line": line, "id": made} for line, made in self.done.items()],
            "imported_before": [{"line": line, "id": made} for line, made in self.before.items()],
            "faults": [{"line": one.line, "name": one.name, "words": one.words} for one in faults],
        }

        def human() -> None:
            for line, made in self.done.items():
                typer.echo(clean(f"line {line}: {made}"))
            for fault in faults:
                typer.echo(clean(str(fault)))
            typer.echo(self._summary())

        desk.show(machine, human)
        raise typer.Exit(ExitCode.INCOMPLETE if faults else ExitCode.OK)

    def _summary(self) -> str:
        wrong = f"wrong lines: {self.wrong_lines}."
        if self.dry_run:
            return f"Right {self.what}: {self.right}; {wrong} Nothing was done."
        before = f"; imported before: {len(self.before)}" if self.before else ""
        return f"Imported {self.what}: {len(self.done)}{before}; {wrong}"


def key_of(kind: str, account: str, row: Row) -> str:
    """The idempotency key of a row: of what it says and for whom."""
    return hashlib.sha256(f"{kind}/{account}/{row.digest}".encode()).hexdigest()


def run(desk: Desk, report: Report, steps: Iterable[Step]) -> NoReturn:
    """Does each step unless it was done before, and tells what came of all of them.

    A step that the exchange refuses is a fault of its line, and the next one follows. An exchange
    that does not answer ends the run; repeated, it goes on where it was: what is known to be done
    is in the profile's folder, and what is not known has its idempotency key.
    """
    path = desk.home / "imports.json"
    known = _known(path)
    for step in steps:
        if step.key in known:
            report.before[step.line] = known[step.key]
            continue
        try:
            made = step.do()
        except (ProblemError, VerificationFailed, ValueError) as error:
            report.faults.append(Fault(step.line, "row", str(error)))
            continue
        report.done[step.line] = known[step.key] = made
        write_private(path, json.dumps(known, indent=1, sort_keys=True) + "\n")
    report.right = len(report.done) + len(report.before)
    report.end(desk)


def _known(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise ValueError(f"{path} cannot be read: delete it, and look what is there already.")
    return {str(key): str(made) for key, made in content.items()}
