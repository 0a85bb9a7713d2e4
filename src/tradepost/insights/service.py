"""What anybody may know of the market, and how the trades come into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from tradepost.book import front
from tradepost.book.front import MethodTop, Side, Top
from tradepost.insights import store
from tradepost.insights.model import (
    Candle,
    Day,
    Interval,
    LastTrade,
    MarketPair,
    PastTrade,
)
from tradepost.insights.store import Codes, Place
from tradepost.kernel.database import Transaction
from tradepost.kernel.iso import currencies
from tradepost.kernel.money import Asset
from tradepost.kernel.pricing import Direction
from tradepost.prices import service as prices
from tradepost.prices.model import INDEX, Quote
from tradepost.trades import service as trades
from tradepost.trades.model import TradeState

#: The steps of a depth; a caller can have it in multiples of them.
STEP_BPS: Final = 5

_NOTHING: Final = Top(None, None, 0, 0)


@dataclass(frozen=True, slots=True)
class Overview:
    """A pair: its best prices, its index, and its trades of late; None where there is none."""

    pair: MarketPair
    top: Top
    index: Quote | None
    last: LastTrade | None
    day: Day | None


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides of a pair's book, by steps above `index`, or by prices where that is None."""

    sides: Mapping[Direction, Side]
    index: Quote | None


@dataclass(frozen=True, slots=True)
class Methods:
    """The best prices of a pair by payment method; `complete` as of `Side`."""

    tops: Sequence[MethodTop]
    complete: bool


# --- how trades come in --------------------------------------------------------------------


async def follow_trade(tx: Transaction, trade_id: UUID) -> None:
    """Takes in how a trade stands. May run twice, late, or not in order.

    It reads the trade as it is now, so only the last word counts: a completion that the chain took
    back takes the row out again.
    """
    trade = await trades.known(tx, trade_id)
    pair = MarketPair(trade.amount.asset, trade.fiat_amount.asset)
    await store.hold(tx, pair)
    # Once more: it may have gone on while this waited. Who comes later reads what is later.
    trade = await trades.known(tx, trade_id)
    past = None
    if trade.state is TradeState.COMPLETED:
        past = PastTrade.of(trade.updated_at, trade.price, trade.amount, trade.payment_method)
    await put(tx, pair, trade_id, past)


async def put(tx: Transaction, pair: MarketPair, trade_id: UUID, trade: PastTrade | None) -> None:
    """Makes `trade` what is known of the trade with this id, None for nothing; its pair is held."""
    before = await store.kept(tx, pair, trade_id)
    if before == trade:
        return
    if before is not None:
        await store.take_out(tx, trade_id)
        await store.fold(tx, pair, before.at)
    if trade is not None:
        await store.add(tx, pair, trade_id, trade)
        await store.fold(tx, pair, trade.at)


# --- what is seen --------------------------------------------------------------------------


async def markets(
    tx: Transaction, after: Codes | None, limit: int
) -> tuple[list[Overview], Codes | None]:
    """Up to `limit` pairs that have offers or trades, in the order of their codes, and the last.

    The last one is None where no more follow.
    """
    listed = await front.pairs(tx, after, limit + 1)
    traded = await store.pairs(tx, after, limit + 1)
    found = sorted({*listed, *traded})
    more = len(found) > limit
    found = found[:limit]
    return await _overviews(tx, found), found[-1] if more else None


async def market(tx: Transaction, pair: MarketPair) -> Overview:
    """One pair, whether or not it has offers or trades."""
    (found,) = await _overviews(tx, [pair.codes])
    return found


async def _overviews(tx: Transaction, found: Sequence[Codes]) -> list[Overview]:
    assets = {item.code: Asset(item.code, item.decimals) for item in tx.settings.assets}
    # An asset that is not traded any more has no index, and nobody asks for its offers.
    known = [codes for codes in found if codes[0] in assets and codes[1] in currencies()]
    if not known:
        return []
    if len(known) == 1:
        quotes = list((await prices.quotes(tx, *known[0])).values())
    else:
        asked = set(known)
        quotes = [one for one in await prices.fresh(tx) if (one.base, one.quote) in asked]
    tops = await front.tops(tx, known, quotes)
    indexes = {(one.base, one.quote): one for one in quotes if one.source == INDEX}
    last = await store.last_trades(tx, known)
    days = await store.days(tx, known)
    return [
        Overview(
            MarketPair(assets[codes[0]], currencies()[codes[1]][1]),
            tops.get(codes, _NOTHING),
            indexes.get(codes),
            last.get(codes),
            days.get(codes),
        )
        for codes in known
    ]


async def depth(tx: Transaction, pair: MarketPair) -> Depth:
    """What can be taken on both sides, as `front.depth` sums it up in steps of `STEP_BPS`."""
    quotes = await prices.quotes(tx, *pair.codes)
    sides = await front.depth(tx, pair.codes, list(quotes.values()), STEP_BPS)
    return Depth(sides, quotes.get(INDEX))


async def methods(tx: Transaction, pair: MarketPair) -> Methods:
    """The best prices by payment method, in the order of their codes."""
    quotes = await prices.quotes(tx, *pair.codes)
    return Methods(*await front.methods(tx, pair.codes, list(quotes.values())))


async def tape(
    tx: Transaction, pair: MarketPair, before: Place | None, limit: int
) -> list[tuple[Place, PastTrade]]:
    """Up to `limit` past trades of the pair with their places, the newest first."""
    return await store.tape(tx, pair, before, limit)


async def candles(
    tx: Transaction,
    pair: MarketPair,
    interval: Interval,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Candle]:
    """Up to `limit` candles that begin in the stretch, the oldest first; none without a trade."""
    return await store.candles(tx, pair, interval, since, until, limit)
