"""The client on what an exchange's own book and trades come to."""

from decimal import Decimal

from tests.integration.client.test_market import FLOATING, stage, visitor
from tests.market import Market
from tests.stage import Stage, Trade

__all__ = ["stage"]


async def test_a_market_is_told_from_its_offers_and_its_trades(stage: Stage) -> None:
    market = Market(stage.database)
    await market.moves("2500")
    client = await visitor(stage)
    maker = await stage.trader()
    await maker.publish_offer(**FLOATING)
    (pair,) = [one async for one in client.markets()]
    assert (pair.asset, pair.currency, pair.best_bid) == ("ETH", "EUR", None)
    assert (pair.best_ask, pair.sell_offers, pair.last_trade) == (Decimal("2537.5"), 1, None)
    assert pair.index is not None
    depth = await client.depth("ETH", "EUR", step_bps=100, levels=5)
    assert (depth.levels_by, depth.bids.levels) == ("premium", ())
    (level,) = depth.asks.levels
    assert (level.from_bps, level.to_bps, level.offers) == (100, 200, 1)
    methods = await client.method_markets("ETH", "EUR")
    assert [one.payment_method for one in methods.data] == ["revolut", "sepa_instant"]

    trade = await Trade.open(stage)
    await trade.lock()
    await trade.pay()
    await trade.seller.release(trade.id)
    await stage.confirm()
    (past,) = [one async for one in client.past_trades("ETH", "EUR")]
    assert (past.price, past.amount, past.payment_method) == (Decimal(2500), Decimal("1.5"), "sepa")
    (candle,) = [one async for one in client.candles("ETH", "EUR", "1h")]
    assert (candle.open, candle.close, candle.trades) == (Decimal(2500), Decimal(2500), 1)
