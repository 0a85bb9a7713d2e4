"""The worker's rounds among receivers: who has something to get is served, and nobody waits long.

Any number of workers can make them. A receiver is held by one of them at a time, under a lease, so
a worker that dies gives it up by doing nothing. Receivers that answer soon have places of their
own: those that are slow, fail, or are new can fill only theirs.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from tradepost.kernel.database import Database, Transaction

logger = logging.getLogger(__name__)

_PAUSE_S: Final = 0.5
_BEHIND_AT_ONCE: Final = 100
#: The look at all receivers costs the database more, the more there are; it is made so much more
#: rarely than it takes that it never costs a tenth of a processor.
_LOOK_RATIO: Final = 10
#: Receivers that are served at the same time, of those that answer soon and of the others.
_PLACES: Final = {True: 16, False: 16}
#: How long one receiver is served before others get its place.
_TURN_S: Final = 20.0
#: Of the worker's connections to the database, so many at most are taken by this.
_CONNECTIONS: Final = 2

#: A number from 0 to 1.
Dice = Callable[[], float]


class Rounds(ABC):
    """Makes messages of events, and sends those that are due; a room says of what, and how.

    Args:
        database: where receivers and messages are; its clock counts.
        name: of the work, for the log.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._connections = asyncio.Semaphore(_CONNECTIONS)
        self._serving: dict[bool, set[asyncio.Task[None]]] = {True: set(), False: set()}

    @abstractmethod
    async def behind(self, tx: Transaction, limit: int) -> Sequence[UUID]:
        """Receivers whose accounts have events that were not made messages of."""

    @abstractmethod
    async def fan_out(self, tx: Transaction, receiver_id: UUID) -> None:
        """Makes messages of the next events of one receiver."""

    @abstractmethod
    async def lease(
        self, tx: Transaction, *, quick: bool, limit: int
    ) -> Sequence[tuple[UUID, int]]:
        """Takes receivers that are due, of one kind; with the numbers of the leases."""

    @abstractmethod
    async def release(self, tx: Transaction, receiver_id: UUID, number: int) -> None:
        """Ends a lease, if it still is this one."""

    @abstractmethod
    async def send_some(self, receiver_id: UUID, number: int) -> bool:
        """Tries what is due to a leased receiver; True where he may get more in this turn."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One, within what this work may take of the database."""
        async with self._connections, self._database.transaction() as tx:
            yield tx

    async def run(self) -> None:
        """Goes on until it is cancelled; a database that is away is waited for."""
        away = False
        clock = asyncio.get_running_loop()
        look_at = clock.time()
        try:
            while True:
                try:
                    if clock.time() >= look_at:
                        look_at = clock.time() + _LOOK_RATIO * await self._look()
                    await self._begin()
                    away = False
                except (OperationalError, PoolTimeout):
                    if not away:
                        logger.warning(
                            "%s: the database does not answer; waiting for it", self._name
                        )
                    away = True
                await asyncio.sleep(_PAUSE_S)
        finally:
            for task in self.busy():
                task.cancel()
            await self.idle()

    async def tick(self) -> None:
        """Makes messages of new events, and begins to serve receivers that are due."""
        await self._look()
        await self._begin()

    async def _begin(self) -> None:
        for quick, serving in self._serving.items():
            free = _PLACES[quick] - len(serving)
            if free <= 0:
                continue
            async with self.transaction() as tx:
                leased = await self.lease(tx, quick=quick, limit=free)
            for receiver_id, number in leased:
                task = asyncio.create_task(
                    self._serve(receiver_id, number), name=f"{self._name}: one"
                )
                serving.add(task)
                task.add_done_callback(serving.discard)

    async def idle(self) -> None:
        """Waits until nothing that was begun is under way."""
        while busy := self.busy():
            await asyncio.gather(*busy, return_exceptions=True)

    def busy(self) -> list[asyncio.Task[None]]:
        """The turns that are under way."""
        return [task for serving in self._serving.values() for task in serving]

    async def _look(self) -> float:
        """How long the look took, in seconds; nothing where there is more to see."""
        clock = asyncio.get_running_loop()
        async with self.transaction() as tx:
            began = clock.time()
            waiting = await self.behind(tx, _BEHIND_AT_ONCE)
            took_s = clock.time() - began
        for receiver_id in waiting:
            async with self.transaction() as tx:
                await self.fan_out(tx, receiver_id)
        return took_s if len(waiting) < _BEHIND_AT_ONCE else 0.0

    async def _serve(self, receiver_id: UUID, number: int) -> None:
        """One receiver's turn. What goes wrong here ends with the lease, and is done again."""
        clock = asyncio.get_running_loop()
        ends = clock.time() + _TURN_S
        try:
            while await self.send_some(receiver_id, number) and clock.time() < ends:
                pass
            async with self.transaction() as tx:
                await self.release(tx, receiver_id, number)
        except (OperationalError, PoolTimeout):
            logger.warning("%s: the database did not answer; a turn is lost", self._name)
        except Exception:
            logger.exception("%s: a turn is lost", self._name)
