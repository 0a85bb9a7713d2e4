"""Hours of the week at somebody's place, and when they begin and end."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from tradepost.kernel.errors import Problem

#: A day has few of them, or they say nothing.
MAX_SPANS: Final = 21
_DAY_MIN: Final = 24 * 60


class HoursInvalid(Problem):
    """These working hours do not make sense."""

    status = 400


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of one weekday (Monday is 0), in minutes since its midnight; the end is outside."""

    weekday: int
    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Spans of a week on the clocks of a time zone."""

    time_zone: str
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        if self.time_zone not in _zones():
            raise HoursInvalid(f"There is no time zone {self.time_zone!r}.")
        if not 0 < len(self.spans) <= MAX_SPANS:
            raise HoursInvalid(f"It takes 1 to {MAX_SPANS} spans.")
        for span in self.spans:
            if not (0 <= span.weekday < 7 and 0 <= span.start_min < span.end_min <= _DAY_MIN):
                raise HoursInvalid("A span lies within one day, and ends after it begins.")
        ordered = sorted(self.spans)
        for one, other in pairwise(ordered):
            if one.weekday == other.weekday and other.start_min < one.end_min:
                raise HoursInvalid("Spans overlap.")

    def open_at(self, now: datetime) -> bool:
        """Whether `now` lies within a span, as the clock on the wall shows it."""
        there = now.astimezone(ZoneInfo(self.time_zone))
        minute = there.hour * 60 + there.minute
        return any(
            span.weekday == there.weekday() and span.start_min <= minute < span.end_min
            for span in self.spans
        )

    def next_change(self, now: datetime) -> datetime | None:
        """When `open_at` is next another than at `now`; None if it is always the same."""
        zone, here = ZoneInfo(self.time_zone), self.open_at(now)
        today = now.astimezone(zone).date()
        edges = []
        for ahead in range(9):
            day = today + timedelta(days=ahead)
            for span in self.spans:
                if span.weekday != day.weekday():
                    continue
                midnight = datetime.combine(day, time(), zone)
                # Added on the wall clock: the span's minutes are those that it shows.
                edges += [midnight + timedelta(minutes=m) for m in (span.start_min, span.end_min)]
        later = sorted(edge.astimezone(now.tzinfo) for edge in edges)
        return next((edge for edge in later if edge > now and self.open_at(edge) is not here), None)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
