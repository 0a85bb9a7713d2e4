"""The routes of prices: the market's price of each traded pair, for everybody to see."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tradepost.kernel.cursors import Cursors
from tradepost.kernel.errors import InvalidCursor
from tradepost.kernel.http import (
    CursorsOf,
    Moment,
    TransactionRoute,
    Tx,
    public,
)
from tradepost.kernel.openapi import problems
from tradepost.prices import service
from tradepost.prices.model import (
    PRICE_EXAMPLE,
    Fault,
    Pair,
    PairNotQuoted,
    Part,
    Point,
    PriceAnswer,
    PriceUnavailable,
    plain,
    price_members,
)

router = APIRouter(route_class=TransactionRoute, tags=["prices"])

_CODE: Final = r"^[A-Z0-9]{2,10}$"
Code = Annotated[str, StringConstraints(pattern=_CODE, max_length=10)]
_Cursor = Annotated[str | None, Field(max_length=500)]
_CHART: Final = timedelta(days=1)
_MAX_AGE_S: Final = 1

_SOURCE: dict[str, Any] = {
    "name": "kraken",
    "pair": "ETH/EUR",
    "price": "2250.25",
    "at": "2026-11-23T04:59:52Z",
    "used": True,
    "why_not": None,
}
_OUTLIER: dict[str, Any] = _SOURCE | {
    "name": "other",
    "price": "3000",
    "used": False,
    "why_not": "outlier",
}
_POINT: dict[str, Any] = {"at": "2026-11-23T04:59:00Z", "price": "2250.25", "development": False}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class PricesAnswer(BaseModel):
    """One page of prices."""

    model_config = _example({"data": [PRICE_EXAMPLE], "next_cursor": None})

    data: list[PriceAnswer]
    next_cursor: str | None


class SourceAnswer(BaseModel):
    """What one source said of `pair` last, and why it does not count where it does not."""

    name: str
    pair: str
    price: str | None
    at: datetime | None
    used: bool
    why_not: Fault | None

    @classmethod
    def of(cls, part: Part) -> "SourceAnswer":
        """The answer for a source's part in an index."""
        return cls(
            name=part.source,
            pair="/".join(part.pair),
            price=None if part.value is None else plain(part.value),
            at=part.as_of,
            used=part.used,
            why_not=part.fault,
        )


class PriceDetailAnswer(PriceAnswer):
    """A price, and how it came about; `age_s` is the age of its oldest reading."""

    model_config = _example(PRICE_EXAMPLE | {"age_s": 8, "sources": [_SOURCE, _OUTLIER]})

    age_s: int
    sources: list[SourceAnswer]


class PointAnswer(BaseModel):
    """The price at one moment."""

    at: datetime
    price: str
    development: bool

    @classmethod
    def of(cls, point: Point) -> "PointAnswer":
        """The answer for a point of the history."""
        return cls(at=point.at, price=plain(point.value), development=point.development)


class HistoryAnswer(BaseModel):
    """One page of a pair's past prices, the oldest first."""

    model_config = _example({"data": [_POINT], "next_cursor": None})

    data: list[PointAnswer]
    next_cursor: str | None


class PricesQuery(BaseModel):
    """Which prices, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    asset: Code | None = None
    currency: Code | None = None
    cursor: _Cursor = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class HistoryQuery(BaseModel):
    """Which stretch of the past (of its last day, where nothing is said), and which page."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    cursor: _Cursor = None
    limit: Annotated[int, Field(ge=1, le=2000)] = 500


_AssetPath = Annotated[str, Path(pattern=_CODE, max_length=10)]
_CurrencyPath = Annotated[str, Path(pattern=_CODE, max_length=10)]


@router.get(
    "/prices",
    response_model=PricesAnswer,
    summary="List the market's prices",
    responses=problems(InvalidCursor),
)
async def list_prices(
    tx: Tx,
    cursors: CursorsOf,
    query: Annotated[PricesQuery, Query()],
) -> Response:
    """The index of every traded pair that has a fresh one, in the order of their codes."""
    return _told(await listed(tx, cursors, query))


async def listed(tx: Tx, cursors: Cursors, query: PricesQuery) -> PricesAnswer:
    """One page of the fresh prices."""
    purpose = f"prices {query.asset} {query.currency}"
    after = None
    if query.cursor is not None:
        base, quote = cursors.read(purpose, query.cursor)
        after = Pair(str(base), str(quote))
    rows = await service.priced(tx, query.asset, query.currency, after, query.limit + 1)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return PricesAnswer(
        data=[PriceAnswer.of(row) for row in rows],
        next_cursor=cursors.write(purpose, [*rows[-1].pair]) if more else None,
    )


@router.get(
    "/prices/{asset}/{currency}",
    response_model=PriceDetailAnswer,
    summary="See a price and its sources",
    responses=problems(PairNotQuoted, PriceUnavailable),
)
async def get_price(
    tx: Tx,
    asset: _AssetPath,
    currency: _CurrencyPath,
) -> Response:
    """The fresh index of one pair; what each source said, and why it does not count.

    Without a fresh one it is `price-unavailable`, with the `reason`, the time `since` when, and
    the `sources`. The `ETag` does not regard `age_s`.
    """
    return _told(await detailed(tx, Pair(asset, currency)))


async def detailed(tx: Tx, pair: Pair) -> PriceDetailAnswer:
    """The fresh index of one pair, and how it came about; raises as `service.price`."""
    row = await service.price(tx, pair)
    assert row.as_of is not None
    return PriceDetailAnswer(
        **price_members(row),
        age_s=max(0, int((tx.now - row.as_of).total_seconds())),
        sources=[SourceAnswer.of(part) for part in row.parts],
    )


@router.get(
    "/prices/{asset}/{currency}/history",
    response_model=HistoryAnswer,
    summary="See a price's past",
    responses=problems(PairNotQuoted, InvalidCursor),
)
async def price_history(
    tx: Tx,
    cursors: CursorsOf,
    asset: _AssetPath,
    currency: _CurrencyPath,
    query: Annotated[HistoryQuery, Query()],
) -> Response:
    """Points for a chart: one a minute for two days, then one in 15 minutes, then one a day.

    `from` is in it, `to` is not. Where the pair had no price, there is no point.
    """
    return _told(await past(tx, cursors, Pair(asset, currency), query))


async def past(tx: Tx, cursors: Cursors, pair: Pair, query: HistoryQuery) -> HistoryAnswer:
    """One page of a pair's past prices; raises as `service.history`, and `InvalidCursor`."""
    purpose = f"price history {pair.base} {pair.quote} {query.since} {query.until}"
    until = query.until or tx.now
    since = query.since or until - _CHART
    if query.cursor is not None:
        until, since = (
            datetime.fromisoformat(str(at)) for at in cursors.read(purpose, query.cursor)
        )
    points = await service.history(tx, pair, since, until, query.limit + 1)
    following = points[query.limit :]
    return HistoryAnswer(
        data=[PointAnswer.of(point) for point in points[: query.limit]],
        next_cursor=cursors.write(purpose, [until.isoformat(), following[0].at.isoformat()])
        if following
        else None,
    )


def _told(body: BaseModel) -> Response:
    return public(body.model_dump_json().encode(), _MAX_AGE_S)
