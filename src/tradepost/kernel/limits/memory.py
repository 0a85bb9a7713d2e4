"""Buckets in the memory of one process: exact for what that process serves."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from tradepost.kernel.limits.bucket import Ask


def monotonic_us() -> int:
    """Microseconds of a clock that never goes back."""
    return time.monotonic_ns() // 1_000


class MemoryStore:
    """At most `most` buckets that are not full; beyond that the one used longest ago is forgotten.

    To be forgotten is to be full again, so a flood of addresses gains nobody more than one bucket
    for each address that he has.
    """

    def __init__(self, clock_us: Callable[[], int] = monotonic_us, most: int = 65_536) -> None:
        self._clock_us = clock_us
        self._most = most
        #: When each bucket is full again, the one used longest ago first.
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, asks: Sequence[Ask]) -> list[int]:
        """Charges all asks or none; what the backlogs were before, in the order of the asks."""
        now = self._clock_us()
        full_at = self._full_at
        backlogs = []
        fits = True
        for key, policy, cost_us in asks:
            backlog = full_at.get(key, 0) - now
            if backlog < 0:
                backlog = 0
            if backlog + cost_us > policy.capacity_us:
                fits = False
            backlogs.append(backlog)
        if fits:
            for (key, _, cost_us), backlog in zip(asks, backlogs, strict=True):
                full_at[key] = now + backlog + cost_us
                full_at.move_to_end(key)
            self._forget(now)
        return backlogs

    def fine(self, ask: Ask) -> None:
        """Charges what there is, up to all of it."""
        now = self._clock_us()
        backlog = max(0, self._full_at.get(ask.key, 0) - now)
        self._full_at[ask.key] = now + min(ask.policy.capacity_us, backlog + ask.cost_us)
        self._full_at.move_to_end(ask.key)
        self._forget(now)

    def _forget(self, now: int) -> None:
        """Drops what is full at the old end: more than one request adds, so that it ends."""
        full_at = self._full_at
        for _ in range(6):
            if not full_at:
                return
            oldest = next(iter(full_at))
            if len(full_at) <= self._most and full_at[oldest] > now:
                return
            del full_at[oldest]
