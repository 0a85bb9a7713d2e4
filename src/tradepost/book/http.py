"""The routes of the book: what anybody can find."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import State

from tradepost.book import service
from tradepost.book.criteria import Criteria
from tradepost.book.model import Market, OfferDocument, Wanted
from tradepost.kernel.assets import AssetNotTraded
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.database import Reading
from tradepost.kernel.errors import InvalidCursor
from tradepost.kernel.http import public
from tradepost.kernel.iso import CurrencyUnknown
from tradepost.kernel.money import Amount, Price
from tradepost.kernel.openapi import links, problems, to
from tradepost.kernel.pricing import premium_bps
from tradepost.kernel.reads import ReadRoute

router = APIRouter(route_class=ReadRoute, tags=["offers"])

#: The same search is answered from a cache for so long.
_FRESH_S = 1

EXAMPLE_DOCUMENT: dict[str, Any] = {
    "id": "0193579a-3b20-7f13-b6d8-4c5d6e7f8091",
    "version": 1,
    "state": "active",
    "maker": {"id": "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10", "name": "rosa"},
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "pricing": "floating",
    "margin_bps": 150,
    "limit_price": "2300",
    "price_source": "index",
    "amount_unit": "currency",
    "min_amount": "50.00",
    "max_amount": "1000.00",
    "total_amount": "5000.00",
    "remaining_amount": "5000.00",
    "shares_coins": False,
    "payment_methods": ["sepa_instant", "revolut"],
    "country": "DE",
    "terms": "From an account in your own name only.",
    "funding_window_s": 1800,
    "payment_window_s": 3600,
    "visibility": "public",
    "min_trades": 0,
    "min_account_age_days": 0,
    "first_trade_limit": "250.00",
    "taker_countries": [],
    "working_hours": {
        "time_zone": "Europe/Berlin",
        "spans": [{"day": "mon", "opens": "09:00", "closes": "18:30"}],
    },
    "closes_at": None,
    "created_at": "2026-11-24T05:00:00Z",
    "updated_at": "2026-11-24T05:00:00Z",
}
EXAMPLE_PRICED: dict[str, Any] = {"price": "2537.5000", "premium_bps": 150}
_LISTED = (
    EXAMPLE_DOCUMENT
    | EXAMPLE_PRICED
    | {
        "maker_online": True,
        "funded": False,
        "quote": {"amount": "0.098522167487684729", "fiat_amount": "250.00"},
    }
)
EXAMPLE_MARKET: dict[str, Any] = {
    "price": "2500",
    "as_of": "2026-11-24T05:00:00Z",
    "valid_until": "2026-11-24T05:02:00Z",
    "development": False,
}


class MarketAnswer(BaseModel):
    """The index of the pair, that `premium_bps` is held against."""

    price: str
    as_of: datetime
    valid_until: datetime
    development: Annotated[bool, Field(description="It is made up, for development only.")]

    @classmethod
    def of(cls, market: Market, asset: str, currency: str) -> "MarketAnswer | None":
        """The answer for a pair; None where its index is not fresh."""
        index = market.index(asset, currency)
        if index is None:
            return None
        return cls(
            price=f"{index.value:f}",
            as_of=index.as_of,
            valid_until=index.valid_until,
            development=index.development,
        )


Funded = Annotated[
    bool,
    Field(
        description=(
            "Of a seller: his wallet's confirmed balance in the escrow contract covers what"
            " remains of this offer, with the fee. It is shared by all offers of that wallet, he"
            " can draw it at any moment, and nothing is promised by it: pay only once the trade's"
            " own escrow is locked."
        )
    ),
]


class QuoteAnswer(BaseModel):
    """What is taken of the coin, and what is paid for it."""

    amount: str
    fiat_amount: str


class ListedOffer(OfferDocument):
    """An offer in the book, at its price of this moment."""

    price: str
    premium_bps: Annotated[
        int | None, Field(description="Above the index (below: negative), in 1/100 percent.")
    ]
    maker_online: bool
    funded: Funded
    quote: Annotated[
        QuoteAnswer | None,
        Field(description="For a direction, a pair and an amount: what you get for it."),
    ]


class OffersAnswer(BaseModel):
    """A page of the book; `market` is there where you ask for one pair."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"data": [_LISTED], "next_cursor": None, "market": EXAMPLE_MARKET}]
        }
    )

    data: list[ListedOffer]
    next_cursor: str | None
    market: MarketAnswer | None


