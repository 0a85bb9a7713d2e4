"""What the server's library does not set on its sockets."""

import os
import resource
import socket
import sys
import time
from pathlib import Path

_TRIES = 200
_PAUSE_S = 0.05


def drop_slow_readers(port: int, unread_ms: int) -> bool:
    """Has the system end connections of this process's server that leave an answer unread.

    A connection has its place until its answer has been taken, and a caller who never takes it
    would keep it for good; he may for `unread_ms`. The server opens its socket after the app is
    made: this waits for it, for ten seconds at most, and says whether it was found. Connections
    have the option from the socket that accepts them. Only Linux has it.
    """
    if sys.platform != "linux":
        return False
    for _ in range(_TRIES):
        if _set(port, unread_ms):
            return True
        time.sleep(_PAUSE_S)
    return False


def _set(port: int, unread_ms: int) -> bool:
    found = False
    for entry in Path("/proc/self/fd").iterdir():
        try:
            # Of what is no socket a copy would stay open: it could not be made one to be closed.
            if not str(entry.readlink()).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as opened:
                if _listens(opened, port):
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_ms)
                    found = True
        except OSError:
            continue  # closed meanwhile
    return found


def _listens(opened: socket.socket, port: int) -> bool:
    if opened.family not in {socket.AF_INET, socket.AF_INET6}:
        return False
    accepts = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return bool(accepts) and opened.getsockname()[1] == port


def allow_files(count: int) -> None:
    """Raises how many files and connections this process and its children may have, to `count`.

    The usual limit is meant for programs that ask for many at once in an old way; to be over it
    would end the accepting of connections. The hard limit stays what it is.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
