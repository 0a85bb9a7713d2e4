"""By which ways a seller can lock, as the chain tells it: what to ask a node, and how to read it.

Tokens differ in what they take, and no register tells it. Each view is asked, and one that fails
answers nothing; what a token says of its own domain counts only where its separator agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradepost_contracts import calls, locking
from tradepost_contracts.terms import ZERO_ADDRESS, Terms
from tradepost_contracts.typed_data import Domain, TypedData

_PERMIT_TYPE = keccak(
    text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)


class LockWay(StrEnum):
    """How a seller's signed lock takes the coins."""

    DEPOSIT = "deposit"  # out of his balance in the contract
    AUTHORIZATION = "authorization"  # EIP-3009
    PERMIT = "permit"  # EIP-2612, with the signature of the lock
    PERMIT2 = "permit2"
    ALLOWANCE = "allowance"  # one that is there already


@dataclass(frozen=True, slots=True)
class Question:
    """A view of a contract, to be called by a node."""

    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Means:
    """What a seller has, and what his token takes; amounts in the token's smallest unit.

    Attributes:
        held: His balance in the escrow contract.
        balance: His tokens.
        allowed: What the escrow contract may take of them.
        allowed_permit2: What Permit2 may take of them; 0 where there is no Permit2.
        token: The token's domain, or None where it is not known for sure.
        authorizes: Whether the token takes authorizations (EIP-3009), and none was used for this.
        permit_nonce: The seller's next one for a permit (EIP-2612), or None without permits.
    """

    held: int
    balance: int
    allowed: int
    allowed_permit2: int
    token: Domain | None
    authorizes: bool
    permit_nonce: int | None

    def supported(self, terms: Terms) -> tuple[LockWay, ...]:
        """The ways that the coin of `terms` knows, the cheapest first, whatever the seller has."""
        if terms.token == ZERO_ADDRESS:
            return (LockWay.DEPOSIT,)
        ways: list[LockWay] = [LockWay.DEPOSIT]
        if self.authorizes:
            ways.append(LockWay.AUTHORIZATION)
        if self.permit_nonce is not None:
            ways.append(LockWay.PERMIT)
        if self.allowed_permit2:
            ways.append(LockWay.PERMIT2)
        return (*ways, LockWay.ALLOWANCE)

    def open(self, terms: Terms) -> tuple[LockWay, ...]:
        """Those by which the seller could lock now, with what he has."""
        total = terms.locked_amount
        enough = {
            LockWay.DEPOSIT: self.held >= total,
            LockWay.PERMIT2: self.balance >= total and self.allowed_permit2 >= total,
            LockWay.ALLOWANCE: self.balance >= total and self.allowed >= total,
        }
        return tuple(way for way in self.supported(terms) if enough.get(way, self.balance >= total))


def questions(terms: Terms, escrow_id: bytes, contract: str) -> dict[str, Question]:
    """What to ask a node about the seller of `terms`, by name, for `read`."""
    held = {"held": Question(contract, calls.balance_of(terms.token, terms.seller))}
    if terms.token == ZERO_ADDRESS:
        return held
    seller = terms.seller
    of_token = {
        "balance": _view("balanceOf(address)", seller),
        "allowed": _view("allowance(address,address)", seller, contract),
        "allowed_permit2": _view("allowance(address,address)", seller, locking.PERMIT2),
        "domain": _view("eip712Domain()"),
        "name": _view("name()"),
        "version": _view("version()"),
        "separator": _view("DOMAIN_SEPARATOR()"),
        "nonce": _view("nonces(address)", seller),
        "permit_type": _view("PERMIT_TYPEHASH()"),
        "authorized": _view("authorizationState(address,bytes32)", seller, escrow_id),
    }
    asked = {name: Question(terms.token, data) for name, data in of_token.items()}
    permit2 = Question(locking.PERMIT2, _view("DOMAIN_SEPARATOR()"))
    return held | asked | {"permit2": permit2}


def read(answers: Mapping[str, bytes | None], terms: Terms, chain_id: int) -> Means:
    """What the answers to `questions` mean; None stands for a view that failed."""
    token = _domain(answers, terms.token, chain_id)
    permit2 = Domain("Permit2", None, chain_id, locking.PERMIT2).separator()
    # DAI has nonces and a domain, and another permit.
    permits = token is not None and answers.get("permit_type") in {None, b"", _PERMIT_TYPE}
    return Means(
        held=_number(answers.get("held")) or 0,
        balance=_number(answers.get("balance")) or 0,
        allowed=_number(answers.get("allowed")) or 0,
        allowed_permit2=(_number(answers.get("allowed_permit2")) or 0)
        if answers.get("permit2") == permit2
        else 0,
        token=token,
        authorizes=token is not None and _number(answers.get("authorized")) == 0,
        permit_nonce=_number(answers.get("nonce")) if permits else None,
    )


def to_sign(
    way: LockWay,
    terms: Terms,
    chain_id: int,
    contract: str,
    *,
    token: Domain | None = None,
    permit_nonce: int | None = None,
    permit2_nonce: int | None = None,
) -> dict[str, TypedData]:
    """What the seller signs for a way, by the name that the API has for each signature.

    Raises:
        ValueError: The way needs a domain or a nonce that is not given.
    """
    if way is LockWay.DEPOSIT:
        return {"signature": locking.lock("LockFromDeposit", terms, chain_id, contract)}
    if way is LockWay.PERMIT2:
        if permit2_nonce is None:
            raise ValueError("Permit2 needs a nonce.")
        return {"signature": locking.permit2_lock(terms, permit2_nonce, chain_id, contract)}
    if way is LockWay.ALLOWANCE:
        return {"signature": locking.lock("Lock", terms, chain_id, contract)}
    if token is None:
        raise ValueError("The token's domain is not known.")
    if way is LockWay.AUTHORIZATION:
        return {"signature": locking.lock_authorization(terms, token, contract)}
    if permit_nonce is None:
        raise ValueError("A permit needs a nonce.")
    # For this amount and as long as a lock is accepted: what is left of it is nothing.
    permit = locking.permit(
        terms.seller, terms.locked_amount, permit_nonce, terms.fund_by, token, contract
    )
    lock = locking.lock("Lock", terms, chain_id, contract)
    return {"signature": lock, "permit_signature": permit}


def _domain(answers: Mapping[str, bytes | None], token: str, chain_id: int) -> Domain | None:
    separator = answers.get("separator")
    told = _told_domain(answers.get("domain"))
    if told is not None and told.contract == token and told.chain_id == chain_id:
        return told if separator in {None, b"", told.separator()} else None
    name, version = _text(answers.get("name")), _text(answers.get("version"))
    if name is None:
        return None
    domain = Domain(name, "1" if version is None else version, chain_id, token)
    return domain if domain.separator() == separator else None


def _told_domain(answer: bytes | None) -> Domain | None:
    """A domain of the usual four fields, as a token tells it by EIP-5267."""
    types = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"]
    try:
        fields, name, version, chain_id, contract, *_ = decode(types, answer or b"")
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    if fields != b"\x0f":
        return None
    return Domain(name, version, chain_id, to_checksum_address(contract))


def _text(answer: bytes | None) -> str | None:
    try:
        (text,) = decode(["string"], answer or b"")
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    return str(text)


def _number(answer: bytes | None) -> int | None:
    return None if answer is None or len(answer) != 32 else int.from_bytes(answer)


def _view(signature: str, *values: str | bytes) -> bytes:
    types = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + encode(types.split(",") if types else [], values)
