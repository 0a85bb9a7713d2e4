"""The routes of markets: what anybody can know of a pair's offers and past trades.

No answer names an account, an offer or a trade, or holds what one can be recognised by.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from tradepost.insights import service
from tradepost.insights.cache import Answers
from tradepost.insights.http.bodies import (
    EARLIEST,
    MOST_MARKETS,
    CandleAnswer,
    CandlesAnswer,
    CandlesQuery,
    DepthAnswer,
    DepthQuery,
    MarketAnswer,
    MarketsAnswer,
    MarketsQuery,
    MethodsAnswer,
    TapeAnswer,
    TapeQuery,
    TradeAnswer,
)
from tradepost.insights.model import Interval, MarketPair
from tradepost.insights.store import Codes
from tradepost.kernel import iso
from tradepost.kernel.assets import AssetNotTraded, asset_of
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import InvalidCursor
from tradepost.kernel.http import AssetCode, CurrencyCode, StrictRoute, public
from tradepost.kernel.iso import CurrencyUnknown
from tradepost.kernel.openapi import links, problems, to

router = APIRouter(tags=["markets"], route_class=StrictRoute)

T = TypeVar("T")

_MAX_AGE_S: Final = 1
_WRONG_PAIR: Final = problems(AssetNotTraded, CurrencyUnknown)
_WRONG_PAGE: Final = problems(AssetNotTraded, CurrencyUnknown, InvalidCursor)


@router.get(
    "/markets",
    response_model=MarketsAnswer,
    summary="List the markets",
    responses=problems(InvalidCursor)
    | links(
        200,
        to(
            "get_market",
            "market_depth",
            "market_methods",
            "market_trades",
            "market_candles",
            "get_price",
            asset="data/0/asset",
            currency="data/0/currency",
        ),
    ),
)
async def list_markets(
    request: Request,
    query: Annotated[MarketsQuery, Query()],
) -> Response:
    """The pairs that have offers or completed trades, in the order of their codes."""
    cursors: Cursors = request.app.state.cursors
    after = _after(cursors, query)

    # Always the largest page, so that few questions are asked of the database.
    async def make(tx: Transaction) -> tuple[list[service.Overview], Codes | None]:
        return await service.markets(tx, after, MOST_MARKETS)

    found, last = await _kept(request, f"markets {after}", make)
    if len(found) > query.limit:
        found = found[: query.limit]
        last = found[-1].pair.codes
    return _answer(_page(cursors, found, last))


async def listed(tx: Transaction, cursors: Cursors, query: MarketsQuery) -> MarketsAnswer:
    """A page of the pairs; raises `InvalidCursor`."""
    return _page(cursors, *await service.markets(tx, _after(cursors, query), query.limit))


def _after(cursors: Cursors, query: MarketsQuery) -> Codes | None:
    if query.cursor is None:
        return None
    asset, money = cursors.read("markets", query.cursor)
    return str(asset), str(money)


def _page(cursors: Cursors, found: list[service.Overview], last: Codes | None) -> MarketsAnswer:
    return MarketsAnswer(
        data=[MarketAnswer.of(one) for one in found],
        next_cursor=None if last is None else cursors.write("markets", [*last]),
    )


@router.get(
    "/markets/{asset}/{currency}",
    response_model=MarketAnswer,
    summary="See a market",
    responses=_WRONG_PAIR,
)
async def get_market(
    request: Request,
    asset: AssetCode,
    currency: CurrencyCode,
) -> Response:
    """One pair. Without an offer or a trade it is as empty as it is."""
    pair = _pair(request, asset, currency)

    async def make(tx: Transaction) -> MarketAnswer:
        return MarketAnswer.of(await service.market(tx, pair))

    return _answer(await _kept(request, f"market {asset} {currency}", make))


@router.get(
    "/markets/{asset}/{currency}/depth",
    response_model=DepthAnswer,
    summary="See how much a market holds",
    responses=_WRONG_PAIR,
)
async def market_depth(
    request: Request,
    asset: AssetCode,
    currency: CurrencyCode,
    query: Annotated[DepthQuery, Query()],
) -> Response:
    """The amounts that can be taken of the offers, summed up by how far they are from the index.

    What can be taken of an offer at once counts, not its whole remainder. Without a fresh index
    `levels_by` is `price`, and each price is a level.
    """
    pair = _pair(request, asset, currency)

    async def make(tx: Transaction) -> service.Depth:
        return await service.depth(tx, pair)

    found = await _kept(request, f"depth {asset} {currency}", make)
    return _answer(DepthAnswer.of(found, pair, query.step_bps, query.levels))


@router.get(
    "/markets/{asset}/{currency}/methods",
    response_model=MethodsAnswer,
    summary="Compare a market's payment methods",
    responses=_WRONG_PAIR,
)
async def market_methods(
    request: Request,
    asset: AssetCode,
    currency: CurrencyCode,
) -> Response:
    """The best prices of the pair by payment method."""
    pair = _pair(request, asset, currency)

    async def make(tx: Transaction) -> service.Methods:
        return await service.methods(tx, pair)

    found = await _kept(request, f"methods {asset} {currency}", make)
    return _answer(MethodsAnswer.of(found))


@router.get(
    "/markets/{asset}/{currency}/trades",
    response_model=TapeAnswer,
    summary="See a market's past trades",
    responses=_WRONG_PAGE,
)
async def market_trades(
    request: Request,
    asset: AssetCode,
    currency: CurrencyCode,
    query: Annotated[TapeQuery, Query()],
) -> Response:
    """Completed trades, the newest first. A trade that the chain takes back is gone again."""
    pair = _pair(request, asset, currency)
    cursors: Cursors = request.app.state.cursors
    database: Database = request.app.state.database
    async with database.transaction() as tx:
        return _answer(await tape(tx, cursors, pair, query))


async def tape(tx: Transaction, cursors: Cursors, pair: MarketPair, query: TapeQuery) -> TapeAnswer:
    """A page of a pair's completed trades; raises `InvalidCursor`."""
    asset, currency = pair.codes
    purpose = f"market trades {asset} {currency}"
    before = None
    if query.cursor is not None:
        at, position = cursors.read(purpose, query.cursor)
        before = (datetime.fromisoformat(str(at)), int(position))
    found = await service.tape(tx, pair, before, query.limit + 1)
    more = len(found) > query.limit
    found = found[: query.limit]
    cursor = None
    if more:
        last, _ = found[-1]
        cursor = cursors.write(purpose, [last[0].isoformat(), last[1]])
    return TapeAnswer(data=[TradeAnswer.of(trade) for _, trade in found], next_cursor=cursor)


