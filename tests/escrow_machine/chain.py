"""The contract's side of the machine: the EVM in this process, with everything deployed.

Whatever is called or expected is encoded by the interface that the compiler wrote down, so a new
function, error or event needs nothing here.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from eth_abi.encoding import BaseEncoder, TupleEncoder
from eth_abi.registry import registry
from eth_utils.crypto import keccak
from pyrevm import EVM, BlockEnv

from contracts import build

HOSTILE = "contracts/test/Hostile.sol"
#: Another build of the escrow than the committed one, for `contracts/mutate.py`.
ARTIFACT = "ESCROW_ARTIFACT"
#: Terms are encoded word by word, so that words can have bits beyond their types.
TERMS = "(address,address,address,address,uint128,uint128,address,uint40,uint32,uint32,uint256)"
WORDS = f"({','.join(['uint256'] * 11)})"
DEPLOYER = "0x" + "d0" * 20
#: What each call gets: enough for two payouts that burn all that they may.
GAS = 2_000_000
CHAIN_ID = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: the returned or the reverting bytes, and the contract's events."""

    success: bool
    data: bytes
    logs: list[tuple[list[bytes], bytes]]


class Interface:
    """Encodes calls, errors and events by an ABI."""

    def __init__(self, abi: list[dict[str, Any]]) -> None:
        self._functions: dict[str, tuple[bytes, BaseEncoder]] = {}
        self._errors: dict[str, tuple[bytes, BaseEncoder]] = {}
        self._events: dict[str, tuple[bytes, list[bool], list[str]]] = {}
        for entry in abi:
            if entry["type"] not in {"function", "error", "event"}:
                continue
            types = [_type(one) for one in entry["inputs"]]
            hashed = keccak(text=f"{entry['name']}({','.join(types)})")
            if entry["type"] == "event":
                indexed = [one["indexed"] for one in entry["inputs"]]
                self._events[entry["name"]] = (hashed, indexed, types)
            else:
                encoder = _encoder(types)
                known = self._functions if entry["type"] == "function" else self._errors
                known[entry["name"]] = (hashed[:4], encoder)

    def call(self, name: str, *values: Any) -> bytes:
        """The calldata of a function."""
        selector, encoder = self._functions[name]
        return selector + encoder(values)

    def error(self, name: str, *values: Any) -> bytes:
        """The bytes that a function reverts with."""
        selector, encoder = self._errors[name]
        return selector + encoder(values)

    def reasons(self, logs: Sequence[tuple[list[bytes], bytes]]) -> dict[int, bytes]:
        """The items of a batch that failed, and why, by its events."""
        topic = self._events["CallFailed"][0]
        return {
            int.from_bytes(topics[1]): data[64 : 64 + int.from_bytes(data[32:64])]
            for topics, data in logs
            if topics[0] == topic
        }

    def event(self, name: str, *values: Any) -> tuple[list[bytes], bytes]:
        """An event's topics and data."""
        topic, indexed, types = self._events[name]
        words = [_encoder([one])((value,)) for one, value in zip(types, values, strict=True)]
        topics = [word for word, is_indexed in zip(words, indexed, strict=True) if is_indexed]
        rest = [word for word, is_indexed in zip(words, indexed, strict=True) if not is_indexed]
        return [topic, *topics], b"".join(rest)


def _encoder(types: Sequence[str]) -> BaseEncoder:
    encoders = tuple(registry.get_encoder(one.replace(TERMS, WORDS)) for one in types)
    return TupleEncoder(encoders=encoders)  # type: ignore[no-untyped-call] # as it ships


def _type(one: dict[str, Any]) -> str:
    if not one["type"].startswith("tuple"):
        return str(one["type"])
    inner = ",".join(_type(part) for part in one["components"])
    return f"({inner}){one['type'][len('tuple') :]}"


