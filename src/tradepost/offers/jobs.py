"""Work of offers without a caller: working hours and end dates."""

from procrastinate import App

from tradepost.kernel.database import Database
from tradepost.offers import service

_AT_ONCE = 100


def register(app: App, database: Database) -> None:
    """Adds this room's task to the worker's app."""

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */5")
    @app.task(name="offers.wake", queueing_lock="offers.wake")
    async def wake(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        while True:
            async with database.transaction() as tx:
                if await service.wake(tx, _AT_ONCE) < _AT_ONCE:
                    return
