"""A development chain's node, with what only such a one does: its time can be set."""

from typing import Any

from web3.types import RPCEndpoint

from tradepost.escrow.evm.chain import Chain, answered
from tradepost.escrow.model import ChainNotReady


class DevelopmentNode(Chain):
    """As `Chain`; each method raises `ChainNotReady` where the node does not answer."""

    async def move_to(self, time: int, blocks: int) -> None:
        """Lets the chain's time go on from `time` (unix s), and mines `blocks` there.

        A chain that is further already stays where it is; the blocks are mined all the same.
        """
        pending = await self._ask("eth_getBlockByNumber", "pending", False)
        if int(pending["timestamp"], 16) < time:
            await self._ask("evm_setTime", time)
        await self._ask("anvil_mine", hex(blocks))

    async def _ask(self, method: str, *params: object) -> Any:
        answer = await answered(self._provider.make_request(RPCEndpoint(method), list(params)))
        if "result" not in answer:
            # Not a development node, or one that is ending.
            raise ChainNotReady
        return answer["result"]
