"""What everybody is told of a market: its newest price, and each change of its offers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain, pairwise
from uuid import UUID

import pytest

from tests import market as markets
from tests.integration.notifications import serving
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import Exchange, Person, Query
from tests.market import Market
from tradepost.book import changes, service
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Asset
from tradepost.kernel.pricing import FloatingPrice
from tradepost.kernel.settings import Settings
from tradepost.notifications.messages import OfferMessage, PriceMessage

OFFERS: Query = {"channels": "offers:ETH-EUR"}
PRICES: Query = {"channels": "prices:ETH-EUR"}
USD = Asset("USD", 2)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An exchange with two price sources."""
    return markets.settings(settings)


async def test_a_price_is_told_at_once_and_when_it_changes(exchange: Exchange) -> None:
    market = Market(exchange.database)
    async with exchange.reader(query=PRICES) as reader:
        assert (await reader.next("subscribed"))["seq"] is None
        assert await reader.next() == {
            "type": "price",
            "channel": "prices:ETH-EUR",
            "price": None,
        }
        await market.moves("2500.50")
        told = PriceMessage.model_validate(await reader.next())
        assert told.price is not None
        assert told.price.price == "2500.5"
        await market.moves("2501")
        async with exchange.client() as client:
            shown = (await client.get("/v1/prices/ETH/EUR")).json()
        told_again = await reader.next()
        while told_again["price"]["price"] != "2501":
            told_again = await reader.next()
        assert told_again["price"].items() <= shown.items()
    async with exchange.reader(query=PRICES) as late:
        await late.next("subscribed")
        assert (await late.next())["price"]["price"] == "2501"


async def test_of_many_prices_the_newest_is_told(exchange: Exchange) -> None:
    """However many there were meanwhile, a reader ends with the last, and gets none twice."""
    market = Market(exchange.database)
    async with exchange.reader(query=PRICES) as reader:
        await reader.next("price")
        for number in range(2_500, 2_540):
            await market.moves(str(number))
        told = [await reader.next("price")]
        while told[-1]["price"]["price"] != "2539":
            told.append(await reader.next("price"))
    assert 0 < len(told) <= 40 * len(markets.SOURCES)
    values = [one["price"] for one in told]
    assert all(before != after for before, after in pairwise(values))


async def test_a_price_that_goes_stale_is_gone(settings: Settings) -> None:
    pace = replace(serving.PACE, look_s=0.1)
    async with serving.served(settings, pace) as exchange:
        await Market(exchange.database).moves("2500")
        async with exchange.reader(query=PRICES) as reader:
            assert (await reader.next("price"))["price"]["price"] == "2500"
            async with exchange.database.transaction() as tx:
                await tx.execute(
                    "UPDATE price_quotes SET valid_until = %s WHERE value IS NOT NULL", [tx.now]
                )
            assert (await reader.next("price"))["price"] is None


