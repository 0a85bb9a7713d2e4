"""What the offers' operations take and answer."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tradepost.identity.model import PublicAccount
from tradepost.kernel.http import (
    Body,
    DecimalString,
    EvmAddress,
    HexKey,
    KeySignature,
)
from tradepost.kernel.text import clean_lines
from tradepost.offers import service
from tradepost.offers.model import (
    DEFAULT_FUNDING_WINDOW_S,
    FUNDING_WINDOW_S,
    MAX_METHODS,
    MAX_TERMS,
    PAYMENT_WINDOW_S,
    PRICE_DECIMALS,
    PRICE_DIGITS,
    Direction,
    Offer,
    OfferState,
)

_PRICE_FORM = rf"^[0-9]{{1,{PRICE_DIGITS}}}(\.[0-9]{{1,{PRICE_DECIMALS}}})?$"


def _above_zero(text: str) -> str:
    if Decimal(text) == 0:
        raise ValueError("it has to be above zero")
    return text


def _each_once(codes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(codes)) != len(codes):
        raise ValueError("each is named once")
    return codes


Price = Annotated[str, StringConstraints(pattern=_PRICE_FORM), AfterValidator(_above_zero)]
AssetCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
MethodCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Methods = Annotated[
    tuple[MethodCode, ...],
    Field(min_length=1, max_length=MAX_METHODS),
    AfterValidator(_each_once),
]
Terms = Annotated[
    str,
    # Cleaning can shorten the text, so its length counts before and after.
    StringConstraints(max_length=2 * MAX_TERMS),
    AfterValidator(clean_lines),
    StringConstraints(max_length=MAX_TERMS),
]
FundingWindowS = Annotated[
    int, Field(strict=True, ge=FUNDING_WINDOW_S.start, lt=FUNDING_WINDOW_S.stop)
]
PaymentWindowS = Annotated[
    int, Field(strict=True, ge=PAYMENT_WINDOW_S.start, lt=PAYMENT_WINDOW_S.stop)
]

_ID = "0193579a-3b20-7f13-b6d8-4c5d6e7f8091"
_MAKER = {"id": "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10", "name": "rosa"}
_NEW: dict[str, Any] = {
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "price": "2500.00",
    "min_amount": "0.1",
    "max_amount": "1",
    "total_amount": "5",
    "payment_methods": ["sepa_instant", "revolut"],
    "country": "DE",
    "terms": "From an account in your own name only.",
    "funding_window_s": 1800,
    "payment_window_s": 3600,
    "wallet": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
    "encryption_key": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "key_signature": "0x" + "1f" * 64 + "1b",
}
_OWN = _NEW | {
    "id": _ID,
    "version": 1,
    "state": "active",
    "maker": _MAKER,
    "min_amount": "0.100000000000000000",
    "max_amount": "1.000000000000000000",
    "total_amount": "5.000000000000000000",
    "remaining_amount": "5.000000000000000000",
    "created_at": "2026-11-23T05:00:00Z",
    "updated_at": "2026-11-23T05:00:00Z",
}
_PRIVATE = {"wallet", "encryption_key", "key_signature"}
_PUBLIC = {key: _OWN[key] for key in _OWN if key not in _PRIVATE}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class NewOfferBody(Body):
    """What a maker is ready to do."""

    model_config = _example(_NEW)

    direction: Direction
    asset: AssetCode
    currency: CurrencyCode
    price: Price
    min_amount: DecimalString
    max_amount: DecimalString
    total_amount: DecimalString
    payment_methods: Methods
    country: CountryCode | None = None
    terms: Terms = ""
    funding_window_s: FundingWindowS = DEFAULT_FUNDING_WINDOW_S
    payment_window_s: PaymentWindowS | None = None
    wallet: EvmAddress
    encryption_key: HexKey
    key_signature: KeySignature = None

    def draft(self) -> service.Draft:
        """In the service's words."""
        said = self.model_dump() | {"price": Decimal(self.price)}
        if self.key_signature is not None:
            said["key_signature"] = bytes.fromhex(self.key_signature[2:])
        return service.Draft(**said)


