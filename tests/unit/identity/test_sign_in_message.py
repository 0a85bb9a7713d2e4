"""EIP-4361: exactly its grammar, and only messages for this exchange at this time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.identity.model import (
    NonceInvalid,
    SignInMessage,
    SignInMessageInvalid,
    new_nonce,
    nonce_expiry,
)

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
URL = "https://trade.example.org"
ADDRESS = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
SECRET = "a secret of the exchange, long enough"


def written(**changes: str | None) -> str:
    """A message of the grammar, with `changes` to its parts."""
    part: dict[str, str | None] = {
        "domain": "trade.example.org",
        "address": ADDRESS,
        "statement": "Sign in to Tradepost: https://trade.example.org/tos",
        "uri": "https://trade.example.org/sessions",
        "version": "1",
        "chain_id": "31337",
        "nonce": "32891756",
        "issued_at": "2026-11-23T05:00:00Z",
        "expiration_time": None,
        "not_before": None,
        "request_id": None,
        "resources": None,
    } | changes
    statement = "" if part["statement"] is None else f"{part['statement']}\n"
    text = (
        f"{part['domain']} wants you to sign in with your Ethereum account:\n"
        f"{part['address']}\n\n{statement}\nURI: {part['uri']}\nVersion: {part['version']}\n"
        f"Chain ID: {part['chain_id']}\nNonce: {part['nonce']}\nIssued At: {part['issued_at']}"
    )
    for name, label in (
        ("expiration_time", "Expiration Time: "),
        ("not_before", "Not Before: "),
        ("request_id", "Request ID: "),
        ("resources", "Resources:"),
    ):
        if part[name] is not None:
            text += f"\n{label}{part[name]}"
    return text


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"statement": None},
        {"domain": "https://trade.example.org"},
        {"domain": "TRADE.example.org"},
        {"issued_at": "2026-11-23T05:00:00.123456789Z"},
        {"issued_at": "2026-11-23T06:00:00+01:00"},
        {"issued_at": "2026-11-23t05:00:00z"},
        {"expiration_time": "2026-11-23T05:01:00Z"},
        {"not_before": "2026-11-23T04:59:00Z"},
        {"request_id": ""},
        {"request_id": "a-%20b:c@d"},
        {"resources": ""},
        {"resources": "\n- ipfs://bafy/\n- https://example.com/my.json?x=[1]"},
        {
            "expiration_time": "2026-11-23T05:01:00Z",
            "not_before": "2026-11-23T04:59:00Z",
            "request_id": "7",
            "resources": "\n- urn:x:1",
        },
    ],
)
def test_a_message_of_the_grammar_for_us_is_taken(changes: dict[str, str | None]) -> None:
    message = SignInMessage.parse(written(**changes))
    message.check(URL, 31337, NOW)
    assert message.address == ADDRESS
    assert message.nonce == "32891756"


@pytest.mark.parametrize(
    "text",
    [
        "",
        written() + "\n",
        written() + " ",
        "\n" + written(),
        written().replace("\n", "\r\n"),
        written(statement="two\nlines"),
        written(statement="a \u202e turned statement"),
        written(statement='a "quoted" statement'),
        written(domain="user@trade.example.org"),
        written(domain=""),
        written(version="2"),
        written(nonce="1234567"),
        written(nonce="12345678-"),
        written(nonce="१२३४५६७८"),
        written(chain_id="0x1"),
        written(chain_id=""),
        written(chain_id="१"),
        written(issued_at="2026-11-23 05:00:00Z"),
        written(issued_at="2026-11-23T05:00:00"),
        written(issued_at="2026-02-30T05:00:00Z"),
        written(issued_at="2026-11-23T05:00:60Z"),
        written(uri="not a uri"),
        written(uri="https://trade.example.org/%zz"),
        written(resources="\n-https://example.com"),
        written(request_id="a/b"),
        written(address=ADDRESS.lower()),
        written(address=ADDRESS.replace("0x7E", "0x7e")),
        written(address="0X" + ADDRESS[2:]),
        written(address=ADDRESS[:-1]),
        written(not_before="2026-11-23T04:59:00Z").replace("Issued At", "issued at"),
        written(statement="x" * 4096),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SignInMessageInvalid):
        SignInMessage.parse(text)


def test_optional_fields_keep_their_order() -> None:
    text = written() + "\nNot Before: 2026-11-23T04:59:00Z\nExpiration Time: 2026-11-23T05:01:00Z"
    with pytest.raises(SignInMessageInvalid):
        SignInMessage.parse(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": "trade.example.org.evil.example"},
        {"domain": "evil.example"},
        {"domain": "trade.example.org:8443"},
        {"domain": "http://trade.example.org"},
        {"uri": "https://evil.example/trade.example.org"},
        {"uri": "https://trade.example.org@evil.example/"},
        {"uri": "https://trade.example.org.evil.example/"},
        {"uri": "http://trade.example.org/"},
        {"uri": "urn:trade.example.org"},
        {"chain_id": "1"},
        {"chain_id": "313370"},
        {"issued_at": "2026-11-23T04:49:59Z"},
        {"issued_at": "2026-11-23T05:01:01Z"},
        {"issued_at": "2025-11-23T05:00:00Z"},
        {"expiration_time": "2026-11-23T05:00:00Z"},
        {"not_before": "2026-11-23T05:02:00Z"},
    ],
)
def test_a_message_for_elsewhere_or_another_time_is_refused(changes: dict[str, str]) -> None:
    message = SignInMessage.parse(written(**changes))
    with pytest.raises(SignInMessageInvalid):
        message.check(URL, 31337, NOW)


@pytest.mark.parametrize("ours", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST", "[::1]"])
def test_this_machine_has_three_names(ours: str, host: str) -> None:
    text = written(domain=f"{host}:8000", uri=f"http://{host}:8000")
    SignInMessage.parse(text).check(f"http://{ours}", 31337, NOW)


@pytest.mark.parametrize(
    ("ours", "host"),
    [
        ("127.0.0.1:8000", "localhost:8001"),
        ("127.0.0.1:8000", "localhost"),
        ("trade.example.org", "localhost"),
        ("localhost", "trade.example.org"),
        ("127.0.0.1", "127.0.0.1.example.org"),
        ("127.0.0.1", "127.0.0.10"),
    ],
)
def test_no_other_place_is_this_machine(ours: str, host: str) -> None:
    message = SignInMessage.parse(written(domain=host, uri=f"http://{host}"))
    with pytest.raises(SignInMessageInvalid):
        message.check(f"http://{ours}", 31337, NOW)


@given(st.text(max_size=200))
def test_no_text_crashes_the_parser(text: str) -> None:
    with pytest.raises(SignInMessageInvalid):
        SignInMessage.parse(text)


@given(st.integers(0, 300), st.characters())
def test_a_changed_character_never_keeps_the_digest(at: int, character: str) -> None:
    text = written()
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    try:
        message = SignInMessage.parse(changed)
    except SignInMessageInvalid:
        return
    assert (message.digest() == SignInMessage.parse(text).digest()) == (changed == text)


def test_a_nonce_knows_its_end() -> None:
    ends = NOW + timedelta(minutes=10)
    nonce = new_nonce(SECRET, ends)
    assert nonce_expiry(SECRET, nonce, NOW) == ends
    assert nonce != new_nonce(SECRET, ends)
    with pytest.raises(NonceInvalid):
        nonce_expiry(SECRET, nonce, ends)


@given(st.integers(0, 65), st.sampled_from("0123456789abcdef"))
def test_a_bent_nonce_is_refused(at: int, digit: str) -> None:
    nonce = new_nonce(SECRET, NOW + timedelta(minutes=10))
    bent = nonce[:at] + digit + nonce[at + 1 :]
    if bent != nonce:
        with pytest.raises(NonceInvalid):
            nonce_expiry(SECRET, bent, NOW)


@pytest.mark.parametrize("nonce", ["32891756", "", "0" * 66, "A" * 66])
def test_a_nonce_of_somebody_elses_making_is_refused(nonce: str) -> None:
    with pytest.raises(NonceInvalid):
        nonce_expiry(SECRET, nonce, NOW)


def test_a_nonce_of_another_exchange_is_refused() -> None:
    nonce = new_nonce("the secret of another exchange", NOW + timedelta(minutes=10))
    with pytest.raises(NonceInvalid):
        nonce_expiry(SECRET, nonce, NOW)
