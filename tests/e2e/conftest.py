"""A whole exchange for each test."""

import io
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import worlds
from tests.stage import Stage, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import Instance
from tradepost.entrypoints.dev.exchange import Exchange
from tradepost.entrypoints.dev.processes import free_port


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    """An exchange over a fresh database and a fresh chain."""
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Instance]:
    """A fresh exchange as one command starts it, with data and a port of its own."""
    environment = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    environment |= {"TRADEPOST_DATA_DIR": str(tmp_path), "TRADEPOST_PORT": str(free_port())}
    environment["TRADEPOST_SANDBOX"] = "0"  # its traders would take time from the test's own
    output = io.StringIO()
    try:
        with Exchange(environment, Console(output)).running() as (_, instance):
            yield instance
    finally:
        print(output.getvalue())  # pytest shows it where the test has failed
