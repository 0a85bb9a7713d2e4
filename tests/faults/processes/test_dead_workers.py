"""What a worker leaves behind when it dies in the middle of its jobs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from procrastinate import App, PsycopgConnector

import tradepost.trades.jobs
from tradepost.kernel import housekeeping
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def queue(settings: Settings, database: Database) -> AsyncIterator[App]:
    """The worker's queue, without a worker."""
    app = App(connector=PsycopgConnector(conninfo=settings.database_url.get_secret_value()))
    housekeeping.register(app, database)
    tradepost.trades.jobs.register(app, database)
    async with app.open_async():
        yield app


@pytest.fixture
async def dead(database: Database) -> int:
    """A worker that gave its last sign of life a minute ago."""
    async with database.transaction() as tx:
        row = await tx.one(
            """
            INSERT INTO procrastinate_workers (last_heartbeat)
            VALUES (now() - interval '1 minute') RETURNING id
            """
        )
    assert row is not None
    return int(row["id"])


async def left_behind(database: Database, worker: int, task: str, lock: str | None) -> int:
    """A job that `worker` was in the middle of; its id."""
    async with database.transaction() as tx:
        row = await tx.one(
            """
            INSERT INTO procrastinate_jobs (queue_name, task_name, status, queueing_lock,
                worker_id) VALUES ('default', %s, 'doing', %s, %s) RETURNING id
            """,
            [task, lock, worker],
        )
    assert row is not None
    return int(row["id"])


async def status(database: Database, job: int) -> str | None:
    async with database.transaction() as tx:
        row = await tx.one("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
    return None if row is None else str(row["status"])


async def test_the_jobs_of_a_dead_worker_are_done_again(
    queue: App, database: Database, dead: int
) -> None:
    job = await left_behind(database, dead, "trades.follow_escrow", None)
    await queue.tasks["kernel.revive_jobs"](timestamp=0)
    assert await status(database, job) == "todo"


async def test_a_job_that_is_queued_anew_already_does_not_keep_the_others_dead(
    queue: App, database: Database, dead: int
) -> None:
    lock = "trades.meet_deadlines"
    stale = await left_behind(database, dead, lock, lock)
    await queue.tasks[lock].configure(queueing_lock=lock).defer_async(timestamp=0)
    job = await left_behind(database, dead, "trades.follow_escrow", None)
    await queue.tasks["kernel.revive_jobs"](timestamp=0)
    assert await status(database, stale) is None
    assert await status(database, job) == "todo"


@pytest.mark.parametrize(
    ("task", "pace_s"),
    [("trades.meet_deadlines", 2), ("kernel.revive_jobs", 10), ("kernel.forget_keys", 3600)],
)
async def test_what_is_periodic_comes_at_an_even_pace(queue: App, task: str, pace_s: int) -> None:
    (periodic,) = (
        periodic
        for periodic in queue.periodic_registry.periodic_tasks.values()
        if periodic.task.name == task
    )
    times = periodic.croniter
    times.set_current(_NEW_YEAR.timestamp())
    ticks = [times.get_next(float) for _ in range(100)]
    assert {after - before for before, after in pairwise(ticks)} == {pace_s}
