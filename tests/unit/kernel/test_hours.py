"""Hours of the week, on the clocks of a time zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tradepost.kernel.hours import HoursInvalid, Span, WeeklyHours

NINE_TO_FIVE = WeeklyHours("Europe/Berlin", tuple(Span(day, 9 * 60, 17 * 60) for day in range(5)))


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T07:59:59+00:00", False),  # a Monday; Berlin is an hour ahead in winter
        ("2026-11-23T08:00:00+00:00", True),
        ("2026-11-23T15:59:59+00:00", True),
        ("2026-11-23T16:00:00+00:00", False),
        ("2026-11-22T10:00:00+00:00", False),  # a Sunday
        ("2026-07-20T07:00:00+00:00", True),  # two hours ahead in summer
    ],
)
def test_it_is_open_by_the_clock_on_the_wall(at: str, is_open: bool) -> None:
    assert NINE_TO_FIVE.open_at(datetime.fromisoformat(at)) is is_open


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-23T07:00:00+00:00", "2026-11-23T08:00:00+00:00"),
        ("2026-11-23T08:00:00+00:00", "2026-11-23T16:00:00+00:00"),
        ("2026-11-27T16:00:00+00:00", "2026-11-30T08:00:00+00:00"),  # over the weekend
        # The clocks go back on 25 October 2026: nine o'clock comes an hour later.
        ("2026-10-23T15:00:00+00:00", "2026-10-26T08:00:00+00:00"),
        ("2026-10-22T15:00:00+00:00", "2026-10-23T07:00:00+00:00"),
    ],
)
def test_when_it_changes(now: str, then: str) -> None:
    assert NINE_TO_FIVE.next_change(datetime.fromisoformat(now)) == datetime.fromisoformat(then)


def test_what_is_always_open_never_changes() -> None:
    always = WeeklyHours("UTC", tuple(Span(day, 0, 24 * 60) for day in range(7)))
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert always.open_at(now)
    assert always.next_change(now) is None


def test_spans_that_touch_at_midnight_are_one() -> None:
    night = WeeklyHours("UTC", (Span(0, 22 * 60, 24 * 60), Span(1, 0, 6 * 60)))
    now = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert night.next_change(now) == datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "spans"),
    [
        ("Mars/Olympus", (Span(0, 0, 60),)),
        ("../../etc/passwd", (Span(0, 0, 60),)),
        ("UTC", ()),
        ("UTC", (Span(7, 0, 60),)),
        ("UTC", (Span(0, 60, 60),)),
        ("UTC", (Span(0, 0, 24 * 60 + 1),)),
        ("UTC", (Span(0, -1, 60),)),
        ("UTC", (Span(0, 0, 120), Span(0, 60, 180))),
        ("UTC", tuple(Span(0, minute, minute + 1) for minute in range(22))),
    ],
)
def test_hours_that_make_no_sense_are_refused(zone: str, spans: tuple[Span, ...]) -> None:
    with pytest.raises(HoursInvalid):
        WeeklyHours(zone, spans)


ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe"]


@given(
    st.sampled_from(ZONES),
    st.sets(st.tuples(st.integers(0, 6), st.integers(0, 23)), min_size=1, max_size=20),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_between_now_and_the_next_change_nothing_changes(
    zone: str, hours: set[tuple[int, int]], now: datetime
) -> None:
    week = WeeklyHours(zone, tuple(Span(day, h * 60, h * 60 + 60) for day, h in sorted(hours)))
    then = week.next_change(now)
    assert then is not None
    # Around a change of the clocks an hour is there twice, or not at all.
    assume(_steady(zone, now, then))
    assert week.open_at(then) is not week.open_at(now)
    step = (then - now) / 50
    for part in range(1, 50):
        assert week.open_at(now + part * step) is week.open_at(now)
    assert then - now <= timedelta(days=8)


def _steady(zone: str, now: datetime, then: datetime) -> bool:
    from zoneinfo import ZoneInfo

    days = range((then - now).days + 3)
    moments = [now + timedelta(days=day - 1) for day in days] + [then + timedelta(days=1)]
    return len({moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments}) == 1
