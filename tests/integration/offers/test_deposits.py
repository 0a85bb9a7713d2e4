"""Offers that a deposit backs: in the book, to everybody and to their maker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.integration.offers.conftest import Maker
from tests.integration.offers.making import ETH, body, created, draft, published, take
from tradepost.kernel.database import Database
from tradepost.offers import deposits, service
from tradepost.offers.model import Deposit, Offer


async def has(database: Database, maker: Maker, coins: str, asset: str = "ETH") -> None:
    """Escrow has read what a maker's wallet has."""
    deposit = Deposit(ETH.amount(coins).minor, 4711)
    async with database.transaction() as tx:
        await service.deposit_read(tx, maker.wallet, asset, deposit)


async def listed(api: httpx.AsyncClient, **query: Any) -> dict[str, bool]:
    """The offers that a search finds, and whether each is funded."""
    answer = await api.get("/v1/offers", params=query)
    assert answer.status_code == 200, answer.text
    return {one["id"]: one["funded"] for one in answer.json()["data"]}


async def test_an_offer_is_funded_as_long_as_the_deposit_covers_it(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    own = await published(api, maker)
    assert (own["funded"], own["deposit_block"]) == (False, None)
    assert await listed(api) == {own["id"]: False}
    await has(database, maker, "5")
    seen = (await api.get(f"/v1/offers/{own['id']}")).json()
    assert (seen["funded"], seen["deposit_block"]) == (True, 4711)
    assert (seen["version"], seen["updated_at"]) == (own["version"], own["updated_at"])
    assert await listed(api) == await listed(api, funded=True) == {own["id"]: True}
    (mine,) = (await api.get("/v1/my/offers", headers=maker.headers())).json()["data"]
    assert (mine["funded"], mine["deposit_block"]) == (True, 4711)
    await has(database, maker, "4.999999999999999999")
    seen = (await api.get(f"/v1/offers/{own['id']}")).json()
    assert (seen["funded"], seen["deposit_block"]) == (False, 4711)
    assert await listed(api) == {own["id"]: False}
    assert await listed(api, funded=True) == {}


async def test_a_new_offer_over_a_known_deposit_is_funded_at_once(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    await has(database, maker, "5")
    own = await published(api, maker)
    assert (own["funded"], own["deposit_block"]) == (True, 4711)
    assert await listed(api, funded=True) == {own["id"]: True}


async def test_several_offers_are_each_held_against_the_whole_deposit(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    small = await published(api, maker, total_amount="2")
    large = await published(api, maker, total_amount="3")
    await has(database, maker, "2.5")
    assert await listed(api) == {small["id"]: True, large["id"]: False}
    await has(database, maker, "3")
    assert await listed(api) == {small["id"]: True, large["id"]: True}


async def test_a_take_leaves_less_to_cover(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    offer = await created(database, maker)
    await has(database, maker, "3")
    assert await listed(api) == {str(offer.id): False}
    assert isinstance(await take(database, offer.id, "2"), Offer)
    assert await listed(api) == {str(offer.id): True}
    async with database.transaction() as tx:
        price = ETH.amount("2"), offer.currency.amount("5000")
        await service.give_back(tx, offer.id, *price)
    assert await listed(api) == {str(offer.id): False}


async def test_another_wallet_and_another_asset_back_nothing(
    api: httpx.AsyncClient,
    database: Database,
    maker: Maker,
    new_maker: Callable[[], Awaitable[Maker]],
) -> None:
    own = await published(api, maker)
    await has(database, await new_maker(), "500")
    await has(database, maker, "500", asset="USDT")
    buying = await published(api, maker, direction="buy")
    assert await listed(api) == {own["id"]: False, buying["id"]: False}
    await has(database, maker, "500")
    assert await listed(api) == {own["id"]: True, buying["id"]: False}


async def test_an_offer_that_is_not_in_the_book_is_funded_too(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    own = await published(api, maker, visibility="link")
    await has(database, maker, "5")
    seen = await api.get(f"/v1/offers/{own['id']}", params={"link": own["link"]})
    assert seen.json()["funded"] is True
    paused = await published(api, maker)
    await api.post(f"/v1/offers/{paused['id']}/pause", headers=maker.headers())
    await has(database, maker, "0")
    again = await api.post(f"/v1/offers/{paused['id']}/resume", headers=maker.headers())
    assert again.json()["funded"] is False
    assert await listed(api) == {paused["id"]: False}


async def test_facets_count_what_is_funded(
    api: httpx.AsyncClient,
    database: Database,
    maker: Maker,
    new_maker: Callable[[], Awaitable[Maker]],
) -> None:
    other = await new_maker()
    for one in (maker, maker, other):
        await published(api, one)
    await has(database, maker, "5")
    counted = (await api.get("/v1/offers/facets")).json()
    assert (counted["total"], counted["funded"]) == (3, 2)
    counted = (await api.get("/v1/offers/facets", params={"funded": "true"})).json()
    assert (counted["total"], counted["funded"]) == (2, 2)
    assert counted["directions"] == {"sell": 2}


@pytest.mark.parametrize("pair", [{}, {"direction": "sell", "asset": "ETH", "currency": "EUR"}])
async def test_pages_of_what_is_funded(
    api: httpx.AsyncClient,
    database: Database,
    maker: Maker,
    new_maker: Callable[[], Awaitable[Maker]],
    pair: dict[str, str],
) -> None:
    other = await new_maker()
    wanted = set()
    for number in range(4):
        wanted.add((await published(api, maker, price=str(2500 + number)))["id"])
        await published(api, other)
    await has(database, maker, "5")
    found: set[str] = set()
    query: dict[str, Any] = {**pair, "funded": True, "limit": 3}
    while True:
        page = (await api.get("/v1/offers", params=query)).json()
        found |= {one["id"] for one in page["data"]}
        if page["next_cursor"] is None:
            break
        # A cursor of another search is none here.
        other_search = await api.get(
            "/v1/offers", params={**query, "funded": False, "cursor": page["next_cursor"]}
        )
        assert other_search.json()["type"].endswith(":invalid-cursor")
        query["cursor"] = page["next_cursor"]
    assert found == wanted


@pytest.mark.parametrize("value", ["", "maybe", "2", "-1", "null", "[]", "true,false", "\u0661"])
async def test_a_filter_that_is_no_yes_or_no_is_refused(api: httpx.AsyncClient, value: str) -> None:
    for path in ("/v1/offers", "/v1/offers/facets"):
        answer = await api.get(path, params={"funded": value})
        assert answer.status_code == 422, answer.text


async def test_nobody_says_of_himself_that_he_is_funded(
    api: httpx.AsyncClient, maker: Maker
) -> None:
    answer = await api.post("/v1/offers", json=body(maker, funded=True), headers=maker.headers())
    assert answer.status_code == 422
    own = await published(api, maker)
    answer = await api.patch(
        f"/v1/offers/{own['id']}",
        json={"funded": True},
        headers=maker.headers() | {"If-Match": '"1"'},
    )
    assert answer.status_code == 422
    saved = await api.post(
        "/v1/saved-searches",
        json={"name": "x", "asset": "ETH", "funded": True},
        headers=maker.headers(),
    )
    assert saved.status_code == 422


async def test_no_listing_keeps_what_was_true_before(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    """A deposit comes and goes while the maker publishes, edits, pauses, and others take."""
    first = [await created(database, maker) for _ in range(4)]

    async def come_and_go() -> None:
        for number in range(24):
            await has(database, maker, "5" if number % 2 else "1")

    async def publish() -> None:
        for _ in range(8):
            await created(database, maker)

    async def rest(offer: Offer) -> None:
        for _ in range(6):
            async with database.transaction() as tx:
                await service.pause(tx, maker.id, offer.id)
            async with database.transaction() as tx:
                await service.resume(tx, maker.id, offer.id)

    async def taken(offer: Offer) -> None:
        for _ in range(6):
            assert isinstance(await take(database, offer.id, "1"), Offer)
            async with database.transaction() as tx:
                await service.give_back(
                    tx, offer.id, ETH.amount("1"), offer.currency.amount("2500")
                )

    await asyncio.gather(
        come_and_go(), come_and_go(), publish(), *map(rest, first[:2]), *map(taken, first[2:])
    )
    shown = await listed(api, limit=100)
    assert len(shown) == 12
    async with database.transaction() as tx:
        found = await service.mine(tx, maker.id, None, 100)
        backed = await deposits.behind(tx, found.offers)
    assert shown == {
        str(offer.id): funded for offer, (_, funded) in zip(found.offers, backed, strict=True)
    }


async def until_waited_for(database: Database, other: asyncio.Task[None]) -> None:
    """Waits until `other` waits for a row that somebody holds, or is done."""
    async with asyncio.timeout(10):
        while not other.done():
            async with database.transaction() as tx:
                if await tx.one("SELECT 1 FROM pg_locks WHERE NOT granted"):
                    return
            await asyncio.sleep(0.01)


async def test_who_lists_an_offer_holds_its_deposit(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    """A deposit comes between the look at the old one and the commit of what follows from it."""
    await has(database, maker, "1")
    async with database.transaction() as tx:
        offer = await service.create_offer(tx, maker.id, draft(maker))
        coming = asyncio.create_task(has(database, maker, "5"))
        await until_waited_for(database, coming)
        assert not coming.done()
    await coming
    assert await listed(api) == {str(offer.id): True}
    async with database.transaction() as tx:
        await service.pause(tx, maker.id, offer.id)
    async with database.transaction() as tx:
        await service.resume(tx, maker.id, offer.id)
        going = asyncio.create_task(has(database, maker, "0"))
        await until_waited_for(database, going)
    await going
    assert await listed(api) == {str(offer.id): False}


async def test_the_first_deposit_and_the_first_offer_at_once(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    async with database.transaction() as tx:
        offer = await service.create_offer(tx, maker.id, draft(maker))
        coming = asyncio.create_task(has(database, maker, "5"))
        await until_waited_for(database, coming)
    await coming
    assert await listed(api) == {str(offer.id): True}
    async with database.transaction() as tx:
        deposit = Deposit(ETH.amount("5").minor, 1)
        await service.deposit_read(tx, maker.wallet, "USDT", deposit)
        publishing = asyncio.create_task(publish(database, maker, asset="USDT"))
        await until_waited_for(database, publishing)
    await publishing
    assert all((await listed(api)).values())


async def publish(database: Database, maker: Maker, **changes: Any) -> None:
    """Publishes an offer."""
    await created(database, maker, **changes)


async def test_what_nobody_has_read_is_asked_for(
    api: httpx.AsyncClient, database: Database, maker: Maker
) -> None:
    await published(api, maker)
    await published(api, maker)
    await published(api, maker, direction="buy", asset="USDT")
    async with database.transaction() as tx:
        assert await service.unread_deposits(tx, 9) == [(maker.wallet.lower(), "ETH")]
    await has(database, maker, "0")
    async with database.transaction() as tx:
        assert await service.unread_deposits(tx, 9) == []
