"""A trader's wallet: one secp256k1 key that signs, and from which his trade keys are derived.

Trade keys are what payment details are sealed with. They are not stored anywhere. A key is

    HKDF-SHA256(wallet key, salt "tradepost/trade-key/v1", info = context + index), reduced

where the context is something that the exchange serves for ever (for a taker the offer's id, for a
maker the offer's direction, asset and currency, which cannot be edited) and the index is a random
number below `TRADE_KEYS`. A client that has lost all its state, and has nothing but the wallet,
finds the key again: it tries the indices until the public key is the one which the exchange shows
for it, a tenth of a second of work. A key that cannot be found is not ours, so an exchange that
exchanged it is found out.

The index makes keys fresh: a trader who hands one trade's key to an arbitrator opens that trade
alone. A chance repetition costs only that for the two trades concerned: every message has its own
random nonce and names its trade.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.crypto import keccak

from tradepost_client.errors import KeyNotOurs, WalletUnusable

_LABEL = b"tradepost/trade-key/v1"
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
#: How many keys one context has.
TRADE_KEYS = 4096


class TradeKey:
    """A key that payment details are sealed with, of one offer or of one trade."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        #: The x coordinate of the public key: 64 hexadecimal digits.
        self.public = PrivateKey(secret).public_key.format()[1:].hex()

    @property
    def secret(self) -> bytes:
        """The 32 bytes of the private key."""
        return self._secret

    def __repr__(self) -> str:
        return f"TradeKey({self.public})"


class Wallet:
    """One key of an EVM account. Its representation shows the address only."""

    __slots__ = ("_account",)

    def __init__(self, key: bytes) -> None:
        """Raises `WalletUnusable` where `key` is not 32 bytes of a valid private key."""
        if len(key) != 32 or not 0 < int.from_bytes(key, "big") < _ORDER:
            raise WalletUnusable("This is not a private key of secp256k1.")
        self._account: LocalAccount = Account.from_key(key)

    @classmethod
    def create(cls) -> "Wallet":
        """A wallet with a new key from the system's randomness."""
        return cls((1 + secrets.randbelow(_ORDER - 1)).to_bytes(32, "big"))

    @property
    def address(self) -> str:
        """The account's address in checksum form."""
        return str(self._account.address)

    @property
    def key(self) -> bytes:
        """The 32 bytes of the private key, for the keystore."""
        return bytes(self._account.key)

    def __repr__(self) -> str:
        return f"Wallet({self.address})"

    def sign_digest(self, digest: bytes) -> str:
        """Signs a 32-byte EIP-712 digest; `0x` and 65 bytes r, s, v with v 27 or 28."""
        return "0x" + bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature).hex()

    def sign_text(self, text: str) -> str:
        """Signs a text as wallets do (EIP-191, version 0x45); the form is `sign_digest`'s."""
        return "0x" + bytes(self._account.sign_message(encode_defunct(text=text)).signature).hex()

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """Signs an EIP-1559 transaction; gives what `eth_sendRawTransaction` takes."""
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)

    def new_trade_key(self, context: str, once: str | None = None) -> TradeKey:
        """A key of `context` (see `taker_context`, `maker_context`) with a random index.

        `once` names an intent that may be repeated, as an idempotency key does: it has one key.
        """
        if once is None:
            return self._trade_key(context, secrets.randbelow(TRADE_KEYS))
        digest = hashlib.sha256(once.encode()).digest()
        return self._trade_key(context, int.from_bytes(digest, "big") % TRADE_KEYS)

    def find_trade_key(self, context: str, public: str) -> TradeKey:
        """The key of `context` whose public part is `public`; raises `KeyNotOurs`."""
        for index in range(TRADE_KEYS):
            key = self._trade_key(context, index)
            if key.public == public:
                return key
        raise KeyNotOurs(f"The key is {public}.")

    def _trade_key(self, context: str, index: int) -> TradeKey:
        info = context.encode() + index.to_bytes(2, "big")
        # 48 bytes reduced modulo the order are uniform but for 2^-128 (RFC 9380, section 5).
        wide = hkdf(self.key, _LABEL, info, 48)
        return TradeKey((int.from_bytes(wide, "big") % (_ORDER - 1) + 1).to_bytes(32, "big"))


def taker_context(offer_id: str) -> str:
    """The context of the keys with which a taker takes this offer."""
    return f"take/{offer_id}"


def maker_context(direction: str, asset: str, currency: str) -> str:
    """The context of the keys that a maker puts into offers of this kind."""
    return f"offer/{direction}/{asset}/{currency}"


def signer_of_text(text: str, signature: str) -> str | None:
    """Whose key signed `text` by EIP-191; None where the signature is none at all."""
    try:
        return str(Account.recover_message(encode_defunct(text=text), signature=signature))
    # eth-account and the libraries below it raise many kinds for what is not a signature.
    except Exception:  # noqa: BLE001
        return None


def digest_of_text(text: str) -> bytes:
    """The 32 bytes that a wallet signs of `text` by EIP-191, for wallets that are contracts."""
    body = text.encode()
    return keccak(b"\x19Ethereum Signed Message:\n%d%b" % (len(body), body))


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869): extract, then expand to `length` bytes."""
    extracted = hmac.digest(salt, secret, "sha256")
    block, out = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]
