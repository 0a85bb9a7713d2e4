"""Signatures by a key: one form each, and only of that key over that digest."""

import secrets

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak

from tradepost.kernel.signatures import signed_by_key

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MESSAGE = b"something to agree to"
DIGEST = keccak(b"\x19Ethereum Signed Message:\n21" + MESSAGE)
WALLET = Account.from_key("0x" + "42" * 32)
SIGNATURE = bytes(WALLET.sign_message(encode_defunct(MESSAGE)).signature)


def test_a_keys_own_signature_is_known_in_any_case_of_its_address() -> None:
    assert signed_by_key(WALLET.address, DIGEST, SIGNATURE)
    assert signed_by_key(WALLET.address.lower(), DIGEST, SIGNATURE)


def test_another_digest_or_another_address_is_refused() -> None:
    assert not signed_by_key(WALLET.address, keccak(b"other"), SIGNATURE)
    assert not signed_by_key("0x" + "11" * 20, DIGEST, SIGNATURE)


def test_the_mirrored_signature_is_refused() -> None:
    s = int.from_bytes(SIGNATURE[32:64], "big")
    mirrored = SIGNATURE[:32] + (ORDER - s).to_bytes(32, "big") + bytes([27 + 28 - SIGNATURE[64]])
    assert not signed_by_key(WALLET.address, DIGEST, mirrored)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        SIGNATURE[:64],
        SIGNATURE + b"\x00",
        SIGNATURE[:64] + b"\x00",
        SIGNATURE[:64] + b"\x1d",
        b"\x00" * 64 + b"\x1b",
        b"\x00" * 32 + SIGNATURE[32:],
        SIGNATURE[:32] + b"\x00" * 32 + SIGNATURE[64:],
        b"\xff" * 32 + SIGNATURE[32:],
    ],
)
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    assert not signed_by_key(WALLET.address, DIGEST, signature)


def test_noise_is_refused() -> None:
    for _ in range(50):
        noise = secrets.token_bytes(64) + secrets.choice([b"\x1b", b"\x1c"])
        assert not signed_by_key(WALLET.address, DIGEST, noise)
