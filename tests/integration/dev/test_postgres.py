"""The embedded database survives what happens to it."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres, _namespace, binaries, demoted


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder)
    yield server
    server.stop()


def rows(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        return [n for (n,) in connection.execute("SELECT n FROM kept ORDER BY n").fetchall()]


def write(dsn: str, n: int) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO kept VALUES (%s)", [n])


def test_data_survive_a_stop_and_a_kill_at_the_same_address(server: EmbeddedPostgres) -> None:
    address = server.start()
    before = rows(address)
    write(address, 1)
    server.stop()
    assert server.start() == address
    write(address, 2)
    server.kill()
    assert server.start() == address
    assert rows(address) == [*before, 1, 2]


def test_only_the_passphrase_of_the_folder_opens_it(server: EmbeddedPostgres) -> None:
    address = server.start()
    secret = server.folder / "passphrase"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address.replace(secret.read_text(), "another"))


def test_text_is_ordered_alike_on_every_machine(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start()) as connection:
        order = connection.execute(
            "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b','a','B','é']) x"
        ).fetchone()
    assert order == ("Babé",)


def test_a_stale_lock_whose_process_id_was_given_away_is_no_obstacle(
    server: EmbeddedPostgres,
) -> None:
    server.start()
    lock = server.cluster / "postmaster.pid"
    lines = lock.read_text().splitlines()
    server.stop()
    lock.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    lock.chmod(0o600)
    assert rows(server.start()) is not None


def test_a_server_that_outlived_its_starter_makes_room(folder: Path) -> None:
    orphan, successor = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    address = orphan.start()
    try:
        assert successor.start() != address
        assert rows(successor.dsn) is not None
        assert orphan.process is not None
        assert orphan.process.wait(5) is not None
    finally:
        successor.stop()
        orphan.stop()


def test_the_server_dies_with_its_starter(folder: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from tradepost.entrypoints.dev.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server.dsn, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    address = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, check=False
    ).stdout.strip()
    assert address.startswith("postgresql://")
    again = EmbeddedPostgres(folder)
    again.start()
    again.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address, connect_timeout=2)


def test_an_interrupted_first_start_leaves_nothing_half(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "cluster.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")
    (tmp_path / "postgres" / "passphrase").write_text("of the interrupted try")
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        assert rows(server.dsn) == []
    assert not unfinished.exists()


def test_data_of_another_postgresql_are_refused_in_a_sentence(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(StartError, match=r"made by PostgreSQL 12, this is \d+: .*reset"):
        EmbeddedPostgres(tmp_path).start()


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    script = (
        "import pathlib\n"
        "from tradepost.entrypoints.dev.errors import StartError\n"
        "from tradepost.entrypoints.dev.postgres import EmbeddedPostgres\n"
        "try:\n"
        f"    EmbeddedPostgres(pathlib.Path({str(tmp_path)!r}) / 'postgres').start()\n"
        "except StartError as error:\n"
        "    print('StartError:', error)\n"
    )
    inside = f'mount -t tmpfs -o size=8m tmpfs "{tmp_path}" && exec {sys.executable} -c "$SCRIPT"'
    answer = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside],
        capture_output=True,
        text=True,
        env={**os.environ, "SCRIPT": script},
        check=False,
    )
    assert answer.stdout == (
        "StartError: The disk is full: free some space, then start again.\n"
    ), answer.stderr


def test_a_platform_without_binaries_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (binaries() / "pgbench").exists()
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(StartError, match="set DATABASE_URL"):
        binaries()


def test_root_without_a_user_namespace_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    _namespace.cache_clear()
    with pytest.raises(StartError, match="start as an ordinary user, or set DATABASE_URL"):
        demoted(["initdb"])
    _namespace.cache_clear()


def test_an_ordinary_user_runs_it_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert demoted(["initdb"]) == ["initdb"]
