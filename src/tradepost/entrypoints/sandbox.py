"""Whether this exchange is a sandbox, which only one on a development chain can be."""

import asyncio
from time import monotonic
from typing import Final

from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import DEVELOPMENT_CHAIN
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel.clock import Clock, MovedClock, system_clock
from tradepost.kernel.settings import Settings
from tradepost.sandbox.node import DevelopmentNode

#: A node that was started beside this process, or is started again, answers by then.
_PATIENCE_S: Final = 15.0
_PAUSE_S: Final = 0.2
_ELSEWHERE: Final = (
    f"A sandbox is for a development chain ({DEVELOPMENT_CHAIN}) only, and RPC_URL leads to"
    " {found}: unset TRADEPOST_SANDBOX, or name such a chain."
)


class SandboxElsewhere(Exception):
    """A sandbox was asked for where there can be none; the message says what to do."""


def node_of(settings: Settings) -> Chain:
    """The node as this exchange uses it: one whose time is set in a sandbox only."""
    kind = DevelopmentNode if settings.sandbox else Chain
    return kind(settings.rpc_url.get_secret_value())


def clock_of(settings: Settings) -> Clock:
    """What a process of this exchange goes by: the machine's time, or the sandbox's."""
    return MovedClock() if settings.sandbox else system_clock


async def refuse_elsewhere(settings: Settings) -> None:
    """Raises `SandboxElsewhere` for a sandbox whose node is not known to be a development chain's.

    A process asks before it does anything else: one that began with coins at stake would serve a
    faucet and a clock that anybody moves.
    """
    if not settings.sandbox:
        return
    chain = Chain(settings.rpc_url.get_secret_value())
    ends = monotonic() + _PATIENCE_S
    found: int | None = None
    try:
        while found is None:
            try:
                found = await chain.chain_id()
            except ChainNotReady:
                if monotonic() > ends:
                    raise SandboxElsewhere(_ELSEWHERE.format(found="no node")) from None
                await asyncio.sleep(_PAUSE_S)
    finally:
        await chain.close()
    if found != DEVELOPMENT_CHAIN:
        raise SandboxElsewhere(_ELSEWHERE.format(found=f"chain {found}"))
