"""Where the exchange may call: an address on the web, and never one inside of its own networks.

A URL is read here once, and nothing else reads it again: two readers that understand one text in
two ways are how such rules are passed by. A name is looked up here, every address that it has is
judged, and the connection goes to one of just those (`sending.py`), so a name that changes its
mind in between changes nothing.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, Protocol

import aiodns
import idna

from tradepost.kernel.settings import Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_LENGTH: Final = 500
_URL: Final = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?", re.IGNORECASE)
#: What a path and a query are written in (RFC 3986); all else is percent-encoded by its owner.
_PATH: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^:\[\]@\\\s]{1,253})(?::([0-9]{1,5}))?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOOKUP_S: Final = 4.0
#: More addresses than any honest name has.
_MAX_ADDRESSES: Final = 32

#: IANA's registries of special addresses. Python's `is_global` is asked beside them, since what it
#: knows depends on its version; of IPv6 only what is given out (2000::/3) is public at all, which
#: leaves out the addresses that carry an IPv4 one: mapped, compatible and those of NAT64.
_GIVEN_OUT: Final = IPv6Network("2000::/3")
_SPECIAL: Final[tuple[Network, ...]] = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Teredo, benchmarks and ORCHID; examples; 6to4; AS112; examples.
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)


class UrlRefused(Exception):
    """Nothing is sent to this URL; the text is the rule that it breaks."""


class AddressRefused(Exception):
    """The name leads to no address at all, or to one that nothing is sent to.

    Which of the two is not told: else names of the inside could be tried out one by one.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, read: `host` is a name in ASCII or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port, as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The one form of this URL."""
        return f"{self.origin}{self.path}"


class Names(Protocol):
    """Looks up the addresses of a name."""

    async def addresses(self, host: str) -> Sequence[str]:
        """All of them; none where there is no such name. Raises `TimeoutError`."""
        ...


class SystemNames:
    """Looks up names without threads: one that is slow holds up no other.

    Args:
        nameservers: who is asked, as `address:port`; by default those of the machine.
    """

    def __init__(self, nameservers: Sequence[str] | None = None) -> None:
        self._nameservers = nameservers
        self._resolver: aiodns.DNSResolver | None = None

    async def addresses(self, host: str) -> Sequence[str]:
        """See `Names`."""
        if self._resolver is None:
            # It belongs to the loop that runs now.
            self._resolver = aiodns.DNSResolver(self._nameservers, timeout=_LOOKUP_S / 2, tries=2)
        try:
            async with asyncio.timeout(_LOOKUP_S):
                found = await self._resolver.getaddrinfo(host)
        except aiodns.error.DNSError as error:
            if error.args[0] == aiodns.error.ARES_ETIMEOUT:
                raise TimeoutError from None
            return []
        return [node.addr[0].decode("ascii") for node in found.nodes]

    async def close(self) -> None:
        """Ends what is being looked up."""
        if self._resolver is not None:
            await self._resolver.close()


def read_url(text: str) -> Target:
    """What a URL says; raises `UrlRefused` with the rule that it breaks."""
    if len(text) > MAX_URL_LENGTH:
        raise UrlRefused(f"A URL has at most {MAX_URL_LENGTH} characters.")
    parts = _URL.fullmatch(text)
    if parts is None:
        raise UrlRefused("It is not an https URL without a fragment.")
    scheme, path = parts[1].lower(), (parts[3] or "/") + (parts[4] or "")
    if not _PATH.fullmatch(path):
        raise UrlRefused("Path and query have to be percent-encoded.")
    authority = _AUTHORITY.fullmatch(parts[2])
    if authority is None:
        raise UrlRefused("It needs a host, and no name or password before it.")
    port = int(authority[2]) if authority[2] else {"https": 443, "http": 80}[scheme]
    if port not in {443, 80 if scheme == "http" else 443} and not 1024 <= port <= 65535:
        raise UrlRefused("The port is 443, or one from 1024 to 65535.")
    target = Target(scheme, _read_host(authority[1]), port, path)
    if len(target.url) > MAX_URL_LENGTH:
        raise UrlRefused(f"A URL has at most {MAX_URL_LENGTH} characters.")
    return target


def _read_host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError:
            raise UrlRefused("The host is not an address.") from None
    try:
        host = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise UrlRefused("The host is not a name.") from None
    host = host.removesuffix(".")
    # Browsers, resolvers and systems read 0x7f.1, 017700000001 and 2130706433 as addresses.
    if not host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise UrlRefused("The host is neither a name nor an address.") from None
    return host


def is_public(address: Address) -> bool:
    """True if anybody on the internet can have this address, and no machine of ours by it."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv6Address) and address not in _GIVEN_OUT:
        return False
    return not any(address in network for network in _SPECIAL)


def may_go(address: Address, scheme: str, settings: Settings) -> bool:
    """True if a message may go there; without TLS only to networks that the operator names."""
    if any(address in network for network in settings.webhook_refused_networks):
        return False
    if any(address in network for network in settings.webhook_networks):
        return True
    return scheme == "https" and is_public(address)


async def find(target: Target, names: Names, settings: Settings) -> list[Address]:
    """The addresses of a target, each of them judged.

    Raises `AddressRefused` where there is none or one of them will not do, and `TimeoutError`.
    """
    try:
        found: list[Address] = [ip_address(target.host)]
    except ValueError:
        try:
            found = [ip_address(one) for one in await names.addresses(target.host)]
        except ValueError:
            # One with a zone: of this machine's own links.
            raise AddressRefused from None
    if not 0 < len(found) <= _MAX_ADDRESSES:
        raise AddressRefused
    if not all(may_go(address, target.scheme, settings) for address in found):
        raise AddressRefused
    return found
