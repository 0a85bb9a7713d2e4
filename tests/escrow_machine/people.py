"""Who signs, and whose signature it is: written anew, from docs/contract.md and EIP-712."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from coincurve import PrivateKey, PublicKey
from eth_utils.crypto import keccak

from tests.escrow_machine.chain import CHAIN_ID, word

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_DOMAIN = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_TERMS = keccak(
    text="Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,"
    "uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,"
    "uint256 salt)"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an escrow, in the contract's order."""

    seller: str
    buyer: str
    arbitrator: str
    token: str
    amount: int
    fee: int
    fee_recipient: str
    fund_by: int
    payment_window: int
    challenge_window: int
    salt: int

    def values(self) -> tuple[Any, ...]:
        """The fields as the interface takes them."""
        return tuple(getattr(self, name) for name in self.__slots__)

    def id(self, contract: str, chain_id: int = CHAIN_ID) -> bytes:
        """The digest of the terms, which names the escrow."""
        return _terms_digest(self, contract, chain_id)

    def changed(self, **fields: Any) -> "Terms":
        """Other terms, with some fields changed."""
        return replace(self, **fields)


@lru_cache(maxsize=4096)
def _terms_digest(terms: Terms, contract: str, chain_id: int) -> bytes:
    words = [
        word(value) if isinstance(value, str) else value.to_bytes(32) for value in terms.values()
    ]
    return digest(keccak(_TERMS + b"".join(words)), contract, chain_id)


def digest(struct_hash: bytes, contract: str, chain_id: int = CHAIN_ID) -> bytes:
    """What is signed: the struct in the contract's domain."""
    return keccak(b"\x19\x01" + _domain(contract, chain_id) + struct_hash)


@lru_cache
def _domain(contract: str, chain_id: int) -> bytes:
    names = keccak(text="Tradepost Escrow") + keccak(text="1")
    return keccak(_DOMAIN + names + chain_id.to_bytes(32) + word(contract))


def instruction(kind: str, escrow_id: bytes, contract: str, chain_id: int = CHAIN_ID) -> bytes:
    """The digest of Release, Paid, Refund or Cancel."""
    type_hash = _type_hash(f"{kind}(bytes32 escrowId)")
    return digest(keccak(type_hash + escrow_id), contract, chain_id)


def settlement(escrow_id: bytes, share: int, contract: str, chain_id: int = CHAIN_ID) -> bytes:
    """The digest of a settlement."""
    type_hash = _type_hash("Settlement(bytes32 escrowId,uint128 buyerAmount)")
    return digest(keccak(type_hash + escrow_id + share.to_bytes(32)), contract, chain_id)


@lru_cache
def _type_hash(text: str) -> bytes:
    return keccak(text=text)


@lru_cache
def key(number: int) -> PrivateKey:
    """The private key of a person."""
    return PrivateKey(number.to_bytes(32))


@lru_cache
def address(number: int) -> str:
    """The account of a person."""
    return _address(key(number).public_key)


def _address(public: PublicKey) -> str:
    return "0x" + keccak(public.format(compressed=False)[1:])[12:].hex()


@lru_cache(maxsize=4096)
def sign(number: int, what: bytes) -> bytes:
    """A person's signature of a digest: r, s, v."""
    made = key(number).sign_recoverable(what, hasher=None)
    return made[:64] + bytes([27 + made[64]])


def other_form(signature: bytes) -> bytes:
    """The same signature with the high `s`, which the contract refuses."""
    s = ORDER - int.from_bytes(signature[32:64])
    return signature[:32] + s.to_bytes(32) + bytes([55 - signature[64]])


def recovered(what: bytes, signature: bytes) -> str | None:
    """Whose key made a signature, as the contract's rules take it: 65 bytes, low `s`."""
    if len(signature) != 65 or int.from_bytes(signature[32:64]) > ORDER // 2:
        return None
    return ecrecover(what, signature)


@lru_cache(maxsize=4096)
def ecrecover(what: bytes, signature: bytes) -> str | None:
    """What the chain's own recovery answers to the first 65 bytes."""
    if len(signature) < 65 or signature[64] not in {27, 28}:
        return None
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        public = PublicKey.from_signature_and_message(compact, what, hasher=None)
    except Exception:  # noqa: BLE001 - coincurve raises a bare one for what is no signature
        return None
    return _address(public)
