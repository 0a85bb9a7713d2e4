"""The process of the counterparties: all of them, on one exchange (`tradepost counterparties`)."""

import asyncio
import logging
import signal

from tradepost.entrypoints.counterparties.personas import PERSONAS
from tradepost.entrypoints.counterparties.player import Player
from tradepost_client import AsyncChain, AsyncClient, AsyncTrader
from tradepost_client.errors import TradepostError

logger = logging.getLogger(__name__)

#: How long it waits for an exchange, or for a node, that does not answer yet.
_PAUSE_S = 1.0
_NODE_POLL_S = 0.3


async def play(url: str, rpc: str) -> None:
    """Plays every persona on the exchange at `url`, by the node at `rpc`, until it is told to stop.

    It does what any client can do: whether the exchange is a sandbox it finds out by the faucet.
    """
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    # What a library says of each of its requests is none of our news.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    clients = [AsyncClient(url) for _ in PERSONAS]
    try:
        async with AsyncChain(rpc, poll_s=_NODE_POLL_S) as chain:
            players: set[str] = set()
            playing = [
                Player(persona, AsyncTrader(client, chain, persona.wallet()), players)
                for persona, client in zip(PERSONAS, clients, strict=True)
            ]
            # All are known to each other before one of them looks for newcomers.
            for player in playing:
                await _signed_in(player)
            async with asyncio.TaskGroup() as group:
                for persona, player in zip(PERSONAS, playing, strict=True):
                    group.create_task(player.run(), name=persona.name)
    except asyncio.CancelledError:
        pass
    finally:
        for client in clients:
            await client.aclose()


async def _signed_in(player: Player) -> None:
    while True:
        try:
            return await player.sign_in()
        except TradepostError as error:
            logger.info("waiting for the exchange: %s", error)
        await asyncio.sleep(_PAUSE_S)
