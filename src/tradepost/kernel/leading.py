"""Work that one process does at a time: whoever holds a lock of the database leads."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import DictRow
from psycopg_pool import PoolTimeout

from tradepost.kernel.database import Database

logger = logging.getLogger(__name__)

#: How long work may take to end before it is told so again.
_AGAIN_S = 1.0

Work = Callable[[AsyncConnection[DictRow]], Awaitable[None]]


async def lead(database: Database, name: str, lock: int, pause_s: float, work: Work) -> None:
    """Does `work` whenever this process can lead, until it is cancelled.

    Args:
        database: where the lock is; one that is away is waited for.
        name: the work, for the log.
        lock: the number of an advisory lock, which only this work uses.
        pause_s: how long after another leader's end one takes over.
        work: gets the connection that holds the lock. It has to use it now and then, and to end
            when that fails: the lock falls with the connection.
    """
    task = asyncio.current_task()
    assert task is not None, "coroutines run in tasks"
    while True:
        try:
            async with database.pool.connection() as connection:
                await _lead_once(connection, lock, work)
        except* (OperationalError, PoolTimeout):
            logger.warning("%s: the database does not answer; waiting for it", name)
        # Also the database can fail just while this is being cancelled.
        if task.cancelling():
            raise asyncio.CancelledError
        await asyncio.sleep(pause_s)


async def _lead_once(connection: AsyncConnection[DictRow], lock: int, work: Work) -> None:
    cursor = await connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", [lock])
    row = await cursor.fetchone()
    if row is None or not row["mine"]:
        return
    # In a task of its own, so that an error of the work never takes the place of a cancellation
    # here, and that a task group inside of it leaves no mark of one.
    working = asyncio.ensure_future(work(connection))
    try:
        await asyncio.wait({working})
    finally:
        # Again and again: before Python 3.12 what waits with a time-out can lose a cancellation.
        while not working.done():
            working.cancel()
            await asyncio.wait({working}, timeout=_AGAIN_S)
        if not working.cancelled():
            working.exception()  # seen, also where a cancellation takes its place
        # Where this fails, the lock has fallen already.
        with suppress(OperationalError):
            await connection.execute("SELECT pg_advisory_unlock(%s)", [lock])
    working.result()
