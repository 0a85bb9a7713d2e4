"""Work of the book without a caller: follow the market, keep its changes in order."""

from procrastinate import App

from tradepost.book import service
from tradepost.kernel.database import Database


def register(app: App, database: Database) -> None:
    """Adds the book's tasks to the worker's app."""

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */10")
    @app.task(name="book.follow_market", queueing_lock="book.follow_market")
    async def follow_market(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        more = True
        while more:
            async with database.transaction() as tx:
                more = await service.follow_market(tx)

    @app.periodic(cron="* * * * * */10")
    @app.task(name="book.keep_changes", queueing_lock="book.keep_changes")
    async def keep_changes(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        await service.keep_changes(database)
