"""One POST to a receiver who may be broken, slow or hostile.

The whole try is bounded in time. The connection goes to an address that was judged a moment before,
without a second look-up, a proxy, a cookie or a redirect; the answer's body is not read but for a
little, so that there is nothing to unpack and nothing to keep.
"""

import asyncio
import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import httpcore

from tradepost.kernel.settings import Settings
from tradepost.outward.addresses import (
    Address,
    AddressRefused,
    Names,
    Target,
    UrlRefused,
    find,
    read_url,
)
from tradepost.outward.model import Fault, Outcome

logger = logging.getLogger(__name__)

#: Standard Webhooks asks for 15 to 30 seconds.
DEADLINE_S: Final = 15.0
_CONNECT_S: Final = 5.0
#: A short answer is read to its end, which is polite; an endless one is cut.
_READ_BYTES: Final = 64 * 1024
_READ_S: Final = 1.0

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class _Judged(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were judged, whatever name the request has.

    TLS still asks for the name, and its certificate has to be the name's.
    """

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = addresses
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - it has been looked up
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own form
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first of the addresses that answers."""
        failed: Exception | None = None
        for address in self._addresses:
            try:
                return await self._sockets.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        assert failed is not None, "there is an address"
        raise failed


class Sender:
    """Sends messages by the operator's rules.

    Args:
        settings: which networks are open to messages.
        names: looks up names.
        trusted: whose certificates are believed; by default those of public authorities.
    """

    def __init__(
        self, settings: Settings, names: Names, trusted: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._names = names
        self._trusted = trusted or httpcore.default_ssl_context()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """One try, and what it came to; it raises nothing but a cancellation."""
        clock = asyncio.get_running_loop()
        began = clock.time()
        status, retry_after, fault = None, None, None
        try:
            async with asyncio.timeout(DEADLINE_S):
                target = read_url(url)
                addresses = await find(target, self._names, self._settings)
                status, retry_after = await self._post(target, addresses, headers, body)
        except (AddressRefused, UrlRefused):
            # Also a URL that was taken once, by other rules than today's.
            fault = Fault.ADDRESS
        except (TimeoutError, httpcore.TimeoutException):
            fault = Fault.TIMEOUT
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            fault = Fault.MALFORMED
        except httpcore.NetworkError as error:
            fault = Fault.TLS if _is_tls(error) else Fault.UNREACHABLE
        # Whatever an answer breaks in those who read it, the other receivers go on.
        except Exception as error:  # noqa: BLE001
            logger.warning("a receiver's answer was too much: %s", type(error).__name__)
            fault = Fault.MALFORMED
        return Outcome(round((clock.time() - began) * 1000), status, fault, retry_after)

    async def _post(
        self, target: Target, addresses: Sequence[Address], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str | None]:
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        sent: list[tuple[bytes | str, bytes | str]] = [
            ("Host", target.authority),
            ("Content-Length", str(len(body))),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
            *headers.items(),
        ]
        limits = {"connect": _CONNECT_S, "read": DEADLINE_S, "write": DEADLINE_S}
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._trusted, max_connections=1, network_backend=_Judged(addresses)
            ) as pool,
            pool.stream(
                "POST", url, headers=sent, content=body, extensions={"timeout": limits}
            ) as response,
        ):
            # A broken rest takes nothing from the word that is there.
            with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
                async with asyncio.timeout(_READ_S):
                    await _read_a_little(response)
            retry_after = [
                value for name, value in response.headers if name.lower() == b"retry-after"
            ]
            return response.status, retry_after[0].decode("latin-1") if retry_after else None


async def _read_a_little(response: httpcore.Response) -> None:
    seen = 0
    async for part in response.aiter_stream():
        seen += len(part)
        if seen > _READ_BYTES:
            return


def _is_tls(error: BaseException) -> bool:
    """True if the error, or what it comes from, is one of TLS."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
