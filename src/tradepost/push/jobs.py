"""Brings news to devices by their push services, without a caller.

`outward/rounds.py` says how workers share it. What one that dies had sent and not noted is sent
again: the push service and the device put it in the place of the first, as both are of one trade.
"""

import asyncio
import hashlib
import random
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from procrastinate import App

from tradepost import __version__
from tradepost.kernel.clock import Clock, system_clock
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import Settings
from tradepost.outward.addresses import UrlRefused, read_url
from tradepost.outward.model import Fault, Outcome
from tradepost.outward.rounds import Dice, Rounds
from tradepost.outward.sending import Sender
from tradepost.push import service
from tradepost.push.keys import to_base64url
from tradepost.push.model import Message, Subscription
from tradepost.push.sealing import seal
from tradepost.push.service import Batch

#: Messages that one device gets at the same time.
_AT_ONCE: Final = 4
_TIDIED_AT_ONCE: Final = 200
#: A topic has 32 characters of base64url at most.
_TOPIC: Final = 24


class Pusher(Rounds):
    """Makes messages of events, and tries those that are due.

    Args:
        database: where they are; its clock counts.
        settings: the exchange's.
        sender: sends.
        dice: spread the pauses.
        stamp: what messages are signed to be sent at. Push services hold it against their own
            clocks, so in a sandbox it is not moved with the rest.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        sender: Sender,
        dice: Dice = random.random,
        stamp: Clock = system_clock,
    ) -> None:
        super().__init__(database, "push")
        self._sender = sender
        self._dice = dice
        self._stamp = stamp
        self._contact = settings.push_contact or settings.public_url
        self._key = service.key_of(settings.secret.get_secret_value())

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
            batch = await service.take(tx, receiver_id, number, _AT_ONCE)
        if batch is None:
            return False
        async with asyncio.TaskGroup() as group:
            for message in batch.messages:
                group.create_task(self._send(batch, message), name="push: message")
        return batch.quick

    async def _send(self, batch: Batch, message: Message) -> None:
        outcome = await self._try(batch, message)
        async with self.transaction() as tx:
            await service.note(tx, message, outcome, self._dice())

    async def _try(self, batch: Batch, message: Message) -> Outcome:
        device = batch.subscription
        try:
            origin = read_url(device.endpoint).origin
        except UrlRefused:
            # One that was taken once, by other rules than today's.
            return Outcome(0, fault=Fault.ADDRESS)
        headers = {
            "User-Agent": f"Tradepost-Push/{__version__}",
            "Authorization": self._key.authorization(origin, self._contact, self._stamp()),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(message.ttl_s(batch.at)),
            "Urgency": message.urgency,
            "Topic": _topic(device, message),
        }
        body = seal(message.body(), device.device_key, device.auth)
        return await self._sender.send(device.endpoint, headers, body)


def _topic(device: Subscription, message: Message) -> str:
    """One of a device's trades, which the push service cannot tell from another device's."""
    named = hashlib.sha256(device.auth + message.trade_id.bytes).digest()
    return to_base64url(named[:_TOPIC])


def register(app: App, database: Database) -> None:
    """Adds this room's task to the worker's app."""

    @app.periodic(cron="43 * * * *")
    @app.task(name="push.tidy", queueing_lock="push.tidy")
    async def tidy(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        for _ in range(_TIDIED_AT_ONCE):
            async with database.transaction() as tx:
                if not await service.tidy(tx):
                    return