class EditOfferBody(Body):
    """What changes; what is missing stays. A `country` of null takes the country away."""

    model_config = _example({"price": "2480.00", "total_amount": "4"})

    price: Price | None = None
    min_amount: DecimalString | None = None
    max_amount: DecimalString | None = None
    total_amount: DecimalString | None = None
    payment_methods: Methods | None = None
    country: CountryCode | None = None
    terms: Terms | None = None
    funding_window_s: FundingWindowS | None = None
    payment_window_s: PaymentWindowS | None = None

    @model_validator(mode="after")
    def _null_takes_away_a_country_only(self) -> Self:
        for name in self.model_fields_set - {"country"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    def changes(self) -> service.Changes:
        """In the service's words."""
        given = self.model_dump(exclude_unset=True)
        if self.price is not None:
            given["price"] = Decimal(self.price)
        # The fields have the service's names: what is given is what changes.
        return cast("service.Changes", given)


class MakerAnswer(BaseModel):
    """Who made an offer."""

    id: UUID
    name: str | None


class OfferAnswer(BaseModel):
    """An offer as anybody sees it."""

    model_config = _example(_PUBLIC)

    id: UUID
    version: int
    state: OfferState
    maker: MakerAnswer
    direction: Direction
    asset: str
    currency: str
    price: str
    min_amount: str
    max_amount: str
    total_amount: str
    remaining_amount: str
    payment_methods: list[str]
    country: str | None
    terms: str
    funding_window_s: int
    payment_window_s: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, offer: Offer, maker: PublicAccount) -> Self:
        """The answer for `offer`."""
        return cls.model_validate(_public(offer, maker))


class OwnOfferAnswer(OfferAnswer):
    """An offer as its maker sees it."""

    model_config = _example(_OWN)

    wallet: EvmAddress
    encryption_key: HexKey
    key_signature: KeySignature

    @classmethod
    def of(cls, offer: Offer, maker: PublicAccount) -> Self:
        """The answer for `offer`."""
        signature = offer.key_signature
        private = {
            "wallet": offer.wallet,
            "encryption_key": offer.encryption_key,
            "key_signature": None if signature is None else "0x" + signature.hex(),
        }
        return cls.model_validate(_public(offer, maker) | private)


class OffersAnswer(BaseModel):
    """A page of the book."""

    model_config = _example({"data": [_PUBLIC], "next_cursor": None})

    data: list[OfferAnswer]
    next_cursor: str | None


class OwnOffersAnswer(BaseModel):
    """A page of one's own offers."""

    model_config = _example({"data": [_OWN], "next_cursor": None})

    data: list[OwnOfferAnswer]
    next_cursor: str | None


class PageQuery(Body):
    """Which part of a list."""

    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class SearchQuery(PageQuery):
    """What a taker looks for."""

    direction: Annotated[Direction | None, Field(description="What the maker does.")] = None
    asset: AssetCode | None = None
    currency: CurrencyCode | None = None
    amount: Annotated[
        DecimalString | None, Field(description="That can be taken, of the `asset`.")
    ] = None
    fiat_amount: Annotated[
        DecimalString | None, Field(description="That can be paid, in the `currency`.")
    ] = None
    payment_method: Annotated[
        list[MethodCode],
        Field(default_factory=list, max_length=MAX_METHODS, description="Any of them."),
    ]
    country: CountryCode | None = None
    maker: UUID | None = None

    def wanted(self) -> service.Search:
        """In the service's words."""
        return service.Search(
            direction=self.direction,
            asset=self.asset,
            currency=self.currency,
            amount=self.amount,
            fiat_amount=self.fiat_amount,
            payment_methods=tuple(self.payment_method),
            country=self.country,
            maker_id=self.maker,
        )


def _public(offer: Offer, maker: PublicAccount) -> dict[str, Any]:
    return {
        "id": offer.id,
        "version": offer.version,
        "state": offer.state,
        "maker": {"id": maker.id, "name": maker.name},
        "direction": offer.direction,
        "asset": offer.asset.code,
        "currency": offer.currency.code,
        "price": f"{offer.price.value:f}",
        "min_amount": str(offer.amounts.least),
        "max_amount": str(offer.amounts.most),
        "total_amount": str(offer.total),
        "remaining_amount": str(offer.remaining),
        "payment_methods": list(offer.payment_methods),
        "country": offer.country,
        "terms": offer.terms,
        "funding_window_s": offer.funding_window_s,
        "payment_window_s": offer.payment_window_s,
        "created_at": offer.created_at,
        "updated_at": offer.updated_at,
    }
