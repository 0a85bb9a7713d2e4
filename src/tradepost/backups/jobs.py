"""Work of backups without a caller: deletes what was replaced long ago."""

from procrastinate import App

from tradepost.backups import service
from tradepost.kernel.database import Database


def register(app: App, database: Database) -> None:
    """Adds the backups' task to the worker's app."""

    @app.periodic(cron="41 * * * *")
    @app.task(name="backups.forget", queueing_lock="backups.forget")
    async def forget(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        async with database.transaction() as tx:
            await service.forget(tx)
