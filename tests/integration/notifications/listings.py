"""Listings past the offers' room, for tests of what is told of the book."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradepost.book import service as book
from tradepost.book.http import EXAMPLE_DOCUMENT
from tradepost.book.model import Listing
from tradepost.kernel.database import Database
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.pricing import Direction, FixedPrice

ETH, EUR = Asset("ETH", 18), Asset("EUR", 2)


def listing(
    maker_id: UUID,
    listing_id: UUID | None = None,
    *,
    currency: Asset = EUR,
    until: datetime | None = None,
    terms: str = "",
) -> Listing:
    """A listing of his."""
    listing_id = listing_id or new_id()
    said = {"id": str(listing_id), "currency": currency.code, "terms": terms}
    return Listing(
        id=listing_id,
        maker_id=maker_id,
        direction=Direction.SELL,
        asset=ETH,
        currency=currency,
        price=FixedPrice(Decimal(2500)),
        least=Amount(ETH, 1),
        most=Amount(ETH, 10**18),
        payment_methods=("sepa",),
        country=None,
        until=until,
        document=json.dumps(EXAMPLE_DOCUMENT | said),
    )


async def show(database: Database, listings: Mapping[UUID, Listing | None]) -> None:
    """Has the book show these, or (None) show them no more."""
    async with database.transaction() as tx:
        await book.show(tx, listings, news=False)
