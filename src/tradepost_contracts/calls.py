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


def request_cancel_by_sig(terms: Terms, seller_signature: bytes) -> bytes:
    """Anyone brings the seller's signature of Cancel."""
    return _signed("requestCancelBySig", terms, seller_signature)


def mark_paid_by_sig(terms: Terms, buyer_signature: bytes) -> bytes:
    """Anyone brings the buyer's signature of Paid."""
    return _signed("markPaidBySig", terms, buyer_signature)


def refund_by_sig(terms: Terms, buyer_signature: bytes) -> bytes:
    """Anyone brings the buyer's signature of Refund."""
    return _signed("refundBySig", terms, buyer_signature)


def settle(
    terms: Terms,
    buyer_amount: int,
    first: str,
    first_signature: bytes,
    second: str,
    second_signature: bytes,
) -> bytes:
    """Anyone brings the signatures of two of the three over one Settlement.

    Args:
        terms: The escrow's terms.
        buyer_amount: What the buyer gets, in the smallest unit.
        first: Who signed first: "seller", "buyer" or "arbitrator".
        first_signature: His signature; empty where he sends the transaction himself.
        second: Who signed second, another one.
        second_signature: His signature; empty where he sends the transaction himself.

    Raises:
        KeyError: There is no such role.
    """
    types = [TERMS_TUPLE, "uint128", "uint8", "bytes", "uint8", "bytes"]
    roles = Role[first.upper()], Role[second.upper()]
    values = [
        terms.values(),
        buyer_amount,
        roles[0].value,
        first_signature,
        roles[1].value,
        second_signature,
    ]
    return _call("settle", types, values)


def cancel(terms: Terms) -> bytes:
    """Anyone ends an escrow whose cancel request nobody answered."""
    return _call("cancel", [TERMS_TUPLE], [terms.values()])


def withdraw(token: str, to: str) -> bytes:
    """The sender draws all that waits for him of `token` to the address `to`."""
    return _call("withdraw", ["address", "address"], [token, to])


def credits(token: str, account: str) -> bytes:  # noqa: A001 - the contract's own word
    """A view: what waits for `account`; the answer is one number."""
    return _call("credits", ["address", "address"], [token, account])


def state_of(escrow_id: bytes) -> bytes:
    """A view: where an escrow stands; the answer is for `state.decode`."""
    return _call("stateOf", ["bytes32"], [escrow_id])


def escrow_id(terms: Terms) -> bytes:
    """A view: the contract's own word on an escrow's id; the answer is 32 bytes."""
    return _call("escrowId", [TERMS_TUPLE], [terms.values()])


def _signed(name: str, terms: Terms, signature: bytes) -> bytes:
    return _call(name, [TERMS_TUPLE, "bytes"], [terms.values(), signature])


def _call(name: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
    selector = keccak(text=f"{name}({','.join(types)})")[:4]
    return selector + encode(types, values)
