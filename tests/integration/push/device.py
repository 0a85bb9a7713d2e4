"""A browser's side of push messages, written by the standards alone and none of our code.

It opens what it gets (RFC 8188, 8291) and judges who sent it (RFC 8292).
"""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ONE = b"\x01"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@dataclass(frozen=True)
class Device:
    """A key pair, and the secret that the exchange is told beside it."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth_secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def point(self) -> bytes:
        """The public key, uncompressed."""
        return _point(self.key.public_key())

    @property
    def p256dh(self) -> str:
        """The same, as a browser writes it."""
        return _text(self.point)

    def subscription(self, endpoint: str, label: str = "Phone") -> dict[str, Any]:
        """The body that subscribes it."""
        keys = {"p256dh": self.p256dh, "auth": _text(self.auth_secret)}
        return {"endpoint": endpoint, "keys": keys, "label": label}

    def open(self, body: bytes) -> bytes:
        """What a body says, of one record; raises `ValueError` where it is not for this device."""
        salt, record_size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert length == 65
        assert len(record) <= record_size
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.key.exchange(ec.ECDH(), public)
        # Each of these is HKDF's two steps, as section 3.4 of RFC 8291 writes them out.
        combined = hmac.digest(self.auth_secret, shared, "sha256")
        info = b"WebPush: info\x00" + self.point + sender
        material = hmac.digest(combined, info + _ONE, "sha256")
        drawn = hmac.digest(salt, material, "sha256")
        key = hmac.digest(drawn, b"Content-Encoding: aes128gcm\x00" + _ONE, "sha256")[:16]
        nonce = hmac.digest(drawn, b"Content-Encoding: nonce\x00" + _ONE, "sha256")[:12]
        try:
            text = AESGCM(key).decrypt(nonce, record, None)
        except InvalidTag:
            raise ValueError("it is not for this device") from None
        text = text.rstrip(b"\x00")
        assert text.endswith(b"\x02"), "the last record"
        return text[:-1]


def judge(authorization: str, audience: str, key: str) -> dict[str, Any]:
    """What a push service does with the header: the claims of who has `key`, for `audience`."""
    kind, _, rest = authorization.partition(" ")
    assert kind == "vapid"
    parts = dict(one.strip().split("=", 1) for one in rest.split(","))
    assert parts.keys() == {"t", "k"}
    assert parts["k"] == key
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _raw(key))
    claims: dict[str, Any] = jwt.decode(
        parts["t"], public, algorithms=["ES256"], audience=audience, options={"require": ["exp"]}
    )
    return claims
