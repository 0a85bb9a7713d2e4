"""What no log line may hold: secrets, and what tells of a person.

Lines are written so that they hold none. This is the net below: it takes out what looks like one,
and errs on the side of taking out too much.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final

REDACTED: Final = "[redacted]"
_DEPTH: Final = 6

#: Under such a name nothing is told at all.
_SECRET_NAME: Final = re.compile(
    r"pass(word|phrase|wd)|secret|token|authorization|cookie|signature|private|mnemonic|api.?key"
    r"|iban|email|phone|sealed|vault|details|address|(^|_)(key|ip|body|args|kwargs)($|_)",
    re.IGNORECASE,
)


def _address(found: re.Match[str]) -> str:
    """An address of this machine says nothing of anybody."""
    try:
        known = ip_address(found[0].strip("[]"))
    except ValueError:
        return found[0]
    return found[0] if known.is_loopback or known.is_unspecified else REDACTED


_PATTERNS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    # Who asks a database or a node, in its address.
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{REDACTED}@"),
    # And keys of a node's provider, in what follows the host.
    (re.compile(r"(?<=://)([^/\s?#]+)[/?#][^\s'\"]+"), rf"\1/{REDACTED}"),
    (re.compile(r"(?i)\b(bearer|basic|dpop)\s+[^\s,;'\"]+"), rf"\1 {REDACTED}"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:pass(?:word|phrase|wd)?|secret|token|signature|authorization|api_?key"
            r"|private_?key|mnemonic))(['\"]?\s*[:=]\s*)('[^']*'|\"[^\"]*\"|[^\s,;]+)"
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"\btp_[A-Za-z0-9_-]{8,}"), REDACTED),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), REDACTED),
    # Keys, signatures, digests, wallets.
    (re.compile(r"(?:\b0x|(?<![0-9A-Za-z_]))[0-9a-fA-F]{40,}"), REDACTED),
    # Account numbers of banks, with or without their spaces.
    (re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?\b"), REDACTED),
    (re.compile(r"(?<![\w.])\+\d[\d ()-]{6,18}\d"), REDACTED),
    # Numbers of cards and accounts.
    (re.compile(r"(?<![\w.:-])\d(?:[ -]?\d){11,18}(?![\w.:-])"), REDACTED),
    # What is sealed or encoded: long, and of letters and digits.
    (
        re.compile(r"(?<![\w+/=-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[A-Za-z0-9+_=-]{40,}"),
        REDACTED,
    ),
    (re.compile(r"(?<![\w.:])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"), _address),
    (
        re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:.]*|\[?::[0-9a-fA-F.:]+\]?"),
        _address,
    ),
)


def redact(text: str) -> str:
    """`text` without what looks like a secret, or like somebody's name on a network or a bank."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redacted(value: Any, depth: int = _DEPTH) -> Any:
    """As `redact`, for whatever stands in a log line, with all in it; an object by its type."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return REDACTED
    if isinstance(value, Mapping):
        return {
            str(name): REDACTED if _SECRET_NAME.search(str(name)) else redacted(inside, depth - 1)
            for name, inside in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inside, depth - 1) for inside in value]
    return f"[{type(value).__name__}]"
