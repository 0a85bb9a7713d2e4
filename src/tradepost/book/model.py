"""A listing: what of an offer can be found, and what a taker looks for.

A floating price follows the market without a write. The book keeps apart, by index, listings whose
price is a number (fixed ones, and floating ones held at their limit: `level`) from those whose
price is a margin over the market (`tilt`), and merges both at the market's price of the moment.
Which of the two a floating listing with a limit is, depends on the market: it changes at its
`threshold`. The rows are kept as they are right at a `reference`, a price of the market not long
ago, and the few whose threshold lies between that and now are worked out one by one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from tradepost.kernel.hours import MAX_SPANS
from tradepost.kernel.money import Amount, Asset, Price
from tradepost.kernel.pricing import (
    Direction,
    FixedPrice,
    PriceSpec,
    floating,
)
from tradepost.prices.model import INDEX, Quote

#: A cursor that is older orders by prices of the market that nobody remembers.
CURSOR_LIFE_S: Final = 900
#: Facets are counted over at most so many listings.
MAX_COUNTED: Final = 20_000

_THRESHOLD_DECIMALS: Final = 18
_WIDE: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Listing:
    """What can be found of an offer while it can be taken.

    `least` and `most` are what can be taken at once, of the coin or of the currency. `document`
    is what everybody may know of the offer and does not follow the market, as a JSON object.
    """

    id: UUID
    maker_id: UUID
    direction: Direction
    asset: Asset
    currency: Asset
    price: PriceSpec
    least: Amount
    most: Amount
    payment_methods: tuple[str, ...]
    country: str | None
    #: When it leaves the book by itself; None: it does not.
    until: datetime | None
    document: str
    #: Whether its maker has the coins in the escrow contract; it follows the chain, without news.
    funded: bool = False

    @property
    def in_currency(self) -> bool:
        """Whether its amounts are of the currency."""
        return self.least.asset == self.currency

    @property
    def scale(self) -> Decimal:
        """Minor units of the coin for one of the currency at a price of one."""
        return Decimal(1).scaleb(self.asset.decimals - self.currency.decimals)

    @property
    def threshold(self) -> Decimal | None:
        """At which price of the market its limit begins to hold; None where it never changes."""
        price = self.price
        if isinstance(price, FixedPrice) or price.limit is None or price.factor == 0:
            return None
        step = Decimal(1).scaleb(-_THRESHOLD_DECIMALS)
        return _WIDE.divide(price.limit, price.factor).quantize(step, ROUND_HALF_EVEN, _WIDE)

    @property
    def number(self) -> Decimal | None:
        """The price as a number: the fixed one, or the limit of a floating one."""
        return self.price.value if isinstance(self.price, FixedPrice) else self.price.limit

    def held(self, reference: Decimal | None) -> bool:
        """Whether its price is its number when the market is at `reference`.

        Only a listing with a threshold needs one.
        """
        threshold = self.threshold
        if threshold is None:
            return self.number is not None
        assert reference is not None
        if self.direction is Direction.SELL:
            return reference < threshold
        return reference > threshold


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a taker looks for; None and the empty tuple leave a thing open.

    `amount` needs an `asset`, `fiat_amount` a `currency`.
    """

    direction: Direction | None = None
    asset: Asset | None = None
    currency: Asset | None = None
    amount: Amount | None = None
    fiat_amount: Amount | None = None
    payment_methods: tuple[str, ...] = ()
    country: str | None = None
    maker_id: UUID | None = None
    #: Only of makers who are there now.
    online: bool = False
    #: Only what is funded.
    funded: bool = False


def matches(listing: Listing, wanted: Wanted, quotes: Mapping[str, Quote], now: datetime) -> bool:
    """Whether a listing is what somebody looks for, at the market's `quotes` of its pair."""
    found = price_of(listing, quotes)
    if found is None or (listing.until is not None and listing.until <= now):
        return False
    if wanted.funded and not listing.funded:
        return False
    for said, has in (
        (wanted.direction, listing.direction),
        (wanted.asset, listing.asset),
        (wanted.currency, listing.currency),
        (wanted.country, listing.country),
        (wanted.maker_id, listing.maker_id),
    ):
        if said is not None and said != has:
            return False
    if wanted.payment_methods and not set(wanted.payment_methods) & set(listing.payment_methods):
        return False
    price = Price(listing.asset, listing.currency, found)
    gain = listing.direction.gain
    quoted = []
    if wanted.amount is not None:
        quoted.append((wanted.amount, price.cost(wanted.amount, gain)))
    if wanted.fiat_amount is not None:
        quoted.append((price.bought(wanted.fiat_amount, gain), wanted.fiat_amount))
    for amount, fiat in quoted:
        taken = fiat if listing.in_currency else amount
        if not (amount.minor and fiat.minor and listing.least <= taken <= listing.most):
            return False
    return True


