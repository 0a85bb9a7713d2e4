"""What a wallet is asked to sign or send for an escrow: typed data (EIP-712) and transactions.

Whoever signs is told to compute it himself from the terms, as the Python client does; this is for
wallets that are driven by hand.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from tradepost.escrow.model import Escrow, Party
from tradepost_contracts import calls
from tradepost_contracts import terms as typed
from tradepost_contracts.means import LockWay, Means, to_sign

_APPROVE = bytes.fromhex("095ea7b3")  # approve(address,uint256)
_SIGNED_BY: dict[Party, tuple[typed.InstructionKind, ...]] = {
    Party.SELLER: ("Release", "Cancel"),
    Party.BUYER: ("Paid", "Refund"),
    Party.ARBITRATOR: (),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction for the party's own wallet to send; `value` in wei."""

    to: str
    data: bytes
    value: int


@dataclass(frozen=True, slots=True)
class Instructions:
    """All that one party can be asked for, whether or not its time has come."""

    #: Lets the contract take the token, and only this sum; None for the native coin.
    approve: Call | None
    lock: Call | None
    typed_data: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LockInstructions:
    """What the seller signs to lock in one way; `nonce` for Permit2."""

    way: LockWay
    typed_data: dict[str, dict[str, Any]]
    nonce: str | None


def locks(escrow: Escrow, means: Means) -> list[LockInstructions]:
    """What the seller signs for each way that his coin knows."""
    found = []
    for way in means.supported(escrow.terms):
        # Any that was not used before will do.
        nonce = secrets.randbits(256) if way is LockWay.PERMIT2 else None
        asked = to_sign(
            way,
            escrow.terms,
            escrow.chain_id,
            escrow.contract,
            token=means.token,
            permit_nonce=means.permit_nonce,
            permit2_nonce=nonce,
        )
        shown = {name: typed_data.shown() for name, typed_data in asked.items()}
        found.append(LockInstructions(way, shown, None if nonce is None else str(nonce)))
    return found


def settlements(escrow: Escrow, shares: Iterable[tuple[int, int]]) -> list[dict[str, Any]]:
    """What is signed to share the coins, for each sum for the buyer and its last chain time."""
    place = escrow.chain_id, escrow.contract
    return [typed.typed_data_settlement(escrow.id, *share, *place) for share in shares]


def instructions(escrow: Escrow, party: Party) -> Instructions:
    """What `party` signs or sends for this escrow."""
    terms, contract = escrow.terms, escrow.contract
    approve = lock = None
    if party is Party.SELLER:
        native = terms.token == typed.ZERO_ADDRESS
        lock = Call(contract, calls.lock(terms), terms.locked_amount if native else 0)
        if not native:
            allowance = encode(["address", "uint256"], [contract, terms.locked_amount])
            approve = Call(terms.token, _APPROVE + allowance, 0)
    signed: dict[str, dict[str, Any]] = {
        kind: typed.typed_data_instruction(kind, escrow.id, escrow.chain_id, contract)
        for kind in _SIGNED_BY[party]
    }
    return Instructions(approve, lock, signed)
