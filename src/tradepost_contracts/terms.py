"""An escrow's terms, its id, and what is signed about it (EIP-712)."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal, get_args

from eth_abi.abi import encode
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

NAME = "Tradepost Escrow"
VERSION = "1"

#: The chain's native coin in `Terms.token`, and nobody in `Terms.fee_recipient`.
ZERO_ADDRESS = "0x0000000000000000000000000000000000000000"

# The bounds of the contract, in seconds; `docs/contract.md` says why.
SHORTEST_PAYMENT_WINDOW = 1
LONGEST_PAYMENT_WINDOW = 30 * 86_400
SHORTEST_CHALLENGE_WINDOW = 600
LONGEST_CHALLENGE_WINDOW = 7 * 86_400

#: What one party signs alone: the seller Release and Cancel, the buyer Paid and Refund.
InstructionKind = Literal["Release", "Paid", "Refund", "Cancel"]

# The order is that of the contract's struct, and so of the hash and of the calldata.
_FIELDS = (
    ("seller", "address", "seller"),
    ("buyer", "address", "buyer"),
    ("arbitrator", "address", "arbitrator"),
    ("token", "address", "token"),
    ("amount", "uint128", "amount"),
    ("fee", "uint128", "fee"),
    ("feeRecipient", "address", "fee_recipient"),
    ("fundBy", "uint40", "fund_by"),
    ("paymentWindow", "uint32", "payment_window"),
    ("challengeWindow", "uint32", "challenge_window"),
    ("salt", "uint256", "salt"),
)
_ABI_TYPES = [abi_type for _, abi_type, _ in _FIELDS]
#: The terms' type in the contract's interface.
TERMS_TUPLE = f"({','.join(_ABI_TYPES)})"

_DOMAIN_FIELDS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_SETTLEMENT_FIELDS = (("escrowId", "bytes32"), ("buyerAmount", "uint128"))
_INSTRUCTION_FIELDS = (("escrowId", "bytes32"),)


#: The check is a hash, and the same few addresses come again and again.
_is_checksum_address = lru_cache(maxsize=4096)(is_checksum_address)


class Role(IntEnum):
    """Who signs a settlement, by the contract's number."""

    SELLER = 0
    BUYER = 1
    ARBITRATOR = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What the two traders agreed on before any coin moves; the contract keeps only its hash.

    Attributes:
        seller: Who locks the coins. Addresses are in their checksum form (EIP-55).
        buyer: Who gets them on release.
        arbitrator: Who decides with one of the two.
        token: An ERC-20 token, or `ZERO_ADDRESS` for the native coin.
        amount: What the buyer gets on release, in the smallest unit.
        fee: What the seller pays on top, in proportion to what the buyer receives.
        fee_recipient: Whom the fee is credited to; may be `ZERO_ADDRESS` where the fee is 0.
        fund_by: The last chain time (Unix seconds) at which the lock is accepted.
        payment_window: Seconds from the lock in which only the buyer can give the coins back.
        challenge_window: Seconds from a cancel request in which a signed Paid defeats it.
        salt: The trade's UUID as an integer.

    Raises:
        ValueError: A field is not of its type in the contract.
    """

    seller: str
    buyer: str
    arbitrator: str
    token: str
    amount: int
    fee: int
    fee_recipient: str
    fund_by: int
    payment_window: int
    challenge_window: int
    salt: int

    def __post_init__(self) -> None:
        for _, abi_type, field in _FIELDS:
            value = getattr(self, field)
            if abi_type == "address":
                if not _is_checksum_address(value):
                    raise ValueError(f"{field} is not an address in checksum form: {value!r}")
            elif not 0 <= value < 1 << int(abi_type.removeprefix("uint")):
                raise ValueError(f"{field} is not a {abi_type}: {value!r}")

    @property
    def locked_amount(self) -> int:
        """What the seller locks: amount and fee, in the smallest unit."""
        return self.amount + self.fee

    def values(self) -> tuple[str | int, ...]:
        """The fields in the order of the contract's struct."""
        return tuple(getattr(self, field) for _, _, field in _FIELDS)


def refusal(terms: Terms) -> str | None:
    """Tells why the contract would refuse to lock these terms at any time; None if it would not.

    It cannot see the chain: whether there is a contract at the token's address, and whether the
    time of funding has passed, is for the chain to say.
    """
    parties = {terms.seller, terms.buyer, terms.arbitrator}
    if len(parties) < 3 or ZERO_ADDRESS in parties:
        return "Seller, buyer and arbitrator have to be three different accounts."
    if terms.amount == 0:
        return "The amount is zero."
    if terms.fee > terms.amount:
        return "The fee is larger than the amount."
    if terms.fee and terms.fee_recipient == ZERO_ADDRESS:
        return "There is a fee but nobody to credit it to."
    if not SHORTEST_PAYMENT_WINDOW <= terms.payment_window <= LONGEST_PAYMENT_WINDOW:
        return (
            f"The payment window has to be between {SHORTEST_PAYMENT_WINDOW} and"
            f" {LONGEST_PAYMENT_WINDOW} seconds."
        )
    if not SHORTEST_CHALLENGE_WINDOW <= terms.challenge_window <= LONGEST_CHALLENGE_WINDOW:
        return (
            f"The challenge window has to be between {SHORTEST_CHALLENGE_WINDOW} and"
            f" {LONGEST_CHALLENGE_WINDOW} seconds."
        )
    return None


