"""The worker's process: jobs, deadlines and the relayer (`tradepost worker`)."""

import asyncio
from contextlib import suppress

from procrastinate import App, PsycopgConnector

import tradepost.trades.jobs
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.relay import Relayer
from tradepost.kernel import housekeeping
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

_JOBS_AT_ONCE = 4
#: A queue that lost its database ends this process, and should not take half a minute for it.
_CONNECTION_S = 5


async def work(settings: Settings) -> None:
    """Runs until it is told to stop, or until the queue or the relayer fails."""
    chain = Chain(settings.rpc_url.get_secret_value())
    queue = App(
        connector=PsycopgConnector(
            conninfo=settings.database_url.get_secret_value(),
            max_size=6,
            timeout=_CONNECTION_S,
        )
    )
    async with Database(settings, system_clock, SUBSCRIPTIONS) as database, queue.open_async():
        housekeeping.register(queue, database)
        tradepost.trades.jobs.register(queue, database)
        relayer = asyncio.create_task(Relayer(database, chain, settings).run(), name="relayer")
        jobs = asyncio.create_task(
            queue.run_worker_async(
                concurrency=_JOBS_AT_ONCE,
                fetch_job_polling_interval=1,
                shutdown_graceful_timeout=5,
                delete_jobs="successful",
            ),
            name="jobs",
        )
        done, pending = await asyncio.wait({relayer, jobs}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await chain.close()
        for task in done:
            task.result()
