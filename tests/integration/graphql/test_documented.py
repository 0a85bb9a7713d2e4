"""What docs/graphql.md shows works, and what it says of limits is so."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from websockets.asyncio.client import connect

from tests.integration.graphql.conftest import good
from tests.integration.graphql.test_same import traded
from tests.integration.notifications import serving
from tests.integration.trades.conftest import World
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.graphql import known, limits, protocol
from tradepost.notifications.model import MAX_CHANNELS, MAX_SAME
from tradepost_client import AsyncClient

PAGE = (CLONE / "docs" / "graphql.md").read_text()


async def test_the_examples_are_answered(world: World) -> None:
    _, taker, trades = await traded(world)
    market, own, _ = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
    variables, known = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    found = await good(world, None, market, **variables)
    assert len(found["offers"]["data"]) == len(trades)
    assert found["market"]["summary"]["bestAsk"] == "2500"
    page = (await good(world, taker, own))["trades"]
    assert [one["id"] for one in page["data"]] == [one["id"] for one in reversed(trades)]
    assert all(one["offer"]["price"] for one in page["data"])
    unknown = await world.api.post("/v1/graphql", json=known)
    (error,) = unknown.json()["errors"]
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def test_the_code_in_python_runs(world: World) -> None:
    _, taker, trades = await traded(world, 1)
    *_, query = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {
        "Any": Any, "AsyncClient": AsyncClient, "AsyncIterator": AsyncIterator,
        "connect": connect, "json": json,
    }  # fmt: skip
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, names)  # noqa: S102 - it is our own page's
    async with serving.served(world.settings, clock=world.clock) as exchange:
        found = await names["my_trades"](f"http://{exchange.url}", taker.token)
        assert found == [{"id": trades[0]["id"], "state": "escrowed"}]
        told = names["changes"](f"ws://{exchange.url}", taker.token, query, 0)
        async with aclosing(told), asyncio.timeout(serving.PATIENCE_S):
            assert await anext(told) == {"__typename": "Subscribed", "seq": 0}
            first = await anext(told)
    assert (first["seq"], first["after"], first["trade"]["state"]) == (1, 0, "escrowed")


def test_the_bounds_and_ends_of_subscriptions_are_those_of_the_code() -> None:
    for told in (
        f"at most {MAX_CHANNELS} subscriptions",
        f"at most {MAX_SAME} of them",
        f"at most {protocol.MAX_CHARS:,} characters",
        f"come to {limits.MAX_MESSAGE_POINTS:,} points",
    ):
        assert told in " ".join(PAGE.split())
    ends = re.findall(r"^\| (\d{4}) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert {(int(code), reason) for code, reason in ends} == {
        (end.code, end.reason) for end in protocol.Closed
    }


def test_the_limits_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| ([a-z]+) \| ([\d,]+)", PAGE, re.MULTILINE))
    assert {name: int(most.replace(",", "")) for name, most in rows.items()} == {
        "characters": known.MAX_CHARS,
        "tokens": limits.MAX_TOKENS,
        "depth": limits.MAX_DEPTH,
        "aliases": limits.MAX_ALIASES,
        "fields": limits.MAX_FIELDS,
        "repeats": limits.MAX_REPEATS,
        "variables": limits.MAX_VARIABLES_BYTES,
        "points": 10_000,
    }
