"""Background work: deferred in the transaction that causes it, run at least once by the worker."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Final

from opentelemetry.trace import SpanKind
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.worker import Worker
from prometheus_client import Counter, Histogram
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from tradepost.kernel import tracing
from tradepost.kernel.metrics import REGISTRY

JOBS = Counter(
    "tradepost_jobs",
    "Runs of jobs by this worker, by task and outcome: done or failed.",
    ["task", "outcome"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "tradepost_job_seconds",
    "How long runs of jobs took.",
    ["task"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
    registry=REGISTRY,
)

#: The argument of a job that says in which trace it is; its task never sees it.
_TRACE: Final = "traceparent"


@dataclass(frozen=True, slots=True)
class Queue:
    """How the jobs are: how many can run now, for how long the oldest could (s), which failed."""

    waiting: int
    oldest_s: float
    running: int
    failed: int


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
    if (trace := tracing.current()) is not None:
        arguments = {**arguments, _TRACE: trace}
    await deferrer.defer_async(**arguments)


async def observed(run: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
    """A middleware of the worker: counts each run, in the trace of what deferred the job."""
    task, arguments = context.job.task_name, context.job.task_kwargs
    parent = arguments.pop(_TRACE, None)
    # A row can name what no code knows.
    name = task if task in worker.app.tasks else "unknown"
    began = perf_counter()
    outcome = "failed"
    try:
        with tracing.span(
            name,
            parent=parent if isinstance(parent, str) else None,
            kind=SpanKind.CONSUMER,
            **{"tradepost.job_id": context.job.id or 0},
        ):
            result = await run()
        outcome = "done"
    finally:
        JOBS.labels(name, outcome).inc()
        SECONDS.labels(name).observe(perf_counter() - began)
    return result


async def queue(connection: AsyncConnection[DictRow]) -> Queue:
    """How the jobs are at this moment; the oldest is looked for among the first thousand."""
    row = await (
        await connection.execute(
            """
            WITH due AS (
                SELECT id, scheduled_at FROM procrastinate_jobs
                WHERE status = 'todo' AND coalesce(scheduled_at <= now(), true)
            )
            SELECT (SELECT count(*) FROM due) AS waiting,
                (
                    SELECT coalesce(extract(epoch FROM now() - min(coalesce(scheduled_at, (
                        SELECT max(at) FROM procrastinate_events WHERE job_id = first.id
                    )))), 0) FROM (SELECT * FROM due ORDER BY id LIMIT 1000) AS first
                ) AS oldest_s,
                (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') AS running,
                (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed') AS failed
            """
        )
    ).fetchone()
    assert row is not None, "an aggregate has a row"
    return Queue(row["waiting"], max(0.0, float(row["oldest_s"])), row["running"], row["failed"])
