"""The rows of listings, of their references, and of what nobody has been told of yet."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradepost.book.model import (
    Listing,
)
from tradepost.kernel.database import Transaction
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.pricing import (
    Direction,
    FixedPrice,
    FloatingPrice,
    PriceSpec,
)
from tradepost.prices.model import Quote

#: An asset and the currency that it is traded for.
Market = tuple[str, str]


async def put(tx: Transaction, listing: Listing, reference: Decimal | None, *, news: bool) -> None:
    """Adds a listing, or puts it in the place of what it was.

    `reference` is the one of its source where it has a threshold; `news` says that those who wait
    for such an offer should hear of it.
    """
    price, number, sign = listing.price, listing.number, listing.direction.sign
    source, margin_bps = None, None
    if isinstance(price, FloatingPrice):
        source, margin_bps = price.source, price.margin_bps
    level = tilt = None
    if listing.held(reference):
        assert number is not None
        level = sign * number
    else:
        assert margin_bps is not None
        tilt = sign * margin_bps
    await tx.execute(
        """
        WITH put AS (
            INSERT INTO listings (
                id, maker_id, direction, asset, asset_decimals, currency, currency_decimals,
                scale, source, margin_bps, number, threshold, level, tilt, in_currency, least,
                most, payment_methods, country, until, document, funded
            ) VALUES (
                %(id)s, %(maker_id)s, %(direction)s, %(asset)s, %(asset_decimals)s, %(currency)s,
                %(currency_decimals)s, %(scale)s, %(source)s, %(margin_bps)s, %(number)s,
                %(threshold)s, %(level)s, %(tilt)s, %(in_currency)s, %(least)s, %(most)s,
                %(payment_methods)s, %(country)s, %(until)s, %(document)s,
                %(funded)s
            )
            ON CONFLICT (id) DO UPDATE SET
                source = excluded.source, margin_bps = excluded.margin_bps,
                number = excluded.number, threshold = excluded.threshold, level = excluded.level,
                tilt = excluded.tilt, in_currency = excluded.in_currency, least = excluded.least,
                most = excluded.most, payment_methods = excluded.payment_methods,
                country = excluded.country, until = excluded.until, document = excluded.document,
                funded = excluded.funded
        ), touched AS (
            INSERT INTO listing_touches (asset, currency, listing_id)
            VALUES (%(asset)s, %(currency)s, %(id)s)
        )
        INSERT INTO listing_news (listing_id) SELECT %(id)s WHERE %(news)s ON CONFLICT DO NOTHING
        """,
        {
            "id": listing.id,
            "maker_id": listing.maker_id,
            "direction": listing.direction,
            "asset": listing.asset.code,
            "asset_decimals": listing.asset.decimals,
            "currency": listing.currency.code,
            "currency_decimals": listing.currency.decimals,
            "scale": listing.scale,
            "source": source,
            "margin_bps": margin_bps,
            "number": number,
            "threshold": listing.threshold,
            "level": level,
            "tilt": tilt,
            "in_currency": listing.in_currency,
            "least": listing.least.minor,
            "most": listing.most.minor,
            "payment_methods": list(listing.payment_methods),
            "country": listing.country,
            "until": listing.until,
            "news": news,
            "document": listing.document,
            "funded": listing.funded,
        },
    )


async def remove(tx: Transaction, listing_id: UUID) -> Market | None:
    """Takes a listing out of the book; its market, or None where it was not there."""
    row = await tx.one(
        """
        WITH gone AS (DELETE FROM listings WHERE id = %s RETURNING asset, currency, id)
        INSERT INTO listing_touches (asset, currency, listing_id) SELECT * FROM gone
        RETURNING asset, currency
        """,
        [listing_id],
    )
    return None if row is None else (row["asset"], row["currency"])


async def say_funded(tx: Transaction, listing_ids: Sequence[UUID], *, funded: bool) -> set[Market]:
    """Says of those listings, as far as they are there, that they are funded, or are not.

    Returns the markets in which one has changed.
    """
    rows = await tx.all(
        """
        WITH changed AS (
            UPDATE listings SET funded = NOT funded FROM (
                SELECT id AS changed FROM listings WHERE id = ANY(%s) AND funded <> %s
                ORDER BY id FOR NO KEY UPDATE
            ) AS found
            WHERE id = changed RETURNING asset, currency, id
        )
        INSERT INTO listing_touches (asset, currency, listing_id) SELECT * FROM changed
        RETURNING asset, currency
        """,
        [list(listing_ids), funded],
    )
    return {(row["asset"], row["currency"]) for row in rows}


async def take_news(tx: Transaction, limit: int) -> list[UUID]:
    """Up to `limit` listings that nobody has been told of yet: they count as told from now on."""
    rows = await tx.all(
        """
        DELETE FROM listing_news WHERE listing_id IN (
            SELECT listing_id FROM listing_news LIMIT %s FOR UPDATE SKIP LOCKED
        ) RETURNING listing_id
        """,
        [limit],
    )
    return [row["listing_id"] for row in rows]


async def add_news(tx: Transaction, listing_ids: Sequence[UUID]) -> None:
    """Notes that nobody has been told of these listings."""
    await tx.execute(
        "INSERT INTO listing_news (listing_id) SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING",
        [list(listing_ids)],
    )


async def reference(tx: Transaction, listing: Listing, first: Decimal) -> Decimal:
    """The reference of a floating listing's source; `first` where there is none yet.

    It is held, so that it does not change before the listing that relies on it is there.
    """
    assert isinstance(listing.price, FloatingPrice)
    feed = [listing.asset.code, listing.currency.code, listing.price.source]
    await tx.execute(
        """
        INSERT INTO listing_references (asset, currency, source, value) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [*feed, first],
    )
    row = await tx.one(
        """
        SELECT value FROM listing_references WHERE asset = %s AND currency = %s AND source = %s
        FOR SHARE
        """,
        feed,
    )
    assert row is not None, "references are never deleted"
    return Decimal(row["value"])


