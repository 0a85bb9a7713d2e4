"""Work of the alerts without a caller: look at what came into the book."""

from procrastinate import App

from tradepost.alerts import service
from tradepost.kernel.database import Database

_AT_ONCE = 100


def register(app: App, database: Database) -> None:
    """Adds the alerts' task to the worker's app."""

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */2")
    @app.task(name="alerts.tell", queueing_lock="alerts.tell")
    async def tell(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        more = True
        while more:
            async with database.transaction() as tx:
                more = await service.tell(tx, _AT_ONCE)
