"""What docs/graphql.md shows works, and what it says of limits is so."""

import re

from tests.integration.graphql.conftest import good
from tests.integration.graphql.test_same import traded
from tests.integration.trades.conftest import World
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.graphql import limits

PAGE = (CLONE / "docs" / "graphql.md").read_text()


async def test_the_examples_are_answered(world: World) -> None:
    _, taker, trades = await traded(world)
    market, own = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
    found = await good(world, None, market, asset="ETH", currency="EUR")
    assert len(found["offers"]["data"]) == len(trades)
    assert found["market"]["summary"]["bestAsk"] == "2500"
    page = (await good(world, taker, own))["trades"]
    assert [one["id"] for one in page["data"]] == [one["id"] for one in reversed(trades)]
    assert all(one["offer"]["price"] for one in page["data"])


def test_the_limits_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| ([\d,]+)", PAGE, re.MULTILINE))
    assert {name: int(most.replace(",", "")) for name, most in rows.items()} == {
        "characters": limits.MAX_CHARS,
        "tokens": limits.MAX_TOKENS,
        "depth": limits.MAX_DEPTH,
        "aliases": limits.MAX_ALIASES,
        "fields": limits.MAX_FIELDS,
        "repeats": limits.MAX_REPEATS,
        "variables": limits.MAX_VARIABLES_BYTES,
        "points": 10_000,
    }
