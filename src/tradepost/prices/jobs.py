"""What happens to prices without a caller: sources are asked, and the history is thinned."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from procrastinate import App
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.leading import lead
from tradepost.kernel.settings import Settings
from tradepost.prices import service
from tradepost.prices.model import Fault, Told
from tradepost.prices.sources import Answer, Source, open_source

logger = logging.getLogger(__name__)

_ADVISORY_LOCK: Final = 7_233_094
#: How long after another poller's end one takes over, and a lost connection is noticed.
_WATCH_S: Final = 2.0
_THINNED_AT_ONCE: Final = 200

#: Says if the chain is one whose coins are worth nothing; None while that is not known.
Development = Callable[[Transaction], Awaitable[bool | None]]


class Poller:
    """Asks every configured source in turn; only one process polls at a time."""

    def __init__(self, database: Database, settings: Settings, development: Development) -> None:
        self._database = database
        self._settings = settings
        self._development = development
        self._told: dict[str, str] = {}

    async def run(self) -> None:
        """Polls until it is cancelled; a database that is away is waited for."""
        await lead(self._database, "prices", _ADVISORY_LOCK, _WATCH_S, self._lead)

    async def _lead(self, connection: AsyncConnection[DictRow]) -> None:
        sources = [open_source(setting) for setting in self._settings.price_sources]
        try:
            async with self._database.transaction() as tx:
                await service.forget_unconfigured(tx)
            # Each source goes its own way: a slow one holds up nobody.
            async with asyncio.TaskGroup() as group:
                group.create_task(_hold(connection), name="prices: lock")
                for source in sources:
                    group.create_task(self._keep(source), name=f"prices: {source.setting.name}")
        finally:
            for source in sources:
                await source.close()

    async def _keep(self, source: Source) -> None:
        """Asks one source again and again; one that fails less and less often."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "coroutines run in tasks"
        failures = 0
        # A source that comes back should be heard before what it said last is stale.
        longest_s = max(self._settings.price_poll_s, self._settings.price_max_age_s / 2)
        while True:
            began = loop.time()
            answer = await self.poll(source)
            # The group cancels once, and what waits with a time-out can lose that (Python 3.11).
            if task.cancelling():
                raise asyncio.CancelledError
            if answer is None:
                await asyncio.sleep(1)
                continue
            good = any(isinstance(one, Told) for one in answer.values())
            failures = 0 if good else failures + 1
            pause_s = self._settings.price_poll_s * 2 ** min(max(failures - 1, 0), 10)
            await asyncio.sleep(max(0, began + min(pause_s, longest_s) - loop.time()))

    async def poll(self, source: Source) -> Answer | None:
        """Asks `source` once and records what it says, or why it says nothing.

        None, and nothing is recorded, while it is not known if made-up prices may be used.
        """
        setting = source.setting
        async with self._database.transaction() as tx:
            asked_at = tx.now
            allowed = setting.kind != "development" or await self._development(tx)
        if allowed is None:
            return None
        answer: Answer
        if allowed:
            answer = await self._ask(source)
        else:
            answer = dict.fromkeys(service.pairs_of(setting), Fault.NOT_DEVELOPMENT)
        self._tell(setting.name, answer)
        async with self._database.transaction() as tx:
            await service.record(tx, setting, asked_at, answer)
        return answer

    async def _ask(self, source: Source) -> Answer:
        fault = Fault.FAILED
        try:
            async with asyncio.timeout(source.setting.timeout_s):
                return await source.read()
        except TimeoutError:
            fault = Fault.TIMEOUT
        # Whatever an answer breaks in those who read it, the other sources go on.
        except Exception as error:  # noqa: BLE001
            # Its text may hold an address with a key.
            logger.warning("price source %s: %s", source.setting.name, type(error).__name__)
        return dict.fromkeys(service.pairs_of(source.setting), fault)

    def _tell(self, name: str, answer: Answer) -> None:
        """Logs a source's faults once, not every time."""
        faults = sorted({str(one) for one in answer.values() if isinstance(one, Fault)})
        words = ", ".join(faults)
        if words != self._told.get(name, ""):
            if words:
                logger.warning("price source %s: %s", name, words)
            else:
                logger.info("price source %s is good again", name)
        self._told[name] = words


async def _hold(connection: AsyncConnection[DictRow]) -> None:
    """Ends with an error when the connection, and with it the lock, is gone."""
    while True:
        await connection.execute("SELECT 1")
        await asyncio.sleep(_WATCH_S)


def register(app: App, database: Database) -> None:
    """Adds this room's tasks to the worker's app."""

    @app.periodic(cron="23 * * * *")
    @app.task(name="prices.thin_history", queueing_lock="prices.thin_history")
    async def thin_history(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        for _ in range(_THINNED_AT_ONCE):
            async with database.transaction() as tx:
                if not await service.thin_history(tx):
                    return
