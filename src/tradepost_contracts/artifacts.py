"""The built contracts: what `contracts/build.py` made of the sources, and `--check` compares."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Artifact:
    """A contract's interface and code.

    Attributes:
        name: The contract's name in Solidity.
        compiler: The full version of the compiler.
        abi: The interface, as the compiler gives it.
        init_code: What is sent to create the contract. Arguments of its constructor follow, which
            only those of arbitrators take.
        runtime_code: What stands on the chain afterwards, byte for byte the same everywhere.
    """

    name: str
    compiler: str
    abi: tuple[dict[str, Any], ...]
    init_code: bytes
    runtime_code: bytes


def load(name: str) -> Artifact:
    """Reads the artefact of the contract `name`; raises `FileNotFoundError` without one."""
    content = json.loads((files(__package__) / "artifacts" / f"{name}.json").read_text())
    return Artifact(
        name=content["contractName"],
        compiler=content["compiler"],
        abi=tuple(content["abi"]),
        init_code=bytes.fromhex(content["bytecode"][2:]),
        runtime_code=bytes.fromhex(content["deployedBytecode"][2:]),
    )


ESCROW = load("TradepostEscrow")
#: A dollar that anybody mints, for development chains only.
DEV_TOKEN = load("DevToken")
