"""The contract's functions as calldata: what a transaction to it carries."""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tradepost_contracts.terms import TERMS_TUPLE, Role, Terms


def lock(terms: Terms) -> bytes:
    """The seller locks; where the token is native, the transaction carries `locked_amount`."""
    return _call("lock", [TERMS_TUPLE], [terms.values()])


def release(terms: Terms) -> bytes:
    """The seller gives the buyer the coins."""
    return _call("release", [TERMS_TUPLE], [terms.values()])


def request_cancel(terms: Terms) -> bytes:
    """The seller asks for the coins back, after the payment window."""
    return _call("requestCancel", [TERMS_TUPLE], [terms.values()])


def mark_paid(terms: Terms) -> bytes:
    """The buyer says that he has paid."""
    return _call("markPaid", [TERMS_TUPLE], [terms.values()])


def refund(terms: Terms) -> bytes:
    """The buyer gives the coins back."""
    return _call("refund", [TERMS_TUPLE], [terms.values()])


def release_by_sig(terms: Terms, seller_signature: bytes) -> bytes:
    """Anyone brings the seller's signature of Release."""
    return _signed("releaseBySig", terms, seller_signature)


def release_all(terms: Sequence[Terms], seller_signatures: bytes) -> bytes:
    """Anyone brings many sellers' signatures of Release.

    Args:
        terms: Each escrow's.
        seller_signatures: Those of the sellers' keys in the same order, 65 bytes each, without
            anything between them. A contract wallet's goes by `release_by_sig`.
    """
    values = [[one.values() for one in terms], seller_signatures]
    return _call("releaseAll", [f"{TERMS_TUPLE}[]", "bytes"], values)


def request_cancel_by_sig(terms: Terms, seller_signature: bytes) -> bytes:
    """Anyone brings the seller's signature of Cancel."""
    return _signed("requestCancelBySig", terms, seller_signature)


def mark_paid_by_sig(terms: Terms, buyer_signature: bytes) -> bytes:
    """Anyone brings the buyer's signature of Paid."""
    return _signed("markPaidBySig", terms, buyer_signature)


def refund_by_sig(terms: Terms, buyer_signature: bytes) -> bytes:
    """Anyone brings the buyer's signature of Refund."""
    return _signed("refundBySig", terms, buyer_signature)


def lock_by_sig(terms: Terms, seller_signature: bytes) -> bytes:
    """Anyone brings the seller's signature of Lock; his allowance for the contract pays."""
    return _signed("lockBySig", terms, seller_signature)


def lock_with_authorization(terms: Terms, seller_signature: bytes) -> bytes:
    """Anyone brings the seller's signature of `locking.lock_authorization` (EIP-3009)."""
    return _signed("lockWithAuthorization", terms, seller_signature)


def lock_with_permit2(terms: Terms, nonce: int, seller_signature: bytes) -> bytes:
    """Anyone brings the seller's signature of `locking.permit2_lock` with the same nonce."""
    return _call(
        "lockWithPermit2",
        [TERMS_TUPLE, "uint256", "bytes"],
        [terms.values(), nonce, seller_signature],
    )


def lock_from_deposit(terms: Terms, seller_signature: bytes = b"") -> bytes:
    """Anyone brings the seller's signature of LockFromDeposit; his balance in the contract pays.

    Without a signature the seller sends the transaction himself.
    """
    return _signed("lockFromDeposit", terms, seller_signature)


def settle(
    terms: Terms,
    buyer_amount: int,
    valid_until: int,
    first: str,
    first_signature: bytes,
    second: str,
    second_signature: bytes,
) -> bytes:
    """Anyone brings the signatures of two of the three over one Settlement.

    Args:
        terms: The escrow's terms.
        buyer_amount: What the buyer gets, in the smallest unit.
        valid_until: The last chain time (Unix seconds) at which the contract takes it, as signed.
        first: Who signed first: "seller", "buyer" or "arbitrator".
        first_signature: His signature; empty where he sends the transaction himself.
        second: Who signed second, another one.
        second_signature: His signature; empty where he sends the transaction himself.

    Raises:
        KeyError: There is no such role.
        ValueError: Both are the same.
    """
    parties = {Role[first.upper()]: first_signature, Role[second.upper()]: second_signature}
    (absent,) = set(Role) - set(parties)
    signatures = [parties[role] for role in Role if role is not absent]
    types = [TERMS_TUPLE, "uint128", "uint40", "uint8", "bytes", "bytes"]
    values = [terms.values(), buyer_amount, valid_until, absent.value, *signatures]
    return _call("settle", types, values)