def fee_share(terms: Terms, buyer_amount: int) -> int:
    """The fee of a settlement that gives `buyer_amount` to the buyer, in the smallest unit.

    Rounded down: the fee recipient loses the fraction, the seller gains it.
    """
    return terms.fee * buyer_amount // terms.amount


def escrow_id(terms: Terms, chain_id: int, contract: str) -> bytes:
    """The id of the escrow with these terms on this contract: 32 bytes, their EIP-712 digest."""
    encoded = encode(["bytes32", *_ABI_TYPES], [_TERMS_TYPEHASH, *terms.values()])
    return _digest(keccak(encoded), chain_id, contract)


def instruction_digest(
    kind: InstructionKind, escrow_id: bytes, chain_id: int, contract: str
) -> bytes:
    """What the seller signs to release or cancel, the buyer to say he paid or to refund.

    Returns:
        The 32-byte EIP-712 digest.
    """
    return _digest(keccak(_INSTRUCTION_TYPEHASHES[kind] + _word(escrow_id)), chain_id, contract)


def settlement_digest(escrow_id: bytes, buyer_amount: int, chain_id: int, contract: str) -> bytes:
    """What two of the three sign to give `buyer_amount` (smallest unit) to the buyer.

    Returns:
        The 32-byte EIP-712 digest.
    """
    encoded = encode(
        ["bytes32", "bytes32", "uint128"],
        [_SETTLEMENT_TYPEHASH, _word(escrow_id), buyer_amount],
    )
    return _digest(keccak(encoded), chain_id, contract)


def typed_data_terms(terms: Terms, chain_id: int, contract: str) -> dict[str, Any]:
    """The terms as wallets show them (`eth_signTypedData_v4`); its digest is the escrow's id."""
    # Numbers as decimal strings, since JavaScript loses what is above 2^53.
    message = {name: str(getattr(terms, field)) for name, _, field in _FIELDS}
    return _typed_data("Terms", _TERMS_FIELDS, message, chain_id, contract)


def typed_data_instruction(
    kind: InstructionKind, escrow_id: bytes, chain_id: int, contract: str
) -> dict[str, Any]:
    """What a wallet shows and signs for `instruction_digest`."""
    message = {"escrowId": "0x" + _word(escrow_id).hex()}
    return _typed_data(kind, _INSTRUCTION_FIELDS, message, chain_id, contract)


def typed_data_settlement(
    escrow_id: bytes, buyer_amount: int, chain_id: int, contract: str
) -> dict[str, Any]:
    """What a wallet shows and signs for `settlement_digest`."""
    message = {"escrowId": "0x" + _word(escrow_id).hex(), "buyerAmount": str(buyer_amount)}
    return _typed_data("Settlement", _SETTLEMENT_FIELDS, message, chain_id, contract)


def _typed_data(
    primary_type: str,
    fields: tuple[tuple[str, str], ...],
    message: dict[str, str],
    chain_id: int,
    contract: str,
) -> dict[str, Any]:
    def described(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
        return [{"name": name, "type": abi_type} for name, abi_type in pairs]

    return {
        "types": {"EIP712Domain": described(_DOMAIN_FIELDS), primary_type: described(fields)},
        "primaryType": primary_type,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        "message": message,
    }


def _type_hash(name: str, fields: tuple[tuple[str, str], ...]) -> bytes:
    inner = ",".join(f"{abi_type} {field}" for field, abi_type in fields)
    return keccak(text=f"{name}({inner})")


_TERMS_FIELDS = tuple((name, abi_type) for name, abi_type, _ in _FIELDS)
_TERMS_TYPEHASH = _type_hash("Terms", _TERMS_FIELDS)
_DOMAIN_TYPEHASH = _type_hash("EIP712Domain", _DOMAIN_FIELDS)
_SETTLEMENT_TYPEHASH = _type_hash("Settlement", _SETTLEMENT_FIELDS)
_INSTRUCTION_TYPEHASHES: dict[InstructionKind, bytes] = {
    kind: _type_hash(kind, _INSTRUCTION_FIELDS) for kind in get_args(InstructionKind)
}
_NAME_HASH = keccak(text=NAME)
_VERSION_HASH = keccak(text=VERSION)


def _digest(struct_hash: bytes, chain_id: int, contract: str) -> bytes:
    separator = keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [_DOMAIN_TYPEHASH, _NAME_HASH, _VERSION_HASH, chain_id, contract],
        )
    )
    return keccak(b"\x19\x01" + separator + struct_hash)


def _word(value: bytes) -> bytes:
    # A shorter value would be padded in silence and name another escrow.
    if len(value) != 32:
        raise ValueError(f"An escrow's id has 32 bytes, not {len(value)}.")
    return value
