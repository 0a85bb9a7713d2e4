"""Messages sealed for one device: `aes128gcm` (RFC 8188) with Web Push's keys (RFC 8291).

A push service sees neither what is said nor how much: every message has one length.
"""

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: Of what is sealed, with its padding: more than any message of ours has.
LENGTH: Final = 256
_SALT: Final = 16
_RECORD: Final = 4096
_POINT: Final = 65
#: Ends what is said in the last record; zeros follow.
_END: Final = b"\x02"


def device_key(raw: bytes) -> EllipticCurvePublicKey:
    """A device's key, an uncompressed point on P-256; raises `ValueError` for any other bytes."""
    if len(raw) != _POINT:
        raise ValueError("it is not an uncompressed point")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)


def seal(text: bytes, device: bytes, auth: bytes, *, length: int = LENGTH) -> bytes:
    """The body of a message that only the device opens.

    Args:
        text: what is said, shorter than `length` bytes.
        device: its public key, as `device_key` takes it.
        auth: the secret of 16 bytes that it shares with us.
        length: of what is sealed, with its padding.
    """
    own, salt = generate_private_key(SECP256R1()), secrets.token_bytes(_SALT)
    return sealed(text, device, auth, own, salt, length)


def sealed(
    text: bytes,
    device: bytes,
    auth: bytes,
    own: EllipticCurvePrivateKey,
    salt: bytes,
    length: int,
) -> bytes:
    """As `seal`, by a key and a salt that must serve this once only."""
    assert len(text) < length < _RECORD, "all is in one record"
    public = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ECDH(), device_key(device))
    secret = _derived(shared, auth, b"WebPush: info\x00" + device + public, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    record = (text + _END).ljust(length, b"\x00")
    head = salt + _RECORD.to_bytes(4, "big") + bytes([len(public)]) + public
    return head + AESGCM(key).encrypt(nonce, record, None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
