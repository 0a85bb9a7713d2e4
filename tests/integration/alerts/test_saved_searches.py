"""Saved searches: kept, bounded, forgotten; and each offer that they wait for is told once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from tests.integration.offers.conftest import Maker
from tests.integration.offers.making import TAKER, published, sums
from tests.market import Market, SetClock
from tradepost.alerts import jobs, service
from tradepost.alerts.model import MAX_SAVED_SEARCHES, TooManySavedSearches
from tradepost.book.model import Wanted
from tradepost.kernel.database import Database
from tradepost.kernel.money import Asset
from tradepost.offers import service as offers
from tradepost.offers.model import Taker

PATH = "/v1/saved-searches"
ETH = {"asset": "ETH"}


@pytest.fixture
async def waits(new_maker: Callable[[], Awaitable[Maker]]) -> Maker:
    """Somebody who waits for an offer."""
    return await new_maker()


async def saved(api: httpx.AsyncClient, who: Maker, **said: object) -> dict[str, Any]:
    """A saved search."""
    answer = await api.post(PATH, json={"name": "Coins"} | said, headers=who.headers())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def tell(database: Database) -> None:
    """Those who wait are told of all that is new."""
    more = True
    while more:
        async with database.transaction() as tx:
            more = await service.tell(tx, 100)


async def heard(api: httpx.AsyncClient, who: Maker) -> list[tuple[str, str]]:
    """Of which search and offer the account was told."""
    params = {"limit": "100"}
    answer = await api.get("/v1/account/events", params=params, headers=who.headers())
    events = answer.json()["data"]
    return [
        (event["payload"]["search_id"], event["payload"]["offer_id"])
        for event in events
        if event["type"] == "saved.search_matched"
    ]


async def step(api: httpx.AsyncClient, maker: Maker, offer: dict[str, Any], name: str) -> None:
    """A maker's step."""
    path = f"/v1/offers/{offer['id']}/{name}"
    assert (await api.post(path, headers=maker.headers())).status_code == 200


async def edit(api: httpx.AsyncClient, maker: Maker, offer: dict[str, Any], **said: object) -> None:
    """The maker changes what he sees now."""
    path = f"/v1/offers/{offer['id']}"
    version = (await api.get(path, headers=maker.headers())).json()["version"]
    answer = await api.patch(
        path, json=said, headers=maker.headers() | {"If-Match": f'"{version}"'}
    )
    assert answer.status_code == 200, answer.text


async def test_a_search_is_saved_listed_and_forgotten(
    api: httpx.AsyncClient, waits: Maker, maker: Maker
) -> None:
    said = {
        "name": "Coins for 250",
        "direction": "sell",
        "asset": "ETH",
        "currency": "EUR",
        "amount": None,
        "fiat_amount": "250.00",
        "payment_method": ["sepa", "revolut"],
        "country": "DE",
        "maker": str(maker.id),
    }
    first = await saved(api, waits, **said)
    assert {name: first[name] for name in said} == said
    second = await saved(api, waits, asset="ETH", amount="1.5")
    assert second["amount"] == "1.500000000000000000"
    mine = await api.get(PATH, headers=waits.headers())
    assert mine.json()["data"] == [second, first]
    assert (await api.get(PATH, headers=maker.headers())).json()["data"] == []
    path = f"{PATH}/{first['id']}"
    assert (await api.delete(path, headers=maker.headers())).status_code == 404
    gone = [(await api.delete(path, headers=waits.headers())).status_code for _ in range(2)]
    assert gone == [204, 404]
    assert (await api.get(PATH, headers=waits.headers())).json()["data"] == [second]


