"""Work of deposits without a caller: follow balances, and ask for those that nobody has read."""

from uuid import UUID

from procrastinate import App, RetryStrategy

from tradepost.deposits import service
from tradepost.kernel import outbox
from tradepost.kernel.database import Database

#: Subscribed to `balance.changed`; its argument is the event's id.
FOLLOW_BALANCE = "deposits.follow_balance"

_AT_ONCE = 100


def register(app: App, database: Database) -> None:
    """Adds this room's tasks to the worker's app."""

    @app.task(name=FOLLOW_BALANCE, retry=RetryStrategy(max_attempts=20, exponential_wait=2))
    async def follow_balance(event_id: str) -> None:
        async with database.transaction() as tx:
            payload = await outbox.payload(tx.connection, UUID(event_id))
            await service.follow(tx, payload["token"], payload["account"])

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */5")
    @app.task(name="deposits.ask", queueing_lock="deposits.ask")
    async def ask(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        async with database.transaction() as tx:
            await service.ask(tx, _AT_ONCE)
