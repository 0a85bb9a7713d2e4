"""Opaque, signed cursors: a caller can hand one back, but not make or bend one."""

from itsdangerous import BadSignature, URLSafeSerializer

from tradepost.kernel.errors import InvalidCursor


class Cursors:
    """Writes and reads the cursors of one exchange; `secret` never leaves the server."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def write(self, purpose: str, position: list[str | int]) -> str:
        """A cursor for `position` in the list named `purpose` (the list's name and filters)."""
        return URLSafeSerializer(self._secret, salt=purpose).dumps(position)

    def read(self, purpose: str, cursor: str) -> list[str | int]:
        """The position that `write` was given for the same purpose, else `InvalidCursor`."""
        try:
            position = URLSafeSerializer(self._secret, salt=purpose).loads(cursor)
        except BadSignature:
            raise InvalidCursor from None
        assert isinstance(position, list)
        return position
