"""What the trades' operations take and answer."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tradepost.escrow.model import (
    EscrowState,
    IntentState,
    Party,
    SignedLock,
)
from tradepost.kernel.http import (
    Body,
    CountryCode,
    DecimalString,
    EvmAddress,
    HexKey,
    KeySignature,
    Signature,
)
from tradepost.trades.model import (
    Action,
    DisputeReason,
    TradeState,
)
from tradepost_contracts.means import LockWay

#: The contract's own type of it is 40 bits wide.
ChainTime = Annotated[
    int,
    Field(ge=0, lt=2**40, description="The last chain time, in unix seconds, at which it counts."),
]

_EXAMPLE_SIGNATURE = "0x" + "1f" * 64 + "1b"
_WALLETS = (
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
)
_ARBITRATOR = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"
_TRADE_EXAMPLE: dict[str, Any] = {
    "id": "019ac6d2-9a10-7c55-8f2e-1b2c3d4e5f60",
    "offer_id": "019ac6d2-7f3e-7b0a-9c1d-5e6f70819203",
    "state": "escrowed",
    "asset": "USDT",
    "amount": "245.098039",
    "fee": "0.000000",
    "currency": "EUR",
    "fiat_amount": "250.00",
    "price": "1.02",
    "payment_method": "sepa",
    "maker": "seller",
    "buyer": {
        "id": "019ac6d0-1111-7c55-8f2e-1b2c3d4e5f60",
        "name": "rosa",
        "wallet": _WALLETS[0],
        "encryption_key": "4f" * 32,
        "key_signature": _EXAMPLE_SIGNATURE,
    },
    "seller": {
        "id": "019ac6d0-2222-7c55-8f2e-1b2c3d4e5f60",
        "name": None,
        "wallet": _WALLETS[1],
        "encryption_key": "5a" * 32,
        "key_signature": None,
    },
    "arbitrator": _ARBITRATOR,
    "terms": "Payment from an account in your own name.",
    "sealed_payment_details": "Ag" + "bW9k" * 40,
    "dispute_reason": None,
    "escrow": {
        "id": "0x" + "7c" * 32,
        "chain_id": 31337,
        "contract": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "state": "locked",
        "confirmations": 4,
        "confirmations_needed": 2,
        "tx_hash": "0x" + "e1" * 32,
        "terms": {
            "seller": _WALLETS[1],
            "buyer": _WALLETS[0],
            "arbitrator": _ARBITRATOR,
            "token": "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
            "amount": "245098039",
            "fee": "0",
            "fee_recipient": "0x" + "0" * 40,
            "fund_by": 1795413600,
            "payment_window": 86400,
            "challenge_window": 86400,
            "lane": "190436817382015",
        },
        "paid_on_chain": False,
        "cancel_at": None,
        "lock": None,
    },
    "settlements": [],
    "created_at": "2026-11-23T05:00:00Z",
    "updated_at": "2026-11-23T05:04:00Z",
    "funding_deadline": "2026-11-23T05:30:00Z",
    "payment_deadline": "2026-11-24T05:03:00Z",
    "viewer": {
        "role": "buyer",
        "primary_action": "payment_sent",
        "allowed_actions": ["payment_sent", "refund", "dispute", "settle"],
        "deadline_at": "2026-11-24T05:03:00Z",
        "deadline_effect": "If the buyer has not said by then that he paid, the seller may ask the"
        " escrow for the coins back.",
        "server_now": "2026-11-23T05:04:30Z",
        "chain_now": "2026-11-23T05:04:24Z",
    },
}


class TakeOfferBody(Body):
    """What to take, and at which price at worst."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "offer_id": "019ac6d2-7f3e-7b0a-9c1d-5e6f70819203",
                    "fiat_amount": "250.00",
                    "price_limit": "1.02",
                    "payment_method": "sepa",
                    "wallet": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                    "encryption_key": "4f" * 32,
                    "key_signature": _EXAMPLE_SIGNATURE,
                }
            ]
        }
    )

    offer_id: UUID
    amount: DecimalString | None = None
    fiat_amount: DecimalString | None = None
    price_limit: DecimalString
    payment_method: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    wallet: EvmAddress
    encryption_key: HexKey
    key_signature: KeySignature = None
    hold: Annotated[
        str | None,
        StringConstraints(max_length=500),
        Field(description="From the offer's quote: takes at the price that it holds."),
    ] = None
    link: Annotated[
        str | None,
        StringConstraints(max_length=64),
        Field(description="For an offer that is shown by its link."),
    ] = None
    country: Annotated[
        CountryCode | None, Field(description="Where you are, for an offer that asks.")
    ] = None

    @model_validator(mode="after")
    def _one_amount(self) -> "TakeOfferBody":
        if (self.amount is None) == (self.fiat_amount is None):
            raise ValueError("state either amount or fiat_amount")
        return self


