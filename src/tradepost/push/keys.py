"""The exchange's own key, by which push services know who sends (VAPID, RFC 8292)."""

import base64
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: The order of P-256. Twice as many bytes as it takes leave no number likelier than another.
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_DRAWN: Final = 64
#: A push service takes a day at most; a clock may be some hours wrong.
_LIFE: Final = timedelta(hours=12)


class ServerKey:
    """A key pair on P-256 that is derived from the exchange's secret: the same in each process.

    Devices subscribe to this key alone, so another secret ends all subscriptions.
    """

    def __init__(self, secret: str) -> None:
        hkdf = HKDF(SHA256(), _DRAWN, salt=None, info=b"tradepost: key of push messages")
        drawn = int.from_bytes(hkdf.derive(secret.encode()), "big")
        self._private = derive_private_key(drawn % (_ORDER - 1) + 1, SECP256R1())
        point = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        #: As `applicationServerKey` takes it: the uncompressed point in base64url.
        self.public: Final = to_base64url(point)

    def authorization(self, origin: str, contact: str, now: datetime) -> str:
        """The header of a message to a push service; it is worth nothing anywhere else.

        Args:
            origin: of the endpoint, such as `https://push.example`.
            contact: where the push service reaches the operator, `mailto:` or `https:`.
            now: by the clock that others go by.
        """
        claims = {
            "aud": origin,
            "exp": int((now + _LIFE).timestamp()),
            "sub": contact,
        }
        token = jwt.encode(claims, self._private, algorithm="ES256")
        return f"vapid t={token}, k={self.public}"


@lru_cache(maxsize=4)
def server_key(secret: str) -> ServerKey:
    """The key of this secret; to derive it takes a while."""
    return ServerKey(secret)


def to_base64url(raw: bytes) -> str:
    """Base64url without padding, as browsers write keys."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes; raises `ValueError`."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
