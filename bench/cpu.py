"""What processes have used of the processors, where the system tells it in `/proc` (Linux)."""

import os
from pathlib import Path

_PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def used_s(pid: int) -> float:
    """Seconds that a process and all below it have used so far; 0 where nobody tells."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            # The name before it may hold anything, a parenthesis too.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(folder.name)] = int(fields[1])
        seconds[int(folder.name)] = sum(map(int, fields[11:15])) * _TICK_S
    return sum(used for one, used in seconds.items() if _is_below(one, pid, parents))


def _is_below(one: int, pid: int, parents: dict[int, int]) -> bool:
    while one != pid and one in parents:
        one = parents[one]
    return one == pid
