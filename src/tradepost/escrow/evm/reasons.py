"""What a contract reverts with, in words that an operator or a trader can read."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from tradepost_contracts import artifacts

#: How much of what nobody has a name for is kept.
_SHOWN_BYTES = 100
#: Of a contract that says it in words of its own, as `Error(string)`.
_SHOWN_LETTERS = 100
_IN_WORDS = keccak(text="Error(string)")[:4]
#: The contract's errors, those of tokens in their usual form, and those of Permit2.
_NAMES = {
    keccak(text=f"{entry['name']}({','.join(each['type'] for each in entry['inputs'])})")[:4]: (
        str(entry["name"])
    )
    for artifact in (artifacts.DEV_TOKEN, artifacts.ESCROW)
    for entry in artifact.abi
    if entry["type"] == "error"
} | {
    keccak(text=f"{name}({types})")[:4]: name
    for name, types in (
        ("InvalidAmount", "uint256"),
        ("InvalidNonce", ""),
        ("InvalidSigner", ""),
        ("SignatureExpired", "uint256"),
    )
}


def told(reverted: bytes) -> str:
    """The error's name, or its words in quotes, or its bytes; any contract can say any of them."""
    return _NAMES.get(reverted[:4]) or _words(reverted) or "0x" + reverted[:_SHOWN_BYTES].hex()


def _words(reverted: bytes) -> str | None:
    """What an `Error(string)` says, without what would not be seen, or would be seen as more."""
    if reverted[:4] != _IN_WORDS:
        return None
    try:
        (text,) = decode(["string"], reverted[4:])
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    letters = (one for one in text[:_SHOWN_LETTERS] if one.isascii() and one.isprintable())
    return '"' + "".join(letters) + '"'
