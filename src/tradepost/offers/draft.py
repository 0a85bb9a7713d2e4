"""What a maker says of an offer, and what it comes to."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict, cast
from uuid import UUID

from coincurve import PublicKeyXOnly

from tradepost.kernel import iso
from tradepost.kernel.assets import asset_of, stated
from tradepost.kernel.hours import WeeklyHours
from tradepost.kernel.money import Amount, Asset, Price
from tradepost.kernel.pricing import Direction, FixedPrice, FloatingPrice, PriceSpec
from tradepost.kernel.settings import Settings
from tradepost.offers.model import (
    DEFAULT_FUNDING_WINDOW_S,
    AmountSpec,
    EncryptionKeyInvalid,
    Offer,
    OfferInconsistent,
    PriceSourceUnknown,
    TakerRules,
    Visibility,
    check_amounts,
    check_price,
)
from tradepost.payments import service as payments
from tradepost.prices import service as prices
from tradepost.prices.model import INDEX


@dataclass(frozen=True, slots=True)
class Draft:
    """What a maker says of an offer; amounts and prices are decimal strings in whole units.

    It has either a `price`, which is fixed, or a `margin_bps` over the market's.
    """

    direction: Direction
    asset: str
    currency: str
    min_amount: str
    max_amount: str
    total_amount: str
    payment_methods: tuple[str, ...]
    wallet: str
    encryption_key: str
    price: Decimal | None = None
    margin_bps: int | None = None
    limit_price: Decimal | None = None
    price_source: str | None = None
    amount_unit: Literal["asset", "currency"] = "asset"
    country: str | None = None
    terms: str = ""
    funding_window_s: int = DEFAULT_FUNDING_WINDOW_S
    #: None: the longest of the payment methods' own.
    payment_window_s: int | None = None
    visibility: Visibility = Visibility.PUBLIC
    min_trades: int = 0
    min_account_age_days: int = 0
    first_trade_limit: str | None = None
    taker_countries: tuple[str, ...] = ()
    hours: WeeklyHours | None = None
    closes_at: datetime | None = None
    #: An own offer over whose coins this one is, too.
    shares_coins_with: UUID | None = None
    key_signature: bytes | None = None


class Changes(TypedDict, total=False):
    """What a maker changes of an offer: what is missing stays as it is."""

    price: Decimal
    margin_bps: int
    limit_price: Decimal | None
    price_source: str
    amount_unit: Literal["asset", "currency"]
    min_amount: str
    max_amount: str
    total_amount: str
    payment_methods: tuple[str, ...]
    country: str | None
    terms: str
    funding_window_s: int
    payment_window_s: int
    visibility: Visibility
    min_trades: int
    min_account_age_days: int
    first_trade_limit: str | None
    taker_countries: tuple[str, ...]
    hours: WeeklyHours | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Understood:
    """The parts of a draft that had to be understood."""

    asset: Asset
    currency: Asset
    price: PriceSpec
    amounts: AmountSpec
    total: Amount
    payment_window_s: int
    rules: TakerRules


def draft_of(offer: Offer) -> Draft:
    """What the maker would say to get this very offer."""
    price, first = offer.price, offer.rules.first_trade_limit
    follows = price if isinstance(price, FloatingPrice) else None
    return Draft(
        direction=offer.direction,
        asset=offer.asset.code,
        currency=offer.currency.code,
        price=price.value if isinstance(price, FixedPrice) else None,
        margin_bps=None if follows is None else follows.margin_bps,
        limit_price=None if follows is None else follows.limit,
        price_source=None if follows is None else follows.source,
        amount_unit="asset" if offer.unit == offer.asset else "currency",
        min_amount=str(offer.amounts.least),
        max_amount=str(offer.amounts.most),
        total_amount=str(offer.total),
        payment_methods=offer.payment_methods,
        wallet=offer.wallet,
        encryption_key=offer.encryption_key,
        country=offer.country,
        terms=offer.terms,
        funding_window_s=offer.funding_window_s,
        payment_window_s=offer.payment_window_s,
        visibility=offer.visibility,
        min_trades=offer.rules.min_trades,
        min_account_age_days=offer.rules.min_account_age_days,
        first_trade_limit=None if first is None else str(first),
        taker_countries=offer.rules.countries,
        hours=offer.hours,
        closes_at=offer.closes_at,
        key_signature=offer.key_signature,
    )


def changed(offer: Offer, changes: Changes) -> Draft:
    """What the maker says now, where he said something else before."""
    said = cast("dict[str, object]", dict(changes))
    if "price" in said:
        # One way of saying a price takes the place of the other.
        said = {"margin_bps": None, "limit_price": None, "price_source": None} | said
    elif "margin_bps" in said:
        said["price"] = None
    return replace(draft_of(offer), **said)  # type: ignore[arg-type]


def check_encryption_key(key: str) -> None:
    """Raises `EncryptionKeyInvalid` unless `key` (64 hex digits) is an x-only public key."""
    try:
        PublicKeyXOnly(bytes.fromhex(key))
    except ValueError:
        raise EncryptionKeyInvalid from None


def understand(settings: Settings, draft: Draft, now: datetime) -> Understood:
    """The draft, held against what this exchange trades and against itself.

    Raises `AssetNotTraded`, `CurrencyUnknown`, `CountryUnknown`, `PaymentMethodUnknown`,
    `PaymentMethodUnfit`, `PriceSourceUnknown`, `OfferInconsistent`, `EncryptionKeyInvalid`, and
    `MalformedRequest` for an amount finer than its asset.
    """
    check_encryption_key(draft.encryption_key)
    asset, currency = asset_of(settings, draft.asset), iso.currency(draft.currency)
    for country in {draft.country, *draft.taker_countries} - {None}:
        iso.check_country(str(country))
    methods = payments.check_methods(settings, draft.payment_methods, draft.currency)
    spec = _price_spec(settings, draft)
    check_price(spec, draft.direction)
    unit = asset if draft.amount_unit == "asset" else currency
    amounts = AmountSpec(
        stated(unit, "min_amount", draft.min_amount), stated(unit, "max_amount", draft.max_amount)
    )
    total = stated(unit, "total_amount", draft.total_amount)
    price = Price(asset, currency, spec.value) if isinstance(spec, FixedPrice) else None
    check_amounts(draft.direction, price, amounts, total)
    if draft.closes_at is not None and draft.closes_at <= now:
        raise OfferInconsistent("The closes_at is over.")
    first = draft.first_trade_limit
    window_s = draft.payment_window_s
    if window_s is None:
        window_s = max(method.payment_window_s for method in methods)
    rules = TakerRules(
        draft.min_trades,
        draft.min_account_age_days,
        None if first is None else stated(unit, "first_trade_limit", first),
        draft.taker_countries,
    )
    return Understood(asset, currency, spec, amounts, total, window_s, rules)


def _price_spec(settings: Settings, draft: Draft) -> PriceSpec:
    if (draft.price is None) == (draft.margin_bps is None):
        raise OfferInconsistent("It takes either a price or a margin_bps.")
    if draft.price is not None:
        if draft.limit_price is not None or draft.price_source is not None:
            raise OfferInconsistent("A limit_price and a price_source are a floating price's.")
        return FixedPrice(draft.price)
    assert draft.margin_bps is not None
    source = draft.price_source or INDEX
    if source not in prices.source_names(settings):
        raise PriceSourceUnknown
    return FloatingPrice(draft.margin_bps, draft.limit_price, source)
