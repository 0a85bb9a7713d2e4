"""Starts the parts of an exchange in order, keeps them alive, and ends them in reverse."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any, Protocol, Self

from tradepost.entrypoints.dev import guardian
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.processes import end, spawn, wait_until

END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY_PATIENCE_S = 60.0
STOP_PATIENCE_S = 8.0
WATCH_S = 0.2
FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 30.0
# A part that ran this long is healthy: its next crash counts as the first.
HEALTHY_S = 60.0


class Stopped(BaseException):
    """Somebody asked the exchange to end (Ctrl-C, SIGTERM, a closed terminal)."""


class Part(Protocol):
    """Something that runs as one child process and can be started again."""

    @property
    def death_signal(self) -> signal.Signals:
        """What the child gets when its parent was killed and nobody ends it in order."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The child, from `start` to `stop`."""

    def start(self) -> object:
        """Starts the child; raises StartError."""

    def stop(self) -> None:
        """Ends the child within a bounded time."""


class Program:
    """A command as a part: its output is shown line by line under its name.

    Args:
        name: what the lines are marked with.
        command: the program and its arguments.
        environment: the whole environment of the child.
        console: where its output goes.
        ready: tells whether the child serves.
    """

    death_signal = signal.SIGTERM

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        console: Console,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._console = console
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The child, from `start` to `stop`."""
        return self._process

    def start(self) -> None:
        """Starts the child; `wait_until_ready` waits for it."""
        self._spawn()

    def wait_until_ready(self) -> None:
        """Waits until the started child serves.

        Raises:
            StartError: it ended, or was not ready in time.
        """
        assert self._process is not None, "it is started first"
        process = self._process
        wait_until(lambda: process.poll() is not None or self._ready(), READY_PATIENCE_S)
        if process.poll() is not None:
            raise StartError(f"'{self.name}' ended before it was ready: its last lines say why.")
        if not self._ready():
            raise StartError(f"'{self.name}' was not ready after {READY_PATIENCE_S:.0f} s.")

    def run(self) -> int:
        """Runs the child to its end and gives its exit code."""
        code = self._spawn().wait()
        self.stop()
        return code

    def stop(self) -> None:
        """Asks the child to end, and kills it with its own children when it takes too long."""
        if self._process is not None:
            if not end(self._process, signal.SIGTERM, STOP_PATIENCE_S):
                self._console.say(f"'{self.name}' did not end in time and was killed.")
            self._process = None
        if self._reader is not None:
            self._reader.join(timeout=1)
            self._reader = None

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._process = spawn(
            self._command,
            death_signal=self.death_signal,
            env=self._environment,
            output=subprocess.PIPE,
        )
        assert self._process.stdout is not None, "asked for above"
        self._reader = threading.Thread(
            target=self._show, args=[self._process.stdout], name=f"{self.name} output", daemon=True
        )
        self._reader.start()
        return self._process

    def _show(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._console.line(self.name, line.decode("utf-8", "replace").rstrip())


@dataclass
class _Kept:
    """A started part, and what is known of its crashes."""

    name: str
    part: Part
    started_at: float
    backoff_s: float
    crashed_at: float | None = None
    known_pid: int = 0


class Supervisor:
    """Owns the parts of one exchange; a `with` block ends whatever it has started.

    It belongs in the main thread: children die with the thread that started them.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._kept: list[_Kept] = []
        self._guardian: subprocess.Popen[bytes] | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._handlers = {number: signal.signal(number, _raise_stopped) for number in END_SIGNALS}
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", guardian.__file__], stdin=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in END_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the end has begun, and is bounded
        for kept in reversed(self._kept):
            kept.part.stop()
            self._tell_guardian(f"-{kept.known_pid}")
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, part: Part) -> None:
        """Starts a part, and keeps it from now on.

        Raises:
            StartError: it does not start.
        """
        kept = _Kept(name, part, time.monotonic(), FIRST_BACKOFF_S)
        self._kept.append(kept)
        part.start()
        self._guard(kept)

    def run(self, name: str, program: Program) -> None:
        """Runs a program to its end before the next part starts.

        Raises:
            StartError: it failed.
        """
        code = program.run()
        if code != 0:
            raise StartError(f"'{name}' failed with exit code {code}: its last lines say why.")

    def watch(self) -> None:
        """Starts crashed parts again, waiting longer each time; ends by `Stopped` only."""
        while True:
            for kept in self._kept:
                self._tend(kept, time.monotonic())
            time.sleep(WATCH_S)

    def _tend(self, kept: _Kept, now: float) -> None:
        process = kept.part.process
        if kept.crashed_at is None:
            if process is not None and process.poll() is None:
                return
            if now - kept.started_at > HEALTHY_S:
                kept.backoff_s = FIRST_BACKOFF_S
            kept.crashed_at = now
            code = process.returncode if process is not None else "unknown"
            self._console.say(
                f"'{kept.name}' has ended (code {code}): starting it again in {kept.backoff_s} s."
            )
        if now - kept.crashed_at < kept.backoff_s:
            return
        kept.backoff_s = min(kept.backoff_s * 2, LAST_BACKOFF_S)
        kept.part.stop()  # also what the ended child left behind
        try:
            kept.part.start()
        except StartError as error:
            self._console.say(str(error))
            kept.crashed_at = time.monotonic()
            return
        self._guard(kept)
        kept.crashed_at, kept.started_at = None, time.monotonic()
        self._console.say(f"'{kept.name}' runs again.")

    def _guard(self, kept: _Kept) -> None:
        """Tells the guardian of a part's new process group."""
        process = kept.part.process
        if process is not None:
            self._tell_guardian(
                f"-{kept.known_pid}", f"+{process.pid} {int(kept.part.death_signal)}"
            )
            kept.known_pid = process.pid

    def _tell_guardian(self, *lines: str) -> None:
        assert self._guardian is not None, "parts live inside the with block"
        assert self._guardian.stdin is not None, "asked for above"
        with suppress(BrokenPipeError):  # killed by somebody: the kernel still tells the children
            self._guardian.stdin.write("".join(f"{line}\n" for line in lines).encode())
            self._guardian.stdin.flush()


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
