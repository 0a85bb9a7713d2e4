"""Work of the insights without a caller: follow what becomes of trades."""

from uuid import UUID

from procrastinate import App, RetryStrategy

from tradepost.insights import service
from tradepost.kernel import outbox
from tradepost.kernel.database import Database

#: Subscribed to `trade.completion_changed`; its argument is the event's id.
FOLLOW_TRADE = "insights.follow_trade"


def register(app: App, database: Database) -> None:
    """Adds this room's task to the worker's app."""

    @app.task(name=FOLLOW_TRADE, retry=RetryStrategy(max_attempts=20, exponential_wait=2))
    async def follow_trade(event_id: str) -> None:
        async with database.transaction() as tx:
            payload = await outbox.payload(tx.connection, UUID(event_id))
            await service.follow_trade(tx, UUID(payload["trade_id"]))
