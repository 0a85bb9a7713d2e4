"""An account as the page makes it: its words, its vault, and what its browser keeps of them."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tradepost_client.wallet import hkdf

_LABEL = "tradepost/vault/v1"
_COST = {"n": 2**17, "r": 8, "p": 1}
_MEMORY = 256 * 2**20


def sealed(words: str, address: str, name: str, passphrase: str) -> tuple[str, str]:
    """A vault as the page keeps it, in JSON, and what its account signs in with.

    `web/src/wallet/vault.ts` says what both are.
    """
    salt = f"{_LABEL}/{name}".encode()
    secret = hashlib.scrypt(passphrase.encode(), salt=salt, maxmem=_MEMORY, dklen=32, **_COST)
    key, sign_in = (
        hkdf(secret, _LABEL.encode(), info, 32) for info in (b"vault key", b"sign-in secret")
    )
    lock = {"kind": "passphrase", "name": name, **_COST}
    bound = json.dumps([_LABEL, *lock.values(), address], separators=(",", ":"))
    nonce = secrets.token_bytes(12)
    whole = nonce + AESGCM(key).encrypt(nonce, words.encode(), bound.encode())
    vault = {"form": 1, "lock": lock, "address": address, "sealed": _text(whole)}
    return json.dumps(vault), _text(sign_in)


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
