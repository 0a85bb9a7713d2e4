"""What wallets sign (EIP-712): one description of it makes the digest and what the wallet shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

_DOMAIN_TYPES = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)


@dataclass(frozen=True, slots=True)
class Domain:
    """For which contract, on which chain, something is signed.

    Attributes:
        name: The contract's own word, as its `eip712Domain` tells it.
        version: The same; None for a contract whose domain has none, such as Permit2.
        chain_id: The chain (EIP-155).
        contract: The address of the contract that checks the signature.
    """

    name: str
    version: str | None
    chain_id: int
    contract: str

    def fields(self) -> tuple[tuple[str, str, str | int], ...]:
        """The name, the type and the value of each field that this domain has."""
        values = (self.name, self.version, self.chain_id, self.contract)
        return tuple(
            (name, abi_type, value)
            for (name, abi_type), value in zip(_DOMAIN_TYPES, values, strict=True)
            if value is not None
        )

    def separator(self) -> bytes:
        """The domain's hash, 32 bytes."""
        fields = self.fields()
        inner = ",".join(f"{abi_type} {name}" for name, abi_type, _ in fields)
        encoded = [keccak(text=f"EIP712Domain({inner})")]
        for _, abi_type, value in fields:
            encoded.append(
                keccak(text=str(value)) if abi_type == "string" else encode([abi_type], [value])
            )
        return keccak(b"".join(encoded))


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct that is signed: its name, and its fields in order, each of a type or a struct.

    Only types of one word are known: numbers, addresses, `bytes32`.
    """

    name: str
    fields: tuple[tuple[str, "str | Struct"], ...]
    type_hash: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "type_hash", keccak(text=self.encoded_type()))

    def parts(self) -> "dict[str, Struct]":
        """The structs that occur in it, by name, without itself."""
        found: dict[str, Struct] = {}
        for _, kind in self.fields:
            if isinstance(kind, Struct):
                found |= {kind.name: kind} | kind.parts()
        return found

    def encoded_type(self) -> str:
        """Its text in EIP-712: itself, then the structs that occur in it, in order of names."""
        others = sorted(self.parts().values(), key=lambda part: part.name)
        return "".join(
            f"{one.name}({','.join(f'{_name(kind)} {name}' for name, kind in one.fields)})"
            for one in [self, *others]
        )

    def hash(self, message: Mapping[str, Any]) -> bytes:
        """`hashStruct` of its values: 32 bytes.

        Raises:
            ValueError: A `bytes32` has another length, which would be padded in silence and name
                something else. Values outside their type raise the errors of `eth_abi`.
        """
        types, values = ["bytes32"], [self.type_hash]
        for name, kind in self.fields:
            value = message[name]
            if isinstance(kind, Struct):
                types.append("bytes32")
                values.append(kind.hash(value))
                continue
            if kind == "bytes32" and len(value) != 32:
                raise ValueError(f"{name} has 32 bytes, not {len(value)}.")
            types.append(kind)
            values.append(value)
        return keccak(encode(types, values))

    def shown(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The values in JSON. Numbers are decimal strings: JavaScript loses what is above 2^53."""
        return {name: _shown(kind, message[name]) for name, kind in self.fields}


@dataclass(frozen=True, slots=True)
class TypedData:
    """One thing to be signed. Its values are Python's: integers, addresses as text, bytes."""

    struct: Struct
    message: Mapping[str, Any]
    domain: Domain

    def digest(self) -> bytes:
        """What is signed: 32 bytes."""
        return keccak(b"\x19\x01" + self.domain.separator() + self.struct.hash(self.message))

    def shown(self) -> dict[str, Any]:
        """What a wallet is asked to show and sign (`eth_signTypedData_v4`)."""
        domain = self.domain.fields()
        structs = {self.struct.name: self.struct} | self.struct.parts()
        return {
            "types": {"EIP712Domain": [{"name": name, "type": kind} for name, kind, _ in domain]}
            | {
                struct.name: [{"name": name, "type": _name(kind)} for name, kind in struct.fields]
                for struct in structs.values()
            },
            "primaryType": self.struct.name,
            "domain": {name: value for name, _, value in domain},
            "message": self.struct.shown(self.message),
        }


def _name(kind: str | Struct) -> str:
    return kind.name if isinstance(kind, Struct) else kind


def _shown(kind: str | Struct, value: Any) -> Any:
    if isinstance(kind, Struct):
        return kind.shown(value)
    return "0x" + value.hex() if kind == "bytes32" else str(value)
