"""Work of confirmations without a caller: forget those that ended long ago."""

from procrastinate import App

from tradepost.confirmations import service
from tradepost.kernel.database import Database


def register(app: App, database: Database) -> None:
    """Adds the confirmations' task to the worker's app."""

    @app.periodic(cron="29 * * * *")
    @app.task(name="confirmations.forget", queueing_lock="confirmations.forget")
    async def forget(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        async with database.transaction() as tx:
            await service.forget(tx)
