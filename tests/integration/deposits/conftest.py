"""A whole exchange, whose makers deposit."""

from collections.abc import AsyncIterator

import pytest

from tests import worlds
from tests.stage import Stage, open_stage
from tradepost.entrypoints.dev.chain import DevChain


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    """An exchange over a fresh database and a fresh chain."""
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened
