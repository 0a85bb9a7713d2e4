"""What a seller signs so that somebody else brings his lock, and what he signs about a balance.

Two kinds of domain occur. What the escrow contract itself checks is signed for it; what a token or
Permit2 checks is signed for that. Each function tells for which call it is; times are chain times
in Unix seconds, amounts are in the token's smallest unit.
"""

from typing import Literal

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tradepost_contracts.terms import TERMS, Terms, domain, escrow_id
from tradepost_contracts.typed_data import Domain, Struct, TypedData

#: The ways to lock that the escrow contract itself checks: by an allowance, or out of a balance.
LockKind = Literal["Lock", "LockFromDeposit"]

#: Where Permit2 is on every chain that has it.
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"

_LOCKS: dict[LockKind, Struct] = {
    "Lock": Struct("Lock", (("terms", TERMS),)),
    "LockFromDeposit": Struct("LockFromDeposit", (("terms", TERMS),)),
}
_WITHDRAWAL = Struct(
    "Withdrawal",
    (
        ("account", "address"),
        ("token", "address"),
        ("amount", "uint256"),
        ("to", "address"),
        ("nonce", "uint64"),
        ("validUntil", "uint40"),
    ),
)
_AUTHORIZATION = Struct(
    "ReceiveWithAuthorization",
    (
        ("from", "address"),
        ("to", "address"),
        ("value", "uint256"),
        ("validAfter", "uint256"),
        ("validBefore", "uint256"),
        ("nonce", "bytes32"),
    ),
)
_PERMIT = Struct(
    "Permit",
    (
        ("owner", "address"),
        ("spender", "address"),
        ("value", "uint256"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
    ),
)
_PERMIT2_LOCK = Struct(
    "PermitWitnessTransferFrom",
    (
        (
            "permitted",
            Struct("TokenPermissions", (("token", "address"), ("amount", "uint256"))),
        ),
        ("spender", "address"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
        ("witness", TERMS),
    ),
)


def lock(kind: LockKind, terms: Terms, chain_id: int, contract: str) -> TypedData:
    """What the seller signs for `lockBySig` (Lock) or `lockFromDeposit` (LockFromDeposit)."""
    return TypedData(_LOCKS[kind], {"terms": terms.message()}, domain(chain_id, contract))


def lock_authorization(terms: Terms, token: Domain, contract: str) -> TypedData:
    """What the seller signs for `lockWithAuthorization` (EIP-3009): for the token.

    It is good for this escrow alone, since its nonce is the escrow's id, and for as long as a
    lock is accepted.

    Args:
        terms: The escrow's terms.
        token: The domain of the terms' token, as its `eip712Domain` or its documents tell it.
        contract: The escrow contract's address.

    Raises:
        ValueError: The domain is that of another contract than the terms' token.
    """
    if token.contract != terms.token:
        raise ValueError(f"The terms are about {terms.token}, not {token.contract}.")
    nonce = escrow_id(terms, token.chain_id, contract)
    value, before = terms.locked_amount, terms.fund_by + 1
    return _authorization(terms.seller, contract, value, before, nonce, token)


def deposit_authorization(
    account: str, amount: int, valid_before: int, salt: bytes, token: Domain, contract: str
) -> TypedData:
    """What the owner of a token signs for `depositWithAuthorization` (EIP-3009): for the token.

    Args:
        account: Who signs, and has the balance afterwards.
        amount: How much.
        valid_before: The first chain time at which the token refuses it.
        salt: Any 32 bytes that the account has not used before.
        token: The token's domain.
        contract: The escrow contract's address.

    Raises:
        ValueError: The salt has not 32 bytes.
    """
    return _authorization(account, contract, amount, valid_before, deposit_nonce(salt), token)


def deposit_nonce(salt: bytes) -> bytes:
    """The nonce at the token of a deposit with this salt of 32 bytes.

    Hashed, so that an authorization for a deposit is never one for an escrow, whose nonce is its
    id. Raises `ValueError` for a salt of another length.
    """
    if len(salt) != 32:
        raise ValueError(f"A salt has 32 bytes, not {len(salt)}.")
    return keccak(encode(["string", "bytes32"], ["Tradepost deposit", salt]))


def permit(
    owner: str, value: int, nonce: int, deadline: int, token: Domain, contract: str
) -> TypedData:
    """What the owner of a token signs for `permit` (EIP-2612): for the token.

    Args:
        owner: Who signs.
        value: The allowance that the contract gets.
        nonce: The owner's next one, as the token's `nonces(owner)` tells it.
        deadline: The last chain time at which the token takes it.
        token: The token's domain.
        contract: The escrow contract's address.
    """
    message = {
        "owner": owner,
        "spender": contract,
        "value": value,
        "nonce": nonce,
        "deadline": deadline,
    }
    return TypedData(_PERMIT, message, token)


def permit2_lock(terms: Terms, nonce: int, chain_id: int, contract: str) -> TypedData:
    """What the seller signs for `lockWithPermit2`: for Permit2, which has to have an allowance.

    Args:
        terms: The escrow's terms, to which the signature is bound.
        nonce: Any number that the seller has not used at Permit2 before.
        chain_id: The chain.
        contract: The escrow contract's address.
    """
    message = {
        "permitted": {"token": terms.token, "amount": terms.locked_amount},
        "spender": contract,
        "nonce": nonce,
        "deadline": terms.fund_by,
        "witness": terms.message(),
    }
    return TypedData(_PERMIT2_LOCK, message, Domain("Permit2", None, chain_id, PERMIT2))


def withdrawal(
    account: str,
    token: str,
    amount: int,
    to: str,
    nonce: int,
    valid_until: int,
    chain_id: int,
    contract: str,
) -> TypedData:
    """What an account signs for `withdrawBySig`.

    Args:
        account: Whose balance it is.
        token: The token, or `ZERO_ADDRESS` for the native coin.
        amount: How much of it.
        to: Where it goes.
        nonce: The next one, as the view `withdrawalNonce` tells it.
        valid_until: The last chain time at which the contract takes it.
        chain_id: The chain.
        contract: The escrow contract's address.
    """
    message = {
        "account": account,
        "token": token,
        "amount": amount,
        "to": to,
        "nonce": nonce,
        "validUntil": valid_until,
    }
    return TypedData(_WITHDRAWAL, message, domain(chain_id, contract))


def _authorization(
    owner: str, receiver: str, value: int, valid_before: int, nonce: bytes, token: Domain
) -> TypedData:
    message = {
        "from": owner,
        "to": receiver,
        "value": value,
        "validAfter": 0,
        "validBefore": valid_before,
        "nonce": nonce,
    }
    return TypedData(_AUTHORIZATION, message, token)
