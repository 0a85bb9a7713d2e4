"""Brings what was drawn from the faucet to the chain."""

from procrastinate import App, RetryStrategy

from tradepost.kernel.database import Database
from tradepost.sandbox import service
from tradepost.sandbox.node import DevelopmentNode


def register(app: App, database: Database, node: DevelopmentNode) -> None:
    """Adds this room's task to the worker's app."""

    @app.task(name=service.SEND_GIFTS, retry=RetryStrategy(max_attempts=10, exponential_wait=2))
    async def send_gifts(draw_id: str) -> None:  # noqa: ARG001 - it tells which draw asked
        async with database.transaction() as tx:
            waiting = await service.unsent(tx, node)
        # Also those of earlier draws that the chain does not have: it may have lost blocks.
        for raw in waiting:
            await node.send(raw)
