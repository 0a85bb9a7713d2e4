"""The trades of an account as a file."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.trades.conftest import Trader, World
from tradepost.trades import export


async def told(world: World, trader: Trader, **query: str) -> list[dict[str, Any]]:
    """The rows that a trader downloads; in both forms they are the same."""
    answer = await world.get(trader, "/v1/trades/export", **query, format="csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    answer = await world.get(trader, "/v1/trades/export", **query, format="ndjson")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [{key: value or "" for key, value in line.items()} for line in lines] == rows
    return lines


async def test_each_side_books_its_own_trade(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    trade = await world.taken(taker, offer, amount="0.1")
    (sold,) = await told(world, maker)
    (bought,) = await told(world, taker)
    assert (sold["side"], sold["role"]) == ("sell", "maker")
    assert (bought["side"], bought["role"]) == ("buy", "taker")
    assert (sold["counterparty"], bought["counterparty"]) == (str(taker.id), str(maker.id))
    shown = (await world.get(taker, f"/v1/trades/{trade['id']}")).json()
    for name in ("id", "state", "asset", "amount", "currency", "fiat_amount", "price"):
        assert sold[name] == bought[name] == shown[name]
    assert sold["escrow_id"] == shown["escrow"]["id"]
    # Nothing has moved, and nothing has ended.
    nothing = f"0.{'0' * 18}"
    assert (sold["bought_amount"], sold["fee"], sold["ended_at"]) == (nothing, nothing, None)
    assert list(sold) == list(export.COLUMNS)


async def test_it_says_what_a_completed_trade_moved(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    for word in ("locked", "released"):
        await world.chain_says(trade, word)
    (row,) = await told(world, taker)
    assert (row["state"], row["bought_amount"]) == ("completed", row["amount"])
    assert Decimal(row["fee"]) == Decimal("0.1") * world.settings.fee_bps / 10_000
    assert row["ended_at"] is not None


async def test_a_period_has_what_ended_in_it(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    ended, _ = [await world.taken(taker, offer, amount="0.1") for _ in range(2)]
    for word in ("locked", "released"):
        await world.chain_says(ended, word)
    everything = await told(world, taker)
    assert len(everything) == 2
    at = next(row["ended_at"] for row in everything if row["id"] == ended["id"])
    assert [row["id"] for row in await told(world, taker, **{"from": at})] == [ended["id"]]
    assert await told(world, taker, to=at) == []
    assert await told(world, taker, **{"from": "2020-01-01T00:00:00Z", "to": at}) == []


async def test_it_goes_on_over_the_end_of_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_PAGE", 2)
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    made = [(await world.taken(taker, offer, amount="0.1"))["id"] for _ in range(4)]
    # He sells in one of them: both sides are in the order of their beginning.
    other = await world.offer(taker)
    made.append((await world.taken(maker, other, amount="0.1"))["id"])
    assert [row["id"] for row in await told(world, taker)] == made
    assert [row["id"] for row in await told(world, maker)] == made


async def test_nobody_downloads_the_trades_of_others(world: World) -> None:
    maker, taker, stranger = [await world.trader() for _ in range(3)]
    await world.taken(taker, await world.offer(maker), amount="0.1")
    assert await told(world, stranger) == []
    assert (await world.api.get("/v1/trades/export")).status_code == 401


@pytest.mark.parametrize(
    "query",
    [{"format": "xml"}, {"from": "yesterday"}, {"to": "2026-01-01T00:00:00"}, {"page": "2"}],
)
async def test_what_it_does_not_know_is_refused(world: World, query: dict[str, str]) -> None:
    trader = await world.trader()
    assert (await world.get(trader, "/v1/trades/export", **query)).status_code == 422
