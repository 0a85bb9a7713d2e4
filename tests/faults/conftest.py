"""An arena for each test, and the count of all that was done in them."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.faults.arena import Arena, open_arena
from tradepost.entrypoints.dev.chain import DevChain

_COUNTS = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begins to count."""
    config.stash.setdefault(_COUNTS, Counter())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says what was done to the exchange, since a green line does not."""
    counts = config.stash[_COUNTS]
    if counts:
        told = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
        terminalreporter.write_line(f"faults: {told}")


@pytest.fixture(scope="session")
def counts(pytestconfig: pytest.Config) -> Counter[str]:
    """How many of which fault were played; told at the end of the run."""
    return pytestconfig.stash[_COUNTS]


@pytest.fixture
async def arena(database_url: str, chain: DevChain) -> AsyncIterator[Arena]:
    """An exchange with its players, over a fresh database and a fresh chain."""
    async with open_arena(chain, database_url) as opened:
        yield opened