@router.get(
    "/markets/{asset}/{currency}/candles",
    response_model=CandlesAnswer,
    summary="See a market's candles",
    responses=_WRONG_PAGE,
)
async def market_candles(
    request: Request,
    asset: AssetCode,
    currency: CurrencyCode,
    query: Annotated[CandlesQuery, Query()],
) -> Response:
    """What completed trades came to, by intervals of UTC; a week begins on Monday.

    An interval without a trade is left out. The newest one can still change.
    """
    pair = _pair(request, asset, currency)
    cursors: Cursors = request.app.state.cursors
    database: Database = request.app.state.database
    async with database.transaction() as tx:
        return _answer(await candles(tx, cursors, pair, query))


async def candles(
    tx: Transaction, cursors: Cursors, pair: MarketPair, query: CandlesQuery
) -> CandlesAnswer:
    """A page of a pair's candles; raises `InvalidCursor`."""
    asset, currency = pair.codes
    purpose = f"candles {asset} {currency} {query.interval} {query.since} {query.until}"
    until = query.until or tx.now
    since = query.since or _before(until, query.interval, query.limit)
    if query.cursor is not None:
        until, since = (
            datetime.fromisoformat(str(at)) for at in cursors.read(purpose, query.cursor)
        )
    found = await service.candles(tx, pair, query.interval, since, until, query.limit + 1)
    following = found[query.limit :]
    return CandlesAnswer(
        interval=query.interval,
        data=[CandleAnswer.of(candle) for candle in found[: query.limit]],
        next_cursor=cursors.write(purpose, [until.isoformat(), following[0].starts_at.isoformat()])
        if following
        else None,
    )


def _before(until: datetime, interval: Interval, count: int) -> datetime:
    """So many intervals before a moment, the one that it is in among them."""
    return max(EARLIEST, interval.start(until) - (count - 1) * interval.length)


def _pair(request: Request, asset: str, code: str) -> MarketPair:
    return MarketPair(asset_of(request.app.state.settings, asset), iso.currency(code))


async def _kept(request: Request, question: str, make: Callable[[Transaction], Awaitable[T]]) -> T:
    """The answer at hand, or that which `make` gives in a transaction of its own."""
    answers: Answers = request.app.state.answers
    database: Database = request.app.state.database

    async def made() -> T:
        async with database.transaction() as tx:
            return await make(tx)

    return await answers.get(question, made)


def _answer(body: BaseModel) -> Response:
    return public(body.model_dump_json().encode(), _MAX_AGE_S)
