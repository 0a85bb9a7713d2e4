"""What a JSON text must not be, found before a parser breaks on it.

Python's parser goes down the stack with the text, and some of our libraries lift the bound that
Python sets to that: a deep text would end the process. An exponent of many digits is a short way
to write a number that takes all memory.
"""

import re
from typing import Final

_MAX_DEPTH: Final = 100
#: A whole string, even without its end, or a bracket; never goes back over what it has read.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_HUGE: Final = re.compile(r"(?<![\w.])-?[0-9]++(?:\.[0-9]++)?[eE][+-]?[0-9]{4}")


def is_deep(text: str) -> bool:
    """True if lists and objects in `text` stand more than 100 deep in each other."""
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                return True
        elif mark in "]}":
            depth -= 1
    return False


def has_huge_exponent(text: str) -> bool:
    """True if a number in `text`, in a string or not, has an exponent of four digits or more."""
    return _HUGE.search(text) is not None