class Chain:
    """One EVM with the escrow, and what the world around it is made of."""

    def __init__(self) -> None:
        self._evm = EVM(gas_limit=2**64 - 1, spec_id="CANCUN")
        given = os.environ.get(ARTIFACT)
        path = Path(given) if given else build.ARTIFACTS / "TradepostEscrow.json"
        built = json.loads(path.read_text())
        self.interface = Interface(built["abi"])
        self.escrow = self.deploy(bytes.fromhex(built["bytecode"][2:]))

    def deploy(self, code: bytes) -> str:
        """Deploys code, with its constructor's arguments behind it."""
        return str(self._evm.deploy(DEPLOYER, code)).lower()

    def set_time(self, now: int) -> None:
        """Sets the time that calls see."""
        self._evm.set_block_env(BlockEnv(timestamp=now, number=1, gas_limit=2**63))

    def give(self, account: str, coins: int) -> None:
        """Sets the native coins of an account."""
        self._evm.set_balance(account, coins)

    def call(self, caller: str, to: str, data: bytes, value: int = 0, gas: int = GAS) -> Answer:
        """Sends a transaction; what it changes stays."""
        self._evm.reset_transient_storage()
        try:
            answer = self._evm.message_call(caller, to, data, value, gas)
        except RuntimeError as refused:
            return Answer(False, _reverted(str(refused)), [])
        result = self._evm.result
        logs = [] if result is None else result.logs
        return Answer(
            True,
            bytes(answer),
            [
                ([bytes.fromhex(topic[2:]) for topic in log.topics], bytes(log.data[1]))
                for log in logs
                if log.address.lower() == self.escrow
            ],
        )

    def coins(self, account: str) -> int:
        """The native coins of an account."""
        return int(self._evm.get_balance(account))

    def put_slot(self, contract: str, index: int, value: int) -> None:
        """Writes a word of a contract's storage."""
        self._evm.insert_account_storage(contract, index, value)

    def slot(self, contract: str, index: int) -> int:
        """A word of a contract's storage."""
        return int(self._evm.storage(contract, index))


def _reverted(text: str) -> bytes:
    """The bytes that the EVM reverted with, out of what pyrevm says; a halt has none."""
    _, found, rest = text.partition("output: 0x")
    return bytes.fromhex(rest.split(" ")[0]) if found else b""


@lru_cache(maxsize=16384)
def element(key: bytes, slot: int) -> int:
    """Where a mapping keeps what it has for a key of one word."""
    return slot_of(key, slot.to_bytes(32))


def slot_of(key: bytes, mapping: bytes) -> int:
    """As `element`, for a mapping that itself stands where a mapping says."""
    return int.from_bytes(keccak(key + mapping))


def word(account: str) -> bytes:
    """An address as a word."""
    return bytes.fromhex(account[2:]).rjust(32, b"\0")


@lru_cache
def hostile_contracts() -> dict[str, tuple[bytes, Interface]]:
    """The creation code and the interface of the dollar and of each contract of `Hostile.sol`.

    They are compiled once per version of the sources, into the folder that forge caches in.
    """
    texts = build.collect([HOSTILE])
    version = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
    kept = build.CONTRACTS / "cache" / f"hostile-{version}.json"
    if not kept.exists():
        wanted = {HOSTILE: {"*": ["abi", "evm.bytecode.object"]}}
        request = {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in texts.items()},
            "settings": {"evmVersion": "cancun", "outputSelection": wanted},
        }
        answer = json.loads(build.compiler(["--standard-json"], json.dumps(request)))
        kept.parent.mkdir(exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(answer["contracts"][HOSTILE]))
        part.rename(kept)
    contracts = json.loads(kept.read_text())
    known = {
        name: (bytes.fromhex(entry["evm"]["bytecode"]["object"]), Interface(entry["abi"]))
        for name, entry in contracts.items()
    }
    dollar = json.loads((build.ARTIFACTS / "DevToken.json").read_text())
    known["DevToken"] = (bytes.fromhex(dollar["bytecode"][2:]), Interface(dollar["abi"]))
    return known