def price_of(listing: Listing, quotes: Mapping[str, Quote]) -> Decimal | None:
    """What a listing costs now; None where what it follows is not fresh."""
    if isinstance(listing.price, FixedPrice):
        return listing.price.value
    quote = quotes.get(listing.price.source)
    return None if quote is None else floating(listing.price, listing.direction, quote.value)


#: A pair and a source of its price.
FeedKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Market:
    """Prices of the market that are fresh now, by asset, currency and source."""

    quotes: Mapping[FeedKey, Quote]

    @classmethod
    def of(cls, quotes: Iterable[Quote]) -> "Market":
        """Those quotes."""
        return cls({(quote.base, quote.quote, quote.source): quote for quote in quotes})

    def index(self, asset: str, currency: str) -> Quote | None:
        """The index of a pair."""
        return self.quotes.get((asset, currency, INDEX))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last listing, its rank, and the prices that made the order."""

    id: UUID
    rank: Decimal | None = None
    values: Mapping[str, Decimal] = field(default_factory=dict)


class Found(NamedTuple):
    """A listing as it was found, with its price of this moment."""

    id: UUID
    maker_id: UUID
    asset: str
    currency: str
    document: str
    funded: bool
    price: Decimal
    #: Its place in the order; None where the newest come first.
    rank: Decimal | None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of the found listings have what, by value.

    `complete` is False where there were more than are counted.
    """

    total: int
    complete: bool
    funded: int
    payment_methods: Mapping[str, int]
    countries: Mapping[str, int]
    assets: Mapping[str, int]
    currencies: Mapping[str, int]
    directions: Mapping[str, int]


class Change(NamedTuple):
    """A listing that changed, as it is now: its document, or None where it is not in the book."""

    seq: int
    listing_id: UUID
    document: str | None
    #: The fixed one; None where it follows the market.
    price: str | None
    funded: bool


class Maker(BaseModel):
    """Who made an offer."""

    id: UUID
    name: str | None


class WorkingSpan(BaseModel):
    """A part of a weekday, on the clocks of the maker's time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    opens: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
    closes: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", max_length=5)]


class WorkingHours(BaseModel):
    """When a maker works; outside of it his offer cannot be taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: Annotated[str, Field(max_length=64, examples=["Europe/Berlin"])]
    spans: Annotated[tuple[WorkingSpan, ...], Field(min_length=1, max_length=MAX_SPANS)]


class OfferDocument(BaseModel):
    """What everybody may know of an offer, but for what follows the market.

    Amounts are of the coin, or of the currency where `amount_unit` says so.
    """

    id: UUID
    version: int
    state: Literal["active", "paused", "closed"]
    maker: Maker
    direction: Direction
    asset: str
    currency: str
    pricing: Literal["fixed", "floating"]
    margin_bps: Annotated[
        int | None, Field(description="Of a floating price: hundredths of a percent over market.")
    ]
    limit_price: Annotated[
        str | None, Field(description="A seller takes no less, a buyer pays no more.")
    ]
    price_source: Annotated[str | None, Field(description="`index`, or one of its sources.")]
    amount_unit: Literal["asset", "currency"]
    min_amount: str
    max_amount: str
    total_amount: str
    remaining_amount: str
    shares_coins: Annotated[bool, Field(description="Other offers are over the same coins.")]
    payment_methods: list[str]
    country: str | None
    terms: str
    funding_window_s: int
    payment_window_s: int
    visibility: Literal["public", "link", "trusted"]
    min_trades: int
    min_account_age_days: int
    first_trade_limit: str | None
    taker_countries: list[str]
    working_hours: WorkingHours | None
    closes_at: datetime | None
    created_at: datetime
    updated_at: datetime
