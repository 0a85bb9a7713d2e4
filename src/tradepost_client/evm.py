"""The chain's own forms, without a network: numbers, reverts, the calls of an ERC-20 token."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from tradepost_client.errors import CallReverted, ChainRefused, ChainUnreachable
from tradepost_contracts.artifacts import ESCROW

BlockTag = int | Literal["latest", "pending"]
#: As in `eth_abi`: the selector of Solidity's `Error(string)`.
_ERROR_STRING = keccak(text="Error(string)")[:4]
_EIP1271_YES = keccak(text="isValidSignature(bytes32,bytes)")[:4]


@dataclass(frozen=True, slots=True)
class Block:
    """A block's number, its time (Unix seconds) and its base fee (wei per gas)."""

    number: int
    time: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction: who sent it, and `fee`, the wei he paid for its gas."""

    tx_hash: str
    sender: str
    block_number: int
    succeeded: bool
    gas_used: int
    fee: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was handed to the node; `raw` is sent again should the node forget it."""

    tx_hash: str
    raw: bytes
    sender: str
    nonce: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transaction is: `confirmations` of `needed`, 0 while it is in no block."""

    step: str
    tx_hash: str
    confirmations: int
    needed: int


Reporter = Callable[[Progress], None]


def quantity(value: Any) -> int:
    """A number as nodes write it (`0x1f`); raises `ChainUnreachable` where it is none."""
    try:
        return int(str(value), 16)
    except ValueError:
        raise ChainUnreachable("The node's answer is not a number.") from None


def octets(value: Any) -> bytes:
    """Bytes as nodes write them; raises `ChainUnreachable` where it is none."""
    try:
        return bytes.fromhex(str(value).removeprefix("0x"))
    except ValueError:
        raise ChainUnreachable("The node's answer is not bytes.") from None


def refusal(error: Mapping[str, Any]) -> ChainRefused:
    """The exception for a node's error: `CallReverted` where it carries the contract's words."""
    data = error.get("data")
    if isinstance(data, Mapping):
        data = data.get("data")
    message = str(error.get("message", "no reason given"))[:300]
    if isinstance(data, str) and data.startswith("0x"):
        return _reverted(octets(data), message)
    if "revert" in message:
        return CallReverted("", {})
    return ChainRefused(f"The node refuses: {message}")


def _reverted(data: bytes, message: str) -> CallReverted:
    try:
        if data[:4] == _ERROR_STRING:
            (reason,) = abi_decode(["string"], data[4:])
            return CallReverted("Error", {"reason": reason[:300]})
        for entry in ESCROW.abi:
            if entry["type"] == "error" and _selector(entry) == data[:4]:
                values = abi_decode([each["type"] for each in entry["inputs"]], data[4:])
                names = [each["name"] for each in entry["inputs"]]
                shown = [value.hex() if isinstance(value, bytes) else value for value in values]
                return CallReverted(entry["name"], dict(zip(names, shown, strict=True)))
    except (DecodingError, UnicodeDecodeError):
        pass
    return CallReverted("", {"data": data[:100].hex(), "message": message})


def _selector(entry: Mapping[str, Any]) -> bytes:
    types = ",".join(each["type"] for each in entry["inputs"])
    return keccak(text=f"{entry['name']}({types})")[:4]


def erc20_balance(account: str) -> bytes:
    """Calldata: how much `account` has; the answer is a number."""
    return _call("balanceOf(address)", ["address"], [account])


def erc20_allowance(owner: str, spender: str) -> bytes:
    """Calldata: how much `spender` may still take from `owner`; the answer is a number."""
    return _call("allowance(address,address)", ["address", "address"], [owner, spender])


def erc20_approve(spender: str, amount: int) -> bytes:
    """Calldata: the sender lets `spender` take `amount`."""
    return _call("approve(address,uint256)", ["address", "uint256"], [spender, amount])


def erc20_transfer(to: str, amount: int) -> bytes:
    """Calldata: the sender sends `amount` to `to`."""
    return _call("transfer(address,uint256)", ["address", "uint256"], [to, amount])


def erc20_decimals() -> bytes:
    """Calldata: the token's decimals; the answer is a number."""
    return _call("decimals()", [], [])


def eip1271_query(digest: bytes, signature: bytes) -> bytes:
    """Calldata: does the contract wallet take `signature` of the 32-byte `digest` as its own?"""
    return _call("isValidSignature(bytes32,bytes)", ["bytes32", "bytes"], [digest, signature])


def eip1271_agrees(answer: bytes) -> bool:
    """Whether the answer to `eip1271_query` is the yes of EIP-1271: its selector, padded."""
    return answer[:32] == _EIP1271_YES.ljust(32, b"\0")


def number(answer: bytes) -> int:
    """The one number that a view answers; raises `ChainUnreachable` where it is none."""
    if len(answer) != 32:
        raise ChainUnreachable(f"The contract's answer has {len(answer)} bytes instead of 32.")
    return int.from_bytes(answer, "big")


def _call(signature: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
    return keccak(text=signature)[:4] + abi_encode(types, values)