@pytest.mark.parametrize(
    ("said", "status", "slug"),
    [
        ({}, 400, "search-too-wide"),
        ({"direction": "sell"}, 400, "search-too-wide"),
        ({"payment_method": ["sepa"], "country": "DE"}, 400, "search-too-wide"),
        ({"maker": str(UUID(int=1))}, 400, "search-too-wide"),
        ({"asset": "BTC"}, 400, "asset-not-traded"),
        ({"currency": "XAU"}, 400, "currency-unknown"),
        ({"currency": "EUR", "amount": "1"}, 422, "malformed-request"),
        ({"asset": "ETH", "fiat_amount": "1"}, 422, "malformed-request"),
        ({"currency": "EUR", "fiat_amount": "0.001"}, 422, "malformed-request"),
        ({"asset": "ETH", "payment_method": ["sepa"] * 11}, 422, "malformed-request"),
        ({"asset": "ETH", "online": True}, 422, "malformed-request"),
        ({"asset": "ETH", "name": ""}, 422, "malformed-request"),
        ({"asset": "ETH", "name": "x" * 101}, 422, "malformed-request"),
        ({"asset": "ETH", "name": None}, 422, "malformed-request"),
    ],
)
async def test_a_search_that_is_too_wide_or_none_is_refused(
    api: httpx.AsyncClient, waits: Maker, said: dict[str, object], status: int, slug: str
) -> None:
    answer = await api.post(PATH, json={"name": "Coins"} | said, headers=waits.headers())
    assert (answer.status_code, answer.json()["type"]) == (
        status,
        f"urn:tradepost:problem:{slug}",
    )
    assert (await api.get(PATH, headers=waits.headers())).json()["data"] == []


async def test_saving_a_search_needs_a_token(api: httpx.AsyncClient, waits: Maker) -> None:
    body = {"name": "Coins", "asset": "ETH"}
    without = await api.post(PATH, json=body, headers={"Idempotency-Key": "a"})
    assert without.status_code == 401
    assert (await api.get(PATH)).status_code == 401
    assert (await api.delete(f"{PATH}/{uuid4()}")).status_code == 401
    once = waits.headers("same")
    answers = [await api.post(PATH, json=body, headers=once) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await api.get(PATH, headers=waits.headers())).json()["data"]) == 1


async def test_saved_searches_are_bounded_even_when_saved_at_once(
    database: Database, waits: Maker
) -> None:
    async def save() -> bool:
        try:
            async with database.transaction() as tx:
                wanted = Wanted(asset=Asset("ETH", 18))
                await service.save_search(tx, waits.id, "Coins", wanted)
        except TooManySavedSearches:
            return False
        return True

    made = await asyncio.gather(*(save() for _ in range(MAX_SAVED_SEARCHES + 5)))
    assert sum(made) == MAX_SAVED_SEARCHES
    async with database.transaction() as tx:
        first, *_ = await service.saved_searches(tx, waits.id)
        await service.forget_search(tx, waits.id, first.id)
    assert await save()


