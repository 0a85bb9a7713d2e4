"""The API whose answers are always made anew, and a queue that works when it is told to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from procrastinate import App, PsycopgConnector

from tests import worlds
from tests.integration.trades.conftest import World
from tests.market import Market, SetClock
from tradepost.entrypoints.http import build
from tradepost.insights import jobs
from tradepost.insights.cache import Answers
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole API in this process, over a fresh database, with a followed chain."""
    app = build(settings)
    app.state.answers = Answers(system_clock, timedelta(0), most=10)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
        ) as client,
    ):
        await worlds.pretend_to_follow(app.state.database)
        yield client


@pytest.fixture
def world(api: httpx.AsyncClient, database: Database, settings: Settings) -> World:
    """The API over a fresh database."""
    return World(api, database, settings, SetClock(), Market(database))


@pytest.fixture
async def work(
    settings: Settings, database: Database
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Runs the jobs that are queued."""
    queue = App(connector=PsycopgConnector(conninfo=settings.database_url.get_secret_value()))
    async with queue.open_async():
        jobs.register(queue, database)

        async def run() -> None:
            await queue.run_worker_async(wait=False, install_signal_handlers=False)
            async with database.transaction() as tx:
                failed = await tx.all(
                    "SELECT task_name FROM procrastinate_jobs WHERE status = 'failed'"
                )
            assert not failed

        yield run
