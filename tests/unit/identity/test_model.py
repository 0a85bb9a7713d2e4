"""Names, passphrases and tokens: what is let in."""

import time

import pytest

from tradepost.identity.model import (
    NameReserved,
    PassphraseTooWeak,
    check_name,
    check_passphrase,
    new_secret,
    prepare_passphrase,
    secret_hash,
)


@pytest.mark.parametrize(
    "name", ["rosa", "a-1", "trade-bot", "supportive", "myteam", "0x4a", "x_y_z", "helpful"]
)
def test_a_traders_name_is_free(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "admin1",
        "support-team",
        "the_operator",
        "real-arbitrator-2",
        "tradepost",
        "trade-post-help",
        "tradepost24",
        "s-u-p-p-o-r-t",
        "official",
        "root",
        "null",
    ],
)
def test_a_name_that_speaks_for_the_exchange_is_reserved(name: str) -> None:
    with pytest.raises(NameReserved):
        check_name(name)


@pytest.mark.parametrize(
    "passphrase", ["correct horse battery staple", "žluťoučký kůň úpěl", "x8#qLr2!mZp0vWt"]
)
def test_a_long_unusual_passphrase_is_enough_whatever_its_characters(passphrase: str) -> None:
    check_passphrase(passphrase, "rosa")


@pytest.mark.parametrize(
    "passphrase",
    [
        "x8#qLr2!mZp0vW",  # 14 characters
        "passwordpassword",
        "qwertyuiopasdfgh",
        "aaaaaaaaaaaaaaaaaaaa",
        "123456789012345678",
        "rosa-tradepost-1",
        "tradeposttradepost",
        "v" * 129,
    ],
)
def test_a_short_or_usual_passphrase_is_refused(passphrase: str) -> None:
    with pytest.raises(PassphraseTooWeak):
        check_passphrase(passphrase, "rosa")


def test_a_passphrase_made_to_be_slow_to_judge_is_judged_soon() -> None:
    # Look-alike characters multiply the readings: at full length this one takes ten seconds.
    hostile = "4@8({[<36901!|$57+%2aeiost"
    started = time.thread_time()
    check_passphrase((hostile * 5)[:128], "rosa")
    assert time.thread_time() - started < 2


def test_a_composed_accent_and_its_parts_are_one_passphrase() -> None:
    assert prepare_passphrase("cafe\u0301") == prepare_passphrase("caf\u00e9")


def test_a_secret_is_new_each_time_and_hashes_to_32_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("tp_")
    hashed = secret_hash(first)
    assert hashed is not None
    assert len(hashed) == 32
    assert hashed != secret_hash(second)


@pytest.mark.parametrize("text", ["", "tp_", "tp_" + "a" * 42, "tp_" + "a" * 44, "tp_" + "é" * 43])
def test_what_cannot_be_a_token_is_not_looked_up(text: str) -> None:
    assert secret_hash(text) is None
