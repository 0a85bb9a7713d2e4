import base64
import json
from dataclasses import replace

import pytest
from nostr_sdk import (
    Nip44Version,
    PublicKey,
    SecretKey,
    nip44_decrypt,
    nip44_encrypt,
)

from tests.unit.client.stage import BUYER, SELLER, TRADE_ID
from tradepost_client.errors import SealBroken
from tradepost_client.sealing import LARGEST_TEXT, Envelope, seal, unseal

BUYERS = BUYER.new_trade_key("buyer")
SELLERS = SELLER.new_trade_key("seller")
ENVELOPE = Envelope(TRADE_ID, "0x" + "ab" * 32, "sepa", SELLERS.public, BUYERS.public)
FIELDS = {"name": "Rosa Muster", "iban": "DE02120300000000202051", "note": "Grüße 🍕"}


def sealed(**changes: str) -> str:
    return seal(replace(ENVELOPE, **changes), FIELDS, SELLERS, SELLER)


def opened(payload: str) -> dict[str, str]:
    return unseal(payload, ENVELOPE, BUYERS, SELLERS.public, SELLER.address)


# The vectors that the text of NIP-44 prints, for the secret keys 1 and 2.
@pytest.mark.parametrize(
    ("text", "payload"),
    [
        (
            "a",
            (
                "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABee0G5VSK0/9YypIObAtDKfYEAjD35uVkHyB0F4Dw"
                "rcNaCXlCWZKaArsGrY6M9wnuTMxWfp1RTN9Xga8no+kF5Vsb"
            ),
        ),
        (
            "🍕🫃",
            (
                "AvAAAAAAAAAAAAAAAAAAAPAAAAAAAAAAAAAAAAAAAAAPSKSK6is9ngkX2+cSq85Th16oRTISAOfhStnixqZz"
                "iKMDvB0QQzgFZdjLTPicCJaV8nDITO+QfaQ61+KbWQIOO2Yj"
            ),
        ),
    ],
)
def test_the_library_reads_the_vectors_of_nip_44(text: str, payload: str) -> None:
    one, two = (SecretKey.from_bytes(bytes(31) + bytes([number])) for number in (1, 2))
    generator = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    double = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
    assert nip44_decrypt(two, PublicKey.parse(generator), payload) == text
    assert nip44_decrypt(one, PublicKey.parse(double), payload) == text


def test_the_buyer_and_the_seller_open_what_was_sealed() -> None:
    payload = sealed()
    assert opened(payload) == FIELDS
    again = unseal(payload, ENVELOPE, SELLERS, BUYERS.public, SELLER.address)
    assert again == FIELDS


def test_it_is_sealed_anew_each_time() -> None:
    assert sealed() != sealed()


def test_the_exchange_takes_the_largest() -> None:
    fixed = len(json.dumps(FIELDS)) + 800
    payload = seal(ENVELOPE, {"x": "y" * (LARGEST_TEXT - fixed)}, SELLERS, SELLER)
    assert len(payload) <= 8000
    with pytest.raises(ValueError, match="longer"):
        seal(ENVELOPE, {"x": "y" * LARGEST_TEXT}, SELLERS, SELLER)
    with pytest.raises(ValueError, match="no payment details"):
        seal(ENVELOPE, {}, SELLERS, SELLER)


@pytest.mark.parametrize("at", [0, 1, 40, -40, -1])
def test_a_changed_byte_breaks_the_seal(at: int) -> None:
    raw = bytearray(base64.b64decode(sealed()))
    raw[at] ^= 1
    with pytest.raises(SealBroken):
        opened(base64.b64encode(raw).decode())


@pytest.mark.parametrize("payload", ["", "nonsense", "Ag==", "A" * 200])
def test_what_is_no_payload_is_told(payload: str) -> None:
    with pytest.raises(SealBroken):
        opened(payload)


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_id": "0193579a-0000-7f13-b6d8-4c5d6e7f8091"},
        {"escrow_id": "0x" + "cd" * 32},
        {"method": "cash"},
        {"seller_key": "11" * 32},
    ],
)
def test_details_of_another_trade_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(SealBroken, match="another"):
        opened(sealed(**changes))


def test_an_exchange_in_between_is_found_out() -> None:
    # It named a key of its own to both, opened the details and sealed them to the buyer again.
    middle = BUYER.new_trade_key("the exchange")
    to_middle = seal(replace(ENVELOPE, buyer_key=middle.public), FIELDS, SELLERS, SELLER)
    text = nip44_decrypt(
        SecretKey.from_bytes(middle.secret), PublicKey.parse(SELLERS.public), to_middle
    )
    forwarded = nip44_encrypt(
        SecretKey.from_bytes(middle.secret), PublicKey.parse(BUYERS.public), text, Nip44Version.V2
    )
    shown = replace(ENVELOPE, seller_key=middle.public)
    with pytest.raises(SealBroken, match="another"):
        unseal(forwarded, shown, BUYERS, middle.public, SELLER.address)


def test_an_exchange_with_an_account_of_its_own_is_found_out() -> None:
    # It seals its own bank account with a key that it named as the seller's.
    middle = BUYER.new_trade_key("the exchange")
    shown = replace(ENVELOPE, seller_key=middle.public)
    forged = seal(shown, {"iban": "its own"}, middle, BUYER)
    with pytest.raises(SealBroken, match="not signed"):
        unseal(forged, shown, BUYERS, middle.public, SELLER.address)


def test_a_key_that_is_none_is_told() -> None:
    with pytest.raises(SealBroken):
        seal(replace(ENVELOPE, buyer_key="ff" * 32), FIELDS, SELLERS, SELLER)
