"""What processes have used of the processors, where the system tells it in `/proc` (Linux)."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.figures import Cost
from bench.load import Load
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres

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


class Meter:
    """What a served app and its database use while the block runs."""

    def __init__(self, web: int, server: EmbeddedPostgres) -> None:
        assert server.process is not None
        self._pids = (web, server.process.pid)
        self._used = [0.0, 0.0]

    def __enter__(self) -> Self:
        self._used = [used_s(pid) for pid in self._pids]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pairs = zip(self._pids, self._used, strict=True)
        self._used = [used_s(pid) - before for pid, before in pairs]

    def cost(self, held: Load) -> Cost:
        """By request of the load that was held meanwhile."""
        web, database = (used / len(held.latencies_s) * 1_000_000 for used in self._used)
        return Cost(held.rate(""), web, database)