def cancel(terms: Terms) -> bytes:
    """Anyone ends an escrow whose cancel request nobody answered."""
    return _call("cancel", [TERMS_TUPLE], [terms.values()])


def deposit(token: str, account: str, amount: int) -> bytes:
    """The sender puts coins into the balance of `account`.

    Where the token is native, the transaction carries `amount`; else an allowance pays.
    """
    return _call("deposit", ["address", "address", "uint128"], [token, account, amount])


def deposit_with_authorization(
    token: str, account: str, amount: int, valid_before: int, salt: bytes, signature: bytes
) -> bytes:
    """Anyone brings a token's owner's signature of `locking.deposit_authorization` (EIP-3009)."""
    types = ["address", "address", "uint128", "uint256", "bytes32", "bytes"]
    values = [token, account, amount, valid_before, salt, signature]
    return _call("depositWithAuthorization", types, values)


def permit(token: str, owner: str, value: int, deadline: int, signature: bytes) -> bytes:
    """Anyone brings a token its owner's signature of `locking.permit` (EIP-2612).

    In a batch with the lock that needs it: somebody else may have brought it before, so that this
    call fails, and the lock goes on.

    Raises:
        ValueError: The signature has not 65 bytes: no other form is known to EIP-2612.
    """
    if len(signature) != 65:
        raise ValueError(f"The signature of a permit has 65 bytes, not {len(signature)}.")
    types = ["address", "address", "uint256", "uint256", "uint8", "bytes32", "bytes32"]
    values = [token, owner, value, deadline, signature[64], signature[:32], signature[32:64]]
    return _call("permit", types, values)


def withdraw(token: str, amount: int, to: str) -> bytes:
    """The sender draws `amount` of his balance of `token` to the address `to`."""
    return _call("withdraw", ["address", "uint256", "address"], [token, amount, to])


def withdraw_by_sig(
    account: str, token: str, amount: int, to: str, valid_until: int, signature: bytes
) -> bytes:
    """Anyone brings the account's signature of `locking.withdrawal`."""
    types = ["address", "address", "uint256", "address", "uint40", "bytes"]
    values = [account, token, amount, to, valid_until, signature]
    return _call("withdrawBySig", types, values)


def batch(gas_each: int, calls: Sequence[bytes]) -> bytes:
    """Makes each of `calls` as the sender himself would, each for itself.

    One that fails leaves an `events.CallFailed`, and the others go on. None can carry native coins.

    Args:
        gas_each: The most gas that one call may use: a lower one makes good calls fail.
        calls: Calldata of this module.
    """
    return _call("batch", ["uint256", "bytes[]"], [gas_each, list(calls)])


def balance_of(token: str, account: str) -> bytes:
    """A view: what `account` has in the contract outside of escrows; the answer is one number."""
    return _call("balanceOf", ["address", "address"], [token, account])


def token_balance(holder: str) -> bytes:
    """A view of a token (ERC-20): what `holder` has of it; the answer is one number."""
    return _call("balanceOf", ["address"], [holder])


def withdrawal_nonce(token: str, account: str) -> bytes:
    """A view: the nonce of the account's next signed withdrawal; the answer is one number."""
    return _call("withdrawalNonce", ["address", "address"], [token, account])


def state_of(terms: Terms) -> bytes:
    """A view: where the escrow with these terms stands; the answer is for `state.decode`."""
    return _call("stateOf", [TERMS_TUPLE], [terms.values()])


def lane_of(seller: str, token: str, lane: int) -> bytes:
    """A view: what lies in a seller's lane of a token; the answer is for `state.decode_lane`."""
    return _call("laneOf", ["address", "address", "uint256"], [seller, token, lane])


def escrow_id(terms: Terms) -> bytes:
    """A view: the contract's own word on an escrow's id; the answer is 32 bytes."""
    return _call("escrowId", [TERMS_TUPLE], [terms.values()])


def _signed(name: str, terms: Terms, signature: bytes) -> bytes:
    return _call(name, [TERMS_TUPLE, "bytes"], [terms.values(), signature])


def _call(name: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
    selector = keccak(text=f"{name}({','.join(types)})")[:4]
    return selector + encode(types, values)
