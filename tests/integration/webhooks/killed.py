"""A worker's deliveries alone, as a process that a test kills: `killed.py DATABASE_URL`."""

import asyncio
import sys

from tests import worlds
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import LOOPBACK
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.outward.sending import Sender
from tradepost.webhooks.jobs import Deliverer


async def main() -> None:
    """Delivers until it is killed."""
    settings = worlds.settings(sys.argv[1]).model_copy(update={"webhook_networks": LOOPBACK})
    async with Database(settings, system_clock, SUBSCRIPTIONS) as database:
        await Deliverer(database, settings, Sender(settings, ToldNames())).run()


if __name__ == "__main__":
    asyncio.run(main())
