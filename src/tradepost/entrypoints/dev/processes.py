"""Child processes that do not outlive their parent, whatever ends it."""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
POLL_S = 0.02


def bound_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Gives a `preexec_fn` after which the kernel sends `death_signal` when the parent dies.

    The kernel means the parent's *thread*: start children from a thread that lives as long as
    they shall, in practice the main one. Only Linux knows this; elsewhere the answer is None and
    a guardian process (see `guardian`) does the work alone.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: nothing may load after it
    parent = os.getpid()

    def bind() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between the fork and the call above
            os._exit(1)

    return bind


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Starts a child in a session of its own, so that a Ctrl-C reaches its parent only.

    Args:
        command: the program and its arguments; no shell is involved.
        death_signal: what the child gets when the parent dies.
        env: the whole environment; None inherits the parent's.
        cwd: the child's folder; None inherits the parent's.
        output: where its standard output and error go.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=bound_to_parent(death_signal),  # noqa: PLW1509 - it calls into libc only
    )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signals the whole group that a spawned child leads; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end(process: subprocess.Popen[bytes], ask: signal.Signals, patience_s: float) -> bool:
    """Asks a child to end, and kills its whole group when it has not after `patience_s`.

    Returns:
        True when it ended by itself.
    """
    asked_in_time = True
    if process.poll() is None:
        process.send_signal(ask)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            asked_in_time = False
    signal_group(process.pid, signal.SIGKILL)  # also what the child itself left behind
    process.wait()
    return asked_in_time


def free_port() -> int:
    """Finds a TCP port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen on `host` and `port` at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # A connection of an earlier server that still lingers does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def wait_until(ready: Callable[[], bool], patience_s: float) -> bool:
    """Asks `ready` again and again; False when it has not become true after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
