"""The watcher's process: follows the chain (`tradepost watch`)."""

import asyncio
import logging
import signal

from tradepost.entrypoints import tracer
from tradepost.entrypoints.sandbox import clock_of, refuse_elsewhere
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import check_chain
from tradepost.escrow.evm.watch import watch
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel import metrics
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.kernel.signals import notifying, wire_of

logger = logging.getLogger(__name__)


async def follow(settings: Settings) -> None:
    """Follows the chain until it is told to stop.

    Raises `SandboxElsewhere`, and `ChainReplaced` or `ContractMismatch` where the node is not the
    one it should be.
    """
    await refuse_elsewhere(settings)
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    tracer.start("watcher", settings)
    chain = Chain(settings.rpc_url.get_secret_value())
    try:
        async with (
            notifying(wire_of(settings)) as notifier,
            Database(settings, clock_of(settings), SUBSCRIPTIONS, notifier.say) as database,
        ):
            if settings.metrics_port is not None:
                metrics.serve(settings.metrics_host, settings.metrics_port + 2)
            await _check_chain(database, chain, settings)
            await watch(database, chain, settings)
    except asyncio.CancelledError:
        pass
    finally:
        await chain.close()


async def _check_chain(database: Database, chain: Chain, settings: Settings) -> None:
    """Raises as `check_chain`; a node that is away at the start is waited for as later on."""
    away = False
    while True:
        try:
            return await check_chain(database, chain)
        except ChainNotReady:
            if not away:
                logger.warning("the chain's node does not answer; waiting for it")
                away = True
            await asyncio.sleep(settings.poll_interval_s)