async def test_an_offer_is_told_once_to_each_search_and_never_to_its_maker(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    first, second = await saved(api, waits, **ETH), await saved(api, waits, currency="EUR")
    own = await saved(api, maker, **ETH)
    offer = await published(api, maker)
    await tell(database)
    expected = [(first["id"], offer["id"]), (second["id"], offer["id"])]
    assert sorted(await heard(api, waits)) == sorted(expected)
    assert await heard(api, maker) == []
    # Whatever its maker does with it, it is not new again.
    await tell(database)
    await edit(api, maker, offer, price="2400")
    await step(api, maker, offer, "pause")
    await step(api, maker, offer, "resume")
    await tell(database)
    assert sorted(await heard(api, waits)) == sorted(expected)
    assert (await api.get(PATH, headers=maker.headers())).json()["data"] == [own]


async def test_what_was_there_before_is_not_told(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    await published(api, maker)
    await tell(database)
    await saved(api, waits, **ETH)
    await tell(database)
    assert await heard(api, waits) == []


async def test_a_search_that_is_forgotten_hears_nothing(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    search = await saved(api, waits, **ETH)
    told = await published(api, maker)
    await tell(database)
    await api.delete(f"{PATH}/{search['id']}", headers=waits.headers())
    await published(api, maker)
    await tell(database)
    assert await heard(api, waits) == [(search["id"], told["id"])]


@pytest.mark.parametrize(
    ("said", "matches"),
    [
        ({"asset": "ETH"}, True),
        ({"asset": "USDT"}, False),
        ({"currency": "EUR"}, True),
        ({"currency": "USD"}, False),
        ({"asset": "ETH", "direction": "sell"}, True),
        ({"asset": "ETH", "direction": "buy"}, False),
        ({"asset": "ETH", "payment_method": ["revolut", "pix"]}, True),
        ({"asset": "ETH", "payment_method": ["pix"]}, False),
        ({"asset": "ETH", "country": "DE"}, True),
        ({"asset": "ETH", "country": "AT"}, False),
        # Of 0.1 to 1 coins at 2500.50.
        ({"asset": "ETH", "amount": "0.1"}, True),
        ({"asset": "ETH", "amount": "1"}, True),
        ({"asset": "ETH", "amount": "0.099999999999999999"}, False),
        ({"asset": "ETH", "amount": "1.000000000000000001"}, False),
        ({"currency": "EUR", "fiat_amount": "250.05"}, True),
        ({"currency": "EUR", "fiat_amount": "2500.50"}, True),
        ({"currency": "EUR", "fiat_amount": "250.04"}, False),
        ({"currency": "EUR", "fiat_amount": "2500.51"}, False),
        ({"asset": "ETH", "currency": "EUR", "amount": "1", "country": "DE"}, True),
        ({"asset": "ETH", "currency": "USD", "amount": "1", "country": "DE"}, False),
        ({"asset": "ETH", "maker": str(TAKER)}, False),
    ],
)
async def test_only_what_is_wanted_is_told(
    api: httpx.AsyncClient,
    database: Database,
    waits: Maker,
    maker: Maker,
    said: dict[str, Any],
    matches: bool,
) -> None:
    search = await saved(api, waits, **said)
    offer = await published(api, maker, country="DE")
    await tell(database)
    assert await heard(api, waits) == ([(search["id"], offer["id"])] if matches else [])


async def test_the_amount_of_a_floating_offer_counts_at_the_price_of_now(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker, market: Market
) -> None:
    await market.moves("2500")
    dear = await saved(api, waits, currency="EUR", fiat_amount="2700")
    cheap = await saved(api, waits, currency="EUR", fiat_amount="240")
    offer = await published(api, maker, price=None, margin_bps=0)
    await market.moves("2400")
    await tell(database)
    # 0.1 to 1 coins at 2400.
    assert await heard(api, waits) == [(cheap["id"], offer["id"])]
    # It is new to a search that it did not fit before.
    await edit(api, maker, offer, margin_bps=1300)
    await tell(database)
    assert await heard(api, waits) == [(cheap["id"], offer["id"]), (dear["id"], offer["id"])]


async def test_an_offer_without_a_price_is_told_when_it_has_one(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker, market: Market
) -> None:
    search = await saved(api, waits, **ETH)
    offer = await published(api, maker, price=None, margin_bps=0)
    await tell(database)
    assert await heard(api, waits) == []
    await market.moves("2400")
    for _ in range(2):
        await tell(database)
        assert await heard(api, waits) == [(search["id"], offer["id"])]


async def test_amounts_of_the_currency_are_told_like_those_of_the_coin(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    fits = await saved(api, waits, currency="EUR", fiat_amount="100")
    await saved(api, waits, currency="EUR", fiat_amount="100.01")
    also = await saved(api, waits, asset="ETH", amount="0.03")
    offer = await published(
        api,
        maker,
        amount_unit="currency",
        min_amount="50",
        max_amount="100",
        total_amount="100",
    )
    await tell(database)
    assert sorted(await heard(api, waits)) == sorted(
        [(fits["id"], offer["id"]), (also["id"], offer["id"])]
    )


@pytest.mark.parametrize("visibility", ["link", "trusted"])
async def test_what_is_not_for_everybody_is_not_told(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker, visibility: str
) -> None:
    search = await saved(api, waits, **ETH)
    offer = await published(api, maker, visibility=visibility)
    await tell(database)
    assert await heard(api, waits) == []
    await edit(api, maker, offer, visibility="public")
    await tell(database)
    assert await heard(api, waits) == [(search["id"], offer["id"])]


async def test_an_offer_that_is_gone_again_is_not_told(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    await saved(api, waits, **ETH)
    for name in ("pause", "close"):
        await step(api, maker, await published(api, maker), name)
    await tell(database)
    assert await heard(api, waits) == []


async def test_an_offer_that_the_clock_opens_is_news(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker, clock: SetClock
) -> None:
    search = await saved(api, waits, **ETH)
    spans = [
        {"day": "sun", "opens": "13:00", "closes": "14:00"},
        {"day": "sun", "opens": "15:00", "closes": "16:00"},
    ]
    offer = await published(api, maker, working_hours={"time_zone": "UTC", "spans": spans})
    await tell(database)
    assert await heard(api, waits) == []
    for hour in (13, 14, 15, 16):
        clock.now = clock.now.replace(hour=hour)
        async with database.transaction() as tx:
            assert await offers.wake(tx)
        await tell(database)
        assert await heard(api, waits) == [(search["id"], offer["id"])]


async def test_an_offer_that_was_taken_before_anybody_heard_is_told_when_it_comes_back(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    search = await saved(api, waits, **ETH)
    offer = await published(api, maker, max_amount="1", min_amount="1", total_amount="1")
    async with database.transaction() as tx:
        seen = await offers.get(tx, UUID(offer["id"]))
        await offers.reserve(tx, seen, Taker(TAKER, 0, tx.now), *sums(seen, "1"))
    await tell(database)
    assert await heard(api, waits) == []
    async with database.transaction() as tx:
        await offers.give_back(tx, seen.id, *sums(seen, "1"))
    await tell(database)
    assert await heard(api, waits) == [(search["id"], offer["id"])]


async def test_two_workers_tell_each_news_once(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    searches = [(await saved(api, waits, **ETH))["id"] for _ in range(3)]
    made = [(await published(api, maker, price=str(price)))["id"] for price in range(1, 13)]

    async def work() -> None:
        more = True
        while more:
            async with database.transaction() as tx:
                more = await service.tell(tx, 2)

    await asyncio.gather(*(work() for _ in range(4)))
    told = await heard(api, waits)
    assert sorted(told) == sorted((search, offer) for search in searches for offer in made)


async def test_a_worker_that_dies_loses_no_news(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    search = await saved(api, waits, **ETH)
    offer = await published(api, maker)

    async def dies() -> None:
        async with database.transaction() as tx:
            assert await service.tell(tx, 100)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await dies()
    assert await heard(api, waits) == []
    queue = App(connector=InMemoryConnector())
    jobs.register(queue, database)
    await queue.tasks["alerts.tell"](timestamp=0)
    assert await heard(api, waits) == [(search["id"], offer["id"])]


async def test_however_many_wait_all_are_told(
    api: httpx.AsyncClient, database: Database, waits: Maker, maker: Maker
) -> None:
    """Those who wait for something else do not stand before those who wait for this."""
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO saved_searches (
                id, account_id, name, asset, asset_decimals, payment_methods, country, created_at
            )
            SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, %s, 'x',
                'ETH', 18, '{}', 'AT', %s
            FROM generate_series(1, 1500) AS number
            """,
            [maker.id, tx.now],
        )
        await tx.execute("INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [TAKER, tx.now])
        await tx.execute("UPDATE saved_searches SET account_id = %s", [TAKER])
    search = await saved(api, waits, **ETH)
    offer = await published(api, maker)
    await tell(database)
    assert await heard(api, waits) == [(search["id"], offer["id"])]
