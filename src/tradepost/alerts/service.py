"""Alerts' face: save a search, and hear of what comes into the book."""

from uuid import UUID

from tradepost.alerts import store
from tradepost.alerts.model import (
    MAX_SAVED_SEARCHES,
    SavedSearch,
    SavedSearchMatched,
    SearchTooWide,
    TooManySavedSearches,
)
from tradepost.book import service as book
from tradepost.book.model import Listing, Wanted, matches, price_of
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.ids import new_id

#: How many who may wait for one listing are looked at together.
_AT_ONCE = 1000


async def save_search(tx: Transaction, account_id: UUID, name: str, wanted: Wanted) -> SavedSearch:
    """Has the account told of each new offer like this, by others.

    Whether a maker is online says nothing of an offer, so that is left out. Raises
    `SearchTooWide`, `TooManySavedSearches`.
    """
    if wanted.asset is None and wanted.currency is None:
        raise SearchTooWide
    if len(await store.searches(tx, account_id, lock=True)) >= MAX_SAVED_SEARCHES:
        raise TooManySavedSearches
    search = SavedSearch(new_id(), account_id, name, wanted, tx.now)
    await store.add_search(tx, search)
    return search


async def saved_searches(tx: Transaction, account_id: UUID) -> list[SavedSearch]:
    """What the account waits for, the newest first."""
    return await store.searches(tx, account_id)


async def forget_search(tx: Transaction, account_id: UUID, search_id: UUID) -> None:
    """Ends a saved search; raises `NotFound`."""
    if not await store.remove_search(tx, account_id, search_id):
        raise NotFound


async def tell(tx: Transaction, limit: int) -> bool:
    """Tells those who wait of up to `limit` new listings, once each; False when none are left.

    What has no price now stays news until it has one: nobody can say whom it suits.
    """
    listings = await book.take_news(tx, limit)
    unpriced = []
    for listing in listings:
        quotes = await book.quotes(tx, listing)
        if price_of(listing, quotes) is None:
            unpriced.append(listing.id)
            continue
        found = await store.waiting_for(tx, listing, None, _AT_ONCE)
        while found:
            for search in found:
                if matches(listing, search.wanted, quotes, tx.now):
                    await _tell(tx, search, listing)
            found = await store.waiting_for(tx, listing, found[-1].id, _AT_ONCE)
    await book.keep_news(tx, unpriced)
    return len(unpriced) < len(listings)


async def _tell(tx: Transaction, search: SavedSearch, listing: Listing) -> None:
    if await store.add_hit(tx, search.id, listing.id):
        event = SavedSearchMatched(str(search.id), str(listing.id))
        await tx.publish(event, [search.account_id])
