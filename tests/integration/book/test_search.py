"""The book against a naive model: the same listings in the same order, while the market moves."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tradepost.book import search, store
from tradepost.book.model import Found, Listing, Market, Place, Wanted, matches, price_of
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount, Asset, Price
from tradepost.kernel.pricing import Direction, FixedPrice, FloatingPrice, PriceSpec
from tradepost.prices.model import Quote

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
# Of the second, a cent buys less than a unit, so that roundings of both sides are met.
USDT, GOLD = Asset("USDT", 6), Asset("GOLD", 2)
EUR, JPY = Asset("EUR", 2), Asset("JPY", 0)
METHODS = ("cash_in_person", "swift", "revolut")
MAKERS = (UUID(int=1), UUID(int=2))
SOURCES = ("index", "kraken")
#: Few and close to each other, so that limits, fixed prices and the market often meet.
MARKETS = ("99", "100", "100.123456789", "101", "102.5")
NUMBERS = ("98", "99.99", "100", "100.00", "101", "102.01")
MARGINS = (-10_000, -100, -1, 0, 1, 100, 101)

values = st.sampled_from([Decimal(text) for text in MARKETS])


@st.composite
def specs(draw: st.DrawFn, direction: Direction) -> PriceSpec:
    """How an offer says its price."""
    number = draw(st.sampled_from([Decimal(text) for text in NUMBERS]))
    if draw(st.booleans()):
        return FixedPrice(number)
    limit = draw(st.sampled_from([None, number]))
    margins = MARGINS if direction is Direction.SELL and limit is not None else MARGINS[1:]
    return FloatingPrice(draw(st.sampled_from(margins)), limit, draw(st.sampled_from(SOURCES)))


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    """A listing; most of them are of one direction and pair."""
    direction = draw(st.sampled_from([Direction.SELL] * 3 + [Direction.BUY] * 2))
    coin = draw(st.sampled_from([USDT] * 3 + [GOLD] * 2))
    money = draw(st.sampled_from([EUR] * 4 + [JPY]))
    unit = draw(st.sampled_from([coin, money]))
    least = draw(st.integers(1, 300))
    most = least + draw(st.sampled_from([0, 2, 100_000]))
    return Listing(
        id=new_id(),
        maker_id=draw(st.sampled_from(MAKERS)),
        direction=direction,
        asset=coin,
        currency=money,
        price=draw(specs(direction)),
        least=Amount(unit, least),
        most=Amount(unit, most),
        payment_methods=tuple(
            draw(st.lists(st.sampled_from(METHODS), min_size=1, max_size=3, unique=True))
        ),
        country=draw(st.sampled_from([None, "DE", "BR"])),
        until=draw(st.sampled_from([None, None, None, NOW, NOW + timedelta(seconds=1)])),
        document='{"id":1}',
        funded=draw(st.booleans()),
    )


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Listing], list[Wanted]]:
    """Listings, and searches at the edges of what they say."""
    some = draw(st.lists(listings(), min_size=1, max_size=18))

    def wanted() -> Wanted:
        near = draw(st.sampled_from(some))
        edge = draw(st.sampled_from([near.least, near.most]))
        off_by = draw(st.sampled_from([-1, 0, 0, 1]))
        amount = fiat = None
        kind = draw(st.sampled_from(["nothing", "amount", "fiat"]))
        if kind != "nothing":
            price = Price(near.asset, near.currency, near.number or Decimal(100))
            if near.in_currency:
                sums = price.bought(edge, near.direction.gain), edge
            else:
                sums = edge, price.cost(edge, near.direction.gain)
            if kind == "amount":
                amount = Amount(near.asset, max(0, sums[0].minor + off_by))
            else:
                fiat = Amount(near.currency, max(0, sums[1].minor + off_by))
        pair = draw(st.booleans()) or draw(st.booleans())
        return Wanted(
            direction=near.direction if pair else draw(st.sampled_from([None, near.direction])),
            asset=near.asset if pair or amount else draw(st.sampled_from([None, near.asset])),
            currency=near.currency
            if pair or fiat
            else draw(st.sampled_from([None, near.currency])),
            amount=amount,
            fiat_amount=fiat,
            payment_methods=draw(st.sampled_from([(), (), near.payment_methods[:1], METHODS[:2]])),
            country=draw(st.sampled_from([None, None, None, "DE"])),
            maker_id=draw(st.sampled_from([None, None, None, near.maker_id])),
            funded=draw(st.sampled_from([False, False, True])),
        )

    return some, [wanted() for _ in range(draw(st.integers(1, 4)))]


@dataclass(frozen=True, slots=True)
class Moment:
    """What the market says at one moment; None: a source is not fresh."""

    values: Mapping[str, Decimal | None]

    def quotes(self, asset: Asset, currency: Asset) -> list[Quote]:
        """The fresh quotes of a pair."""
        return [
            Quote(
                base=asset.code,
                quote=currency.code,
                source=source,
                value=value,
                as_of=NOW,
                valid_until=NOW + timedelta(minutes=1),
                development=False,
            )
            for source, value in self.values.items()
            if value is not None
        ]

    def market(self) -> Market:
        """All quotes of all pairs, which are the same everywhere."""
        return Market.of(
            quote
            for asset in (USDT, GOLD)
            for currency in (EUR, JPY)
            for quote in self.quotes(asset, currency)
        )


moments = st.builds(
    Moment, st.fixed_dictionaries({source: st.none() | values for source in SOURCES})
)


def exact(listing: Listing, moment: Moment) -> Fraction | None:
    """The price before it is rounded, as a fraction; None where there is none."""
    spec = listing.price
    if isinstance(spec, FixedPrice):
        return Fraction(spec.value)
    value = moment.values[spec.source]
    if value is None:
        return None
    free = Fraction(value) * (10_000 + spec.margin_bps) / 10_000
    if spec.limit is None:
        return free
    bounded = max if listing.direction is Direction.SELL else min
    return bounded(free, Fraction(spec.limit))


def expected(some: Sequence[Listing], wanted: Wanted, moment: Moment) -> list[UUID]:
    """The ids of what is found, in order, the naive way."""
    found = [
        one
        for one in some
        if matches(one, wanted, {q.source: q for q in moment.quotes(one.asset, one.currency)}, NOW)
    ]
    if None in (wanted.direction, wanted.asset, wanted.currency):
        return [one.id for one in sorted(found, key=lambda one: one.id, reverse=True)]

    def place(one: Listing) -> tuple[Fraction, UUID]:
        price = exact(one, moment)
        assert price is not None
        return price * one.direction.sign, one.id

    return [one.id for one in sorted(found, key=place)]


async def fill(tx: Transaction, some: Sequence[Listing], before: Moment, after: Moment) -> None:
    """Puts the listings into the book at one market, and has it follow to another."""
    await tx.execute("DELETE FROM listings")
    await tx.execute("DELETE FROM listing_references")
    # Not in the order of their ids, so that order has to be made.
    for listing in reversed(some):
        reference = None
        if listing.threshold is not None:
            assert isinstance(listing.price, FloatingPrice)
            first = before.values[listing.price.source] or Decimal(1)
            reference = await store.reference(tx, listing, first)
        await store.put(tx, listing, reference, news=False)
    for quote in after.market().quotes.values():
        await follow(tx, quote)


async def follow(tx: Transaction, quote: Quote) -> None:
    """Has the rows follow to a price of the market, in small steps."""
    steps = 0
    while not await store.move_reference(tx, quote, 1):
        steps += 1
        assert steps < 50


@pytest.fixture
async def makers(database: Database) -> None:
    """The accounts behind the listings."""
    async with database.transaction() as tx:
        for maker in MAKERS:
            await tx.execute(
                "INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [maker, tx.now]
            )


slow_to_set_up = hypothesis_settings(
    max_examples=200,
    # The book is emptied by each example itself.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@slow_to_set_up
@given(books(), moments, moments, moments, st.integers(1, 5))
async def test_the_book_finds_what_a_naive_search_finds(
    database: Database,
    makers: None,
    book: tuple[list[Listing], list[Wanted]],
    at_first: Moment,
    followed: Moment,
    now: Moment,
    limit: int,
) -> None:
    """Wherever the market was when the rows were written, and whenever they followed it."""
    some, asked = book
    async with database.transaction() as opened:
        tx = replace(opened, now=NOW)
        await fill(tx, some, at_first, followed)
        for wanted in asked:
            found: list[UUID] = []
            place: Place | None = None
            before: UUID | None = None
            while True:
                if wanted.direction and wanted.asset and wanted.currency:
                    quotes = now.quotes(wanted.asset, wanted.currency)
                    page = await search.best(tx, wanted, Market.of(quotes), None, place, limit)
                else:
                    page = await search.newest(tx, wanted, now.market(), None, before, limit)
                assert len(page) <= limit
                check_prices(page, some, now)
                found += [one.id for one in page]
                if len(page) < limit:
                    break
                before = page[-1].id
                place = Place(before, page[-1].rank, made_by(now))
            assert found == expected(some, wanted, now)


def made_by(moment: Moment) -> dict[str, Decimal]:
    """What a cursor remembers of the market."""
    return {source: value for source, value in moment.values.items() if value is not None}


def check_prices(page: Sequence[Found], some: Sequence[Listing], now: Moment) -> None:
    """What is shown is what the offers cost now."""
    by_id = {one.id: one for one in some}
    for found in page:
        listing = by_id[found.id]
        quotes = {q.source: q for q in now.quotes(listing.asset, listing.currency)}
        assert found.price == price_of(listing, quotes)
        assert found.funded is listing.funded


@slow_to_set_up
@given(books(), moments, st.lists(moments, min_size=2, max_size=6), st.integers(1, 3))
async def test_pages_go_on_in_the_order_of_the_first_while_prices_move(
    database: Database,
    makers: None,
    book: tuple[list[Listing], list[Wanted]],
    at_first: Moment,
    later: list[Moment],
    limit: int,
) -> None:
    """Nothing comes twice, and nothing is left out that has a price all the time."""
    some, asked = book
    async with database.transaction() as opened:
        tx = replace(opened, now=NOW)
        await fill(tx, some, later[0], at_first)
        for wanted in asked:
            if not (wanted.direction and wanted.asset and wanted.currency):
                continue
            found: list[UUID] = []
            place: Place | None = None
            fresh = {source for source, value in at_first.values.items() if value is not None}
            moment, moves = at_first, iter(later)
            while True:
                quotes = moment.quotes(wanted.asset, wanted.currency)
                page = await search.best(tx, wanted, Market.of(quotes), None, place, limit)
                check_prices(page, some, moment)
                found += [one.id for one in page]
                if len(page) < limit:
                    break
                place = Place(page[-1].id, page[-1].rank, made_by(at_first))
                moment = next(moves, moment)
                fresh &= {source for source, value in moment.values.items() if value is not None}
                for quote in moment.market().quotes.values():
                    # Now and then it does not get all the way before the next page is asked for.
                    await store.move_reference(tx, quote, 1)
            order = expected(some, wanted, at_first)
            assert found == [one for one in order if one in set(found)]
            always = {
                one.id
                for one in some
                if isinstance(one.price, FixedPrice) or one.price.source in fresh
            }
            assert [one for one in found if one in always] == [
                one for one in order if one in always
            ]


@slow_to_set_up
@given(books(), moments, moments)
async def test_facets_count_what_is_found(
    database: Database,
    makers: None,
    book: tuple[list[Listing], list[Wanted]],
    at_first: Moment,
    now: Moment,
) -> None:
    some, asked = book
    by_id = {one.id: one for one in some}
    async with database.transaction() as opened:
        tx = replace(opened, now=NOW)
        await fill(tx, some, at_first, now)
        for wanted in asked:
            counted = await search.facets(tx, wanted, now.market(), None)
            found = [by_id[each] for each in expected(some, wanted, now)]
            assert counted.complete
            assert counted.total == len(found)
            assert counted.funded == sum(one.funded for one in found)
            assert counted.directions == count(one.direction.value for one in found)
            assert counted.countries == count(one.country for one in found if one.country)
            assert counted.payment_methods == count(
                method for one in found for method in one.payment_methods
            )


def count(found: Iterable[str]) -> dict[str, int]:
    """How often each is there."""
    return dict(Counter(found))
