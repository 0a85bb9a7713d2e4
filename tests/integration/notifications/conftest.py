"""A served exchange for the tests of streams."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.notifications import serving
from tests.integration.notifications.serving import Exchange, Person
from tradepost.kernel.settings import Settings


@pytest.fixture
async def exchange(settings: Settings) -> AsyncIterator[Exchange]:
    """One process that serves the API."""
    async with serving.served(settings) as served:
        yield served


@pytest.fixture
async def rosa(exchange: Exchange) -> Person:
    """Somebody with an account."""
    return await serving.person(exchange.database)
