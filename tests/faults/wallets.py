"""Contract wallets (EIP-1271) that answer as they like, as code of a few bytes."""

_MAGIC = "1626ba7e" + "00" * 28


def _returns(word: str, size: int = 32) -> str:
    """Code that puts a word into memory and returns the first `size` bytes of it."""
    return f"0x7f{word}60005261{size:04x}6000f3"


#: Takes every signature as its own.
YES = _returns(_MAGIC)
#: Wallets whose word is no yes, by what they do instead.
NO = {
    "says no": _returns("00" * 32),
    "says something": _returns("ff" * 32),
    "says yes with a tail": _returns("1626ba7e" + "00" * 27 + "01"),
    "says yes, but late": _returns("00" * 28 + "1626ba7e"),
    "says half a word": _returns(_MAGIC, 3),
    "says nothing": "0x00",
    "says far too much": _returns("00" * 32, 0xFFFF),
    "reverts": "0x60006000fd",
    "reverts at length": "0x61ffff6000fd",
    "fails": "0xfe",
    "burns all gas": "0x5b600056",
    "is no code": "0xef",
    "destroys itself": "0x33ff",
}
