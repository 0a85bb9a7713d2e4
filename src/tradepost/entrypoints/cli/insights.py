"""`tradepost market`: what the exchange's own book and trades come to."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import said, shown
from tradepost.entrypoints.cli.desk import Desk, command
from tradepost.entrypoints.cli.shown import number

if TYPE_CHECKING:
    from tradepost_client.insights import Depth, DepthSide, MarketOverview

markets = typer.Typer(
    no_args_is_help=True, help="This exchange's markets: best prices, depth, trades, candles."
)

_Asset = Annotated[str, typer.Argument(help="The coin's code.")]
_Currency = Annotated[str, typer.Argument(help="The currency's code.")]
_Limit = Annotated[int, typer.Option(min=1, max=5000, help="At most so many.")]
_Moment = Annotated[
    datetime | None,
    typer.Option(parser=said.option(said.moment), metavar="TIME", help="2026-12-31T18:00Z."),
]


class Interval(StrEnum):
    """How long a candle is."""

    MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"


@command(markets, "list")
def list_markets(desk: Desk, limit: _Limit = 200) -> None:
    """Show every pair that has offers or had trades."""
    found = list(islice(desk.client(signed_in=False).markets(), limit))
    columns = ("pair", "bid", "ask", "spread", "offers", "index", "last", "24 h", "change")
    rows = (
        (
            f"{one.asset}/{one.currency}",
            _price(one.best_bid),
            _price(one.best_ask),
            _percent(one.spread_bps),
            str(one.buy_offers + one.sell_offers),
            "" if one.index is None else number(one.index.price),
            "" if one.last_trade is None else number(one.last_trade.price),
            "" if one.day is None else f"{number(one.day.volume)} {one.asset}",
            "" if one.day is None else _percent(one.day.change_bps),
        )
        for one in found
    )
    desk.show(_data(found), lambda: shown.table(columns, rows))


@command(markets, "show")
def show_market(desk: Desk, asset: _Asset, currency: _Currency) -> None:
    """Show one pair at this moment."""
    found = desk.client(signed_in=False).market(asset, currency)
    desk.show(found.model_dump(mode="json"), lambda: _overview(found))


def _overview(one: "MarketOverview") -> None:
    index, last, day = one.index, one.last_trade, one.day
    made_up = "" if index is None else shown.made_up(development=index.development)
    shown.pairs(
        [
            ("pair", f"{one.asset}/{one.currency}"),
            ("best bid", _price(one.best_bid)),
            ("best ask", _price(one.best_ask)),
            ("spread", _percent(one.spread_bps)),
            ("offers", f"{one.buy_offers} to buy, {one.sell_offers} to sell"),
            ("index", "none is fresh" if index is None else f"{number(index.price)} {made_up}"),
            ("last", "" if last is None else f"{number(last.price)} at {shown.moment(last.at)}"),
            ("24 h", "" if day is None else f"{number(day.volume)} {one.asset} in {day.trades}"),
            ("range", "" if day is None else f"{number(day.low)} - {number(day.high)}"),
            ("change", "" if day is None else _percent(day.change_bps)),
        ]
    )


@command(markets, "depth")
def show_depth(
    desk: Desk,
    asset: _Asset,
    currency: _Currency,
    step: Annotated[int, typer.Option(min=5, max=1000, help="In 1/100 percent, by fives.")] = 50,
    levels: Annotated[int, typer.Option(min=1, max=200, help="Of each side.")] = 20,
) -> None:
    """Show how much can be taken, by premium over the index."""
    found = desk.client(signed_in=False).depth(asset, currency, step_bps=step, levels=levels)
    desk.show(found.model_dump(mode="json"), lambda: _depth(found))


def _depth(found: "Depth") -> None:
    if found.index is None:
        typer.echo("The pair has no fresh index: by price.")
    rows = [*_side("buy", found.bids), *_side("sell", found.asks)]
    shown.table(("makers", "level", found.asset, "offers"), rows)
    if not (found.bids.complete and found.asks.complete):
        typer.echo("There is more: only the best are looked at.")


def _side(name: str, side: "DepthSide") -> Iterable[tuple[str, str, str, str]]:
    for one in side.levels:
        level = _price(one.price)
        if one.from_bps is not None and one.to_bps is not None:
            level = f"{shown.percent(one.from_bps)} to {shown.percent(one.to_bps)} %"
        yield name, level, number(one.amount), str(one.offers)


@command(markets, "methods")
def show_methods(desk: Desk, asset: _Asset, currency: _Currency) -> None:
    """Compare a pair's payment methods."""
    found = desk.client(signed_in=False).method_markets(asset, currency)
    rows = (
        (
            one.payment_method,
            _price(one.best_bid),
            _price(one.best_ask),
            _percent(one.spread_bps),
            str(one.buy_offers + one.sell_offers),
        )
        for one in found.data
    )
    columns = ("method", "bid", "ask", "spread", "offers")
    desk.show(found.model_dump(mode="json"), lambda: shown.table(columns, rows))


@command(markets, "trades")
def show_trades(desk: Desk, asset: _Asset, currency: _Currency, limit: _Limit = 50) -> None:
    """Show completed trades, the newest first; nobody can be recognised in them."""
    found = list(islice(desk.client(signed_in=False).past_trades(asset, currency), limit))
    rows = (
        (shown.moment(one.at), number(one.price), number(one.amount), one.payment_method)
        for one in found
    )
    columns = ("at", f"{currency} for 1 {asset}", asset, "method")
    desk.show(_data(found), lambda: shown.table(columns, rows))


@command(markets, "candles")
def show_candles(
    desk: Desk,
    asset: _Asset,
    currency: _Currency,
    interval: Annotated[Interval, typer.Option(help="How long a candle is.")] = Interval.HOUR,
    since: _Moment = None,
    until: _Moment = None,
    limit: _Limit = 100,
) -> None:
    """Show candles of the trades, the oldest first."""
    client = desk.client(signed_in=False)
    every = client.candles(asset, currency, interval.value, since=since, until=until)
    found = list(islice(every, limit))
    rows = (
        (
            shown.moment(one.starts_at),
            *map(number, (one.open, one.high, one.low, one.close, one.volume)),
            str(one.trades),
        )
        for one in found
    )
    columns = ("from", "open", "high", "low", "close", asset, "trades")
    desk.show(_data(found), lambda: shown.table(columns, rows))


def _data(found: Iterable[Any]) -> dict[str, Any]:
    return {"data": [one.model_dump(mode="json") for one in found]}


def _price(value: Decimal | None) -> str:
    return "" if value is None else number(value)


def _percent(bps: int | None) -> str:
    return "" if bps is None else f"{shown.percent(bps)} %"
