"""One command starts everything, and whatever ends it leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tradepost.entrypoints.dev.data import DataFolder
from tradepost.entrypoints.dev.exchange import environment_of
from tradepost.entrypoints.dev.processes import free_port, wait_until

START = Path(__file__).with_name("start.py")
PATIENCE_S = 40


class Started:
    """An exchange of stand-ins in a process of its own, with what it has printed."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.output = folder.with_suffix(".out")
        self.data = DataFolder(folder)
        own = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
        own |= {"TRADEPOST_DATA_DIR": str(folder), "TRADEPOST_PORT": str(free_port())}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, START], stdout=output, stderr=output, env=own | environment
            )

    def said(self) -> str:
        return self.output.read_text()

    def until(self, is_so: Callable[[], bool]) -> None:
        assert wait_until(is_so, PATIENCE_S), self.said()

    def until_up(self) -> "Started":
        self.until(lambda: "Next, elsewhere" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        return self

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def processes(self) -> list[str]:
        """The living processes that this exchange has started, with their children."""
        found = [_command(entry) for entry in Path("/proc").glob("[0-9]*") if self._has(entry)]
        return [command for command in found if command]  # an ended one has no command any more

    def pid_of(self, part: str) -> int:
        """The process id of one of them, the first started."""
        entries = [entry for entry in Path("/proc").glob("[0-9]*") if self._has(entry)]
        return min(int(entry.name) for entry in entries if part in _command(entry))

    def _has(self, entry: Path) -> bool:
        try:
            # PostgreSQL writes its titles over its environment, but works in its folder.
            return (
                f"TRADEPOST_DATA_DIR={self.folder}\0" in (entry / "environ").read_text()
                or self.folder in (entry / "cwd").readlink().parents
            )
        except (OSError, ValueError):
            return False


def _command(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    begun: list[Started] = []

    def begin(name: str = "data", **environment: str) -> Started:
        begun.append(Started(tmp_path / name, **environment))
        return begun[-1]

    yield begin
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)


def counted(one: Started, command: str) -> int:
    seen = one.folder / f"{command}.seen"
    return len(seen.read_text()) if seen.exists() else 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_in_order_and_finds_its_data_again(start: Start, number: signal.Signals) -> None:
    one = start().until_up()
    instance = one.data.instance()
    assert instance is not None
    with psycopg.connect(instance.environment["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert one.end(number) == 0, one.said()
    assert "stopped in order" in one.said()
    assert one.processes() == []
    assert one.data.instance() is None

    again = start().until_up().data.instance()
    assert again is not None
    assert again.environment["TRADEPOST_SECRET"] == instance.environment["TRADEPOST_SECRET"]
    with psycopg.connect(again.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_kill_leaves_no_process_and_the_next_start_recovers(start: Start) -> None:
    one = start().until_up()
    one.until(lambda: any("time.sleep" in command for command in one.processes()))
    assert len(one.processes()) >= 12, "the supervisor, the guardian, the parts, their children"
    one.end(signal.SIGKILL)
    one.until(lambda: one.processes() == [])
    start().until_up()


def test_a_crashed_process_is_started_again(start: Start) -> None:
    one = start().until_up()
    one.until(lambda: counted(one, "watch") == 1)
    os.kill(one.pid_of("standin.py watch"), signal.SIGKILL)
    one.until(lambda: counted(one, "watch") == 2)
    one.until(lambda: "'watcher' runs again" in one.said())
    assert "'watcher' has ended (code -9): starting it again in 0.5 s." in one.said()
    assert counted(one, "worker") == 1, "the others are left alone"


@pytest.mark.parametrize("part", ["bin/postgres -D", "bin/anvil"])
def test_a_crashed_embedded_part_comes_back_at_its_address(start: Start, part: str) -> None:
    one = start().until_up()
    before = one.data.instance()
    assert before is not None
    os.kill(one.pid_of(part), signal.SIGKILL)
    one.until(lambda: "runs again" in one.said())
    with psycopg.connect(before.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_part_that_cannot_start_ends_it_all_with_a_sentence(start: Start) -> None:
    one = start(FAILING="serve")
    assert one.process.wait(PATIENCE_S) == 1
    assert "http     | serve cannot go on" in one.said()
    assert "StartError: 'http' ended before it was ready" in one.said()
    assert one.processes() == []


def test_a_failed_migration_starts_nothing_further(start: Start) -> None:
    one = start(FAILING="migrate")
    assert one.process.wait(PATIENCE_S) == 1
    assert "'database schema' failed with exit code 3" in one.said()
    assert counted(one, "serve") == 0


def test_a_second_instance_on_the_same_data_is_refused(start: Start) -> None:
    one = start().until_up()
    second = subprocess.run(
        [sys.executable, START],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TRADEPOST_DATA_DIR": str(one.folder)},
    )
    assert second.returncode == 1
    assert f"An exchange already uses the data in {one.folder} (process {one.process.pid}, " in (
        second.stderr
    )


def test_a_taken_port_is_told_and_nothing_was_started(start: Start) -> None:
    port = str(free_port())
    start("first", TRADEPOST_PORT=port).until_up()
    second = start("second", TRADEPOST_PORT=port)
    assert second.process.wait(PATIENCE_S) == 1
    assert f"Port {port} of 127.0.0.1 is taken" in second.said()
    assert counted(second, "migrate") == 0


def test_data_of_another_version_are_refused(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "layout").write_text("999")
    one = start()
    assert one.process.wait(PATIENCE_S) == 1
    assert "made by another version of Tradepost" in one.said()


@pytest.mark.parametrize(
    ("name", "address", "sentence"),
    [
        ("DATABASE_URL", "postgresql://127.0.0.1:9/none", "The database of DATABASE_URL does not"),
        ("RPC_URL", "http://127.0.0.1:9", "The node of RPC_URL does not answer"),
    ],
)
def test_an_outside_part_that_does_not_answer_is_told(
    start: Start, name: str, address: str, sentence: str
) -> None:
    one = start(**{name: address})
    assert one.process.wait(PATIENCE_S) == 1
    assert sentence in one.said()


def test_outside_parts_replace_the_embedded_ones(start: Start) -> None:
    given = start("given").until_up().data.instance()
    assert given is not None
    outside = {name: given.environment[name] for name in ("DATABASE_URL", "RPC_URL")}
    one = start("own", **outside).until_up()
    taken = one.data.instance()
    assert taken is not None
    assert {name: taken.environment[name] for name in outside} == outside
    assert not (one.folder / "postgres").exists()
    assert not (one.folder / "chain").exists()
    assert counted(one, "deploy") == 0, "on a foreign chain the operator deploys himself"
    assert "TRADEPOST_RELAYER_KEY" not in taken.environment, "a key that everybody knows"


def test_other_commands_find_the_running_exchange(start: Start) -> None:
    one = start().until_up()
    found = environment_of(one.data, {"OWN": "1", "RPC_URL": "http://mine"})
    assert found["TRADEPOST_URL"].startswith("http://127.0.0.1:")
    assert found["DATABASE_URL"].startswith("postgresql://")
    assert (found["OWN"], found["RPC_URL"]) == ("1", "http://mine")
    assert json.loads(found["TRADEPOST_ASSETS"])[0]["code"] == "ETH"


def test_it_ends_within_seconds(start: Start) -> None:
    one = start().until_up()
    began = time.monotonic()
    one.end(signal.SIGINT)
    assert time.monotonic() - began < 8
