"""Background work: deferred in the transaction that causes it, run at least once by the worker."""

from collections.abc import Mapping
from datetime import datetime

from procrastinate import App, PsycopgConnector
from psycopg import AsyncConnection
from psycopg.rows import DictRow


def deferring_app() -> App:
    """An app that only defers: it uses the caller's connection and opens none of its own."""
    return App(connector=PsycopgConnector())


async def defer(
    app: App,
    connection: AsyncConnection[DictRow],
    task: str,
    at: datetime | None,
    lock: str | None,
    arguments: Mapping[str, str | int],
) -> None:
    """Stores a job for `task` on `connection`: a rollback leaves no job."""
    deferrer = app.configure_task(
        task, allow_unknown=True, connection=connection, schedule_at=at, lock=lock
    )
    await deferrer.defer_async(**arguments)
