"""The exchange's answers about the market: the book, prices, and what a trader waits for.

They follow the rules of `models`.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, TypedDict

from pydantic import Field

from tradepost_client.models import (
    Amount,
    Direction,
    Id,
    Model,
    Offer,
    Side,
    Time,
)


class Criteria(TypedDict, total=False):
    """What to look for; what is missing or None is left open.

    direction: What the makers do with the coin; with both codes it sorts by price.
    asset, currency: Their codes.
    amount: What can be taken, in whole coins; needs `asset`.
    fiat_amount: What can be paid, in whole units; needs `currency`.
    payment_methods: Any of these codes.
    country: Where the maker is.
    maker: The maker's account id.
    """

    direction: Direction | None
    asset: str | None
    currency: str | None
    amount: Decimal | None
    fiat_amount: Decimal | None
    payment_methods: Sequence[str]
    country: str | None
    maker: str | None


class Sought(Criteria, total=False):
    """`Criteria` for a search at once.

    online: Only of makers who are there now.
    funded: Only of sellers who have the coins in the escrow contract.
    """

    online: bool
    funded: bool


class Market(Model):
    """The index of a pair; a `development` one is made up."""

    price: Amount
    as_of: Time
    valid_until: Time
    development: bool


class OfferPage(Model):
    """A page of the book; `market` is there where the search is for one pair."""

    data: tuple[Offer, ...]
    next_cursor: str | None
    market: Market | None


class Facets(Model):
    """How many of the offers found have what; not `complete` where they were too many to count."""

    total: int
    complete: bool
    funded: int
    payment_methods: dict[str, int]
    countries: dict[str, int]
    assets: dict[str, int]
    currencies: dict[str, int]
    directions: dict[str, int]


class OfferQuote(Model):
    """What an amount of an offer costs; `hold` keeps the price until `held_until`."""

    price: Amount
    premium_bps: int | None
    amount: Amount
    fiat_amount: Amount
    rounded_for: Side
    held_until: Time
    hold: Annotated[str, Field(max_length=500)]
    market: Market | None


class SavedSearch(Model):
    """What the account waits for; what is None is left open."""

    id: Id
    name: str
    direction: Direction | None
    asset: str | None
    currency: str | None
    amount: Amount | None
    fiat_amount: Amount | None
    payment_method: tuple[str, ...]
    country: str | None
    maker: Id | None
    created_at: Time


class Price(Model):
    """The index of a pair: what one whole coin costs, as most sources have it."""

    asset: str
    currency: str
    price: Amount
    as_of: Time
    valid_until: Time
    spread_bps: int
    crossed_over: str | None
    development: bool


class PriceSource(Model):
    """What one source said last; `why_not` where it does not count."""

    name: str
    pair: str
    price: Amount | None
    at: Time | None
    used: bool
    why_not: str | None


class PriceDetail(Price):
    """A price, and how it came about."""

    age_s: int
    sources: tuple[PriceSource, ...]


class PricePoint(Model):
    """The price at one moment."""

    at: Time
    price: Amount
    development: bool
