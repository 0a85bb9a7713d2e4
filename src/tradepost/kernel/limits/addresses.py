"""Whose request it is, by address: the peer's own, or what a trusted proxy says of him."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Literal

ProxyHeader = Literal["x-forwarded-for", "forwarded"]
#: A peer without an address: he came over a Unix socket.
UNIX = "unix"
#: No honest chain of proxies is longer; the rest would only cost time.
_HOPS = 16
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s"]*))', re.IGNORECASE)


class Addresses:
    """Tells the address that a request is counted under.

    A header counts only from a peer in `trusted` (networks, or `unix`). It is read from its end:
    what stands before the first address that is not a trusted proxy was written by a stranger.
    An IPv6 address counts as its /64, which is what one subscriber gets.
    """

    def __init__(self, trusted: Iterable[str], header: ProxyHeader) -> None:
        named = frozenset(trusted)
        self._networks = [ip_network(name) for name in named - {UNIX}]
        self._unix = UNIX in named
        self._header = header.encode()
        self._read = _named_for if header == "forwarded" else str
        self._looked_up = lru_cache(maxsize=4_096)(self._look_up)

    def of(self, scope: Any) -> str:
        """The address of a request's ASGI scope, in its shortest form."""
        client = scope.get("client")
        told, trusted = self._looked_up(client[0] if client else "")
        if not trusted:
            return told
        said = b",".join(value for name, value in scope["headers"] if name == self._header)
        for part in reversed(said.decode("latin-1").split(",")[-_HOPS:]):
            address = _address(self._read(part.strip()))
            if address is None:
                # The proxy did not understand it either: it is the last that is known.
                break
            told, trusted = self._looked_up(str(address))
            if not trusted:
                break
        return told

    def _look_up(self, text: str) -> tuple[str, bool]:
        """An address as it is counted, and whether what it says of others is believed."""
        address = _address(text)
        if address is None:
            return UNIX, self._unix
        trusted = any(
            address.version == network.version and address in network for network in self._networks
        )
        return _counted(address), trusted


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def _counted(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def _named_for(element: str) -> str:
    """What one element of `Forwarded` (RFC 7239) says of whom it is for."""
    match = _FOR.search(element)
    return (match[1] or match[2] or "") if match else ""