async def test_offers_come_change_and_go(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(query=OFFERS) as reader:
        assert (await reader.next("subscribed"))["seq"] == 0
        one = listing(rosa.account_id)
        steps = (one, replace(one, document=listing(one.maker_id, one.id, terms="x").document))
        for seq, step in enumerate(steps, 1):
            await show(exchange.database, {one.id: step})
            told = OfferMessage.model_validate(await reader.next())
            assert (told.seq, told.after, told.offer_id) == (seq, seq - 1, one.id)
            assert told.offer is not None
            assert told.offer.id == one.id
            assert told.offer.terms == ("x" if seq == 2 else "")
            assert (told.offer.price, told.offer.funded) == ("2500", False)
        async with exchange.database.transaction() as tx:
            await service.say_funded(tx, {one.id: True})
        assert (await reader.next())["offer"]["funded"] is True
        # Where nothing changes, nothing is told.
        async with exchange.database.transaction() as tx:
            await service.say_funded(tx, {one.id: True})
        await show(exchange.database, {new_id(): None})
        await show(exchange.database, {one.id: None})
        told = OfferMessage.model_validate(await reader.next())
        assert (told.seq, told.offer_id, told.offer) == (4, one.id, None)


async def test_a_floating_offer_has_no_price_of_its_own(exchange: Exchange, rosa: Person) -> None:
    one = listing(rosa.account_id)
    limited = FloatingPrice(150, Decimal(2_000), "index")
    async with exchange.reader(query=OFFERS) as reader:
        await reader.next("subscribed")
        await show(exchange.database, {one.id: replace(one, price=limited)})
        assert (await reader.next())["offer"]["price"] is None


async def test_a_market_is_not_another(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(query=OFFERS) as reader:
        await reader.next("subscribed")
        other = listing(rosa.account_id, currency=USD)
        mine = listing(rosa.account_id)
        await show(exchange.database, {other.id: other})
        await show(exchange.database, {mine.id: mine})
        told = await reader.next()
        assert (told["seq"], told["offer_id"]) == (1, str(mine.id))


async def test_an_offer_past_its_time_is_not_shown(exchange: Exchange, rosa: Person) -> None:
    async with exchange.database.reading() as reading:
        past = reading.now - timedelta(seconds=1)
    over = listing(rosa.account_id, until=past)
    async with exchange.reader(query=OFFERS) as reader:
        await reader.next("subscribed")
        await show(exchange.database, {over.id: over})
        assert (await reader.next())["offer"] is None


async def test_a_follower_goes_on_where_he_was(exchange: Exchange, rosa: Person) -> None:
    listings = [listing(rosa.account_id) for _ in range(5)]
    for one in listings:
        await show(exchange.database, {one.id: one})
    async with exchange.reader(query=OFFERS | {"resume_from": "offers:ETH-EUR=0"}) as reader:
        told = [await reader.next("offer") for _ in range(5)]
        assert [one["offer_id"] for one in told] == [str(one.id) for one in listings]
    async with exchange.reader(query=OFFERS | {"resume_from": "offers:ETH-EUR=3"}) as reader:
        assert [(await reader.next("offer"))["seq"] for _ in range(2)] == [4, 5]


async def test_what_is_forgotten_is_read_anew(exchange: Exchange, rosa: Person) -> None:
    for _ in range(3):
        one = listing(rosa.account_id)
        await show(exchange.database, {one.id: one})
    await service.keep_changes(exchange.database)
    async with exchange.database.transaction() as tx:
        await tx.execute(
            "UPDATE market_changes SET numbered_at = %s WHERE seq < 3",
            [tx.now - timedelta(hours=2)],
        )
    await service.keep_changes(exchange.database)
    for position, why in ((0, "forgotten"), (9, "unknown")):
        query = OFFERS | {"resume_from": f"offers:ETH-EUR={position}"}
        async with exchange.reader(query=query) as reader:
            told = await reader.next("resync_required")
            assert (told["seq"], told["why"]) == (3, why)
    async with exchange.reader(query=OFFERS | {"resume_from": "offers:ETH-EUR=2"}) as reader:
        assert (await reader.next("offer"))["seq"] == 3


async def test_numbers_have_no_gap_whoever_gives_them(exchange: Exchange, rosa: Person) -> None:
    """Those who publish, those who number and those who read, all at once."""
    database = exchange.database
    done = asyncio.Event()

    async def publish() -> list[UUID]:
        made = []
        for _ in range(25):
            one = listing(rosa.account_id)
            await show(database, {one.id: one})
            made.append(one.id)
        return made

    async def number() -> None:
        while not done.is_set():
            async with database.transaction() as tx:
                await service.number_changes(tx, ("ETH", "EUR"))

    async def follow() -> AsyncIterator[tuple[int, str]]:
        query = OFFERS | {"resume_from": "offers:ETH-EUR=0"}
        async with exchange.reader(query=query) as reader:
            while True:
                told = await reader.next("offer")
                yield told["seq"], told["offer_id"]

    numbering = [asyncio.create_task(number()) for _ in range(2)]
    made = list(chain(*await asyncio.gather(*(publish() for _ in range(4)))))
    done.set()
    await asyncio.gather(*numbering)
    seen = []
    async for one in follow():
        seen.append(one)
        if len(seen) == len(made):
            break
    assert [seq for seq, _ in seen] == list(range(1, 101))
    assert {offer_id for _, offer_id in seen} == {str(one) for one in made}


async def test_many_changes_of_one_offer_before_anybody_looks_are_one(
    exchange: Exchange, rosa: Person
) -> None:
    one, other = listing(rosa.account_id), listing(rosa.account_id)
    for shown in (one, other, one, None):
        await show(exchange.database, {(shown or one).id: shown})
    await service.keep_changes(exchange.database)
    async with exchange.database.reading() as reading:
        found = await changes.after(reading, ("ETH", "EUR"), 0, 10)
    assert [(change.seq, change.listing_id) for change in found] == [(1, other.id), (2, one.id)]
    assert [change.document is None for change in found] == [False, True]
