"""Prices as everybody sees them."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.integration.prices.conftest import SetClock
from tests.integration.prices.test_quotes import tell
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.prices import service
from tradepost.prices.model import Fault, Pair, Told


@pytest.fixture
async def api(settings: Settings, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API whose clock is set."""
    from tradepost.entrypoints.http import build

    app = build(settings, clock)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000/v1"
        ) as client,
    ):
        yield client


@pytest.fixture
async def priced(database: Database, clock: SetClock) -> None:
    """ETH in EUR by three sources, one of which is far off; in USD over EUR."""
    await tell(database, "one", "2000")
    await tell(database, "two", "2001")
    async with database.transaction() as tx:
        answer = {
            Pair("ETH", "EUR"): Told(Decimal("2100.50")),
            Pair("EUR", "USD"): Told(Decimal("1.25")),
        }
        await service.record(tx, tx.settings.price_sources[2], tx.now, answer)
    clock.go_on(10)


async def test_a_price_shows_how_it_came_about(priced: None, api: httpx.AsyncClient) -> None:
    answer = await api.get("/prices/ETH/EUR")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    body = answer.json()
    sources = body.pop("sources")
    assert body == {
        "asset": "ETH",
        "currency": "EUR",
        "price": "2001",
        "as_of": "2026-03-01T12:00:30Z",
        "valid_until": "2026-03-01T12:02:30Z",
        "spread_bps": 5,
        "crossed_over": None,
        "development": False,
        "age_s": 10,
    }
    assert sources == [
        {
            "name": name,
            "pair": "ETH/EUR",
            "price": price,
            "at": "2026-03-01T12:00:30Z",
            "used": why is None,
            "why_not": why,
        }
        for name, price, why in [
            ("one", "2000", None),
            ("three", "2100.5", "outlier"),
            ("two", "2001", None),
        ]
    ]


async def test_a_crossed_price_names_what_it_went_over(
    priced: None, api: httpx.AsyncClient
) -> None:
    body = (await api.get("/prices/ETH/USD")).json()
    assert body["price"] == "2501.25"
    assert body["crossed_over"] == "EUR"
    assert {source["pair"] for source in body["sources"]} == {"ETH/EUR", "EUR/USD"}


async def test_the_list_goes_page_by_page(priced: None, api: httpx.AsyncClient) -> None:
    first = (await api.get("/prices", params={"limit": 1})).json()
    assert [one["currency"] for one in first["data"]] == ["EUR"]
    second = (await api.get("/prices", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert [one["currency"] for one in second["data"]] == ["USD"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"asset": "ETH"}, ["EUR", "USD"]),
        ({"currency": "USD"}, ["USD"]),
        ({"asset": "USDT"}, []),
        ({"currency": "JPY"}, []),
    ],
)
async def test_the_list_can_be_filtered(
    priced: None, api: httpx.AsyncClient, filters: dict[str, str], found: list[str]
) -> None:
    body = (await api.get("/prices", params=filters)).json()
    assert [one["currency"] for one in body["data"]] == found


async def test_a_cursor_is_of_its_list_alone(priced: None, api: httpx.AsyncClient) -> None:
    cursor = (await api.get("/prices", params={"limit": 1})).json()["next_cursor"]
    answer = await api.get("/prices", params={"cursor": cursor, "asset": "ETH"})
    assert answer.json()["type"] == "urn:tradepost:problem:invalid-cursor"


@pytest.mark.parametrize("path", ["/prices", "/prices/ETH/EUR", "/prices/ETH/EUR/history"])
async def test_what_one_has_is_not_sent_again(
    priced: None, api: httpx.AsyncClient, database: Database, clock: SetClock, path: str
) -> None:
    tag = (await api.get(path)).headers["ETag"]
    clock.go_on(5)
    again = await api.get(path, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    clock.go_on(60)
    await tell(database, "one", "1999")
    await tell(database, "two", "2003")
    assert (await api.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_a_stale_price_is_not_shown_even_to_who_has_it(
    priced: None, api: httpx.AsyncClient, clock: SetClock
) -> None:
    tag = (await api.get("/prices/ETH/EUR")).headers["ETag"]
    clock.go_on(120)
    answer = await api.get("/prices/ETH/EUR", headers={"If-None-Match": tag})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    body = answer.json()
    assert body["type"] == "urn:tradepost:problem:price-unavailable"
    assert (body["reason"], body["since"]) == ("stale", "2026-03-01T12:02:30Z")
    assert "2001" not in answer.text
    assert (await api.get("/prices")).json() == {"data": [], "next_cursor": None}


async def test_a_failing_source_is_named(
    api: httpx.AsyncClient, database: Database, clock: SetClock
) -> None:
    await tell(database, "one", Fault.TIMEOUT)
    body = (await api.get("/prices/ETH/EUR")).json()
    assert body["sources"] == [{"name": "one", "pair": "ETH/EUR", "why_not": "timeout"}]


@pytest.mark.parametrize("path", ["/prices/ETH/JPY", "/prices/EUR/USD", "/prices/XX/JPY/history"])
async def test_a_pair_that_nobody_quotes_is_not_found(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:tradepost:problem:pair-not-quoted"


@pytest.mark.parametrize(
    "path",
    [
        "/prices/eth/EUR",
        "/prices/ETH/E",
        "/prices/ETH/EUR%00",
        "/prices?limit=0",
        "/prices?limit=201",
        "/prices?asset=%27",
        "/prices?colour=red",
        "/prices/ETH/EUR/history?limit=2001",
        "/prices/ETH/EUR/history?from=yesterday",
        "/prices/ETH/EUR/history?from=2026-03-01T12:00:00",
        "/prices/ETH/EUR/history?cursor=" + "x" * 501,
    ],
)
async def test_what_makes_no_sense_is_malformed(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.get(path)).status_code == 422


async def test_the_past_goes_page_by_page_from_the_oldest_on(
    api: httpx.AsyncClient, database: Database, clock: SetClock
) -> None:
    for n in range(5):
        await tell(database, "one", str(2000 + n))
        clock.go_on(60)

    async def page(**params: Any) -> dict[str, Any]:
        answer = await api.get("/prices/ETH/EUR/history", params=params)
        assert answer.status_code == 200
        return dict(answer.json())

    first = await page(limit=3)
    assert first["data"][0] == {
        "at": "2026-03-01T12:00:00Z",
        "price": "2000",
        "development": False,
    }
    assert [point["price"] for point in first["data"]] == ["2000", "2001", "2002"]
    clock.go_on(86_400)
    second = await page(limit=3, cursor=first["next_cursor"])
    assert [point["price"] for point in second["data"]] == ["2003", "2004"]
    assert second["next_cursor"] is None
    between = {"from": "2026-03-01T12:01:00Z", "to": "2026-03-01T13:03:00+01:00"}
    assert [point["price"] for point in (await page(**between))["data"]] == ["2001", "2002"]
    assert (await page(**{"from": between["to"], "to": between["from"]}))["data"] == []


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e300"],
)
async def test_the_ends_of_time_are_malformed(api: httpx.AsyncClient, at: str) -> None:
    for params in ({"from": at}, {"to": at}):
        assert (await api.get("/prices/ETH/EUR/history", params=params)).status_code == 422


def test_the_document_tells_the_prices(settings: Settings) -> None:
    from tradepost.entrypoints.http import build

    paths = build(settings).openapi()["paths"]
    for path in ("/v1/prices", "/v1/prices/{asset}/{currency}"):
        responses = paths[path]["get"]["responses"]
        assert "304" in responses
        assert responses["200"]["content"]["application/json"]["schema"]
