"""Brings messages to webhooks, without a caller.

Any number of workers can do it; `outward/rounds.py` says how they share it. What a worker that
dies had sent and not noted is sent again, with the same id.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from procrastinate import App

from tradepost import __version__
from tradepost.kernel.clock import Clock, system_clock
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import Settings
from tradepost.outward.rounds import Dice, Rounds
from tradepost.outward.sending import Sender
from tradepost.webhooks import service
from tradepost.webhooks.model import Delivery
from tradepost.webhooks.service import Batch
from tradepost.webhooks.signing import Vault, headers

#: Messages that one webhook gets at the same time.
_AT_ONCE: Final = 4
_TIDIED_AT_ONCE: Final = 200
_USER_AGENT: Final = f"Tradepost-Webhooks/{__version__}"


class Deliverer(Rounds):
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
        super().__init__(database, "webhooks")
        self._sender = sender
        self._dice = dice
        self._stamp = stamp
        self._vault = Vault(settings.secret.get_secret_value())

    async def behind(self, tx: Transaction, limit: int) -> Sequence[UUID]:
        """See `Rounds`."""
        return await service.behind(tx, limit)

    async def fan_out(self, tx: Transaction, receiver_id: UUID) -> None:
        """See `Rounds`."""
        await service.fan_out(tx, receiver_id)

    async def lease(
        self, tx: Transaction, *, quick: bool, limit: int
    ) -> Sequence[tuple[UUID, int]]:
        """See `Rounds`."""
        return await service.lease(tx, quick=quick, limit=limit)

    async def release(self, tx: Transaction, receiver_id: UUID, number: int) -> None:
        """See `Rounds`."""
        await service.release(tx, receiver_id, number)

    async def send_some(self, receiver_id: UUID, number: int) -> bool:
        """See `Rounds`."""
        async with self.transaction() as tx:
            batch = await service.take(tx, self._vault, receiver_id, number, _AT_ONCE)
        if batch is None:
            return False
        async with asyncio.TaskGroup() as group:
            for delivery in batch.deliveries:
                group.create_task(self._send(batch, delivery), name="webhooks: message")
        return batch.quick

    async def _send(self, batch: Batch, delivery: Delivery) -> None:
        sent_at = int(self._stamp().timestamp())
        said = {
            "User-Agent": _USER_AGENT,
            "Content-Type": "application/json",
            **headers(batch.secrets, delivery.message_id, sent_at, delivery.body),
        }
        outcome = await self._sender.send(batch.url, said, delivery.body.encode())
        async with self.transaction() as tx:
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
