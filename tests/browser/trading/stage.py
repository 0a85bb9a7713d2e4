"""A whole exchange that is served to browsers: page, API, watcher, jobs, relayer, a real chain.

Its background works by itself, and blocks come as long as something waits to be confirmed; time
passes only where a test lets it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tests import stage as parts
from tests import worlds
from tests.browser.thread import Apart, opened_apart
from tests.browser.wire import Wire
from tests.integration.notifications.serving import listening
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.processes import free_port

_PAUSE_S = 0.05
_CONNECTIONS = 200


class TradingStage(Apart):
    """The parts, and the line between them and the browsers."""

    def __init__(self, inner: parts.Stage, wire: Wire) -> None:
        super().__init__()
        self.inner = inner
        self.wire = wire
        #: Whether no blocks come but those with a transaction.
        self.stands_still = False
        #: The newest block with a transaction: what comes behind it is to be confirmed.
        self._busy = self._head()

    @property
    def url(self) -> str:
        """Where the page is, by a name: passkeys need one."""
        return self.inner.settings.public_url

    def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock; the background sees it."""
        self.inner.node.rpc("evm_increaseTime", seconds)
        self.inner.node.rpc("anvil_mine", hex(self.inner.settings.confirmations + 1))

    async def go_on(self) -> None:
        """The background, until it is cancelled."""
        while True:
            await self.inner.work()
            await asyncio.to_thread(self._mine)
            await asyncio.sleep(_PAUSE_S)

    def _mine(self) -> None:
        """One more block, while a transaction is not as deep as it has to be."""
        node, head = self.inner.node, self._head()
        for number in range(self._busy + 1, head + 1):
            if node.rpc("eth_getBlockTransactionCountByNumber", hex(number)) != "0x0":
                self._busy = number
        if not self.stands_still and head < self._busy + 2 * self.inner.settings.confirmations:
            node.rpc("anvil_mine", "0x1")

    def _head(self) -> int:
        return int(self.inner.node.rpc("eth_blockNumber"), 16)


@contextmanager
def trading_stage(database_url: str) -> Iterator[TradingStage]:
    """An exchange over a fresh database and a fresh chain. Needs a built page."""
    with DevChain() as node, opened_apart(lambda: _opened(database_url, node)) as stage:
        yield stage


@asynccontextmanager
async def _opened(database_url: str, node: DevChain) -> AsyncIterator[TradingStage]:
    settings = worlds.settings(database_url, node.url)
    port = free_port()
    settings = settings.model_copy(update={"public_url": f"http://localhost:{port}"})
    async with (
        parts.open_stage(node, settings) as inner,
        listening(inner.app, _CONNECTIONS) as behind,
        Wire(behind, port) as wire,
    ):
        stage = TradingStage(inner, wire)
        background = asyncio.create_task(stage.go_on())
        try:
            yield stage
        finally:
            background.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await background
