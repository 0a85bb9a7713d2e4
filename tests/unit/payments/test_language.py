"""Which language a reader gets, by what his browser says."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.payments.http.methods import Language, preferred
from tradepost_payments.model import LANGUAGES


def test_the_api_knows_the_languages_of_the_data() -> None:
    assert get_args(Language) == LANGUAGES


@pytest.mark.parametrize(
    ("said", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("de-CH, fr;q=0.9", "de"),
        ("nl, fr;q=0.5, tr;q=0.8", "tr"),
        ("es;q=0, pt;q=0.1", "pt"),
        ("zh-Hant-TW", "zh"),
        ("fr;q=1.5, hi;q=0.2", "hi"),
        ("PT-br", "pt"),
        ("ru;q=0.5,es;q=0.5", "ru"),
        (", , ;q=1,,", "en"),
    ],
)
def test_the_best_known_one_is_taken(said: str | None, language: str) -> None:
    assert preferred(said) == language


@given(st.text(max_size=400))
def test_whatever_is_said_there_is_a_language(said: str) -> None:
    assert preferred(said) in LANGUAGES
