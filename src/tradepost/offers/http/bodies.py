"""What the offers' operations take and answer."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tradepost.book.http import (
    EXAMPLE_DOCUMENT,
    EXAMPLE_MARKET,
    EXAMPLE_PRICED,
    Funded,
    MarketAnswer,
)
from tradepost.book.model import OfferDocument, WorkingHours
from tradepost.kernel.http import (
    AssetCode,
    Body,
    CountryCode,
    CurrencyCode,
    DecimalString,
    EvmAddress,
    HexKey,
    KeySignature,
    MethodCode,
    Moment,
)
from tradepost.kernel.pricing import MARGIN_BPS, PRICE_DECIMALS, PRICE_DIGITS, Direction
from tradepost.kernel.text import clean_lines
from tradepost.offers.draft import Changes, Draft
from tradepost.offers.listing import weekly_hours
from tradepost.offers.model import (
    DEFAULT_FUNDING_WINDOW_S,
    FUNDING_WINDOW_S,
    MAX_COUNTRIES,
    MAX_METHODS,
    MAX_TERMS,
    PAYMENT_WINDOW_S,
    Hidden,
    Visibility,
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


PriceString = Annotated[
    str,
    StringConstraints(pattern=_PRICE_FORM, max_length=PRICE_DIGITS + 1 + PRICE_DECIMALS),
    AfterValidator(_above_zero),
]
MarginBps = Annotated[
    int,
    Field(
        strict=True,
        ge=MARGIN_BPS.start,
        lt=MARGIN_BPS.stop,
        description="A price that follows the market: so much above it, in 1/100 percent.",
    ),
]
LimitPrice = Annotated[
    PriceString,
    Field(description="Of a floating price: a seller takes no less, a buyer pays no more."),
]
PriceSource = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$", max_length=32),
    Field(description="What a floating price follows: `index`, or one of its sources."),
]
AmountUnit = Annotated[
    Literal["asset", "currency"], Field(description="What the amounts below are of.")
]
Methods = Annotated[
    tuple[MethodCode, ...],
    Field(min_length=1, max_length=MAX_METHODS),
    AfterValidator(_each_once),
]
Countries = Annotated[
    tuple[CountryCode, ...],
    Field(max_length=MAX_COUNTRIES, description="Where a taker has to say that he is."),
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
MinTrades = Annotated[
    int, Field(strict=True, ge=0, le=10_000, description="That the taker has completed.")
]
MinAgeDays = Annotated[int, Field(strict=True, ge=0, le=3650)]
FirstTradeLimit = Annotated[
    DecimalString, Field(description="The most for a taker who has completed no trade yet.")
]

_NEW: dict[str, Any] = {
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "margin_bps": 150,
    "limit_price": "2300",
    "amount_unit": "currency",
    "min_amount": "50",
    "max_amount": "1000",
    "total_amount": "5000",
    "payment_methods": ["sepa_instant", "revolut"],
    "country": "DE",
    "terms": "From an account in your own name only.",
    "funding_window_s": 1800,
    "payment_window_s": 3600,
    "first_trade_limit": "250",
    "working_hours": EXAMPLE_DOCUMENT["working_hours"],
    "wallet": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
    "encryption_key": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "key_signature": "0x" + "1f" * 64 + "1b",
}
_PUBLIC = EXAMPLE_DOCUMENT | EXAMPLE_PRICED | {"funded": True, "deposit_block": 21_456_789}
_OWN = _PUBLIC | {
    "hidden_because": None,
    "link": None,
    "wallet": _NEW["wallet"],
    "encryption_key": _NEW["encryption_key"],
    "key_signature": _NEW["key_signature"],
}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class NewOfferBody(Body):
    """What a maker is ready to do: at a fixed `price`, or at a `margin_bps` over the market."""

    model_config = _example(_NEW)

    direction: Direction
    asset: AssetCode
    currency: CurrencyCode
    price: PriceString | None = None
    margin_bps: MarginBps | None = None
    limit_price: LimitPrice | None = None
    price_source: PriceSource | None = None
    amount_unit: AmountUnit = "asset"
    min_amount: DecimalString
    max_amount: DecimalString
    total_amount: DecimalString
    payment_methods: Methods
    country: CountryCode | None = None
    terms: Terms = ""
    funding_window_s: FundingWindowS = DEFAULT_FUNDING_WINDOW_S
    payment_window_s: PaymentWindowS | None = None
    visibility: Visibility = Visibility.PUBLIC
    min_trades: MinTrades = 0
    min_account_age_days: MinAgeDays = 0
    first_trade_limit: FirstTradeLimit | None = None
    taker_countries: Countries = ()
    working_hours: WorkingHours | None = None
    closes_at: Moment | None = None
    shares_coins_with: Annotated[
        UUID | None, Field(description="Your other offer over whose coins this one is, too.")
    ] = None
    wallet: EvmAddress
    encryption_key: HexKey
    key_signature: KeySignature = None

    def draft(self) -> Draft:
        """In the service's words; raises `HoursInvalid`."""
        signature = self.key_signature
        said = _understood(self.model_dump(exclude={"working_hours"}), self.working_hours)
        said["key_signature"] = None if signature is None else bytes.fromhex(signature[2:])
        return Draft(**said)


