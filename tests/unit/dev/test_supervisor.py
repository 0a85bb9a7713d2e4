"""The supervisor's order, patience and words, with parts that do as they are told."""

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tradepost.entrypoints.dev import supervisor as module
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.exchange import ARBITRATOR, RELAYER_KEY, Exchange
from tradepost.entrypoints.dev.processes import wait_until
from tradepost.entrypoints.dev.supervisor import Program, Stopped, Supervisor


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def console(shown: io.StringIO) -> Console:
    return Console(shown)


class Recorded:
    """A part without a process that tells what is done to it."""

    death_signal = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def __init__(self, name: str, calls: list[str], fault: str | None = None) -> None:
        self.name, self.calls, self.fault = name, calls, fault

    def start(self) -> None:
        self.calls.append(f"start {self.name}")
        if self.fault:
            raise StartError(self.fault)

    def stop(self) -> None:
        self.calls.append(f"stop {self.name}")


def python(console: Console, script: str, name: str = "child") -> Program:
    return Program(name, [sys.executable, "-c", script], {}, console)


def test_parts_end_in_the_reverse_of_their_order(console: Console) -> None:
    calls: list[str] = []
    with Supervisor(console) as supervisor:
        supervisor.start("first", Recorded("first", calls))
        supervisor.start("second", Recorded("second", calls))
    assert calls == ["start first", "start second", "stop second", "stop first"]


def test_a_part_that_does_not_start_ends_those_before_it(console: Console) -> None:
    calls: list[str] = []
    with Supervisor(console) as supervisor:
        supervisor.start("first", Recorded("first", calls))
        with pytest.raises(StartError, match="why"):
            supervisor.start("second", Recorded("second", calls, fault="why"))
    assert calls[-2:] == ["stop second", "stop first"], "half a start is ended too"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_watch_and_the_old_handlers_come_back(
    console: Console, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped), Supervisor(console):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_each_crash_in_a_row_waits_twice_as_long(
    console: Console, shown: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WATCH_S", 0)
    monkeypatch.setattr(module, "FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr(module, "LAST_BACKOFF_S", 0.04)
    calls: list[str] = []

    class Crashing(Recorded):
        def start(self) -> None:
            super().start()
            if calls.count("start child") == 6:
                raise Stopped

    with Supervisor(console) as supervisor:
        supervisor.start("child", Crashing("child", calls))
        with pytest.raises(Stopped):
            supervisor.watch()
    waits = [line.split()[-2] for line in shown.getvalue().splitlines() if "has ended" in line]
    assert waits == ["0.01", "0.02", "0.04", "0.04", "0.04"]


def test_output_is_shown_by_line_under_its_name(console: Console, shown: io.StringIO) -> None:
    assert python(console, "print('one\\ntwo'); raise SystemExit(5)", "name").run() == 5
    assert shown.getvalue() == "name     | one\nname     | two\n"


def test_a_deaf_child_is_killed_with_its_own_children(
    console: Console, shown: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_PATIENCE_S", 0.2)
    script = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    program = python(console, script, "deaf")
    program.start()
    pid = tmp_path / "pid"
    assert wait_until(lambda: pid.exists() and bool(pid.read_text()), 10)
    program.stop()
    assert "'deaf' did not end in time and was killed." in shown.getvalue()
    command = Path(f"/proc/{pid.read_text()}/cmdline")
    assert wait_until(lambda: not command.exists() or not command.read_text(), 5)


def test_a_quiet_console_keeps_lines_back_until_they_are_needed(shown: io.StringIO) -> None:
    console = Console(shown, quiet=True)
    console.line("http", "a request")
    console.say("a sentence")
    assert shown.getvalue() == "a sentence\n"
    console.replay()
    assert shown.getvalue() == "a sentence\nhttp     | a request\n"


def test_a_closed_terminal_stops_nobody(console: Console, shown: io.StringIO) -> None:
    shown.close()
    console.say("into the void")


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_told(console: Console, port: str) -> None:
    with pytest.raises(StartError, match="TRADEPOST_PORT"):
        Exchange({"TRADEPOST_PORT": port}, console)


def test_an_address_of_another_machine_is_told(console: Console, tmp_path: Path) -> None:
    settings = {"TRADEPOST_HOST": "192.0.2.1", "TRADEPOST_DATA_DIR": str(tmp_path)}
    with (
        pytest.raises(StartError, match=r"Cannot listen on 192\.0\.2\.1 port 8000"),
        Exchange(settings, console).running(),
    ):
        pass


def test_the_known_keys_are_accounts_of_the_development_chain() -> None:
    from eth_account import Account

    from tradepost.entrypoints.dev.chain import MNEMONIC

    Account.enable_unaudited_hdwallet_features()
    path = "m/44'/60'/0'/0/{}"
    relayer = Account.from_mnemonic(MNEMONIC, account_path=path.format(9))
    assert f"0x{relayer.key.hex().removeprefix('0x')}" == RELAYER_KEY
    assert Account.from_mnemonic(MNEMONIC, account_path=path.format(8)).address == ARBITRATOR
