"""What the operations of markets take and answer."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tradepost.book.front import COUNTED, LOOKED_AT, Heap, MethodTop, Side
from tradepost.insights.model import (
    Candle,
    Interval,
    MarketPair,
    PastTrade,
    change_bps,
    spread_bps,
)
from tradepost.insights.service import STEP_BPS, Depth, Methods, Overview
from tradepost.kernel.http import Moment
from tradepost.kernel.money import Amount
from tradepost.kernel.pricing import Direction
from tradepost.prices.model import Quote

#: The first time that a chart can be asked for.
EARLIEST: Final = datetime(2009, 1, 1, tzinfo=UTC)
#: The most pairs of a page.
MOST_MARKETS: Final = 50

_INDEX: dict[str, Any] = {
    "price": "2500",
    "as_of": "2026-11-24T05:00:00Z",
    "valid_until": "2026-11-24T05:02:00Z",
    "development": False,
}
_MARKET: dict[str, Any] = {
    "asset": "ETH",
    "currency": "EUR",
    "best_bid": "2487.5",
    "best_ask": "2512.5",
    "spread_bps": 100,
    "buy_offers": 12,
    "sell_offers": 17,
    "index": _INDEX,
    "last_trade": {"price": "2510", "at": "2026-11-24T04:57:00Z"},
    "day": {
        "volume": "31.5",
        "trades": 24,
        "high": "2530",
        "low": "2470.5",
        "change_bps": 85,
    },
}
_LEVEL: dict[str, Any] = {
    "from_bps": 50,
    "to_bps": 100,
    "price": None,
    "amount": "3.250000000000000000",
    "offers": 4,
}
_METHOD: dict[str, Any] = {
    "payment_method": "sepa_instant",
    "best_bid": "2487.5",
    "best_ask": "2512.5",
    "spread_bps": 100,
    "buy_offers": 3,
    "sell_offers": 5,
}
_TRADE: dict[str, Any] = {
    "at": "2026-11-24T04:57:00Z",
    "price": "2510",
    "amount": "0.25",
    "payment_method": "sepa_instant",
}
_CANDLE: dict[str, Any] = {
    "starts_at": "2026-11-24T04:00:00Z",
    "open": "2500",
    "high": "2530",
    "low": "2495",
    "close": "2510",
    "volume": "4.2",
    "trades": 6,
}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class IndexAnswer(BaseModel):
    """The market's price of the pair, while it is fresh."""

    price: str
    as_of: datetime
    valid_until: datetime
    development: Annotated[bool, Field(description="It is made up, for development only.")]

    @classmethod
    def of(cls, quote: Quote | None) -> "IndexAnswer | None":
        """The answer for an index; None where there is none."""
        if quote is None:
            return None
        return cls(
            price=_plain(quote.value),
            as_of=quote.as_of,
            valid_until=quote.valid_until,
            development=quote.development,
        )


class LastTradeAnswer(BaseModel):
    """The newest completed trade; its time is that of the minute."""

    price: str
    at: datetime


class DayAnswer(BaseModel):
    """The trades of the last 24 hours, to the five minutes."""

    volume: Annotated[str, Field(description="Of the coin; each trade to two digits.")]
    trades: int
    high: str
    low: str
    change_bps: Annotated[
        int, Field(description="From the first price to the last one, in 1/100 percent.")
    ]


class MarketAnswer(BaseModel):
    """A pair at this moment."""

    model_config = _example(_MARKET)

    asset: str
    currency: str
    best_bid: Annotated[str | None, Field(description="The highest price of a maker who buys.")]
    best_ask: Annotated[str | None, Field(description="The lowest price of a maker who sells.")]
    spread_bps: Annotated[
        int | None,
        Field(description="From bid to ask, in 1/100 percent of their middle; can be negative."),
    ]
    buy_offers: Annotated[int, Field(description=f"Counted up to {COUNTED}.")]
    sell_offers: Annotated[int, Field(description=f"Counted up to {COUNTED}.")]
    index: IndexAnswer | None
    last_trade: LastTradeAnswer | None
    day: DayAnswer | None

    @classmethod
    def of(cls, seen: Overview) -> "MarketAnswer":
        """The answer for a pair."""
        top, day = seen.top, seen.day
        return cls(
            asset=seen.pair.asset.code,
            currency=seen.pair.currency.code,
            best_bid=_perhaps(top.bid),
            best_ask=_perhaps(top.ask),
            spread_bps=spread_bps(top.bid, top.ask),
            buy_offers=top.buys,
            sell_offers=top.sells,
            index=IndexAnswer.of(seen.index),
            last_trade=None
            if seen.last is None
            else LastTradeAnswer(price=_plain(seen.last.price), at=seen.last.at),
            day=None
            if day is None
            else DayAnswer(
                volume=_amount(Amount(seen.pair.asset, day.volume)),
                trades=day.trades,
                high=_plain(day.high),
                low=_plain(day.low),
                change_bps=change_bps(day),
            ),
        )