class FacetsAnswer(BaseModel):
    """How many of the offers found have what; `complete` is false where they were too many."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "total": 3,
                    "complete": True,
                    "funded": 1,
                    "payment_methods": {"sepa_instant": 3, "revolut": 1},
                    "countries": {"DE": 2},
                    "assets": {"ETH": 3},
                    "currencies": {"EUR": 3},
                    "directions": {"sell": 3},
                }
            ]
        }
    )

    total: int
    complete: bool
    funded: Annotated[int, Field(description="How many of them are funded.")]
    payment_methods: dict[str, int]
    countries: dict[str, int]
    assets: dict[str, int]
    currencies: dict[str, int]
    directions: dict[str, int]


class FacetsQuery(Criteria):
    """What a taker looks for."""

    online: Annotated[bool, Field(description="Only of makers who are there now.")] = False
    funded: Annotated[
        bool,
        Field(description="Only of sellers with the coins in the escrow contract, as `funded`."),
    ] = False


class SearchQuery(FacetsQuery):
    """What a taker looks for, and which part of it."""

    cursor: Annotated[str | None, Field(max_length=2000)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


@router.get(
    "/offers",
    summary="Search the book",
    response_model=OffersAnswer,
    responses=problems(AssetNotTraded, CurrencyUnknown, InvalidCursor)
    | links(200, to("get_offer", "quote_offer", offer_id="data/0/id")),
)
async def search_offers(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Offers that can be taken now, for everybody to see.

    With `direction`, `asset` and `currency` the best price for the taker comes first (of those
    who sell the lowest, of those who buy the highest), else the newest. A later page has the order
    of the first while prices move; each shows the prices of now. What follows a price that is not
    fresh is not found.
    """
    async with request.app.state.database.reading() as reading:
        return public(await searched(reading, request.app.state, query), _FRESH_S)


async def searched(reading: Reading, state: State, query: SearchQuery) -> bytes:
    """What a search finds, as the JSON of an `OffersAnswer`."""
    cursors: Cursors = state.cursors
    wanted = query.wanted(state.settings, online=query.online, funded=query.funded)
    purpose = f"offers {query.model_dump_json(exclude={'cursor', 'limit'})}"
    after = None if query.cursor is None else cursors.read(purpose, query.cursor)
    online = await state.presence.online(reading)
    page = await service.find(reading, state.markets, wanted, online, after, query.limit)
    cursor = "null" if page.next is None else f'"{cursors.write(purpose, page.next)}"'
    data = ",".join(_listed(page, wanted, online))
    return (f'{{"data":[{data}],"next_cursor":{cursor},"market":{_pair(page, wanted)}}}').encode()


@router.get(
    "/offers/facets",
    summary="Count the book",
    response_model=FacetsAnswer,
    responses=problems(AssetNotTraded, CurrencyUnknown),
)
async def count_offers(request: Request, query: Annotated[FacetsQuery, Query()]) -> Response:
    """How many of the offers that a search finds have which payment method, country, and so on."""
    async with request.app.state.database.reading() as reading:
        answer = await counted(reading, request.app.state, query)
    return public(answer.model_dump_json().encode(), _FRESH_S)


async def counted(reading: Reading, state: State, query: FacetsQuery) -> FacetsAnswer:
    """How many of the offers found have what."""
    wanted = query.wanted(state.settings, online=query.online, funded=query.funded)
    online = await state.presence.online(reading)
    found = await service.facets(reading, state.markets, wanted, online)
    return FacetsAnswer.model_validate(found, from_attributes=True)


def _pair(page: service.Page, wanted: Wanted) -> str:
    if wanted.asset is None or wanted.currency is None:
        return "null"
    market = MarketAnswer.of(page.market, wanted.asset.code, wanted.currency.code)
    return "null" if market is None else market.model_dump_json()


def _listed(page: service.Page, wanted: Wanted, online: Collection[UUID]) -> Iterator[str]:
    """The listings as JSON: their documents are JSON already, only the market's part is added."""
    quote = _quoter(wanted)
    # Most pages are of one pair: its index is looked up once.
    pair, index = ("", ""), None
    for found in page.found:
        if pair != (found.asset, found.currency):
            pair = (found.asset, found.currency)
            index = page.market.index(*pair)
        premium = "null" if index is None else premium_bps(found.price, index.value)
        there = "true" if found.maker_id in online else "false"
        funded = "true" if found.funded else "false"
        yield (
            f'{found.document[:-1]},"price":"{found.price:f}","premium_bps":{premium},'
            f'"maker_online":{there},"funded":{funded},"quote":{quote(found.price)}}}'
        )


def _quoter(wanted: Wanted) -> Callable[[Decimal], str]:
    """What a taker gets at a price, as JSON."""
    direction, asset, currency = wanted.direction, wanted.asset, wanted.currency
    amount, fiat = wanted.amount, wanted.fiat_amount
    # Without them it is not known of what a division is rounded, and for whom.
    if direction is None or asset is None or currency is None:
        return lambda _: "null"

    def by_amount(price: Decimal) -> str:
        assert amount is not None
        return _quote(amount, Price(asset, currency, price).cost(amount, direction.gain))

    def by_fiat(price: Decimal) -> str:
        assert fiat is not None
        return _quote(Price(asset, currency, price).bought(fiat, direction.gain), fiat)

    if amount is not None:
        return by_amount
    return (lambda _: "null") if fiat is None else by_fiat


def _quote(amount: Amount, fiat: Amount) -> str:
    return f'{{"amount":"{amount}","fiat_amount":"{fiat}"}}'
