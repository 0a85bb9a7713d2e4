"""What the API tells of markets: bounded, conditional, and nobody's name."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.integration.trades.conftest import Trader, World
from tradepost.insights import service, store
from tradepost.insights.model import MarketPair, PastTrade
from tradepost.kernel.database import Database
from tradepost.kernel.money import Amount, Asset

ETH = Asset("ETH", 18)
PAIR = MarketPair(ETH, Asset("EUR", 2))
MARKET = "/v1/markets/ETH/EUR"
PATHS = ("", "/depth", "/methods", "/trades", "/candles?interval=5m")

Work = Callable[[], Awaitable[None]]


async def get(world: World, path: str) -> Any:
    answer = await world.api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def traded(world: World, **taking: object) -> tuple[dict[str, Any], Trader, Trader]:
    """A trade that the chain says is completed."""
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    trade: dict[str, Any] = await world.taken(taker, offer, **taking)
    await world.chain_says(trade, "locked")
    await world.chain_says(trade, "released")
    return trade, maker, taker


async def put(database: Database, count: int, minutes: int = 1) -> None:
    """Past trades, so many minutes one after the other."""
    async with database.transaction() as tx:
        await store.hold(tx, PAIR)
        for number in range(count):
            at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=number * minutes)
            trade = PastTrade.of(at, Decimal(1000 + number), Amount(ETH, 10**18), "sepa")
            await service.put(tx, PAIR, UUID(int=number), trade)


async def test_a_completed_trade_is_seen_and_one_taken_back_is_gone(
    world: World, work: Work
) -> None:
    trade, _, _ = await traded(world, amount="1.23456789")
    await work()
    (seen,) = (await get(world, f"{MARKET}/trades"))["data"]
    assert (seen["price"], seen["amount"], seen["payment_method"]) == ("2500", "1.2", "sepa")
    assert datetime.fromisoformat(seen["at"]).second == 0
    market = await get(world, MARKET)
    assert market["last_trade"] == {"price": "2500", "at": seen["at"]}
    assert market["day"]["volume"] == "1.2"
    (candle,) = (await get(world, f"{MARKET}/candles?interval=1d"))["data"]
    assert (candle["open"], candle["volume"], candle["trades"]) == ("2500", "1.2", 1)

    await world.chain_says(trade, "releasing")
    await work()
    assert (await get(world, f"{MARKET}/trades"))["data"] == []
    assert (await get(world, f"{MARKET}/candles?interval=1d"))["data"] == []
    market = await get(world, MARKET)
    assert market["last_trade"] is market["day"] is None

    await world.chain_says(trade, "released")
    await work()
    assert len((await get(world, f"{MARKET}/trades"))["data"]) == 1


async def test_what_is_heard_twice_counts_once(
    world: World, work: Work, database: Database
) -> None:
    trade, _, _ = await traded(world)
    await work()
    async with database.transaction() as tx:
        await service.follow_trade(tx, UUID(trade["id"]))
    (candle,) = (await get(world, f"{MARKET}/candles?interval=1w"))["data"]
    assert candle["trades"] == 1


async def test_trades_that_complete_at_once_all_count(world: World, database: Database) -> None:
    trades = [(await traded(world))[0] for _ in range(6)]

    async def follow(trade_id: UUID) -> None:
        async with database.transaction() as tx:
            await service.follow_trade(tx, trade_id)

    # Each twice, as jobs may run.
    await asyncio.gather(*(follow(UUID(trade["id"])) for trade in trades * 2))
    (candle,) = (await get(world, f"{MARKET}/candles?interval=1w"))["data"]
    assert (candle["trades"], candle["volume"]) == (6, "6")
    assert len((await get(world, f"{MARKET}/trades"))["data"]) == 6


async def test_only_completed_trades_are_seen(world: World, work: Work) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    for ending in ("locked", "refunded", "split"):
        trade = await world.taken(taker, offer)
        await world.chain_says(trade, "locked")
        await world.chain_says(trade, ending)
    await work()
    assert (await get(world, f"{MARKET}/trades"))["data"] == []


async def test_no_answer_names_anybody_or_an_exact_amount(world: World, work: Work) -> None:
    trade, maker, taker = await traded(world, amount="1.23456789")
    await world.taken(taker, await world.offer(maker, amount_unit="asset"), amount="1.98765432")
    await work()
    secret = [
        str(maker.id),
        str(taker.id),
        maker.wallet[2:],
        taker.wallet[2:],
        trade["id"],
        trade["offer_id"],
        trade["escrow"]["id"][2:],
        "23456789",
        "98765432",
        trade["fiat_amount"],
    ]
    secret += [UUID(one).hex for one in (str(maker.id), str(taker.id), trade["id"])]
    for path in ("/v1/markets", *(MARKET + path for path in PATHS)):
        answer = await world.api.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json(), path
        for word in secret:
            assert word.lower() not in answer.text.lower(), (path, word)


async def test_a_market_has_its_best_prices_and_offers(world: World) -> None:
    maker = await world.trader()
    for direction, price in (("sell", "2510"), ("sell", "2520"), ("buy", "2490"), ("buy", "2480")):
        await world.offer(maker, direction=direction, price=price)
    (market,) = (await get(world, "/v1/markets"))["data"]
    assert market == await get(world, MARKET)
    assert (market["best_bid"], market["best_ask"], market["spread_bps"]) == ("2490", "2510", 80)
    assert (market["buy_offers"], market["sell_offers"], market["index"]) == (2, 2, None)
    (method,) = (await get(world, f"{MARKET}/methods"))["data"]
    assert (method["payment_method"], method["best_bid"], method["best_ask"]) == (
        "sepa",
        "2490",
        "2510",
    )


async def test_depth_without_an_index_is_by_price(world: World) -> None:
    maker = await world.trader()
    for price in ("2510", "2510", "2520"):
        await world.offer(maker, price=price)
    depth = await get(world, f"{MARKET}/depth?levels=1")
    assert (depth["levels_by"], depth["index"], depth["step_bps"]) == ("price", None, None)
    assert depth["bids"] == {"levels": [], "complete": True}
    (level,) = depth["asks"]["levels"]
    assert (level["price"], float(level["amount"]), level["offers"]) == ("2510", 4.0, 2)
    assert depth["asks"]["complete"] is False


async def test_depth_is_by_premium_over_a_fresh_index(world: World, database: Database) -> None:
    maker = await world.trader()
    await world.offer(maker, price="2510")
    await world.offer(maker, direction="buy", price="2499.99")
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO price_quotes (base, quote, source, value, as_of, valid_until, development,
                spread_bps, parts)
            VALUES ('ETH', 'EUR', 'index', 2500, %(now)s, %(until)s, true, 0, '[]')
            """,
            {"now": tx.now, "until": tx.now + timedelta(minutes=5)},
        )
    depth = await get(world, f"{MARKET}/depth?step_bps=25")
    assert (depth["levels_by"], depth["index"]["price"]) == ("premium", "2500")
    assert depth["index"]["development"] is True
    for side, start in (("asks", 25), ("bids", -25)):
        (level,) = depth[side]["levels"]
        assert (level["from_bps"], level["to_bps"], level["price"]) == (start, start + 25, None)
        assert Decimal(level["amount"]) == 2
    assert (await get(world, "/v1/markets"))["data"][0]["index"]["price"] == "2500"


