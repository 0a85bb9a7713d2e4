"""What a failed call says, in words that can be read."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tradepost.escrow.evm.reasons import told


def _error(signature: str, types: list[str], *values: object) -> bytes:
    return keccak(text=signature)[:4] + encode(types, values)


def _in_words(text: str) -> bytes:
    return _error("Error(string)", ["string"], text)


@pytest.mark.parametrize(
    ("reverted", "words"),
    [
        (_error("NoFeeRecipient(uint128)", ["uint128"], 1), "NoFeeRecipient"),
        (
            _error("ERC20InvalidSender(address)", ["address"], "0x" + "00" * 20),
            "ERC20InvalidSender",
        ),
        (_error("InvalidNonce()", []), "InvalidNonce"),
        (_error("SignatureExpired(uint256)", ["uint256"], 7), "SignatureExpired"),
        (_in_words("TRANSFER_FROM_FAILED"), '"TRANSFER_FROM_FAILED"'),
        (_in_words(""), '""'),
        (_in_words("a\nb\x1b[31m\u202ec\u0430"), '"ab[31mc"'),
        (_in_words("x" * 1_000), f'"{"x" * 100}"'),
        (_in_words("x" * 1_000)[:200], "0x" + _in_words("x" * 1_000)[:100].hex()),
        (keccak(text="Error(string)")[:4], "0x08c379a0"),
        (_error("Error(string)", ["bytes"], b"\xff"), None),
        (b"\x01\x02\x03\x04" + b"\xff" * 200, "0x01020304" + "ff" * 96),
        (b"", "0x"),
    ],
)
def test_a_reason_is_told(reverted: bytes, words: str | None) -> None:
    assert told(reverted) == (words or "0x" + reverted[:100].hex())