async def references(tx: Transaction) -> dict[tuple[str, str, str], Decimal]:
    """All references: one for each pair and source that a listing with a limit ever had."""
    rows = await tx.all("SELECT * FROM listing_references LIMIT 10000")
    return {(row["asset"], row["currency"], row["source"]): row["value"] for row in rows}


async def move_reference(tx: Transaction, quote: Quote, most: int) -> bool:
    """Moves the reference of the quote's feed towards its value, and the rows with it.

    It goes no farther than about `most` rows of each direction; True where it has arrived.
    """
    feed = {"asset": quote.base, "currency": quote.quote, "source": quote.source}
    row = await tx.one(
        """
        SELECT value FROM listing_references
        WHERE asset = %(asset)s AND currency = %(currency)s AND source = %(source)s
        FOR UPDATE
        """,
        feed,
    )
    if row is None:
        return True
    before, after = row["value"], quote.value
    stops = await tx.all(
        _STOP_ABOVE if after > before else _STOP_BELOW,
        feed | {"before": before, "after": after, "most": most},
    )
    arrived = not stops
    if stops:
        after = (min if after > before else max)(stop["threshold"] for stop in stops)
    await tx.execute(
        """
        UPDATE listing_references SET value = %(after)s
        WHERE asset = %(asset)s AND currency = %(currency)s AND source = %(source)s
        """,
        feed | {"after": after},
    )
    await tx.execute(
        """
        UPDATE listings SET
            level = CASE WHEN held THEN CASE direction WHEN 'sell' THEN number ELSE -number END
                END,
            tilt = CASE WHEN NOT held
                THEN CASE direction WHEN 'sell' THEN margin_bps ELSE -margin_bps END END
        FROM (
            SELECT id AS changed, CASE direction WHEN 'sell' THEN %(after)s < threshold
                ELSE %(after)s > threshold END AS held
            FROM listings
            WHERE asset = %(asset)s AND currency = %(currency)s AND source = %(source)s
                AND direction IN ('buy', 'sell') AND threshold BETWEEN %(low)s AND %(high)s
            ORDER BY id FOR NO KEY UPDATE
        ) AS found
        WHERE id = changed AND held = (level IS NULL)
        """,
        feed | {"after": after, "low": min(before, after), "high": max(before, after)},
    )
    return arrived


#: Where a move has met as many rows of a direction as it should: empty where it meets fewer.
_STOP_ABOVE = """
    SELECT stop.threshold FROM unnest(ARRAY['buy', 'sell']) AS side CROSS JOIN LATERAL (
        SELECT threshold FROM listings
        WHERE direction = side AND asset = %(asset)s AND currency = %(currency)s
            AND source = %(source)s AND threshold > %(before)s AND threshold < %(after)s
        ORDER BY threshold LIMIT 1 OFFSET %(most)s
    ) AS stop
"""
_STOP_BELOW = """
    SELECT stop.threshold FROM unnest(ARRAY['buy', 'sell']) AS side CROSS JOIN LATERAL (
        SELECT threshold FROM listings
        WHERE direction = side AND asset = %(asset)s AND currency = %(currency)s
            AND source = %(source)s AND threshold < %(before)s AND threshold > %(after)s
        ORDER BY threshold DESC LIMIT 1 OFFSET %(most)s
    ) AS stop
"""


async def get(tx: Transaction, ids: Sequence[UUID]) -> list[Listing]:
    """Those of `ids` that are listed."""
    rows = await tx.all("SELECT * FROM listings WHERE id = ANY(%s)", [list(ids)])
    return [_listing(row) for row in rows]


def _listing(row: dict[str, Any]) -> Listing:
    asset = Asset(row["asset"], row["asset_decimals"])
    money = Asset(row["currency"], row["currency_decimals"])
    unit = money if row["in_currency"] else asset
    price: PriceSpec
    if row["source"] is None:
        price = FixedPrice(row["number"])
    else:
        price = FloatingPrice(row["margin_bps"], row["number"], row["source"])
    return Listing(
        id=row["id"],
        maker_id=row["maker_id"],
        direction=Direction(row["direction"]),
        asset=asset,
        currency=money,
        price=price,
        least=Amount(unit, int(row["least"])),
        most=Amount(unit, int(row["most"])),
        payment_methods=tuple(row["payment_methods"]),
        country=row["country"],
        until=row["until"],
        document=row["document"],
        funded=row["funded"],
    )
