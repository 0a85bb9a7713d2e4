"""The contract's events: from a node's raw log to what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

# The events' names and arguments are those of the contract; `docs/contract.md` tells their meaning.


@dataclass(frozen=True, slots=True)
class Locked:
    """The seller locked the coins."""

    id: bytes
    seller: str
    buyer: str


@dataclass(frozen=True, slots=True)
class Paid:
    """The buyer says that he has paid."""

    id: bytes


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The seller asked for the coins back; up to `cancel_at` (chain time) nobody can cancel."""

    id: bytes
    cancel_at: int


@dataclass(frozen=True, slots=True)
class Released:
    """The buyer got the amount, the fee was credited."""

    id: bytes


@dataclass(frozen=True, slots=True)
class Refunded:
    """The seller got everything back."""

    id: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """Two of the three gave `buyer_amount` (smallest unit) to the buyer, the rest to the seller."""

    id: bytes
    buyer_amount: int


@dataclass(frozen=True, slots=True)
class Credited:
    """A payout to `account` failed; `amount` of `token` went into his balance in the contract."""

    token: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Deposited:
    """`amount` of `token` came into the balance of `account`."""

    token: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`account` drew `amount` of `token` out of his balance to `to`."""

    token: str
    account: str
    to: str
    amount: int


@dataclass(frozen=True, slots=True)
class CallFailed:
    """The call at `index` of a batch did nothing; `reason` is what it reverted with, cut."""

    index: int
    reason: bytes


Event = (
    Locked
    | Paid
    | CancelRequested
    | Released
    | Refunded
    | Settled
    | Credited
    | Deposited
    | Withdrawn
    | CallFailed
)

# For each event: its indexed arguments (in the topics), then the others (in the data).
_SHAPES: dict[type[Event], tuple[tuple[str, ...], tuple[str, ...]]] = {
    Locked: (("bytes32", "address", "address"), ()),
    Paid: (("bytes32",), ()),
    CancelRequested: (("bytes32",), ("uint40",)),
    Released: (("bytes32",), ()),
    Refunded: (("bytes32",), ()),
    Settled: (("bytes32",), ("uint128",)),
    Credited: (("address", "address"), ("uint256",)),
    Deposited: (("address", "address"), ("uint256",)),
    Withdrawn: (("address", "address", "address"), ("uint256",)),
    CallFailed: (("uint256",), ("bytes",)),
}


def topic(event: type[Event]) -> bytes:
    """The first topic of every log of this event: 32 bytes."""
    indexed, plain = _SHAPES[event]
    return keccak(text=f"{event.__name__}({','.join(indexed + plain)})")


_BY_TOPIC = {topic(event): event for event in _SHAPES}


def decode(log: Mapping[str, Any]) -> Event | None:
    """Reads one log.

    Args:
        log: As `eth_getLogs` gives it, of which `topics` and `data` are read, each bytes or a hex
            string. Whether it comes from the right contract is for the caller to check.

    Returns:
        What happened, or None if it is no event of the contract.

    Raises:
        ValueError: The log claims to be one of the contract's but has another shape, as no log
            of the contract has.
    """
    topics = [_bytes(value) for value in log["topics"]]
    event = _BY_TOPIC.get(topics[0]) if topics else None
    if event is None:
        return None
    indexed, plain = _SHAPES[event]
    data = _bytes(log["data"])
    if len(topics) != 1 + len(indexed) or any(len(topic) != 32 for topic in topics):
        raise _misshapen(event, log)
    try:
        said = [*abi_decode(indexed, b"".join(topics[1:])), *abi_decode(plain, data)]
    except (DecodingError, OverflowError):
        raise _misshapen(event, log) from None
    # Encoded again it is the same, or there was more in it than what was read.
    if encode(plain, said[len(indexed) :]) != data:
        raise _misshapen(event, log)
    values: list[Any] = [
        to_checksum_address(value) if abi_type == "address" else value
        for abi_type, value in zip((*indexed, *plain), said, strict=True)
    ]
    return event(*values)


def _misshapen(event: type[Event], log: Mapping[str, Any]) -> ValueError:
    return ValueError(f"A log of {event.__name__} has another shape: {log!r}")


def _bytes(value: bytes | str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