class MarketsAnswer(BaseModel):
    """A page of pairs."""

    model_config = _example({"data": [_MARKET], "next_cursor": None})

    data: list[MarketAnswer]
    next_cursor: str | None


class LevelAnswer(BaseModel):
    """What can be taken at one level; by premiums `from_bps` is in it and `to_bps` is not."""

    from_bps: int | None
    to_bps: int | None
    price: str | None
    amount: Annotated[str, Field(description="Of the coin.")]
    offers: int


class SideAnswer(BaseModel):
    """The levels of one side, the best for a taker first."""

    levels: list[LevelAnswer]
    complete: Annotated[
        bool,
        Field(
            description=f"False where there are more `levels`, or more than {LOOKED_AT} offers:"
            " only the best so many are looked at."
        ),
    ]

    @classmethod
    def of(cls, side: Side, pair: MarketPair, step_bps: int | None, levels: int) -> "SideAnswer":
        """The answer for a side; `step_bps` is None where each price is a level."""

        def level(heap: Heap) -> LevelAnswer:
            amount = str(Amount(pair.asset, heap.amount))
            if step_bps is None:
                return LevelAnswer(
                    from_bps=None,
                    to_bps=None,
                    price=_plain(heap.at),
                    amount=amount,
                    offers=heap.offers,
                )
            start = int(heap.at)
            return LevelAnswer(
                from_bps=start,
                to_bps=start + step_bps,
                price=None,
                amount=amount,
                offers=heap.offers,
            )

        return cls(
            levels=[level(heap) for heap in side.heaps[:levels]],
            complete=side.complete and len(side.heaps) <= levels,
        )


class DepthAnswer(BaseModel):
    """What can be taken on both sides, by premium over the index; without one, by price."""

    model_config = _example(
        {
            "asset": "ETH",
            "currency": "EUR",
            "levels_by": "premium",
            "step_bps": 50,
            "index": _INDEX,
            "bids": {"levels": [_LEVEL | {"from_bps": -100, "to_bps": -50}], "complete": True},
            "asks": {"levels": [_LEVEL], "complete": True},
        }
    )

    asset: str
    currency: str
    levels_by: Annotated[
        Literal["premium", "price"],
        Field(description="`price` where the pair has no fresh index."),
    ]
    step_bps: int | None
    index: IndexAnswer | None
    bids: SideAnswer
    asks: SideAnswer

    @classmethod
    def of(cls, found: Depth, pair: MarketPair, step_bps: int, levels: int) -> "DepthAnswer":
        """The answer for a pair's depth, up to so many levels of each side."""
        step = None if found.index is None else step_bps
        bids, asks = (
            SideAnswer.of(
                found.sides[direction] if step is None else found.sides[direction].widened(step),
                pair,
                step,
                levels,
            )
            for direction in (Direction.BUY, Direction.SELL)
        )
        return cls(
            asset=pair.asset.code,
            currency=pair.currency.code,
            levels_by="price" if step is None else "premium",
            step_bps=step,
            index=IndexAnswer.of(found.index),
            bids=bids,
            asks=asks,
        )


