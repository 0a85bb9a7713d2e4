"""Opaque, signed cursors: a caller can hand one back, but not make or bend one."""

import hashlib
import hmac
import json
import re
from base64 import b64decode, urlsafe_b64encode

from tradepost.kernel.errors import InvalidCursor

_SIGNATURE_BYTES = 16
#: The decoder takes the usual alphabet too, so that one cursor could be written in two ways.
_FORM = re.compile(r"[A-Za-z0-9_-]+")


class Cursors:
    """Writes and reads the cursors of one exchange; `secret` never leaves the server."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"cursors\0" + secret.encode()).digest()

    def write(self, purpose: str, position: list[str | int]) -> str:
        """A cursor for `position` in the list named `purpose` (the list's name and filters)."""
        said = json.dumps(position, separators=(",", ":")).encode()
        return urlsafe_b64encode(self._sign(purpose, said) + said).decode().rstrip("=")

    def read(self, purpose: str, cursor: str) -> list[str | int]:
        """The position that `write` was given for the same purpose, else `InvalidCursor`."""
        if not _FORM.fullmatch(cursor):
            raise InvalidCursor
        try:
            signed = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidCursor from None
        signature, said = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(purpose, said)):
            raise InvalidCursor
        position = json.loads(said)
        assert isinstance(position, list)
        return position

    def _sign(self, purpose: str, said: bytes) -> bytes:
        signed = len(said).to_bytes(4, "big") + said + purpose.encode()
        return hmac.digest(self._key, signed, "sha256")[:_SIGNATURE_BYTES]
