"""GraphQL beside REST, over the world of the trades' tests."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.integration.trades.conftest import (
    Trader,
    World,
    api,
    clock,
    database,
    settings,
    world,
)

__all__ = ["api", "ask", "clock", "database", "good", "settings", "snake", "world"]


async def ask(
    client: httpx.AsyncClient, trader: Trader | None, query: str, **variables: Any
) -> httpx.Response:
    """A query by POST."""
    headers = {} if trader is None else {"Authorization": f"Bearer {trader.token}"}
    body = {"query": query, "variables": variables}
    return await client.post("/v1/graphql", json=body, headers=headers)


async def good(world: World, trader: Trader | None, query: str, **variables: Any) -> Any:
    """The data of an answer without an error."""
    answer = await ask(world.api, trader, query, **variables)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert "errors" not in told, told["errors"]
    return told["data"]


def snake(value: Any) -> Any:
    """An answer with REST's names; codes stay as they are."""
    if isinstance(value, Mapping):
        return {
            name
            if name.isupper()
            else "".join(f"_{one.lower()}" if one.isupper() else one for one in name): snake(inside)
            for name, inside in value.items()
        }
    return [snake(one) for one in value] if isinstance(value, list) else value
