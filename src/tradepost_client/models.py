"""The exchange's answers as frozen objects; amounts are exact decimals, never floats.

Members that a newer exchange adds are ignored; one that is missing or of another form raises, and
the client turns that into `AnswerMalformed`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tradepost_contracts.means import LockWay
from tradepost_contracts.terms import ZERO_ADDRESS, Terms


def _exact(value: Any) -> Decimal:
    # A JSON number has been through a float somewhere, so only a string is believed.
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or len(value) > 120 or not value.replace(".", "", 1).isdecimal():
        raise ValueError("an amount is a string with a plain decimal number")
    return Decimal(value)


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 78:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("a whole number, as a number or a decimal string")


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time has a zone")
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact)]
Whole = Annotated[int, BeforeValidator(_whole)]
Time = Annotated[datetime, AfterValidator(_zoned)]
Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]
Bytes32 = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-fA-F]{2}){1,4096}$")]
Id = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]

Role = Literal["buyer", "seller", "arbitrator"]
Side = Literal["buyer", "seller"]
Direction = Literal["buy", "sell"]
AmountUnit = Literal["asset", "currency"]
Visibility = Literal["public", "link", "trusted"]


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ChainInfo(Model):
    """The chain an exchange is on, as it sees it."""

    chain_id: int
    escrow_address: Address
    confirmations: int
    block_number: int
    block_time: Time


class Asset(Model):
    """A coin; `token` is None for the chain's native one."""

    code: str
    decimals: Annotated[int, Field(ge=0, le=36)]
    token: Address | None


class Currency(Model):
    """A fiat currency."""

    code: str
    name: str
    decimals: Annotated[int, Field(ge=0, le=8)]


class Exchange(Model):
    """What an exchange trades, and by which rules."""

    name: str
    version: str
    server_now: Time
    chain: ChainInfo
    assets: tuple[Asset, ...]
    currencies: tuple[Currency, ...]
    fee_bps: int
    fee_recipient: Address | None
    arbitrator: Address
    challenge_window_s: int
    development: bool

    def asset(self, code: str) -> Asset:
        """The asset with this code; raises `KeyError`."""
        return next((one for one in self.assets if one.code == code), None) or _missing(code)

    def currency(self, code: str) -> Currency:
        """The currency with this code; raises `KeyError`."""
        return next((one for one in self.currencies if one.code == code), None) or _missing(code)


def _missing(code: str) -> Any:
    raise KeyError(code)


class Nonce(Model):
    """A nonce for one sign-in message."""

    nonce: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{8,100}$")]
    expires_at: Time


class Backup(Model):
    """One version of an account's encrypted wallet, and the versions that can be had."""

    version: int
    vault: Annotated[str, StringConstraints(max_length=8192)]
    created_at: Time
    replaced_at: Time | None
    versions: tuple[int, ...]


class NodeAnswer(Model):
    """What the exchange's node answers to one call."""

    result: str | dict[str, Any] | None


class Account(Model):
    """An account as its owner sees it."""

    id: Id
    name: str | None
    roles: tuple[str, ...]
    wallets: tuple[Address, ...]
    created_at: Time


class NewToken(Model):
    """A bearer token with its secret, which is shown once; not part of its representation."""

    id: Id
    token: Annotated[str, Field(repr=False)]
    label: str
    scopes: tuple[str, ...]
    expires_at: Time


class Ticket(Model):
    """Opens one stream, once; not part of its representation."""

    ticket: Annotated[str, Field(repr=False)]
    expires_at: Time


class Token(Model):
    """A bearer token without its secret."""

    id: Id
    label: str
    scopes: tuple[str, ...]
    created_at: Time
    expires_at: Time
    last_used_at: Time | None


class SignedIn(Model):
    """The account, and a token that acts for it."""

    account: Account
    token: NewToken


class Event(Model):
    """Something that happened to the account; `seq` has no gaps."""

    seq: int
    id: Id
    type: str
    payload: dict[str, Any]
    created_at: Time


class Person(Model):
    """Another trader as everybody sees him."""

    id: Id
    name: str | None


class WorkingSpan(Model):
    """A part of a weekday, `09:00` to `17:30` on the clocks of its time zone."""

    day: str
    opens: str
    closes: str


class WorkingHours(Model):
    """When a maker works; outside of it his offer cannot be taken."""

    time_zone: str
    spans: tuple[WorkingSpan, ...]


class Bought(Model):
    """An amount of the coin, and the money that is paid for it."""

    amount: Amount
    fiat_amount: Amount


