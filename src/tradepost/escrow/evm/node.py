"""The exchange's node for who has none: one bounded question, one bounded answer.

It has connections of its own, so that strangers who ask never keep the exchange from its node.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from eth_utils.crypto import keccak
from pydantic_core import from_json

from tradepost.escrow.evm.calls import NodeMethod, fits
from tradepost.escrow.model import NodeRefused, NodeUnreachable

_WITHIN_S: Final = 10.0
#: Who finds them all taken waits, and that counts as the node's time.
_CONNECTIONS: Final = 16
#: A block of a busy chain has ten thousand hashes in it.
MAX_ANSWER_BYTES: Final = 1024 * 1024
#: Some nodes say 400 where they refuse a call; any other status is no answer of a node.
_ANSWERED: Final = frozenset({200, 400})
#: A provider's own limit, of which our caller knows nothing.
_LIMIT_EXCEEDED: Final = -32005
_NO_CODE: Final = -32603
_MESSAGE_LETTERS: Final = 300
_REVERTED: Final = re.compile(r"0x([0-9a-fA-F]{2}){0,8192}")
#: Places on a network: an address of the web, of IPv4, or a port of anything.
_PLACE: Final = re.compile(r"://|@|(?<!\d)\d{1,3}(\.\d{1,3}){3}(?!\d)|[a-z\]]:\d{1,5}\b")


class Node:
    """Asks the node at `rpc_url`; a call is given up after `within_s`."""

    def __init__(self, rpc_url: str, within_s: float = _WITHIN_S) -> None:
        self._url = rpc_url
        self._own = _own_words(rpc_url)
        self._session = ClientSession(
            connector=TCPConnector(limit=_CONNECTIONS),
            timeout=ClientTimeout(total=within_s),
            # What is packed could be a thousand times as large as what was read of it.
            headers={"Accept-Encoding": "identity"},
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Gives the connections back."""
        await self._session.close()

    async def ask(self, method: NodeMethod, params: list[Any]) -> Any:
        """What the node answers to a call whose parameters were checked.

        Raises `NodeRefused` with the node's own code, words and data, and `NodeUnreachable` where
        it does not answer, or not as a node does.
        """
        if method is NodeMethod.SEND:
            return await self._send(params[0])
        return await self._ask(method, params)

    async def _send(self, raw: str) -> str:
        """Sends a signed transaction; its hash, whether it was sent before or not."""
        tx_hash = "0x" + keccak(hexstr=raw).hex()
        try:
            await self._ask(NodeMethod.SEND, [raw])
        except NodeRefused as refused:
            # Each kind of node has words of its own for one that it has already. That it was mined
            # meanwhile is told by some as a nonce that is too low.
            try:
                known = await self._ask(NodeMethod.TRANSACTION, [tx_hash])
            except (NodeRefused, NodeUnreachable):
                known = None
            if known is None:
                raise refused from None
        return tx_hash

    async def _ask(self, method: NodeMethod, params: list[Any]) -> Any:
        call = {"jsonrpc": "2.0", "id": 1, "method": str(method), "params": params}
        said = await self._said(call)
        error = said.get("error")
        if error is not None:
            raise self._refusal(error)
        if "result" not in said or not fits(method, said["result"]):
            raise NodeUnreachable
        return said["result"]

    async def _said(self, call: dict[str, Any]) -> dict[str, Any]:
        body = bytearray()
        try:
            # Where a redirect leads is the word of who answered, not of the operator.
            async with self._session.post(self._url, json=call, allow_redirects=False) as response:
                if response.status not in _ANSWERED:
                    raise NodeUnreachable
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise NodeRefused(
                            f"The answer has more than {MAX_ANSWER_BYTES} bytes.",
                            code=_NO_CODE,
                            message="answer too large",
                            data=None,
                        )
            said = from_json(bytes(body), allow_inf_nan=False)
        # The error itself names the node's address.
        except (ClientError, TimeoutError, OSError, ValueError):
            raise NodeUnreachable from None
        if not isinstance(said, dict):
            raise NodeUnreachable
        return said

    def _refusal(self, error: Any) -> NodeRefused | NodeUnreachable:
        if not isinstance(error, dict):
            return NodeUnreachable()
        code, message, data = error.get("code"), error.get("message"), error.get("data")
        if code == _LIMIT_EXCEEDED:
            return NodeUnreachable()
        if isinstance(data, dict):
            data = data.get("data")
        return NodeRefused(
            code=code if type(code) is int and abs(code) < 2**31 else _NO_CODE,
            message=self._told(message) if isinstance(message, str) else "",
            data=data if isinstance(data, str) and _REVERTED.fullmatch(data) else None,
        )

    def _told(self, message: str) -> str:
        """What a node says, without where it is: a proxy before it names that, and its keys."""
        printed = "".join(
            one if one.isascii() and one.isprintable() else " " for one in message[:4096]
        )
        words = ("..." if self._is_place(word.lower()) else word for word in printed.split())
        return " ".join(words)[:_MESSAGE_LETTERS]

    def _is_place(self, word: str) -> bool:
        return _PLACE.search(word) is not None or any(own in word for own in self._own)


def _own_words(rpc_url: str) -> frozenset[str]:
    """What a node's address is made of, in small letters: its host, its keys."""
    parts = urlsplit(rpc_url)
    words = [parts.hostname, parts.username, parts.password, *parts.path.split("/")]
    words += re.split(r"[&=]", parts.query)
    # Shorter ones are in every other sentence, and guard nothing.
    return frozenset(word.lower() for word in words if word and len(word) >= 4)
