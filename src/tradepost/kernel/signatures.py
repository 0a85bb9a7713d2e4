"""Whose key signed a digest: Ethereum's recoverable ECDSA, checked as the contract checks it."""

from typing import Protocol

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def signed_by_key(address: str, digest: bytes, signature: bytes) -> bool:
    """True if the key of `address` made `signature` (65 bytes r, s, v) over the 32-byte `digest`.

    The mirrored signature with a high s is refused: each signature has one form.
    """
    if len(signature) != 65 or signature[64] not in {27, 28}:
        return False
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return False
    try:
        recovered = Signature(
            signature[:64] + bytes([signature[64] - 27])
        ).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return False
    return bool(recovered.to_checksum_address().lower() == address.lower())


class ContractSignatures(Protocol):
    """Asks a contract wallet (EIP-1271) whether a signature is its own."""

    async def is_valid(self, address: str, digest: bytes, signature: bytes) -> bool:
        """True if the wallet at `address` says so; raises a retryable problem without an answer."""
        ...
