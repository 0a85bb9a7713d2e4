"""The worker's process (`tradepost worker`): jobs, deadlines, prices, messages and the relayer."""

import asyncio
import logging
import os
from typing import NoReturn

from procrastinate import App, PsycopgConnector
from procrastinate.worker import Worker
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

import tradepost.alerts.jobs
import tradepost.backups.jobs
import tradepost.book.jobs
import tradepost.confirmations.jobs
import tradepost.deposits.jobs
import tradepost.insights.jobs
import tradepost.offers.jobs
import tradepost.prices.jobs
import tradepost.push.jobs
import tradepost.sandbox.jobs
import tradepost.trades.jobs
import tradepost.webhooks.jobs
from tradepost.entrypoints import tracer
from tradepost.entrypoints.measures import keep_measuring
from tradepost.entrypoints.sandbox import clock_of, node_of, refuse_elsewhere
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.deploy import DEVELOPMENT_CHAIN
from tradepost.escrow.evm.relay import Relayer
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel import housekeeping, metrics
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.jobs import observed
from tradepost.kernel.settings import Settings
from tradepost.kernel.signals import notifying, wire_of
from tradepost.outward.addresses import SystemNames
from tradepost.outward.sending import Sender
from tradepost.sandbox.node import DevelopmentNode

_JOBS_AT_ONCE = 4
#: A queue that lost its database ends this process, and should not take half a minute for it.
_CONNECTION_S = 5
_HEARTBEAT_S = 5
#: A queue without a heartbeat for longer has stopped, whatever its task says.
_STOPPED_AFTER_S = 30
#: What each part may take to end once another has.
_LAST_WORDS_S = 10

logger = logging.getLogger(__name__)


async def work(settings: Settings) -> None:
    """Runs until it is told to stop, or until the queue, the relayer or the poller fails."""
    await refuse_elsewhere(settings)
    tracer.start("worker", settings)
    chain = node_of(settings)
    queue = App(
        connector=PsycopgConnector(
            conninfo=settings.database_url.get_secret_value(),
            max_size=6,
            timeout=_CONNECTION_S,
        )
    )
    async with (
        notifying(wire_of(settings)) as notifier,
        Database(settings, clock_of(settings), SUBSCRIPTIONS, notifier.say) as database,
        queue.open_async(),
    ):
        housekeeping.register(queue, database)
        tradepost.prices.jobs.register(queue, database)
        tradepost.book.jobs.register(queue, database)
        tradepost.alerts.jobs.register(queue, database)
        tradepost.offers.jobs.register(queue, database)
        tradepost.trades.jobs.register(queue, database)
        tradepost.confirmations.jobs.register(queue, database)
        tradepost.backups.jobs.register(queue, database)
        tradepost.deposits.jobs.register(queue, database)
        tradepost.insights.jobs.register(queue, database)
        tradepost.webhooks.jobs.register(queue, database)
        tradepost.push.jobs.register(queue, database)
        if isinstance(chain, DevelopmentNode):
            tradepost.sandbox.jobs.register(queue, database, chain)
        relayer = asyncio.create_task(Relayer(database, chain, settings).run(), name="relayer")
        poller = tradepost.prices.jobs.Poller(database, settings, _on_development_chain)
        prices = asyncio.create_task(poller.run(), name="prices")
        names = SystemNames()
        sender = Sender(settings, names)
        deliverer = tradepost.webhooks.jobs.Deliverer(database, settings, sender)
        webhooks = asyncio.create_task(deliverer.run(), name="webhooks")
        pusher = tradepost.push.jobs.Pusher(database, settings, sender)
        push = asyncio.create_task(pusher.run(), name="push")
        worker = Worker(
            queue,
            concurrency=_JOBS_AT_ONCE,
            fetch_job_polling_interval=1,
            shutdown_graceful_timeout=5,
            delete_jobs="successful",
            update_heartbeat_interval=_HEARTBEAT_S,
            worker_middleware=[observed],
        )
        # The queue leaves this one method without types.
        running = worker.run()  # type: ignore[no-untyped-call]
        jobs = asyncio.create_task(running, name="jobs")
        pulse = asyncio.create_task(_end_if_stopped(database, worker), name="pulse")
        parts = {relayer, prices, webhooks, push, jobs, pulse}
        if settings.metrics_port is not None:
            metrics.serve(settings.metrics_host, settings.metrics_port + 1)
            measured = keep_measuring(database, chain, settings)
            parts.add(asyncio.create_task(measured, name="measures"))
        done, pending = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        _, stuck = await asyncio.wait(pending, timeout=_LAST_WORDS_S) if pending else (set(), set())
        if stuck:
            _end("these do not end: " + ", ".join(sorted(task.get_name() for task in stuck)))
        await names.close()
        await chain.close()
        for task in done:
            task.result()


def _end(reason: str) -> NoReturn:
    """Ends the process at once: whoever keeps it starts it again, and nothing is lost."""
    logger.error("%s; this process ends, to be started again", reason)
    os._exit(1)


async def _on_development_chain(tx: Transaction) -> bool | None:
    try:
        return await escrows.chain_id(tx) == DEVELOPMENT_CHAIN
    except ChainNotReady:
        return None


async def _end_if_stopped(database: Database, worker: Worker) -> None:
    """Ends the process when the queue has stopped without ending.

    A queue that loses its database at a bad moment can wait for ever on a connection that is
    gone. It cannot be cancelled then either; but any process here can be killed at any moment,
    and whoever keeps it starts it again.
    """
    while True:
        await asyncio.sleep(_HEARTBEAT_S)
        try:
            if not await beats(database, worker.worker_id):
                break
        except (OperationalError, PoolTimeout):
            # The database is away: that is for the queue itself to find out.
            continue
    _end("the job queue has stopped")


async def beats(database: Database, worker_id: int | None) -> bool:
    """False where the queue that registered under this id has shown no sign of life lately."""
    if worker_id is None:
        return True
    async with database.transaction() as tx:
        row = await tx.one(
            """
            SELECT last_heartbeat > now() - make_interval(secs => %s) AS beats
            FROM procrastinate_workers WHERE id = %s
            """,
            [_STOPPED_AFTER_S, worker_id],
        )
    return row is not None and bool(row["beats"])
