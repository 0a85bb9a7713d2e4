"""The exchange's answers about its own markets: best prices, depth, past trades, candles.

They follow the rules of `models`.
"""

from typing import Literal

from tradepost_client.markets import Market
from tradepost_client.models import Amount, Model, Time

Interval = Literal["5m", "1h", "1d", "1w"]


class LastTrade(Model):
    """The newest completed trade, to the minute."""

    price: Amount
    at: Time


class Day(Model):
    """The trades of the last 24 hours; `volume` is of the coin, `change_bps` first to last."""

    volume: Amount
    trades: int
    high: Amount
    low: Amount
    change_bps: int


class MarketOverview(Model):
    """A pair at this moment; what nobody offers or has traded is None."""

    asset: str
    currency: str
    best_bid: Amount | None
    best_ask: Amount | None
    spread_bps: int | None
    buy_offers: int
    sell_offers: int
    index: Market | None
    last_trade: LastTrade | None
    day: Day | None


class Level(Model):
    """What can be taken at one level: of a premium from here to there, or of a price."""

    from_bps: int | None
    to_bps: int | None
    price: Amount | None
    amount: Amount
    offers: int


class DepthSide(Model):
    """The levels of one side, the best first; not `complete` where there are more."""

    levels: tuple[Level, ...]
    complete: bool


class Depth(Model):
    """What can be taken on both sides, by premium over the index or, without one, by price."""

    asset: str
    currency: str
    levels_by: Literal["premium", "price"]
    step_bps: int | None
    index: Market | None
    bids: DepthSide
    asks: DepthSide


class MethodMarket(Model):
    """A pair by one payment method."""

    payment_method: str
    best_bid: Amount | None
    best_ask: Amount | None
    spread_bps: int | None
    buy_offers: int
    sell_offers: int


class MethodMarkets(Model):
    """A pair by payment methods; not `complete` where there are too many offers to look at."""

    data: tuple[MethodMarket, ...]
    complete: bool


class PastTrade(Model):
    """A completed trade: at a minute, and to two digits of its amount, so that it is nobody's."""

    at: Time
    price: Amount
    amount: Amount
    payment_method: str


class Candle(Model):
    """The trades of one interval; `volume` is of the coin."""

    starts_at: Time
    open: Amount
    high: Amount
    low: Amount
    close: Amount
    volume: Amount
    trades: int