@pytest.mark.parametrize("path", ["/v1/markets", *(MARKET + path for path in PATHS)])
async def test_an_answer_that_did_not_change_is_not_sent_again(world: World, path: str) -> None:
    first = await world.api.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=1"
    again = await world.api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = await world.api.get(path, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


async def test_the_tape_comes_in_pages(world: World, database: Database) -> None:
    await put(database, 7)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await get(
            world, f"{MARKET}/trades?limit=3" + (f"&cursor={cursor}" if cursor else "")
        )
        assert len(page["data"]) <= 3
        found += [trade["price"] for trade in page["data"]]
        cursor = page["next_cursor"]
    assert found == [str(1000 + number) for number in reversed(range(7))]


async def test_candles_come_in_pages_and_leave_out_what_is_empty(
    world: World, database: Database
) -> None:
    await put(database, 5, minutes=10)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await get(
            world,
            f"{MARKET}/candles?interval=5m&limit=2&from=2026-01-05T00:10:00Z&to=2026-01-05T00:40:00Z"
            + (f"&cursor={cursor}" if cursor else ""),
        )
        found += [candle["starts_at"] for candle in page["data"]]
        cursor = page["next_cursor"]
    assert found == [f"2026-01-05T00:{minute}:00Z" for minute in (10, 20, 30)]
    last = await get(world, f"{MARKET}/candles?interval=5m&limit=3&to=2026-01-05T00:41:00Z")
    assert [candle["starts_at"][14:16] for candle in last["data"]] == ["30", "40"]
    assert last["next_cursor"] is None


async def test_markets_come_in_pages(world: World) -> None:
    maker = await world.trader()
    currencies = ["BRL", "CHF", "EUR", "USD", "ZAR"]
    for currency in currencies:
        await world.offer(maker, currency=currency, payment_methods=["cash_in_person"])
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await get(world, "/v1/markets?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["data"]) <= 2
        found += [market["currency"] for market in page["data"]]
        cursor = page["next_cursor"]
    assert found == currencies


async def test_a_cursor_is_of_its_list_only(world: World, database: Database) -> None:
    await put(database, 3)
    cursor = (await get(world, f"{MARKET}/trades?limit=1"))["next_cursor"]
    for path in (
        f"/v1/markets/ETH/USD/trades?cursor={cursor}",
        f"/v1/markets?cursor={cursor}",
        f"{MARKET}/candles?interval=5m&cursor={cursor}",
        f"{MARKET}/trades?cursor={cursor[:-2]}",
    ):
        answer = await world.api.get(path)
        assert (answer.status_code, answer.json()["type"]) == (400, _type("invalid-cursor")), path


def _type(slug: str) -> str:
    return f"urn:tradepost:problem:{slug}"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/markets?limit=0",
        "/v1/markets?limit=51",
        "/v1/markets?other=1",
        f"{MARKET}/depth?step_bps=0",
        f"{MARKET}/depth?step_bps=7",
        f"{MARKET}/depth?step_bps=1005",
        f"{MARKET}/depth?levels=201",
        f"{MARKET}/trades?limit=201",
        f"{MARKET}/candles",
        f"{MARKET}/candles?interval=2m",
        f"{MARKET}/candles?interval=1w&limit=1001",
        f"{MARKET}/candles?interval=1w&to=0001-01-01T00:00:00Z",
        f"{MARKET}/candles?interval=1w&from=9999-12-31T00:00:00Z",
        f"{MARKET}/candles?interval=1w&to=2026-01-01T00:00:00",
        "/v1/markets/eth/EUR",
        "/v1/markets/ETH/EURO/depth",
    ],
)
async def test_what_is_out_of_bounds_is_refused(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(path)).status_code == 422


@pytest.mark.parametrize("path", PATHS)
async def test_a_pair_that_cannot_be_is_told_so(api: httpx.AsyncClient, path: str) -> None:
    for pair, slug in (("DOGE/EUR", "asset-not-traded"), ("ETH/XXX", "currency-unknown")):
        answer = await api.get(f"/v1/markets/{pair}{path}")
        assert (answer.status_code, answer.json()["type"]) == (400, _type(slug))


async def test_the_furthest_stretch_is_no_error(api: httpx.AsyncClient) -> None:
    answer = await api.get(f"{MARKET}/candles?interval=1w&limit=1000&to=2009-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["data"]) == (200, [])
