"""Text that people typed: composed, bounded, and without characters that deceive."""

import unicodedata
from typing import Final

#: Joiners without which Persian and Hindi cannot be written.
_NEEDED: Final = frozenset("\u200c\u200d")
#: Controls, formatting, surrogates, private and unassigned code points, separators of lines.
_DECEIVING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str) -> str:
    """`text` in Unicode's composed form (NFC), trimmed, with single spaces.

    Raises `ValueError` at a character that cannot be seen or that changes how others are shown.
    """
    composed = unicodedata.normalize("NFC", text).strip()
    for character in composed:
        if unicodedata.category(character) in _DECEIVING and character not in _NEEDED:
            raise ValueError(f"the character U+{ord(character):04X} is not allowed")
    return " ".join(composed.split())
