"""What the best listings come to, against naive sums over the same listings."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.book.test_search import (
    EUR,
    NOW,
    USDT,
    Moment,
    books,
    expected,
    fill,
    listings,
    makers,
    moments,
    slow_to_set_up,
)
from tradepost.book import front
from tradepost.book.model import Listing, Wanted, price_of
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.money import Amount, Price
from tradepost.kernel.pricing import Direction

__all__ = ["makers"]

PAIR = ("USDT", "EUR")
Book = tuple[list[Listing], list[Wanted]]


def side(some: Sequence[Listing], direction: Direction, now: Moment) -> list[tuple[Listing, Price]]:
    """The listings of the pair that can be taken, the best first, with their prices."""
    by_id = {one.id: one for one in some}
    found = []
    for each in expected(some, Wanted(direction, USDT, EUR), now):
        value = price_of(by_id[each], {q.source: q for q in now.quotes(USDT, EUR)})
        assert value is not None
        found.append((by_id[each], Price(USDT, EUR, value)))
    return found


def takeable(listing: Listing, price: Price) -> Amount:
    """The most that can be taken of it at once, of the coin."""
    if not listing.in_currency:
        return listing.most
    return price.bought(listing.most, listing.direction.gain)


@slow_to_set_up
@given(books(), moments, moments, moments)
async def test_the_best_prices_are_those_of_a_naive_search(
    database: Database,
    makers: None,
    book: Book,
    at_first: Moment,
    followed: Moment,
    now: Moment,
) -> None:
    """Fixed and floating ones are one book, wherever the market was when the rows were written."""
    some, _ = book
    pairs = sorted({(one.asset.code, one.currency.code) for one in some})
    async with database.transaction() as opened:
        tx = replace(opened, now=NOW)
        await fill(tx, some, at_first, followed)
        assert await front.pairs(tx, None, 100) == pairs
        tops = await front.tops(tx, pairs, list(now.market().quotes.values()))
    for pair in pairs:
        prices = defaultdict(list)
        for one in some:
            value = price_of(one, {q.source: q for q in now.quotes(one.asset, one.currency)})
            gone = one.until is not None and one.until <= NOW
            if (one.asset.code, one.currency.code) == pair and value is not None and not gone:
                prices[one.direction].append(value)
        numbers = Counter(
            one.direction for one in some if (one.asset.code, one.currency.code) == pair
        )
        assert tops[pair] == front.Top(
            max(prices[Direction.BUY], default=None),
            min(prices[Direction.SELL], default=None),
            numbers[Direction.BUY],
            numbers[Direction.SELL],
        )


@slow_to_set_up
@given(
    books(), moments, moments, moments, st.sampled_from([1, 3, 2000]), st.sampled_from([10, 25, 50])
)
async def test_depth_is_the_naive_sum_of_the_best(
    database: Database,
    makers: None,
    book: Book,
    at_first: Moment,
    followed: Moment,
    now: Moment,
    looked_at: int,
    step_bps: int,
) -> None:
    some, _ = book
    found = await _depth(database, some, (at_first, followed, now), looked_at, step_bps)
    if now.values["index"] is not None:
        finer = await _depth(database, some, (at_first, followed, now), looked_at, 5)
        assert {one: finer[one].widened(step_bps) for one in Direction} == found
    index = now.values["index"]
    for direction in Direction:
        best = side(some, direction, now)
        amounts: Counter[Fraction] = Counter()
        offers: Counter[Fraction] = Counter()
        for listing, price in best[:looked_at]:
            at = Fraction(price.value)
            if index is not None:
                above = (at - Fraction(index)) * 10_000 / Fraction(index)
                at = Fraction(floor(above / step_bps) * step_bps)
            amounts[at] += takeable(listing, price).minor
            offers[at] += 1
        heaps = found[direction].heaps
        assert {Fraction(heap.at): heap.amount for heap in heaps} == dict(amounts)
        assert {Fraction(heap.at): heap.offers for heap in heaps} == dict(offers)
        order = [heap.at * direction.sign for heap in heaps]
        assert order == sorted(order)
        assert found[direction].complete == (len(best) <= looked_at)


@slow_to_set_up
@given(st.lists(listings(), max_size=18), moments, moments)
async def test_a_complete_depth_holds_what_can_be_taken_and_no_more(
    database: Database, makers: None, some: list[Listing], at_first: Moment, now: Moment
) -> None:
    found = await _depth(database, some, (at_first, at_first, now), 2000, 50)
    for direction in Direction:
        assert found[direction].complete
        assert sum(heap.amount for heap in found[direction].heaps) == sum(
            takeable(listing, price).minor for listing, price in side(some, direction, now)
        )


@slow_to_set_up
@given(books(), moments, moments, st.sampled_from([1, 3, 2000]))
async def test_each_payment_method_has_its_best_prices(
    database: Database,
    makers: None,
    book: Book,
    at_first: Moment,
    now: Moment,
    looked_at: int,
) -> None:
    some, _ = book
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "LOOKED_AT", looked_at)
        async with database.transaction() as opened:
            tx = replace(opened, now=NOW)
            await fill(tx, some, at_first, now)
            tops, complete = await front.methods(tx, PAIR, now.quotes(USDT, EUR))
    prices: defaultdict[tuple[str, Direction], list[Decimal]] = defaultdict(list)
    sides = {direction: side(some, direction, now) for direction in Direction}
    for direction, best in sides.items():
        for listing, price in best[:looked_at]:
            for method in listing.payment_methods:
                prices[method, direction].append(price.value)
    assert complete == all(len(best) <= looked_at for best in sides.values())
    assert tops == [
        front.MethodTop(
            method,
            max(prices[method, Direction.BUY], default=None),
            min(prices[method, Direction.SELL], default=None),
            len(prices[method, Direction.BUY]),
            len(prices[method, Direction.SELL]),
        )
        for method in sorted({method for method, _ in prices})
    ]


async def test_pairs_come_in_pages(database: Database, makers: None) -> None:
    found: list[front.Codes] = []
    async with database.transaction() as tx:
        expected_pairs = await _many_pairs(tx)
        after = None
        while page := await front.pairs(tx, after, 2):
            assert len(page) <= 2
            found += page
            after = page[-1]
    assert found == expected_pairs


async def _many_pairs(tx: Transaction) -> list[front.Codes]:
    """Listings of five pairs, some of one direction or kind only."""
    pairs = [("AAA", "EUR"), ("ETH", "BRL"), ("ETH", "EUR"), ("USDT", "EUR"), ("USDT", "USD")]
    for number, (asset, currency) in enumerate(pairs):
        for copy in range(3):
            await tx.execute(
                """
                INSERT INTO listings (id, maker_id, direction, asset, asset_decimals, currency,
                    currency_decimals, scale, source, margin_bps, number, level, tilt, in_currency,
                    least, most, payment_methods, document, funded)
                SELECT uuidv7(), (SELECT id FROM accounts LIMIT 1), %(direction)s, %(asset)s, 6,
                    %(currency)s, 2, 10000, %(source)s, %(margin)s, %(fixed)s, %(fixed)s,
                    %(margin)s, false, 1, 1, '{sepa}', '{}', false
                """,
                {
                    "direction": "sell" if number % 2 else "buy",
                    "asset": asset,
                    "currency": currency,
                    "source": "index" if (number + copy) % 3 == 0 else None,
                    "margin": copy if (number + copy) % 3 == 0 else None,
                    "fixed": None if (number + copy) % 3 == 0 else 100 + copy,
                },
            )
    return pairs


async def _depth(
    database: Database,
    some: list[Listing],
    market: tuple[Moment, Moment, Moment],
    looked_at: int,
    step_bps: int,
) -> dict[Direction, front.Side]:
    at_first, followed, now = market
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "LOOKED_AT", looked_at)
        async with database.transaction() as opened:
            tx = replace(opened, now=NOW)
            await fill(tx, some, at_first, followed)
            return await front.depth(tx, PAIR, now.quotes(USDT, EUR), step_bps)
