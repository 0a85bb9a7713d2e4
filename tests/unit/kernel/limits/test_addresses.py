"""Whose request it is: never what a stranger says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.limits.addresses import Addresses, ProxyHeader


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "client": None if peer is None else (peer, 4_242),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }


def of(
    peer: str | None,
    said: str | None = None,
    *,
    trusted: tuple[str, ...] = ("10.0.0.0/8", "fd00::/8"),
    header: ProxyHeader = "x-forwarded-for",
) -> str:
    headers = [] if said is None else [(header, said)]
    return Addresses(trusted, header).of(scope(peer, *headers))


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "198.51.100.7:5555", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, sesame", "10.0.0.1"),
        ("10.0.0.1", "sesame, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("fd00::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fd00::1", "[2001:db8:1:2:3:4:5:6]:99", "2001:db8:1:2::/64"),
        ("fd00::1", "fd00::99%eth0", "fd00::/64"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
        ("2001:db8::1", None, "2001:db8::/64"),
        (None, "198.51.100.7", "unix"),
        ("", None, "unix"),
    ],
)
def test_the_address_that_counts(peer: str | None, said: str | None, address: str) -> None:
    assert of(peer, said) == address


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("for=198.51.100.7", "198.51.100.7"),
        ("for=203.0.113.5, for=198.51.100.7;proto=https;by=10.0.0.2", "198.51.100.7"),
        ('proto=https;For="[2001:db8:1:2::9]:4711"', "2001:db8:1:2::/64"),
        ('for="198.51.100.7:80"', "198.51.100.7"),
        ("for=unknown", "10.0.0.1"),
        ("for=203.0.113.5, for=_hidden", "10.0.0.1"),
        ("by=198.51.100.7", "10.0.0.1"),
    ],
)
def test_the_standard_header(said: str, address: str) -> None:
    assert of("10.0.0.1", said, header="forwarded") == address


def test_only_the_header_that_was_chosen_counts() -> None:
    both = [("forwarded", "for=203.0.113.5"), ("x-forwarded-for", "198.51.100.7")]
    chosen = Addresses(("10.0.0.0/8",), "x-forwarded-for")
    assert chosen.of(scope("10.0.0.1", *both)) == "198.51.100.7"


def test_a_header_that_comes_twice_is_one_list() -> None:
    twice = [("x-forwarded-for", "203.0.113.5"), ("x-forwarded-for", "198.51.100.7")]
    chosen = Addresses(("10.0.0.0/8",), "x-forwarded-for")
    assert chosen.of(scope("10.0.0.1", *twice)) == "198.51.100.7"


def test_nobody_is_trusted_unless_he_is_named() -> None:
    assert of("127.0.0.1", "198.51.100.7", trusted=()) == "127.0.0.1"
    assert of(None, "198.51.100.7", trusted=()) == "unix"
    assert of(None, "198.51.100.7", trusted=("unix",)) == "198.51.100.7"


def test_one_subscriber_has_one_address_of_ipv6() -> None:
    addresses = {of(f"2001:db8:0:7::{number:x}") for number in range(50)}
    assert addresses == {"2001:db8:0:7::/64"}
    assert of("2001:db8:0:8::1") not in addresses


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_whatever_is_said_there_is_an_address(said: str) -> None:
    for header in ("x-forwarded-for", "forwarded"):
        chosen: ProxyHeader = "forwarded" if header == "forwarded" else "x-forwarded-for"
        assert of("10.0.0.1", said, header=chosen)
        assert of("192.0.2.1", said, header=chosen) == "192.0.2.1"


def test_what_a_stranger_leaves_open_does_not_hide_him() -> None:
    """He begins a quoted string that what the proxy appends would seem to go on with."""
    said = 'for="203.0.113.5, for=198.51.100.7'
    assert of("10.0.0.1", said, header="forwarded") == "198.51.100.7"


def test_a_long_list_costs_no_more_than_a_short_one() -> None:
    said = ", ".join(["203.0.113.5"] * 1_000 + ["10.0.0.2"] * 20)
    assert of("10.0.0.1", said) == "10.0.0.2"
