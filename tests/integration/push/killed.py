"""A worker's push messages alone, as a process that a test kills: `killed.py DATABASE_URL PEM`."""

import asyncio
import ssl
import sys

from tests import worlds
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import LOOPBACK
from tests.integration.push.conftest import HOST
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.outward.sending import Sender
from tradepost.push.jobs import Pusher


async def main() -> None:
    """Pushes until it is killed."""
    settings = worlds.settings(sys.argv[1]).model_copy(update={"webhook_networks": LOOPBACK})
    names = ToldNames()
    names.say(HOST, ["127.0.0.1"])
    sender = Sender(settings, names, ssl.create_default_context(cadata=sys.argv[2]))
    async with Database(settings, system_clock, SUBSCRIPTIONS) as database:
        await Pusher(database, settings, sender).run()


if __name__ == "__main__":
    asyncio.run(main())
