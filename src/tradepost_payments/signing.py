"""Who vouches for the payment methods: Ed25519 over the canonical bytes of their file.

The signature is of the JSON's meaning and not of its layout: keys in order, no spaces, UTF-8, and
numbers that are integers only (what RFC 8785 makes of such a document). So a file can be laid out
for people, and anybody can make the signed bytes from it again.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic_core import from_json

from tradepost_payments.model import RegistryInvalid

#: Larger than any list of payment methods needs to be.
MAX_BYTES: Final = 2_000_000
_MAX_SIGNATURE_BYTES: Final = 1_000


def parse(content: bytes) -> Any:
    """The JSON document in `content`.

    Raises `ValueError` where it is too large, is no JSON, or could be read in two ways: a key
    twice in one object, or a number that is no integer.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    # This parser knows a bound of nesting; the other one only that of the stack, and dies of it.
    from_json(content)
    return json.loads(
        content, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float
    )


def canonical(document: Any) -> bytes:
    """The bytes that are signed of a document that `parse` gave."""
    return json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def key_id(public_key: bytes) -> str:
    """The short name of a key of 32 bytes: 16 hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def trusted_keys() -> Mapping[str, bytes]:
    """The public keys that this version trusts, by their ids."""
    text = (resources.files("tradepost_payments") / "data" / "trusted_keys.json").read_text("utf-8")
    keys = [bytes.fromhex(entry["public_key"]) for entry in json.loads(text)]
    return {key_id(key): key for key in keys}


def sign(document: Any, private_key: Ed25519PrivateKey) -> bytes:
    """The signature file of `document`."""
    public = private_key.public_key().public_bytes_raw()
    made = base64.b64encode(private_key.sign(canonical(document))).decode()
    return json.dumps({"key_id": key_id(public), "signature": made}, indent=2).encode() + b"\n"


def read_signature(content: bytes) -> tuple[str, bytes]:
    """The id of the key and the signature, as a signature file tells them.

    Raises `RegistryInvalid` where it is none.
    """
    try:
        if len(content) > _MAX_SIGNATURE_BYTES:
            raise ValueError
        found = json.loads(content)
        return str(found["key_id"]), base64.b64decode(found["signature"], validate=True)
    except (ValueError, TypeError, KeyError):
        raise RegistryInvalid("the signature file is not one") from None


def verify(document: Any, signed_by: str, signature: bytes) -> None:
    """Raises `RegistryInvalid` unless a trusted key of this id has signed `document`."""
    key = trusted_keys().get(signed_by)
    if key is None:
        raise RegistryInvalid("it is signed with a key that this version does not trust")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, canonical(document))
    except InvalidSignature:
        raise RegistryInvalid("the signature is not of this content") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no integer")
