"""Ends what a killed supervisor left behind.

The kernel passes a parent's death on to its children, on Linux, but not to their children, and a
child may be deaf to it. This small process reads from its standard input which groups to end, as
lines `+<pid> <signal>` and `-<pid>`. The input ends when the supervisor does, however it ends:
then each group is asked in its own way, and killed when it has not gone after a while. Standard
library only, and no other module of the project, so that it costs little.
"""

import os
import signal
import sys
import time

PATIENCE_S = 5.0
POLL_S = 0.05


def main() -> None:
    """Reads until the supervisor is gone, then ends the groups that it still had."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    charges: dict[int, int] = {}
    for line in sys.stdin:
        name, *number_text = line[1:].split()
        if line.startswith("+"):
            charges[int(name)] = int(number_text[0])
        else:
            charges.pop(int(name), None)
    # The last started depends on those before it.
    groups = list(reversed(charges.items()))
    for group, number in groups:
        send(group, number)
    deadline = time.monotonic() + PATIENCE_S
    while any(send(group, 0) for group, _ in groups) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    for group, _ in groups:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Signals a process group; False when there is none of that id any more."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