class EditOfferBody(Body):
    """What changes; what is missing stays as it is.

    A `price` takes the place of a margin, and the other way round.
    """

    model_config = _example({"margin_bps": 200, "total_amount": "4000"})

    price: PriceString | None = None
    margin_bps: MarginBps | None = None
    limit_price: LimitPrice | None = None
    price_source: PriceSource | None = None
    amount_unit: AmountUnit | None = None
    min_amount: DecimalString | None = None
    max_amount: DecimalString | None = None
    total_amount: DecimalString | None = None
    payment_methods: Methods | None = None
    country: CountryCode | None = None
    terms: Terms | None = None
    funding_window_s: FundingWindowS | None = None
    payment_window_s: PaymentWindowS | None = None
    visibility: Visibility | None = None
    min_trades: MinTrades | None = None
    min_account_age_days: MinAgeDays | None = None
    first_trade_limit: FirstTradeLimit | None = None
    taker_countries: Countries | None = None
    working_hours: WorkingHours | None = None
    closes_at: Moment | None = None

    @model_validator(mode="after")
    def _null_takes_away_what_can_be_missing(self) -> Self:
        optional = {"country", "limit_price", "first_trade_limit", "working_hours", "closes_at"}
        for name in self.model_fields_set - optional:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    def changes(self) -> Changes:
        """In the service's words; raises `HoursInvalid`."""
        given = self.model_dump(exclude_unset=True, exclude={"working_hours"})
        if "working_hours" in self.model_fields_set:
            given = _understood(given, self.working_hours)
        else:
            given = _numbers(given)
        # The fields have the service's names: what is given is what changes.
        return cast("Changes", given)


def _numbers(said: dict[str, Any]) -> dict[str, Any]:
    for name in {"price", "limit_price"} & said.keys():
        said[name] = None if said[name] is None else Decimal(said[name])
    return said


def _understood(said: dict[str, Any], hours: WorkingHours | None) -> dict[str, Any]:
    return _numbers(said) | {"hours": None if hours is None else weekly_hours(hours)}


class OfferAnswer(OfferDocument):
    """An offer as those see it to whom it is shown; without a fresh market a price is null."""

    model_config = _example(_PUBLIC)

    price: str | None
    premium_bps: Annotated[
        int | None, Field(description="Above the index (below: negative), in 1/100 percent.")
    ]
    funded: Funded
    deposit_block: Annotated[
        int | None,
        Field(
            description=(
                "The block as of which `funded` was found: when the balance was last read as"
                " another than before. Null where nothing is known of it."
            )
        ),
    ]


class OwnOfferAnswer(OfferAnswer):
    """An offer as its maker sees it."""

    model_config = _example(_OWN)

    hidden_because: Annotated[
        Hidden | None, Field(description="Why nobody finds it in the book; null if it is there.")
    ]
    link: Annotated[str | None, Field(description="Opens an offer of visibility `link`.")]
    wallet: EvmAddress
    encryption_key: HexKey
    key_signature: KeySignature


class OfferPage(BaseModel):
    """Some offers, and where to go on."""

    model_config = _example({"data": [_PUBLIC], "next_cursor": None})

    data: list[OfferAnswer]
    next_cursor: str | None


class OwnOffersAnswer(BaseModel):
    """A page of one's own offers."""

    model_config = _example({"data": [_OWN], "next_cursor": None})

    data: list[OwnOfferAnswer]
    next_cursor: str | None


class QuoteAnswer(BaseModel):
    """What an amount of an offer costs, and a price that is held for you until then."""

    model_config = _example(
        {
            "price": "2537.5000",
            "premium_bps": 150,
            "amount": "0.098522167487684729",
            "fiat_amount": "250.00",
            "rounded_for": "seller",
            "held_until": "2026-11-24T05:01:00Z",
            "hold": "WyIwMTkzNTc5YSIsIjI1MzcuNSIsMTc5NTUwNDAwMF0.4qWzv1J3nB0mJQ",
            "market": EXAMPLE_MARKET,
        }
    )

    price: str
    premium_bps: int | None
    amount: str
    fiat_amount: str
    rounded_for: Annotated[
        Literal["buyer", "seller"], Field(description="Who keeps the fraction of a unit.")
    ]
    held_until: datetime
    hold: Annotated[str, Field(description="Hand it in when you take, for this very price.")]
    market: MarketAnswer | None


class QuoteQuery(Body):
    """How much of the offer: an amount of the coin, or a sum of the currency."""

    amount: DecimalString | None = None
    fiat_amount: DecimalString | None = None
    link: Annotated[str | None, Field(max_length=64)] = None


class PageQuery(Body):
    """Which part of a list."""

    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
