"""One process leads at a time, and one that is told to end does, whatever fails meanwhile."""

import asyncio

import pytest
from psycopg import AsyncConnection, OperationalError
from psycopg.rows import DictRow

from tradepost.kernel import leading
from tradepost.kernel.database import Database
from tradepost.kernel.leading import Work, lead

LOCK = 4_711
_BOUND_S = 10


def start(database: Database, work: Work) -> asyncio.Task[None]:
    return asyncio.create_task(lead(database, "test", LOCK, 0.01, work))


async def end(task: asyncio.Task[None]) -> None:
    """Cancels once: whoever ends a process does not ask twice."""
    task.cancel()
    ended, _ = await asyncio.wait({task}, timeout=_BOUND_S)
    assert ended == {task}
    assert task.cancelled()


async def test_one_leads_and_the_next_takes_over(database: Database) -> None:
    led: asyncio.Queue[str] = asyncio.Queue()

    def named(name: str) -> Work:
        async def work(connection: AsyncConnection[DictRow]) -> None:
            led.put_nowait(name)
            await asyncio.Event().wait()

        return work

    first = start(database, named("first"))
    assert await asyncio.wait_for(led.get(), _BOUND_S) == "first"
    second = start(database, named("second"))
    await asyncio.sleep(0.1)
    assert led.empty()
    await end(first)
    assert await asyncio.wait_for(led.get(), _BOUND_S) == "second"
    await end(second)


async def test_a_lost_connection_is_followed_by_another(database: Database) -> None:
    led: asyncio.Queue[int] = asyncio.Queue()

    async def work(connection: AsyncConnection[DictRow]) -> None:
        led.put_nowait(connection.info.backend_pid)
        while True:
            await connection.execute("SELECT 1")
            await asyncio.sleep(0.01)

    task = start(database, work)
    pid = await asyncio.wait_for(led.get(), _BOUND_S)
    async with database.transaction() as tx:
        await tx.execute("SELECT pg_terminate_backend(%s)", [pid])
    assert await asyncio.wait_for(led.get(), _BOUND_S) != pid
    await end(task)


async def _alone(error: Exception) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise error


async def _in_a_group(error: Exception) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_alone(error))
        await asyncio.Event().wait()


@pytest.mark.parametrize("ending", [_alone, _in_a_group])
async def test_an_error_while_it_ends_does_not_keep_it(database: Database, ending: object) -> None:
    assert callable(ending)
    began = asyncio.Event()

    async def work(connection: AsyncConnection[DictRow]) -> None:
        began.set()
        await ending(OperationalError("gone"))

    task = start(database, work)
    await asyncio.wait_for(began.wait(), _BOUND_S)
    await end(task)


async def test_another_error_ends_it(database: Database) -> None:
    async def work(connection: AsyncConnection[DictRow]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(start(database, work), _BOUND_S)


async def test_work_that_loses_a_cancellation_is_told_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "_AGAIN_S", 0.01)
    begun = asyncio.Event()
    lost: list[asyncio.CancelledError] = []

    async def deaf(_: AsyncConnection[DictRow]) -> None:
        begun.set()
        while len(lost) < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError as error:
                lost.append(error)

    leader = start(database, deaf)
    async with asyncio.timeout(_BOUND_S):
        await begun.wait()
    await end(leader)
    assert len(lost) == 3
