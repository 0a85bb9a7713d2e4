"""Text for people: what deceives is refused, what any language needs is not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tradepost.kernel.text import Label, clean_line, clean_lines


@pytest.mark.parametrize(
    "text",
    [
        "price bot",
        "Zażółć gęślą jaźń",
        "\u0646\u0627\u0645\u200c\u06a9\u0627\u0631\u0628\u0631\u06cc",
        "परीक्षा",
        "👩\u200d🚀 ok",
        "東京",
    ],
)
def test_any_language_is_welcome(text: str) -> None:
    assert clean_line(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\t",
        "\n",
        "\r",
        "\x1b",
        "\x7f",
        "\x85",
        "\u00ad",
        "\u200b",
        "\u200e",
        "\u200f",
        "\u202a",
        "\u202e",
        "\u2028",
        "\u2029",
        "\u2066",
        "\u2069",
        "\u061c",
        "\ufeff",
        "\ue000",
        "\uffff",
        "\ud800",
        "\U000e0041",
    ],
)
def test_a_character_that_deceives_is_named(character: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(character):04X}"):
        clean_line(f"a{character}b")


def test_lines_end_the_same_way_and_are_trimmed() -> None:
    assert clean_lines("\r\n one \r\n\n two\n") == "one\n\ntwo"
    with pytest.raises(ValueError, match="U\\+202E"):
        clean_lines("one\ntwo \u202e three")


@given(st.text())
def test_what_is_cleaned_stays_as_it_is(text: str) -> None:
    for clean in (clean_line, clean_lines):
        try:
            cleaned = clean(text)
        except ValueError:
            continue
        assert clean(cleaned) == cleaned
        assert unicodedata.is_normalized("NFC", cleaned)


@pytest.mark.parametrize("text", ["", "   ", "x" * 61, "x" * 121, 5, None])
def test_a_label_is_short_and_says_something(text: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Label).validate_python(text)


def test_a_label_is_trimmed() -> None:
    assert TypeAdapter(Label).validate_python("  price bot ") == "price bot"
