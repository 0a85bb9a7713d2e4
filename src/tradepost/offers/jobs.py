"""Work of offers without a caller: working hours and end dates."""

from procrastinate import App

from tradepost.kernel.database import Database
from tradepost.offers import service


def register(app: App, database: Database) -> None:
    """Adds this room's task to the worker's app."""

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */5")
    @app.task(name="offers.wake", queueing_lock="offers.wake")
    async def wake(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        more = True
        while more:
            # One at a time: nothing is held that somebody who is not late waits for.
            async with database.transaction() as tx:
                more = await service.wake(tx)
