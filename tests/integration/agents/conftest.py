"""Agents at a served exchange: the library's own client over HTTP, and the owners of accounts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp_types import TextContent

from tests import worlds
from tests.integration.confirmations.conftest import Owners
from tests.integration.notifications import serving
from tests.integration.notifications.serving import Exchange
from tests.integration.trades.conftest import Trader, World
from tests.market import Market, SetClock
from tradepost.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Agent:
    """What holds a connection to the tools."""

    client: Client[Any]

    async def does(self, tool: str, **arguments: object) -> Any:
        """What a tool answers."""
        done = await self.client.call_tool(tool, _given(arguments), raise_on_error=False)
        assert not done.is_error, done.content
        return done.structured_content

    async def refused(self, tool: str, **arguments: object) -> Any:
        """The problem that a tool answers with."""
        problem = json.loads(await self.error(tool, **arguments))
        return problem | {"kind": problem["type"].rpartition(":")[2]}

    async def error(self, tool: str, **arguments: object) -> str:
        """The text of a tool's error."""
        done = await self.client.call_tool(tool, _given(arguments), raise_on_error=False)
        assert done.is_error, done.structured_content
        (content,) = done.content
        assert isinstance(content, TextContent)
        return content.text


def _given(arguments: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in arguments.items() if value is not None}


@asynccontextmanager
async def connected(url: str, token: str, mode: str = "auto") -> AsyncIterator[Agent]:
    """An agent at the exchange at this address."""
    transport = StreamableHttpTransport(f"{url}/mcp", headers={"Authorization": f"Bearer {token}"})
    async with Client(transport, mode=mode) as client:
        yield Agent(client)


@pytest.fixture
async def exchange(settings: Settings) -> AsyncIterator[Exchange]:
    """One process that serves the API."""
    async with serving.served(settings) as served:
        await worlds.pretend_to_follow(served.database)
        yield served


@pytest.fixture
async def world(exchange: Exchange, settings: Settings) -> AsyncIterator[World]:
    """The traders of that exchange; nobody moves its clock."""
    async with exchange.client() as api:
        yield World(api, exchange.database, settings, SetClock(), Market(exchange.database))


@pytest.fixture
def owners(world: World) -> Owners:
    """Owners and their programs."""
    return Owners(world)


def at(exchange: Exchange, program: Trader) -> Any:
    """A program of an owner's, connected as an agent."""
    return connected(f"http://{exchange.url}", program.token)
