"""What the server's library does not set on its sockets."""

import os
import socket
import sys
import time
from pathlib import Path

#: How long a connection may leave unread, or unacknowledged, what was sent to it.
UNREAD_MS = 30_000
_TRIES = 200
_PAUSE_S = 0.05


def drop_slow_readers(port: int, unread_ms: int = UNREAD_MS) -> bool:
    """Has the system end connections of this process's server whose other side does not read.

    A connection has its place until its answer has been taken, and a caller who never takes it
    would keep it for good. The server opens its socket after the app is made: this waits for it,
    for ten seconds at most, and says whether it was found. Connections have the option from the
    socket that accepts them. On other systems than Linux nothing is done.
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
            with socket.socket(fileno=os.dup(int(entry.name))) as opened:
                if _listens(opened, port):
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_ms)
                    found = True
        except OSError:
            continue  # closed meanwhile, or no socket
    return found


def _listens(opened: socket.socket, port: int) -> bool:
    if opened.family not in {socket.AF_INET, socket.AF_INET6}:
        return False
    accepts = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return bool(accepts) and opened.getsockname()[1] == port
