"""What anybody can know of a pair's offers and past trades: fields of the query."""

from typing import Annotated

import strawberry

from tradepost.entrypoints.graphql.context import Info, asked
from tradepost.entrypoints.graphql.exchange import Asset, Currency, Cursor, Limit, Since, Until
from tradepost.entrypoints.graphql.shape import asks, shaped
from tradepost.insights import service
from tradepost.insights.http import bodies, routes
from tradepost.insights.model import MarketPair
from tradepost.kernel import iso
from tradepost.kernel.assets import asset_of
from tradepost.prices.http import PricesQuery

shaped(bodies.IndexAnswer, "MarketIndex")
shaped(bodies.LastTradeAnswer, "LastTrade")
shaped(bodies.DayAnswer, "MarketDay")
shaped(bodies.MarketAnswer, "MarketSummary")
shaped(bodies.MarketsAnswer, "MarketPage")
shaped(bodies.LevelAnswer, "DepthLevel")
shaped(bodies.SideAnswer, "DepthSide")
shaped(bodies.DepthAnswer, "Depth")
shaped(bodies.MethodAnswer, "MethodPrices")
shaped(bodies.MethodsAnswer, "MethodPricesList")
shaped(bodies.TradeAnswer, "PastTrade")
shaped(bodies.TapeAnswer, "PastTradePage")
shaped(bodies.CandleAnswer, "Candle")
shaped(bodies.CandlesAnswer, "CandlePage")


def _pair(info: Info, asset: str, currency: str) -> MarketPair:
    asked(PricesQuery, asset=asset, currency=currency)
    return MarketPair(asset_of(info.context.state.settings, asset), iso.currency(currency))


@strawberry.type(description="One pair: what its offers and past trades come to.")
class Market:
    """What is asked of a pair; each part is looked up only where it is asked for."""

    pair: strawberry.Private[MarketPair]

    @asks(bodies.MarketAnswer, "Its best prices, index, last trade and day.")
    async def summary(self, info: Info) -> bodies.MarketAnswer:
        return bodies.MarketAnswer.of(await service.market(info.context.tx, self.pair))

    @asks(
        bodies.DepthAnswer,
        "The amounts that can be taken, by how far they are from the index.",
    )
    async def depth(
        self,
        info: Info,
        step_bps: Annotated[
            int, strawberry.argument(description="How wide a level is, in 1/100 percent.")
        ] = 50,
        levels: Annotated[
            int, strawberry.argument(description="How many levels of each side.")
        ] = 20,
    ) -> bodies.DepthAnswer:
        query = asked(bodies.DepthQuery, step_bps=step_bps, levels=levels)
        found = await service.depth(info.context.tx, self.pair)
        return bodies.DepthAnswer.of(found, self.pair, query.step_bps, query.levels)

    @asks(bodies.MethodsAnswer, "Its best prices by payment method.")
    async def methods(self, info: Info) -> bodies.MethodsAnswer:
        return bodies.MethodsAnswer.of(await service.methods(info.context.tx, self.pair))

    @asks(bodies.TapeAnswer, "Its completed trades, the newest first.")
    async def trades(
        self, info: Info, cursor: Cursor = None, limit: Limit = 50
    ) -> bodies.TapeAnswer:
        query = asked(bodies.TapeQuery, cursor=cursor, limit=limit)
        return await routes.tape(info.context.tx, info.context.cursors, self.pair, query)

    @asks(bodies.CandlesAnswer, "What its completed trades came to, by intervals of UTC.")
    async def candles(
        self,
        info: Info,
        interval: Annotated[
            str, strawberry.argument(description="As REST has it: `1h`, `1d` and so on.")
        ],
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> bodies.CandlesAnswer:
        query = asked(
            bodies.CandlesQuery,
            interval=interval,
            cursor=cursor,
            limit=limit,
            **{"from": since, "to": until},
        )
        return await routes.candles(info.context.tx, info.context.cursors, self.pair, query)


@strawberry.type
class MarketsQuery:
    """Fields of markets."""

    @asks(
        bodies.MarketsAnswer,
        "The pairs that have offers or completed trades, in the order of their codes.",
    )
    async def markets(
        self, info: Info, cursor: Cursor = None, limit: Limit = 20
    ) -> bodies.MarketsAnswer:
        query = asked(bodies.MarketsQuery, cursor=cursor, limit=limit)
        return await routes.listed(info.context.tx, info.context.cursors, query)

    @asks(Market, "One pair.")
    async def market(self, info: Info, asset: Asset, currency: Currency) -> Market:
        return Market(pair=_pair(info, asset, currency))
