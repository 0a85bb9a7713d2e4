"""Secrets and signatures of Standard Webhooks 1.0: `v1` (HMAC-SHA256) and `v1a` (Ed25519).

A secret is 64 bytes: the first half is shared with the receiver (`whsec_`), the second is a private
key that stays here, whose public key (`whpk_`) is for those who keep no secret. Both are a
webhook's own: what is signed for one receiver proves nothing to another.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_HALF: Final = 32
_NONCE: Final = 12


class SecretsLost(Exception):
    """A sealed secret cannot be opened: the exchange's own secret is another than it was."""


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """What one webhook's messages are signed with."""

    raw: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """A fresh one."""
        return cls(secrets.token_bytes(2 * _HALF))

    def shared(self) -> str:
        """The part that the receiver gets, once."""
        return "whsec_" + _base64(self.raw[:_HALF])

    def public_key(self) -> str:
        """What checks `v1a`."""
        return "whpk_" + _base64(self._private().public_key().public_bytes_raw())

    def sign(self, signed: bytes) -> list[str]:
        """Both signatures of the bytes."""
        mac = hmac.digest(self.raw[:_HALF], signed, "sha256")
        return [f"v1,{_base64(mac)}", f"v1a,{_base64(self._private().sign(signed))}"]

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.raw[_HALF:])


class Vault:
    """Seals secrets for the database, which without the exchange's own secret tells none."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"tradepost: secrets of webhooks")
        self._cipher = AESGCM(derived.derive(secret.encode()))

    def seal(self, secret: SigningSecret, webhook_id: UUID, key_id: UUID) -> bytes:
        """The secret, sealed for its place: it opens in no other row."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.raw, webhook_id.bytes + key_id.bytes)

    def open(self, sealed: bytes, webhook_id: UUID, key_id: UUID) -> SigningSecret:
        """The secret; raises `SecretsLost`."""
        place = webhook_id.bytes + key_id.bytes
        try:
            return SigningSecret(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place))
        except InvalidTag:
            raise SecretsLost from None


def headers(
    valid: Sequence[SigningSecret], message_id: UUID, timestamp_s: int, body: str
) -> dict[str, str]:
    """The three headers of a message, signed with each secret in `valid`, the newest first."""
    signed = f"{message_id}.{timestamp_s}.{body}".encode()
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(one for secret in valid for one in secret.sign(signed)),
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
