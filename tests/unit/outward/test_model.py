"""The rules of trying again, and what a try can come to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.outward.model import (
    FAILING_FOR,
    FAILING_TRIES,
    Outcome,
    is_hopeless,
    next_try,
    read_retry_after,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEDULE_S = (5, 10, 30, 60, 3600)
MAX_TRIES = len(SCHEDULE_S) + 1


@given(st.integers(1, MAX_TRIES - 1), st.floats(0, 1))
def test_a_pause_is_that_of_the_schedule_within_a_tenth(tries: int, draw: float) -> None:
    due = next_try(SCHEDULE_S, tries, NOW, draw, None)
    assert due is not None
    ratio = (due - NOW).total_seconds() / SCHEDULE_S[tries - 1]
    assert 0.9 - 1e-6 <= ratio <= 1.1 + 1e-6


def test_after_the_last_try_there_is_none() -> None:
    assert next_try(SCHEDULE_S, MAX_TRIES - 1, NOW, 0.5, None) is not None
    assert next_try(SCHEDULE_S, MAX_TRIES, NOW, 0.5, NOW + timedelta(hours=1)) is None


def test_a_receiver_can_ask_for_more_time_and_not_for_less() -> None:
    later = NOW + timedelta(hours=1)
    assert next_try(SCHEDULE_S, 1, NOW, 0.5, later) == later
    soon = NOW + timedelta(seconds=1)
    assert next_try(SCHEDULE_S, 5, NOW, 0.5, soon) == NOW + timedelta(seconds=SCHEDULE_S[4])


@pytest.mark.parametrize(
    ("text", "after_s"),
    [
        ("120", 120),
        (" 1 ", 1),
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 64, 86_400),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600),
        ("Sunday, 01-Mar-26 12:10:00 GMT", 600),
        ("Sun, 01 Mar 2026 12:10:00 -0000", 600),
        ("Sun, 01 Mar 2026 13:10:00 +0100", 600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("0", None),
        ("Sun, 01 Mar 2026 11:00:00 GMT", None),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 65, None),
        ("\u0661\u0662", None),
        ("\xb2", None),
        ("Sun, 99 Mar 2026 12:10:00 GMT", None),
        ("Sun, 01 Mar 2026 12:10:00 +9999", None),
    ],
)
def test_what_retry_after_says(text: str | None, after_s: int | None) -> None:
    expected = None if after_s is None else NOW + timedelta(seconds=after_s)
    assert read_retry_after(text, NOW) == expected


@given(st.text(max_size=80))
def test_no_retry_after_breaks_anything(text: str) -> None:
    moment = read_retry_after(text, NOW)
    assert moment is None or NOW < moment <= NOW + timedelta(days=1)


def test_only_two_hundreds_say_that_a_message_is_there() -> None:
    accepted = [code for code in range(100, 600) if Outcome(1, status=code).accepted]
    assert accepted == list(range(200, 300))
    assert not Outcome(1).accepted


def test_a_receiver_is_hopeless_after_days_of_failures_only() -> None:
    assert is_hopeless(NOW - FAILING_FOR, FAILING_TRIES, NOW)
    assert not is_hopeless(NOW - FAILING_FOR, FAILING_TRIES - 1, NOW)
    assert not is_hopeless(NOW - FAILING_FOR + timedelta(seconds=1), FAILING_TRIES, NOW)
    assert not is_hopeless(None, 100, NOW)