class MethodAnswer(BaseModel):
    """A pair by one payment method."""

    payment_method: str
    best_bid: str | None
    best_ask: str | None
    spread_bps: int | None
    buy_offers: int
    sell_offers: int

    @classmethod
    def of(cls, top: MethodTop) -> "MethodAnswer":
        """The answer for a payment method."""
        return cls(
            payment_method=top.method,
            best_bid=_perhaps(top.bid),
            best_ask=_perhaps(top.ask),
            spread_bps=spread_bps(top.bid, top.ask),
            buy_offers=top.buys,
            sell_offers=top.sells,
        )


class MethodsAnswer(BaseModel):
    """A pair by payment methods, in the order of their codes."""

    model_config = _example({"data": [_METHOD], "next_cursor": None, "complete": True})

    data: list[MethodAnswer]
    next_cursor: None = None
    complete: Annotated[
        bool,
        Field(description=f"False where a side has more than the {LOOKED_AT} offers looked at."),
    ]

    @classmethod
    def of(cls, found: Methods) -> "MethodsAnswer":
        """The answer for a pair's payment methods."""
        return cls(data=[MethodAnswer.of(top) for top in found.tops], complete=found.complete)


class TradeAnswer(BaseModel):
    """A completed trade: at a minute, and to two digits of its amount, so that it is nobody's."""

    at: datetime
    price: str
    amount: str
    payment_method: str

    @classmethod
    def of(cls, trade: PastTrade) -> "TradeAnswer":
        """The answer for a past trade."""
        return cls(
            at=trade.at,
            price=_plain(trade.price),
            amount=_amount(trade.amount),
            payment_method=trade.payment_method,
        )


class TapeAnswer(BaseModel):
    """A page of a pair's completed trades, the newest first."""

    model_config = _example({"data": [_TRADE], "next_cursor": None})

    data: list[TradeAnswer]
    next_cursor: str | None


class CandleAnswer(BaseModel):
    """The trades of one interval; `volume` is of the coin, each trade to two digits."""

    starts_at: datetime
    open: str
    high: str
    low: str
    close: str
    volume: str
    trades: int

    @classmethod
    def of(cls, candle: Candle) -> "CandleAnswer":
        """The answer for a candle."""
        return cls(
            starts_at=candle.starts_at,
            open=_plain(candle.open),
            high=_plain(candle.high),
            low=_plain(candle.low),
            close=_plain(candle.close),
            volume=_amount(candle.volume),
            trades=candle.trades,
        )


class CandlesAnswer(BaseModel):
    """A page of a pair's candles, the oldest first."""

    model_config = _example({"interval": "1h", "data": [_CANDLE], "next_cursor": None})

    interval: Interval
    data: list[CandleAnswer]
    next_cursor: str | None


_Cursor = Annotated[str | None, Field(max_length=500)]


def _in_a_chart(moment: datetime) -> datetime:
    if moment < EARLIEST:
        raise ValueError(f"nothing is older than {EARLIEST.year}")
    return moment


_Moment = Annotated[Moment, AfterValidator(_in_a_chart)]


class _Asked(BaseModel):
    """Base of queries: a name that we do not know is an error."""

    model_config = ConfigDict(extra="forbid")


class MarketsQuery(_Asked):
    """Which page of the pairs."""

    cursor: _Cursor = None
    limit: Annotated[int, Field(ge=1, le=MOST_MARKETS)] = 20


class DepthQuery(_Asked):
    """How wide a level is, and how many of each side."""

    step_bps: Annotated[int, Field(ge=STEP_BPS, le=1000, multiple_of=STEP_BPS)] = 50
    levels: Annotated[int, Field(ge=1, le=200)] = 20


class TapeQuery(_Asked):
    """Which page of the past trades."""

    cursor: _Cursor = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class CandlesQuery(_Asked):
    """Which candles: those that begin at `from` or later, before `to`, which is now if left out.

    Without `from` it is as many intervals before `to` as the `limit` says.
    """

    interval: Interval
    since: Annotated[_Moment | None, Field(alias="from")] = None
    until: Annotated[_Moment | None, Field(alias="to")] = None
    cursor: _Cursor = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


def _perhaps(value: Decimal | None) -> str | None:
    return None if value is None else _plain(value)


def _plain(value: Decimal) -> str:
    """`value` without an exponent, and without zeros at the end of a fraction."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(amount: Amount) -> str:
    """A rough amount: the zeros behind its digits say nothing."""
    text = str(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text
