"""Trades that were completed before there was market data."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.insights.test_http import traded
from tests.integration.trades.conftest import World
from tradepost.entrypoints.migrate import migrate
from tradepost.insights import service
from tradepost.insights.model import Interval
from tradepost.kernel.database import Database, Transaction

_ROWS = (
    """
    SELECT trade_id, asset, currency, at, price, amount, payment_method FROM market_trades
    ORDER BY trade_id
    """,
    "SELECT * FROM market_candles ORDER BY asset, currency, interval, starts_at",
    "SELECT * FROM market_pairs ORDER BY asset, currency",
)


async def rows(tx: Transaction) -> list[list[dict[str, object]]]:
    return [await tx.all(text) for text in _ROWS]


@pytest.mark.parametrize("amounts", [("1.23456789", "0.995", "2", "0.01"), ()])
async def test_the_migration_leaves_what_the_jobs_would_have(
    world: World, database: Database, amounts: tuple[str, ...]
) -> None:
    trades = [(await traded(world, amount=amount))[0] for amount in amounts]
    async with database.transaction() as tx:
        for number, trade in enumerate(trades):
            await tx.execute(
                "UPDATE trades SET updated_at = %s WHERE id = %s",
                [
                    datetime(2026, 11, 22, 23, 58, 30, tzinfo=UTC) + timedelta(minutes=2 * number),
                    trade["id"],
                ],
            )
        for trade in trades:
            await service.follow_trade(tx, trade["id"])
        expected = await rows(tx)
        await tx.execute("DROP TABLE market_candles, market_trades, market_pairs")
        await tx.execute("UPDATE alembic_version SET version_num = '0008'")
    assert len(expected[0]) == len(amounts)
    assert len(expected[1]) >= len(Interval) * bool(amounts)
    migrate(world.settings, "0009")
    async with database.transaction() as tx:
        assert await rows(tx) == expected
