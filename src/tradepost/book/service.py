"""The book's face: list what can be taken, find it again, and tell those who wait for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from operator import itemgetter
from uuid import UUID

from tradepost.book import changes, search, store
from tradepost.book.model import (
    CURSOR_LIFE_S,
    Change,
    Facets,
    FeedKey,
    Found,
    Listing,
    Market,
    Place,
    Wanted,
)
from tradepost.kernel.database import Database, Reading, Transaction
from tradepost.kernel.errors import InvalidCursor
from tradepost.kernel.pricing import FixedPrice
from tradepost.prices import service as prices
from tradepost.prices.model import Quote
from tradepost.prices.service import RecentQuotes

#: A place in a list, as a cursor holds it.
Position = list[str | int]

#: The market may move so far from a reference before the rows follow it.
_DRIFT_BPS = 10
#: So many rows of each direction are turned over in one transaction.
_ROWS_A_STEP = 1000
#: For so long a follower of a market can go on where he was.
CHANGES_KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Page:
    """Listings in their order, the market they were priced at, and where the next page begins."""

    found: Sequence[Found]
    market: Market
    next: Position | None


class RecentMarkets:
    """The market as each process asks for it at most once a second: to look, not to trade by."""

    def __init__(self) -> None:
        self._quotes = RecentQuotes()
        self._made: dict[tuple[str, str] | None, tuple[list[Quote], Market]] = {}

    async def of(self, reading: Reading, wanted: Wanted) -> Market:
        """That of the pair that is wanted, or all there is."""
        pair = None
        if wanted.asset is not None and wanted.currency is not None:
            pair = (wanted.asset.code, wanted.currency.code)
        quotes = await self._quotes.quotes(reading, pair)
        known = self._made.get(pair)
        if known is None or known[0] is not quotes:
            known = self._made[pair] = (quotes, Market.of(quotes))
        return known[1]


def topic(market: tuple[str, str]) -> str:
    """What is touched when a listing of the market changes."""
    return f"offers:{market[0]}-{market[1]}"


async def show(tx: Transaction, listings: Mapping[UUID, Listing | None], *, news: bool) -> None:
    """Lists them, or changes what is listed; None takes one out of the book, if it is there.

    With `news`, those who wait for one hear of it. References are held before rows, and both in
    one order, so that nobody who changes several waits for another who waits for him, nor for the
    market's followers.
    """
    references = {}
    listed = [one for one in listings.values() if one is not None]
    for listing in sorted(listed, key=_feed):
        if (threshold := listing.threshold) is not None and _feed(listing) not in references:
            # Any number will do for a first reference: the rows are read relative to it.
            references[_feed(listing)] = await store.reference(tx, listing, threshold)
    for listing_id, changed in sorted(listings.items(), key=itemgetter(0)):
        if changed is None:
            market = await store.remove(tx, listing_id)
            if market is not None:
                tx.touched.add(topic(market))
        else:
            tx.touched.add(topic((changed.asset.code, changed.currency.code)))
            reference = None if changed.threshold is None else references[_feed(changed)]
            await store.put(tx, changed, reference, news=news)


async def say_funded(tx: Transaction, listings: Mapping[UUID, bool]) -> None:
    """Has the book say which of these listings are funded; nobody is told, and no row is added."""
    for funded in (False, True):
        ids = [one for one, said in listings.items() if said is funded]
        if ids:
            tx.touched.update(map(topic, await store.say_funded(tx, ids, funded=funded)))


def _feed(listing: Listing) -> FeedKey:
    price = listing.price
    source = "" if isinstance(price, FixedPrice) else price.source
    return listing.asset.code, listing.currency.code, source


async def find(
    reading: Reading,
    markets: RecentMarkets,
    wanted: Wanted,
    online: Collection[UUID],
    after: Position | None,
    limit: int,
) -> Page:
    """Listings that can be taken now; `online` are the makers who are there.

    Of one direction and pair the best price for the taker comes first, and of equal prices the
    older; else the newest comes first. Raises `InvalidCursor` for one that is too old.
    """
    makers = list(online) if wanted.online else None
    market = await markets.of(reading, wanted)
    if wanted.direction is None or wanted.asset is None or wanted.currency is None:
        before = None if after is None else UUID(str(after[0]))
        found = await search.newest(reading, wanted, market, makers, before, limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, market, [str(found[-1].id)] if more else None)
    now = int(reading.now.timestamp())
    place = None if after is None else _place(after, now)
    found = await search.best(reading, wanted, market, makers, place, limit + 1)
    more = len(found) > limit
    found = found[:limit]
    following: Position | None = None
    if more:
        if place is None:
            began, values = now, {one.source: one.value for one in market.quotes.values()}
        else:
            assert after is not None
            began, values = int(after[0]), dict(place.values)
        assert found[-1].rank is not None
        following = [began, str(found[-1].id), f"{found[-1].rank:f}"]
        for source, value in values.items():
            following += [source, f"{value:f}"]
    return Page(found, market, following)


def _place(position: Position, now: int) -> Place:
    began, last, rank, *feeds = position
    if now - int(began) > CURSOR_LIFE_S:
        raise InvalidCursor("It is too old: prices have moved on. Begin anew.")
    values = {
        str(source): Decimal(value) for source, value in zip(feeds[::2], feeds[1::2], strict=True)
    }
    return Place(UUID(str(last)), Decimal(rank), values)


async def facets(
    reading: Reading, markets: RecentMarkets, wanted: Wanted, online: Collection[UUID]
) -> Facets:
    """How many of what `find` finds have which payment method, country, and so on."""
    makers = list(online) if wanted.online else None
    market = await markets.of(reading, wanted)
    return await search.facets(reading, wanted, market, makers)


async def follow_market(tx: Transaction) -> bool:
    """Has the rows follow the market where it has moved far, by a step; False when they have.

    Searches are right without it: it keeps small what they have to work out one by one.
    """
    references = await store.references(tx)
    for quote in await prices.fresh(tx):
        reference = references.get((quote.base, quote.quote, quote.source))
        if reference is None:
            continue
        if abs(quote.value - reference) * 10_000 > reference * _DRIFT_BPS:
            await store.move_reference(tx, quote, _ROWS_A_STEP)
            return True
    return False


async def number_changes(tx: Transaction, market: tuple[str, str]) -> None:
    """Gives their numbers to all changes of the market's listings that are committed."""
    while await changes.number(tx, market):
        pass


