"""Brings messages to webhooks, without a caller.

Any number of workers can do it. A webhook is held by one of them at a time, under a lease, so a
worker that dies gives it up by doing nothing; what it had sent and not noted is sent again, with
the same id. Webhooks that answer soon have places of their own: those that are slow, fail, or are
new can fill only theirs.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final
from uuid import UUID

from procrastinate import App
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from tradepost import __version__
from tradepost.kernel.clock import Clock, system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.webhooks import service
from tradepost.webhooks.model import Delivery
from tradepost.webhooks.sending import Sender
from tradepost.webhooks.service import Batch
from tradepost.webhooks.signing import Vault, headers

logger = logging.getLogger(__name__)

_PAUSE_S: Final = 0.5
_BEHIND_AT_ONCE: Final = 100
#: The look at all webhooks costs the database more, the more there are; it is made so much more
#: rarely than it takes that it never costs a tenth of a processor.
_LOOK_RATIO: Final = 10
#: Webhooks that are served at the same time, of those that answer soon and of the others.
_PLACES: Final = {True: 16, False: 16}
#: Messages that one webhook gets at the same time.
_AT_ONCE: Final = 4
#: How long one webhook is served before others get its place.
_TURN_S: Final = 20.0
#: Of the worker's connections to the database, so many at most are taken by this.
_CONNECTIONS: Final = 2
_TIDIED_AT_ONCE: Final = 200
_USER_AGENT: Final = f"Tradepost-Webhooks/{__version__}"

#: A number from 0 to 1.
Dice = Callable[[], float]


class Deliverer:
    """Makes deliveries of events, and tries those that are due.

    Args:
        database: where they are; its clock counts.
        settings: the exchange's.
        sender: sends.
        dice: spread the pauses.
        stamp: what messages are signed to be sent at. Receivers hold it against their own clocks,
            so in a sandbox it is not moved with the rest.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        sender: Sender,
        dice: Dice = random.random,
        stamp: Clock = system_clock,
    ) -> None:
        self._database = database
        self._sender = sender
        self._dice = dice
        self._stamp = stamp
        self._vault = Vault(settings.secret.get_secret_value())
        self._connections = asyncio.Semaphore(_CONNECTIONS)
        self._serving: dict[bool, set[asyncio.Task[None]]] = {True: set(), False: set()}

    async def run(self) -> None:
        """Delivers until it is cancelled; a database that is away is waited for."""
        away = False
        clock = asyncio.get_running_loop()
        look_at = clock.time()
        try:
            while True:
                try:
                    if clock.time() >= look_at:
                        look_at = clock.time() + _LOOK_RATIO * await self._fan_out()
                    await self._begin()
                    away = False
                except (OperationalError, PoolTimeout):
                    if not away:
                        logger.warning("webhooks: the database does not answer; waiting for it")
                    away = True
                await asyncio.sleep(_PAUSE_S)
        finally:
            for task in self._busy():
                task.cancel()
            await self.idle()

    async def tick(self) -> None:
        """Makes deliveries of new events, and begins to serve webhooks that are due."""
        await self._fan_out()
        await self._begin()

    async def _begin(self) -> None:
        for quick, serving in self._serving.items():
            free = _PLACES[quick] - len(serving)
            if free <= 0:
                continue
            async with self._connections, self._database.transaction() as tx:
                leased = await service.lease(tx, quick=quick, limit=free)
            for webhook_id, number in leased:
                task = asyncio.create_task(self._serve(webhook_id, number), name="webhooks: one")
                serving.add(task)
                task.add_done_callback(serving.discard)

    async def idle(self) -> None:
        """Waits until nothing that was begun is under way."""
        while busy := self._busy():
            await asyncio.gather(*busy, return_exceptions=True)

    def _busy(self) -> list[asyncio.Task[None]]:
        return [task for serving in self._serving.values() for task in serving]

    async def _fan_out(self) -> float:
        """How long the look took, in seconds; nothing where there is more to see."""
        clock = asyncio.get_running_loop()
        async with self._connections, self._database.transaction() as tx:
            began = clock.time()
            waiting = await service.behind(tx, _BEHIND_AT_ONCE)
            took_s = clock.time() - began
        for webhook_id in waiting:
            async with self._connections, self._database.transaction() as tx:
                await service.fan_out(tx, webhook_id)
        return took_s if len(waiting) < _BEHIND_AT_ONCE else 0.0

    async def _serve(self, webhook_id: UUID, number: int) -> None:
        """One webhook's turn. What goes wrong here ends with the lease, and is done again."""
        try:
            await self._send_due(webhook_id, number)
            async with self._connections, self._database.transaction() as tx:
                await service.release(tx, webhook_id, number)
        except (OperationalError, PoolTimeout):
            logger.warning("webhooks: the database did not answer; a turn is lost")
        except Exception:
            logger.exception("webhooks: a turn is lost")

    async def _send_due(self, webhook_id: UUID, number: int) -> None:
        ends = asyncio.get_running_loop().time() + _TURN_S
        quick = True
        while quick and asyncio.get_running_loop().time() < ends:
            async with self._connections, self._database.transaction() as tx:
                batch = await service.take(tx, self._vault, webhook_id, number, _AT_ONCE)
            if batch is None:
                return
            async with asyncio.TaskGroup() as group:
                for delivery in batch.deliveries:
                    group.create_task(self._send(batch, delivery), name="webhooks: message")
            quick = batch.quick

    async def _send(self, batch: Batch, delivery: Delivery) -> None:
        sent_at = int(self._stamp().timestamp())
        signed = headers(batch.secrets, delivery.message_id, sent_at, delivery.body)
        outcome = await self._sender.send(
            batch.url, {"User-Agent": _USER_AGENT, **signed}, delivery.body.encode()
        )
        async with self._connections, self._database.transaction() as tx:
            await service.note(tx, delivery, batch.at, outcome, self._dice())


def register(app: App, database: Database) -> None:
    """Adds this room's task to the worker's app."""

    @app.periodic(cron="41 * * * *")
    @app.task(name="webhooks.tidy", queueing_lock="webhooks.tidy")
    async def tidy(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        for _ in range(_TIDIED_AT_ONCE):
            async with database.transaction() as tx:
                if not await service.tidy(tx):
                    return
