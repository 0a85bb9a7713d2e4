"""The one place that reads the time of day: everything else is handed a `now`."""

from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the present moment in UTC; tests hand in their own.
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)
