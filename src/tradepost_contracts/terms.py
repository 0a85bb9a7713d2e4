"""An escrow's terms, its id, and what is signed about it (EIP-712)."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal, get_args

from eth_utils.address import is_checksum_address

from tradepost_contracts.typed_data import Domain, Struct, TypedData

NAME = "Tradepost Escrow"
VERSION = "2"

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
    ("lane", "uint256", "lane"),
)
_ABI_TYPES = [abi_type for _, abi_type, _ in _FIELDS]
#: The terms' type in the contract's interface.
TERMS_TUPLE = f"({','.join(_ABI_TYPES)})"

#: The terms as they are hashed.
TERMS = Struct("Terms", tuple((name, abi_type) for name, abi_type, _ in _FIELDS))
_SETTLEMENT = Struct(
    "Settlement",
    (("escrowId", "bytes32"), ("buyerAmount", "uint128"), ("validUntil", "uint40")),
)
_INSTRUCTIONS: dict[InstructionKind, Struct] = {
    kind: Struct(kind, (("escrowId", "bytes32"),)) for kind in get_args(InstructionKind)
}

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

    Two trades with the same terms would have one escrow between them: whoever makes terms takes
    another lane for each that can still be locked.

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
        lane: Which of the seller's lanes keeps the escrow's state. A lane holds one escrow at a
            time; it takes another once that has ended and chain time is past its `fund_by`.

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
    lane: int

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

    def message(self) -> dict[str, str | int]:
        """The fields by the names of the contract's struct, as they are hashed."""
        return {name: getattr(self, field) for name, _, field in _FIELDS}


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


def domain(chain_id: int, contract: str) -> Domain:
    """The domain of the escrow contract at this address on this chain."""
    return Domain(NAME, VERSION, chain_id, contract)


def escrow_id(terms: Terms, chain_id: int, contract: str) -> bytes:
    """The id of the escrow with these terms on this contract: 32 bytes, their EIP-712 digest."""
    return _terms(terms, chain_id, contract).digest()


def instruction_digest(
    kind: InstructionKind, escrow_id: bytes, chain_id: int, contract: str
) -> bytes:
    """What the seller signs to release or cancel, the buyer to say he paid or to refund.

    Returns:
        The 32-byte EIP-712 digest.
    """
    return _instruction(kind, escrow_id, chain_id, contract).digest()


def settlement_digest(
    escrow_id: bytes, buyer_amount: int, valid_until: int, chain_id: int, contract: str
) -> bytes:
    """What two of the three sign to give `buyer_amount` (smallest unit) to the buyer.

    Args:
        escrow_id: The escrow.
        buyer_amount: The buyer's share of the amount.
        valid_until: The last chain time (Unix seconds) at which the contract takes it.
        chain_id: The chain.
        contract: The escrow contract's address.

    Returns:
        The 32-byte EIP-712 digest.
    """
    return _settlement(escrow_id, buyer_amount, valid_until, chain_id, contract).digest()


def typed_data_terms(terms: Terms, chain_id: int, contract: str) -> dict[str, Any]:
    """The terms as wallets show them (`eth_signTypedData_v4`); its digest is the escrow's id."""
    return _terms(terms, chain_id, contract).shown()


def typed_data_instruction(
    kind: InstructionKind, escrow_id: bytes, chain_id: int, contract: str
) -> dict[str, Any]:
    """What a wallet shows and signs for `instruction_digest`."""
    return _instruction(kind, escrow_id, chain_id, contract).shown()


def typed_data_settlement(
    escrow_id: bytes, buyer_amount: int, valid_until: int, chain_id: int, contract: str
) -> dict[str, Any]:
    """What a wallet shows and signs for `settlement_digest`."""
    return _settlement(escrow_id, buyer_amount, valid_until, chain_id, contract).shown()


def _terms(terms: Terms, chain_id: int, contract: str) -> TypedData:
    return TypedData(TERMS, terms.message(), domain(chain_id, contract))


def _instruction(
    kind: InstructionKind, escrow_id: bytes, chain_id: int, contract: str
) -> TypedData:
    return TypedData(_INSTRUCTIONS[kind], {"escrowId": escrow_id}, domain(chain_id, contract))


def _settlement(
    escrow_id: bytes, buyer_amount: int, valid_until: int, chain_id: int, contract: str
) -> TypedData:
    message = {"escrowId": escrow_id, "buyerAmount": buyer_amount, "validUntil": valid_until}
    return TypedData(_SETTLEMENT, message, domain(chain_id, contract))