async def changes_after(
    reading: Reading, market: tuple[str, str], seq: int, limit: int
) -> tuple[int, list[Change]]:
    """The number of the market's newest change, and up to `limit` of those above `seq`.

    They have no gap, but older ones than `CHANGES_KEPT` are forgotten.
    """
    last = (await changes.last_seqs(reading, [market]))[market]
    return last, await changes.after(reading, market, seq, limit)


async def newest_changes(
    reading: Reading, markets: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int | None]:
    """The numbers of the newest changes of those markets; None where one has no number yet."""
    unnumbered = set(await changes.waiting(reading))
    last = await changes.last_seqs(reading, markets)
    return {market: None if market in unnumbered else seq for market, seq in last.items()}


async def keep_changes(database: Database) -> None:
    """Numbers what nobody has read, and forgets what is old."""
    async with database.reading() as reading:
        waiting = await changes.waiting(reading)
    for market in waiting:
        async with database.transaction() as tx:
            await number_changes(tx, market)
    more = True
    while more:
        async with database.transaction() as tx:
            more = await changes.forget(tx, CHANGES_KEPT)


async def take_news(tx: Transaction, limit: int) -> list[Listing]:
    """Listings that came or changed, each handed out once; those that are gone are left out."""
    return await store.get(tx, await store.take_news(tx, limit))


async def keep_news(tx: Transaction, listing_ids: Sequence[UUID]) -> None:
    """Has those listings handed out once more, later."""
    await store.add_news(tx, listing_ids)


async def quotes(tx: Transaction, listing: Listing) -> dict[str, Quote]:
    """What the market says of a listing's pair, by source."""
    return await prices.quotes(tx, listing.asset.code, listing.currency.code)
