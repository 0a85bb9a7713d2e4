"""Who signs, and whose signature it is: written anew, from docs/contract.md and EIP-712."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from coincurve import PrivateKey, PublicKey
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.escrow_machine.chain import CHAIN_ID, word

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = ORDER // 2
_DOMAIN = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_TERMS = (
    "Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,"
    "uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,"
    "uint256 lane)"
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
    lane: int
    #: Which word has bits beyond its type, and those bits: the other fields never show them.
    dirt: tuple[int, int] = (0, 0)

    def words(self) -> tuple[int, ...]:
        """The fields as the words that they are sent and hashed as."""
        names = self.__slots__[:-1]
        words = [_number(getattr(self, name)) for name in names]
        words[self.dirt[0]] |= self.dirt[1]
        return tuple(words)

    def hash(self) -> bytes:
        """The struct's hash."""
        return _terms_hash(self)

    def id(self, contract: str, chain_id: int = CHAIN_ID) -> bytes:
        """The digest of the terms, which names the escrow."""
        return digest(self.hash(), contract, chain_id)

    def changed(self, **fields: Any) -> "Terms":
        """Other terms, with some fields changed."""
        return replace(self, **fields)


def _number(value: str | int) -> int:
    return int(value, 16) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _terms_hash(terms: Terms) -> bytes:
    return keccak(_type_hash(_TERMS) + b"".join(one.to_bytes(32) for one in terms.words()))


@lru_cache(maxsize=8192)
def digest(struct_hash: bytes, contract: str, chain_id: int = CHAIN_ID) -> bytes:
    """What is signed: the struct in the contract's domain."""
    return keccak(b"\x19\x01" + domain(contract, chain_id) + struct_hash)


@lru_cache
def domain(
    contract: str, chain_id: int, name: str = "Tradepost Escrow", version: str = "2"
) -> bytes:
    """The domain of a contract: the escrow's, or a token's."""
    names = keccak(text=name) + keccak(text=version)
    return keccak(_DOMAIN + names + chain_id.to_bytes(32) + word(contract))


def instruction(kind: str, escrow_id: bytes, contract: str, chain_id: int = CHAIN_ID) -> bytes:
    """The digest of Release, Paid, Refund or Cancel."""
    type_hash = _type_hash(f"{kind}(bytes32 escrowId)")
    return digest(keccak(type_hash + escrow_id), contract, chain_id)


def settlement(
    escrow_id: bytes, share: int, valid_until: int, contract: str, chain_id: int = CHAIN_ID
) -> bytes:
    """The digest of a settlement."""
    kind = _type_hash("Settlement(bytes32 escrowId,uint128 buyerAmount,uint40 validUntil)")
    words = escrow_id + share.to_bytes(32) + valid_until.to_bytes(32)
    return digest(keccak(kind + words), contract, chain_id)


def locking(kind: str, terms: Terms, contract: str, chain_id: int = CHAIN_ID) -> bytes:
    """The digest of Lock or LockFromDeposit."""
    type_hash = _type_hash(f"{kind}(Terms terms){_TERMS}")
    return digest(keccak(type_hash + terms.hash()), contract, chain_id)


def withdrawal(
    draw: tuple[str, str, int, str], nonce: int, valid_until: int, contract: str
) -> bytes:
    """The digest of a withdrawal: account, token, amount, recipient."""
    kind = _type_hash(
        "Withdrawal(address account,address token,uint256 amount,address to,uint64 nonce,"
        "uint40 validUntil)"
    )
    words = [_number(one).to_bytes(32) for one in (*draw, nonce, valid_until)]
    return digest(keccak(kind + b"".join(words)), contract)


def authorization(
    token: str, contract: str, source: str, value: int, valid_before: int, nonce: bytes
) -> bytes:
    """The digest of an authorization of EIP-3009, valid from the beginning."""
    kind = _type_hash(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    )
    words = [_number(one).to_bytes(32) for one in (source, contract, value, 0, valid_before)]
    return _of_token(token, keccak(kind + b"".join(words) + nonce))


def deposit_nonce(salt: bytes) -> bytes:
    """The nonce of an authorization of a deposit."""
    return keccak(encode(["string", "bytes32"], ["Tradepost deposit", salt]))


def permission(
    token: str, contract: str, owner: str, value: int, nonce: int, deadline: int
) -> bytes:
    """The digest of a permit of EIP-2612."""
    kind = _type_hash(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    )
    words = [_number(one).to_bytes(32) for one in (owner, contract, value, nonce, deadline)]
    return _of_token(token, keccak(kind + b"".join(words)))


def _of_token(token: str, struct_hash: bytes) -> bytes:
    separator = domain(token, CHAIN_ID, "Development Dollar", "1")
    return keccak(b"\x19\x01" + separator + struct_hash)


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
    if len(signature) != 65 or int.from_bytes(signature[32:64]) > HALF_ORDER:
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
