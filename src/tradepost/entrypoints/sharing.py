"""How several processes that serve the API count together.

Each writes its numbers to files in a folder; the process that started them reads all, adds them up,
and answers Prometheus. So there is one address whatever the number of workers, and the counts of
one that died stay.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Metric, values
from prometheus_client.multiprocess import MultiProcessCollector

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"


def share() -> None:
    """Makes the folder. To be called before anything is counted.

    The library looks for the folder when it is imported, which is too early for a setting. What is
    counted without labels would have begun by then; the API's processes count nothing like it.
    """
    folder = tempfile.mkdtemp(prefix="tradepost-metrics-")
    os.environ[_VARIABLE] = folder
    # The library leaves this without types.
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    owner = os.getpid()

    def remove() -> None:
        # The workers are forks of the owner, and end before it.
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


def gathered() -> CollectorRegistry:
    """All workers' numbers, added up anew each time that they are asked for."""
    registry = CollectorRegistry()
    registry.register(_Gathered(os.environ[_VARIABLE]))
    return registry


class _Gathered:
    """What the library's collector finds, after what the dead have open is closed."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        # The library leaves this class without types.
        self._all: Any = MultiProcessCollector(None, folder)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[Metric]:
        for held in self._folder.glob("gauge_live*_*.db"):
            pid = int(held.stem.rpartition("_")[2])
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                with suppress(FileNotFoundError):
                    held.unlink()
        found: Iterable[Metric] = self._all.collect()
        return found
