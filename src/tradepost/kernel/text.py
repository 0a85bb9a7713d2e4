"""Text that people wrote for others to read: bounded, and without characters that deceive."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

#: Joiners without which Persian, Hindi and many an emoji cannot be written.
_NEEDED = frozenset("\u200c\u200d")
#: Controls, formatting (direction overrides, invisible tags), surrogates, private and unassigned
#: code points, and the two separators that some programs take for a new line.
_DECEIVING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_line(text: str) -> str:
    """`text` in Unicode's composed form (NFC), trimmed.

    Raises `ValueError` at a character that cannot be seen or that changes how others are shown.
    """
    composed = unicodedata.normalize("NFC", text).strip()
    for character in composed:
        if unicodedata.category(character) in _DECEIVING and character not in _NEEDED:
            raise ValueError(f"the character U+{ord(character):04X} is not allowed")
    return composed


def clean_lines(text: str) -> str:
    r"""As `clean_line`, for text of several lines: each ends with `\n`, the outer ones trimmed."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(clean_line(line) for line in lines).strip()


#: A short label that its owner gives to a thing.
Label = Annotated[
    str,
    # Cleaning can shorten the text, so its length counts before and after.
    StringConstraints(max_length=120),
    AfterValidator(clean_line),
    StringConstraints(min_length=1, max_length=60),
]


def without_deceit(text: str) -> str:
    r"""`text` in NFC without the characters that `clean_lines` refuses; lines end with `\n`.

    For text that was kept before there was that rule, and for readers who cannot see.
    """
    return "".join(
        character
        for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
        if character == "\n"
        or character in _NEEDED
        or unicodedata.category(character) not in _DECEIVING
    ).strip()
