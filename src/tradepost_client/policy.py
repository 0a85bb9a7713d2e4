"""How often and how long a client tries."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Retries:
    """Tries of a request that may be repeated, with pauses that double and have a random part.

    Attributes:
        tries: How often in all.
        first_s: The longest first pause.
        longest_s: The longest of all, whatever the exchange asks for.
    """

    tries: int = 5
    first_s: float = 0.2
    longest_s: float = 5.0

    def pause_s(self, failures: int, asked_s: float | None = None) -> float:
        """Seconds to wait after so many failures; `asked_s` is the exchange's `Retry-After`."""
        longest = min(self.longest_s, self.first_s * float(2 ** (failures - 1)))
        # Many clients that failed together must not come back together.
        pause = longest * (0.5 + secrets.randbelow(501) / 1000)
        return min(self.longest_s, max(pause, asked_s or 0.0))


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def checked_url(url: str, *, insecure: bool) -> str:
    """`url` without a slash at its end.

    Raises:
        ValueError: It is no HTTP address, or a plain one to another machine: everybody on the way
            could read the token. `insecure` permits that.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError(f"{url!r} is not the address of an exchange.")
    if parts.scheme == "http" and not insecure and not is_loopback(url):
        raise ValueError(f"{url} is not encrypted; use https.")
    return url.rstrip("/")
