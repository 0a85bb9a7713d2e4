"""What was found a moment ago, in a bounded table."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """At most `most` values, each for `kept_s`; the one put in first goes first."""

    def __init__(self, clock_us: Callable[[], int], kept_s: int, most: int) -> None:
        self._clock_us = clock_us
        self._kept_us = kept_s * 1_000_000
        self._most = most
        self._values: OrderedDict[K, tuple[int, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, unless it is too old."""
        found = self._values.get(key)
        if found is None or self._clock_us() > found[0]:
            return None
        return found[1]

    def put(self, key: K, value: V) -> None:
        """Keeps the value from now on."""
        self._values[key] = (self._clock_us() + self._kept_us, value)
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drops the value, if there is one."""
        self._values.pop(key, None)
