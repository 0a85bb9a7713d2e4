"""Where an escrow stands, as the contract's views `stateOf` and `laneOf` tell it."""

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
        status: Where it stands. NONE is also what is left of an escrow that ended once its lane
            is used again: it cannot be locked a second time all the same.
        time: A chain time (Unix seconds) whose meaning follows from the status: see below.
        from_deposit: Whether the coins came from the seller's balance, and go back there.
    """

    status: Status
    time: int
    from_deposit: bool

    @property
    def is_open(self) -> bool:
        """Whether the contract holds the coins."""
        return self.status is not Status.NONE and not self.status.is_final

    @property
    def locked_at(self) -> int | None:
        """Chain time of the lock; told only while nothing has happened since."""
        return self.time if self.status is Status.LOCKED else None

    @property
    def cancel_at(self) -> int | None:
        """The last chain time of the challenge window; None where no cancel is requested."""
        return self.time if self.status is Status.CANCEL_REQUESTED else None

    @property
    def free_after(self) -> int | None:
        """The chain time after which an ended escrow's lane takes another; None before its end."""
        return self.time if self.status.is_final else None


#: That of an escrow which was never locked, or is forgotten.
NOTHING = State(Status.NONE, 0, from_deposit=False)


@dataclass(frozen=True, slots=True)
class Lane:
    """What lies in a seller's lane.

    Attributes:
        id_bits: The first 26 bytes of the escrow's id; zeros in a lane that was never used.
        state: Where that escrow stands.
    """

    id_bits: bytes
    state: State

    def takes_another(self, chain_time: int) -> bool:
        """Whether a lock at this chain time would be accepted in the lane."""
        free_after = self.state.free_after
        if free_after is None:
            return self.state.status is Status.NONE
        return chain_time > free_after


def decode(answer: bytes) -> State:
    """Reads what a node answers to `calls.state_of`.

    Raises:
        ValueError: It is not an answer of the contract, such as the empty one of an address
            without code.
    """
    if len(answer) != 96:
        raise ValueError(f"An escrow's state has 96 bytes, not {len(answer)}.")
    status, time, from_deposit = abi_decode(["uint8", "uint40", "bool"], answer)
    return State(Status(status), time, from_deposit)


def decode_lane(answer: bytes) -> Lane:
    """Reads what a node answers to `calls.lane_of`; raises `ValueError` as `decode`."""
    if len(answer) != 128:
        raise ValueError(f"A lane has 128 bytes, not {len(answer)}.")
    return Lane(answer[:26], decode(answer[32:]))