class SignatureBody(Body):
    """A wallet's EIP-712 signature for this trade's escrow."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"signature": _EXAMPLE_SIGNATURE}]})

    signature: Signature


class LockBody(Body):
    """A seller's signed lock: which signatures and numbers there are follows from the way."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"way": "authorization", "signature": _EXAMPLE_SIGNATURE}]}
    )

    way: LockWay
    signature: Signature = Field(
        description="Of `ReceiveWithAuthorization`, `PermitWitnessTransferFrom`, `LockFromDeposit`"
        " or `Lock`; see the trade's instructions."
    )
    permit_signature: Annotated[
        str | None,
        StringConstraints(pattern=r"^0x[0-9a-fA-F]{130}$", max_length=132),
        Field(description="With `permit`: of amount and fee, until `fund_by`."),
    ] = None
    nonce: Annotated[
        str | None,
        StringConstraints(pattern=r"^(0|[1-9][0-9]{0,77})$", max_length=78),
        Field(description="With `permit2`: the one that was signed."),
    ] = None

    @model_validator(mode="after")
    def _complete(self) -> "LockBody":
        if (self.permit_signature is None) == (self.way is LockWay.PERMIT):
            raise ValueError("a permit, and nothing else, has a permit_signature")
        if (self.nonce is None) == (self.way is LockWay.PERMIT2):
            raise ValueError("permit2, and nothing else, has a nonce")
        if self.nonce is not None and int(self.nonce) >= 2**256:
            raise ValueError("a nonce has 256 bits")
        return self

    def signed(self) -> SignedLock:
        """The same, as the escrow keeps it."""
        permit = self.permit_signature
        return SignedLock(
            self.way,
            bytes.fromhex(self.signature[2:]),
            None if permit is None else bytes.fromhex(permit[2:]),
            None if self.nonce is None else int(self.nonce),
        )


class CancelBody(Body):
    """The buyer's Refund signature, or the seller's Cancel signature, where one is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"signature": _EXAMPLE_SIGNATURE}]})

    signature: Signature | None = None


class PaymentDetailsBody(Body):
    """The payment details, sealed by NIP-44 v2 to the buyer's key of this trade."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sealed": "Ag" + "bW9k" * 40}]})

    sealed: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{100,8000}={0,2}$", max_length=8002)
    ]


class DisputeBody(Body):
    """Why the arbitrator is called."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not_paid"}]})

    reason: DisputeReason


class SettlementBody(Body):
    """How much of the trade's amount goes to the buyer, signed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "buyer_amount": "125.5",
                    "valid_until": 1796018400,
                    "signature": _EXAMPLE_SIGNATURE,
                }
            ]
        }
    )

    buyer_amount: DecimalString
    valid_until: ChainTime
    signature: Signature


class PartyBody(BaseModel):
    """One side of a trade."""

    id: UUID
    name: str | None
    wallet: str
    encryption_key: str
    key_signature: KeySignature


class EscrowTermsBody(BaseModel):
    """The terms as the contract hashes them; amounts in minor units, times in unix seconds."""

    seller: str
    buyer: str
    arbitrator: str
    token: str
    amount: str
    fee: str
    fee_recipient: str
    fund_by: int
    payment_window: int
    challenge_window: int
    lane: str


class LockBroughtBody(BaseModel):
    """A signed lock that the exchange brings; once `sent`, it cannot be called back."""

    way: LockWay
    state: IntentState
    reason: str | None = Field(description="Why the chain refused it when it was tried last.")


