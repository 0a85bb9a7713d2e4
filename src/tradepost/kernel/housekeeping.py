"""Jobs that keep the kernel's own tables in order."""

import logging
from datetime import timedelta

from procrastinate import App
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from tradepost.kernel.database import Database
from tradepost.kernel.idempotency import KEPT_H

logger = logging.getLogger(__name__)

#: A worker that has not shown a sign of life for longer is dead.
_DEAD_AFTER_S = 15


def register(app: App, database: Database) -> None:
    """Adds the kernel's tasks to the worker's app."""

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */10")
    @app.task(name="kernel.revive_jobs", queueing_lock="kernel.revive_jobs")
    async def revive_jobs(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_S):
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:
                # One of its queueing lock waits already, which does the same.
                await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
            else:
                logger.warning("job %s of a dead worker runs again: %s", job.id, job.task_name)

    @app.periodic(cron="17 * * * *")
    @app.task(name="kernel.forget_keys", queueing_lock="kernel.forget_keys")
    async def forget_keys(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        async with database.transaction() as tx:
            await tx.execute(
                "DELETE FROM idempotency_keys WHERE created_at < %s",
                [tx.now - timedelta(hours=KEPT_H)],
            )
