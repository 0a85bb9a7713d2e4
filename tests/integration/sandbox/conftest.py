"""A whole exchange that is a sandbox."""

from collections.abc import AsyncIterator

import pytest

from tests import worlds
from tests.stage import Stage, open_stage
from tradepost.entrypoints.dev.chain import DevChain


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    """A sandbox over a fresh database and a fresh chain."""
    settings = worlds.settings(database_url, chain.url).model_copy(update={"sandbox": True})
    async with open_stage(chain, settings) as opened:
        yield opened