class EscrowBody(BaseModel):
    """What the chain says; check it yourself against `terms` and the contract."""

    id: str
    chain_id: int
    contract: str
    state: EscrowState
    confirmations: int
    confirmations_needed: int
    tx_hash: str | None
    terms: EscrowTermsBody
    paid_on_chain: bool
    cancel_at: datetime | None
    lock: LockBroughtBody | None


class SettlementSigned(BaseModel):
    """A sum for the buyer that one party has signed."""

    role: Party
    buyer_amount: str
    valid_until: ChainTime


class SettlementOffer(SettlementSigned):
    """What another party has signed, and what you sign to join it."""

    typed_data: dict[str, Any]


class ViewerBody(BaseModel):
    """What this trade means for you, and what you can do."""

    role: Party
    primary_action: Action | None
    allowed_actions: list[Action]
    deadline_at: datetime | None
    deadline_effect: str | None
    server_now: datetime
    chain_now: datetime


class TradeBody(BaseModel):
    """A trade."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TRADE_EXAMPLE]})

    id: UUID
    offer_id: UUID
    state: TradeState
    asset: str
    amount: str = Field(description="What the buyer receives, in whole coins.")
    fee: str = Field(description="What the seller locks on top of it.")
    currency: str
    fiat_amount: str
    price: str
    payment_method: str
    maker: Party
    buyer: PartyBody
    seller: PartyBody
    arbitrator: str
    terms: str
    sealed_payment_details: str | None
    dispute_reason: DisputeReason | None
    escrow: EscrowBody
    settlements: list[SettlementSigned]
    created_at: datetime
    updated_at: datetime
    funding_deadline: datetime
    payment_deadline: datetime | None
    viewer: ViewerBody


class TradePage(BaseModel):
    """Some trades, and where to go on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_TRADE_EXAMPLE], "next_cursor": None}]}
    )

    data: list[TradeBody]
    next_cursor: str | None


class HistoryEntryBody(BaseModel):
    """One step of a trade; `by` is null where the clock or the chain took it."""

    model_config = ConfigDict(populate_by_name=True)

    at: datetime
    from_state: TradeState | None = Field(serialization_alias="from")
    to_state: TradeState = Field(serialization_alias="to")
    event: str
    by: Party | None


class HistoryBody(BaseModel):
    """Steps of a trade, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "data": [
                        {
                            "at": "2026-11-23T05:00:00Z",
                            "from": None,
                            "to": "awaiting_escrow",
                            "event": "take",
                            "by": "buyer",
                        },
                        {
                            "at": "2026-11-23T05:03:30Z",
                            "from": "awaiting_escrow",
                            "to": "escrowed",
                            "event": "escrow_locked",
                            "by": None,
                        },
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )

    data: list[HistoryEntryBody]
    next_cursor: str | None


class CallBody(BaseModel):
    """A transaction for your own wallet to send; `value` in wei."""

    to: str
    data: str
    value: str


class LockInstruction(BaseModel):
    """What the seller signs to lock in one way, by the name of each signature in the request."""

    way: LockWay
    typed_data: dict[str, dict[str, Any]]
    nonce: str | None = Field(description="With `permit2`: to be sent along.")


class InstructionsBody(BaseModel):
    """What your wallet signs or sends in this trade, whether or not its time has come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "approve": None,
                    "lock": {
                        "to": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
                        "data": "0x" + "ab" * 68,
                        "value": "1000000000000000000",
                    },
                    "typed_data": {"Release": {"primaryType": "Release"}},
                    "signed_locks": [],
                    "settlements": [],
                }
            ]
        }
    )

    approve: CallBody | None = Field(description="For a token: lets the contract take this sum.")
    lock: CallBody | None
    typed_data: dict[str, dict[str, Any]] = Field(description="By type, as EIP-712 has it.")
    signed_locks: list[LockInstruction] = Field(
        description="Ways to lock without gas that the coin knows, while the seller is to lock."
    )
    settlements: list[SettlementOffer] = Field(description="That you can join, while they last.")
