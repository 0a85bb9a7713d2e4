"""Where an escrow stands, as the contract's view `stateOf` tells it."""

from dataclasses import dataclass
from enum import IntEnum

from eth_abi.abi import decode as abi_decode


class Status(IntEnum):
    """The contract's own status; the last three are final."""

    NONE = 0
    LOCKED = 1
    CANCEL_REQUESTED = 2
    PAID = 3
    RELEASED = 4
    REFUNDED = 5
    SPLIT = 6

    @property
    def is_final(self) -> bool:
        """Whether no function of the contract leads out of it."""
        return self >= Status.RELEASED


@dataclass(frozen=True, slots=True)
class State:
    """What the contract keeps of an escrow.

    Attributes:
        status: Where it stands.
        locked_at: Chain time of the lock (Unix seconds); 0 if it was never locked.
        cancel_at: The last chain time of the challenge window; 0 if no cancel was requested.
    """

    status: Status
    locked_at: int
    cancel_at: int


def decode(answer: bytes) -> State:
    """Reads what a node answers to `calls.state_of`.

    Raises:
        ValueError: It is not an answer of the contract, such as the empty one of an address
            without code.
    """
    if len(answer) != 96:
        raise ValueError(f"An escrow's state has 96 bytes, not {len(answer)}.")
    status, locked_at, cancel_at = abi_decode(["uint8", "uint40", "uint40"], answer)
    return State(Status(status), locked_at, cancel_at)
