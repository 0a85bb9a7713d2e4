"""The rows of saved searches, and of what they have met."""

from typing import Any
from uuid import UUID

from tradepost.alerts.model import MAX_SAVED_SEARCHES, SavedSearch
from tradepost.book.model import Listing, Wanted
from tradepost.kernel.database import Transaction
from tradepost.kernel.iso import currency
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.pricing import Direction


async def add_search(tx: Transaction, search: SavedSearch) -> None:
    """Keeps a saved search."""
    wanted = search.wanted
    await tx.execute(
        """
        INSERT INTO saved_searches (
            id, account_id, name, direction, asset, asset_decimals, currency, amount, fiat_amount,
            payment_methods, country, maker_id, created_at
        ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            search.id,
            search.account_id,
            search.name,
            wanted.direction,
            wanted.asset and wanted.asset.code,
            wanted.asset and wanted.asset.decimals,
            wanted.currency and wanted.currency.code,
            wanted.amount and wanted.amount.minor,
            wanted.fiat_amount and wanted.fiat_amount.minor,
            list(wanted.payment_methods),
            wanted.country,
            wanted.maker_id,
            search.created_at,
        ],
    )


async def searches(tx: Transaction, account_id: UUID, *, lock: bool = False) -> list[SavedSearch]:
    """The account's saved searches, the newest first; with `lock`, those who add take turns."""
    if lock:
        await tx.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('searches of ' || %s::text, 0))",
            [account_id],
        )
    rows = await tx.all(
        "SELECT * FROM saved_searches WHERE account_id = %s ORDER BY id DESC LIMIT %s",
        [account_id, MAX_SAVED_SEARCHES],
    )
    return [_search(row) for row in rows]


async def remove_search(tx: Transaction, account_id: UUID, search_id: UUID) -> bool:
    """Forgets a saved search of the account; False where it has none of this id."""
    return (
        await tx.execute(
            "DELETE FROM saved_searches WHERE id = %s AND account_id = %s", [search_id, account_id]
        )
        == 1
    )


async def waiting_for(
    tx: Transaction, listing: Listing, after: UUID | None, limit: int
) -> list[SavedSearch]:
    """Saved searches of others that may want this listing, and have not been told of it.

    They come in their order, from behind `after`.
    """
    rows = await tx.all(
        """
        SELECT * FROM saved_searches AS search
        WHERE (asset = %(asset)s OR asset IS NULL) AND (currency = %(currency)s OR currency IS NULL)
            AND (direction = %(direction)s OR direction IS NULL) AND account_id <> %(maker)s
            AND (%(after)s::uuid IS NULL OR id > %(after)s)
            AND NOT EXISTS (
                SELECT FROM saved_search_hits
                WHERE search_id = search.id AND listing_id = %(id)s
            )
        ORDER BY id LIMIT %(limit)s
        """,
        {
            "id": listing.id,
            "asset": listing.asset.code,
            "currency": listing.currency.code,
            "direction": listing.direction,
            "maker": listing.maker_id,
            "after": after,
            "limit": limit,
        },
    )
    return [_search(row) for row in rows]


async def add_hit(tx: Transaction, search_id: UUID, listing_id: UUID) -> bool:
    """Notes that a search has met a listing; False where that was so before."""
    return (
        await tx.execute(
            """
            INSERT INTO saved_search_hits (search_id, listing_id) VALUES (%s, %s)
            ON CONFLICT DO NOTHING
            """,
            [search_id, listing_id],
        )
        == 1
    )


def _search(row: dict[str, Any]) -> SavedSearch:
    asset = None if row["asset"] is None else Asset(row["asset"], row["asset_decimals"])
    money = None if row["currency"] is None else currency(row["currency"])
    amount, fiat = row["amount"], row["fiat_amount"]
    return SavedSearch(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        wanted=Wanted(
            direction=None if row["direction"] is None else Direction(row["direction"]),
            asset=asset,
            currency=money,
            amount=None if amount is None or asset is None else Amount(asset, int(amount)),
            fiat_amount=None if fiat is None or money is None else Amount(money, int(fiat)),
            payment_methods=tuple(row["payment_methods"]),
            country=row["country"],
            maker_id=row["maker_id"],
        ),
        created_at=row["created_at"],
    )