class Offer(Model):
    """What a maker is ready to do.

    A floating price is `margin_bps` over the market's price as `price_source` has it; `price` is
    then that of the moment, and None where the market's is not fresh. `premium_bps` is how far the
    price is above the market's index. Amounts are of the coin, or of the currency where
    `amount_unit` says so. A `funded` one is a seller's whose wallet had the coins in the escrow
    contract, as the exchange read it: he can draw them at any moment. `deposit_block`, the block as
    of which that was found, is told outside of the book; `maker_online` and `quote` are told in it,
    and what stands below them to the maker alone.
    """

    id: Id
    version: int
    state: Literal["active", "paused", "closed"]
    maker: Person
    direction: Direction
    asset: str
    currency: str
    pricing: Literal["fixed", "floating"]
    price: Amount | None
    premium_bps: int | None
    margin_bps: int | None
    limit_price: Amount | None
    price_source: str | None
    amount_unit: AmountUnit
    min_amount: Amount
    max_amount: Amount
    total_amount: Amount
    remaining_amount: Amount
    shares_coins: bool
    payment_methods: tuple[str, ...]
    country: str | None
    terms: str | None
    funding_window_s: int
    payment_window_s: int
    visibility: Visibility
    min_trades: int
    min_account_age_days: int
    first_trade_limit: Amount | None
    taker_countries: tuple[str, ...]
    working_hours: WorkingHours | None
    closes_at: Time | None
    created_at: Time
    updated_at: Time
    funded: bool
    deposit_block: int | None = None
    maker_online: bool | None = None
    quote: Bought | None = None
    hidden_because: str | None = None
    link: str | None = None
    wallet: Address | None = None
    encryption_key: Key | None = None
    key_signature: Signature | None = None

    @model_validator(mode="after")
    def _fixed_is_there(self) -> Self:
        if self.pricing == "fixed" and self.price is None:
            raise ValueError("a fixed price is never missing")
        return self

    @property
    def unit(self) -> str:
        """The code of what its amounts are of."""
        return self.asset if self.amount_unit == "asset" else self.currency


class Party(Model):
    """One side of a trade; `key_signature` is its wallet's word on the key, as it was told."""

    id: Id
    name: str | None
    wallet: Address
    encryption_key: Key
    key_signature: Signature | None = None


class EscrowTerms(Model):
    """The terms as the contract hashes them; amounts in smallest units."""

    seller: Address
    buyer: Address
    arbitrator: Address
    token: Address
    amount: Whole
    fee: Whole
    fee_recipient: Address
    fund_by: Whole
    payment_window: Whole
    challenge_window: Whole
    lane: Whole

    def terms(self) -> Terms:
        """As the contract's own; raises `ValueError` where a field is not of its type."""
        return Terms(**self.model_dump())


class SignedLock(Model):
    """A seller's signatures by which the exchange brings his lock, as the API takes them."""

    way: LockWay
    signature: str
    permit_signature: str | None = None
    nonce: str | None = None


class LockBrought(Model):
    """A signed lock that the exchange brings; `reason` says why the chain refused it last."""

    way: str
    state: str
    reason: str | None


class Escrow(Model):
    """What the exchange says of the escrow; the client checks it on the chain."""

    id: Bytes32
    chain_id: int
    contract: Address
    state: str
    confirmations: int
    confirmations_needed: int
    tx_hash: Bytes32 | None
    terms: EscrowTerms
    paid_on_chain: bool
    cancel_at: Time | None
    # An exchange of an earlier version brings none.
    lock: LockBrought | None = None


class Settlement(Model):
    """A share for the buyer that one party has signed, until a chain time (Unix seconds)."""

    role: Role
    buyer_amount: Amount
    valid_until: Whole


class Viewer(Model):
    """What the trade means for the one who asked."""

    role: Role
    primary_action: str | None
    allowed_actions: tuple[str, ...]
    deadline_at: Time | None
    deadline_effect: str | None
    server_now: Time
    chain_now: Time


class Trade(Model):
    """A trade as one viewer sees it."""

    id: Id
    offer_id: Id
    state: str
    asset: str
    currency: str
    amount: Amount
    fee: Amount
    fiat_amount: Amount
    price: Amount
    payment_method: str
    maker: Side
    buyer: Party
    seller: Party
    arbitrator: Address
    sealed_payment_details: str | None
    terms: str | None
    escrow: Escrow
    settlements: tuple[Settlement, ...]
    created_at: Time
    funding_deadline: Time
    payment_deadline: Time | None
    viewer: Viewer


class Call(Model):
    """A transaction for a wallet to send; `value` in wei. Check it before it is sent."""

    to: Address
    data: str
    value: Whole


class LockInstruction(Model):
    """What the seller signs to lock in one way, by the name of each signature in the request."""

    way: LockWay
    typed_data: dict[str, dict[str, Any]]
    nonce: str | None


class SettlementInstruction(Settlement):
    """What another party has signed, and what is signed to join it."""

    typed_data: dict[str, Any]


class Instructions(Model):
    """What a wallet that is driven by hand signs or sends; what it says is to be checked."""

    approve: Call | None
    lock: Call | None
    typed_data: dict[str, dict[str, Any]]
    signed_locks: tuple[LockInstruction, ...]
    settlements: tuple[SettlementInstruction, ...]


class ProblemPage(Model):
    """A problem that the exchange can answer with, and what to do about it."""

    name: str
    type: str
    title: str
    status: int
    retryable: bool
    advice: str
    operations: tuple[str, ...]


class HistoryEntry(Model):
    """One step of a trade; `by` is None where the clock or the chain took it."""

    at: Time
    from_state: Annotated[str | None, Field(alias="from")]
    to_state: Annotated[str, Field(alias="to")]
    event: str
    by: str | None


def native(asset: Asset) -> str:
    """The asset's token as the contract names it: `ZERO_ADDRESS` for the native coin."""
    return asset.token or ZERO_ADDRESS
