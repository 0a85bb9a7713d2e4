"""How people say percentages, hours and moments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.entrypoints.cli import said, shown


@given(st.integers(-10_000, 90_000))
def test_a_margin_is_read_as_it_is_shown(bps: int) -> None:
    text = shown.percent(bps)
    assert said.margin(text) == said.margin(f"{text} %") == bps


@pytest.mark.parametrize("text", ["", "x", "1.555", "1,5", "1e2", "NaN", "--1", "1000000", "٣"])
def test_what_is_no_margin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        said.margin(text)


def test_hours_of_several_lines_are_one_week() -> None:
    lines = ["mon-wed,fri 09:00-18:00 Europe/Berlin", "sat 10:30-24:00 Europe/Berlin"]
    found = said.hours(lines)
    assert found["time_zone"] == "Europe/Berlin"
    assert [span["day"] for span in found["spans"]] == ["mon", "tue", "wed", "fri", "sat"]
    assert found["spans"][-1] == {"day": "sat", "opens": "10:30", "closes": "24:00"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "one time zone"),
        (["mon 09:00-18:00"], "is not hours"),
        (["someday 09:00-18:00 UTC"], "not one of"),
        (["sun-mon 09:00-18:00 UTC"], "past sunday"),
        (["mon 18:00-09:00 UTC"], "does not end on its day"),
        (["mon 09:00-09:00 UTC"], "does not end on its day"),
        (["mon 09:60-10:00 UTC"], "not a time"),
        (["mon 09:00-25:00 UTC"], "not a time"),
        (["mon 09:00-18:00 Moon/Base"], "no time zone"),
        (["mon 09:00-18:00 UTC", "tue 09:00-18:00 Europe/Berlin"], "one time zone"),
        (["mon 09:00-18:00 " + "x" * 1_000], "is not hours"),
    ],
)
def test_what_are_no_hours_is_refused(lines: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        said.hours(lines)


def test_a_moment_has_a_zone() -> None:
    assert said.moment("2026-12-31T18:00Z") == said.moment("2026-12-31T19:00+01:00")
    for text, words in (("2026-12-31T18:00", "no zone"), ("tomorrow", "not a time")):
        with pytest.raises(ValueError, match=words):
            said.moment(text)


@pytest.mark.parametrize(
    ("bps", "words"),
    [
        (150, "1.5 % above the market"),
        (-25, "0.25 % below the market"),
        (0, "at the market"),
        (None, ""),
    ],
)
def test_a_premium_in_words(bps: int | None, words: str) -> None:
    assert shown.premium(bps) == words
