"""A reference moves in bounded steps, gets where it should, and rests where the market rests."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.integration.book.test_search import EUR, USDT, Moment
from tradepost.book import search, service, store
from tradepost.book.model import Listing, Market, Wanted
from tradepost.identity import store as accounts
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount
from tradepost.kernel.pricing import Direction, FloatingPrice
from tradepost.prices.model import INDEX, Quote


def held_at(number: str, maker: Listing) -> Listing:
    """A seller's listing at the market's price, but never below `number`."""
    return replace(maker, id=new_id(), price=FloatingPrice(0, Decimal(number), INDEX))


async def kinds(tx: Transaction) -> tuple[int, int]:
    """How many listings have a price of their own, and how many follow the market."""
    row = await tx.one("SELECT count(level) AS level, count(tilt) AS tilt FROM listings")
    assert row is not None
    return row["level"], row["tilt"]


def quote(value: str) -> Quote:
    """The index of the pair."""
    (made,) = Moment({INDEX: Decimal(value)}).quotes(USDT, EUR)
    return made


async def test_a_reference_moves_by_steps_to_the_market(database: Database) -> None:
    async with database.transaction() as tx:
        maker_id = new_id()
        await accounts.add_wallet_account(tx, maker_id, "0x" + "7" * 40)
        listing = Listing(
            id=new_id(),
            maker_id=maker_id,
            direction=Direction.SELL,
            asset=USDT,
            currency=EUR,
            price=FloatingPrice(0, Decimal(100), INDEX),
            least=Amount(EUR, 100),
            most=Amount(EUR, 100),
            payment_methods=("sepa",),
            country=None,
            until=None,
            document="{}",
        )
        for number in range(101, 111):
            made = held_at(str(number), listing)
            await service.show(tx, {made.id: made}, news=False)
        # The first one's threshold, 101, became the reference: at it, all others are held.
        assert (await kinds(tx))[1] <= 1
        steps = 0
        while not await store.move_reference(tx, quote("120"), 3):
            steps += 1
        assert (steps, await kinds(tx)) == (2, (0, 10))
        assert await store.move_reference(tx, quote("120"), 3)
        while not await store.move_reference(tx, quote("105.5"), 3):
            steps += 1
        assert (steps, await kinds(tx)) == (3, (5, 5))
        wanted = Wanted(Direction.SELL, USDT, EUR)
        found = await search.best(tx, wanted, Market.of([quote("105.5")]), None, None, 20)
        assert [one.price for one in found] == [Decimal("105.50000")] * 5 + [
            Decimal(number) for number in range(106, 111)
        ]


async def test_the_job_follows_only_what_has_moved_far(database: Database) -> None:
    async with database.transaction() as tx:
        feed = [USDT.code, EUR.code, INDEX]
        await tx.execute(
            "INSERT INTO listing_references VALUES (%s, %s, %s, 100)",
            feed,
        )

        async def market(value: str) -> Decimal:
            """The reference, once the job has seen the market at `value`."""
            await tx.execute("DELETE FROM price_quotes")
            await tx.execute(
                """
                INSERT INTO price_quotes (
                    base, quote, source, value, as_of, valid_until, development
                ) VALUES (%s, %s, %s, %s, %s, %s, false)
                """,
                [*feed, Decimal(value), tx.now, tx.now + timedelta(minutes=1)],
            )
            while await service.follow_market(tx):
                pass
            (reference,) = (await store.references(tx)).values()
            return reference

        assert await market("100.1") == 100
        assert await market("100.2") == Decimal("100.2")
        assert await market("50") == 50
