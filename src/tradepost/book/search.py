"""The statements that find listings.

Listings of one direction and pair come in the order of their rank: the price for the taker, with
its sign so that the best is the lowest. The order is that of a market that `feed` brings along, so
that a second page has the order of the first while prices move; what is shown is the price of now.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from tradepost.book.model import MAX_COUNTED, Facets, Found, Market, Place, Wanted
from tradepost.kernel.database import Transaction
from tradepost.kernel.money import Asset
from tradepost.kernel.pricing import Direction, decimals_of
from tradepost.prices.model import Quote

#: The sources of the pair: `value` makes the order, `shown` is the price of now. A listing whose
#: threshold lies between `low` and `high` may be of either kind by now.
_FEED: LiteralString = """
    feed AS MATERIALIZED (
        SELECT given.*,
            LEAST(given.value, COALESCE(known.value, given.value)) - 1e-17 AS low,
            GREATEST(given.value, COALESCE(known.value, given.value)) + 1e-17 AS high
        FROM unnest(
            %(assets)s::text[], %(currencies)s::text[], %(sources)s::text[],
            %(values)s::numeric[], %(decimals)s::int[],
            %(shown)s::numeric[], %(shown_decimals)s::int[]
        ) AS given (asset, currency, source, value, decimals, shown, shown_decimals)
        LEFT JOIN listing_references AS known USING (asset, currency, source)
    )
"""


def _free(value: LiteralString) -> LiteralString:
    """A floating price without its limit, before it is rounded."""
    return f"({value} * (10000 + margin_bps) * 0.0001)"


def _rounded(
    exact: LiteralString, decimals: LiteralString, direction: LiteralString
) -> LiteralString:
    """As `pricing.floating`: up for a maker who sells, down for one who buys."""
    return f"""(
        trunc({exact}, {decimals}) + CASE WHEN {direction} = 'sell'
            AND {exact} > trunc({exact}, {decimals}) THEN ('1e-' || {decimals})::numeric ELSE 0 END
    )"""


def _price(value: LiteralString, decimals: LiteralString) -> LiteralString:
    """What a listing costs at a price of the market, whatever its kind."""
    free = _free(value)
    return f"""CASE
        WHEN source IS NULL THEN number
        WHEN number IS NOT NULL AND CASE direction WHEN 'sell' THEN number >= {free}
            ELSE number <= {free} END THEN number
        ELSE {_rounded(free, decimals, "direction")}
    END"""


def _filters(
    wanted: Wanted, online: Sequence[UUID] | None, values: dict[str, object]
) -> list[LiteralString]:
    """What has nothing to do with the price."""
    found: list[LiteralString] = ["(until IS NULL OR until > %(now)s)"]

    def where(condition: LiteralString, name: str, value: object) -> None:
        found.append(condition)
        values[name] = value

    if wanted.direction is not None:
        where("direction = %(direction)s", "direction", wanted.direction)
    if wanted.asset is not None:
        where("asset = %(asset)s", "asset", wanted.asset.code)
    if wanted.currency is not None:
        where("currency = %(currency)s", "currency", wanted.currency.code)
    if wanted.payment_methods:
        where("payment_methods && %(methods)s", "methods", list(wanted.payment_methods))
    if wanted.country is not None:
        where("country = %(country)s", "country", wanted.country)
    if wanted.maker_id is not None:
        where("maker_id = %(maker)s", "maker", wanted.maker_id)
    if online is not None:
        where("maker_id = ANY(%(online)s)", "online", list(online))
    return found


def _takeable(
    wanted: Wanted, price: LiteralString, values: dict[str, object]
) -> list[LiteralString]:
    """Whether what the taker asks for lies within what can be taken, at `price`.

    It is decided as a quote decides it, which rounds for the maker: down is `<` one more, up is
    `>` one less. Products only, so nothing is rounded here.
    """
    found: list[LiteralString] = []
    if wanted.amount is not None:
        values["amount"] = wanted.amount.minor
        cost: LiteralString = f"%(amount)s::numeric * {price}"
        found.append(
            f"""CASE
            WHEN NOT in_currency THEN %(amount)s BETWEEN least AND most
                AND (direction = 'sell' OR {cost} >= scale)
            WHEN direction = 'sell' THEN {cost} > (least - 1) * scale AND {cost} <= most * scale
            ELSE {cost} >= least * scale AND {cost} < (most + 1) * scale
            END"""
        )
    if wanted.fiat_amount is not None:
        values["fiat"] = wanted.fiat_amount.minor
        paid: LiteralString = "%(fiat)s::numeric * scale"
        found.append(
            f"""CASE
            WHEN in_currency THEN %(fiat)s BETWEEN least AND most
                AND (direction = 'buy' OR {paid} >= {price})
            WHEN direction = 'sell' THEN {paid} >= least * {price} AND {paid} < (most + 1) * {price}
            ELSE {paid} > (least - 1) * {price} AND {paid} <= most * {price}
            END"""
        )
    return found


_SHOWN: LiteralString = """
    listings.id, maker_id, asset, asset_decimals, currency, currency_decimals, direction, document
"""


def _feeds(quotes: Sequence[Quote], order: Mapping[str, Decimal] | None) -> dict[str, object]:
    """The feed's columns. `order` has the values that made it, where it is not of now."""
    used = [quote for quote in quotes if order is None or quote.source in order]
    values = [quote.value if order is None else order[quote.source] for quote in used]
    return {
        "assets": [quote.base for quote in used],
        "currencies": [quote.quote for quote in used],
        "sources": [quote.source for quote in used],
        "values": values,
        "decimals": [decimals_of(value) for value in values],
        "shown": [quote.value for quote in used],
        "shown_decimals": [decimals_of(quote.value) for quote in used],
    }


async def best(
    tx: Transaction,
    wanted: Wanted,
    quotes: Sequence[Quote],
    online: Sequence[UUID] | None,
    after: Place | None,
    limit: int,
) -> list[Found]:
    """Up to `limit` listings of one direction and pair, the best price first, from behind `after`.

    `quotes` are the fresh ones of the pair: what follows another one is not found.
    """
    direction = wanted.direction
    assert direction is not None
    sells = direction is Direction.SELL
    values: dict[str, object] = {"now": tx.now, "limit": limit}
    values |= _feeds(quotes, None if after is None else after.values)
    same = _filters(wanted, online, values)
    sign: LiteralString = "" if sells else "-"
    zero: LiteralString = "10000" if sells else "- 10000"
    free = _free("feed.value")
    rounded = _rounded(free, "feed.decimals", "direction")
    edge = _price("feed.value", "feed.decimals")
    # Neither of the two kinds: its threshold is where the market moves.
    settled: LiteralString = "(threshold IS NULL OR threshold NOT BETWEEN low AND high)"
    tilted: LiteralString = f"(feed.value * (tilt + {zero}) * 0.0001)"
    exact: LiteralString = f"""({sign}CASE WHEN number IS NULL THEN {free}
        ELSE {"GREATEST" if sells else "LEAST"}({free}, number) END)"""

    def behind(rank: LiteralString) -> list[LiteralString]:
        return [] if after is None else [f"({rank}, id) > (%(rank)s, %(id)s)"]

    starts: LiteralString = ""
    if after is not None:
        assert after.rank is not None
        values["rank"], values["id"] = after.rank, after.id
        # From where an index can start; what it finds too many is dropped by `behind`.
        starts = f"AND tilt >= floor(%(rank)s / feed.value * 10000) - ({zero}) - 1"
    held = [
        *same,
        "level IS NOT NULL",
        """(source IS NULL OR EXISTS (
            SELECT FROM feed WHERE feed.source = listings.source AND """
        + settled
        + "))",
        *_takeable(wanted, "abs(level)", values),
        *behind("level"),
    ]
    floating = [
        *same,
        "tilt IS NOT NULL",
        "listings.source = feed.source",
        settled,
        # A buyer's price can round to nothing.
        *([] if sells else [f"{rounded} > 0"]),
        *_takeable(wanted, rounded, values),
        *behind(tilted),
    ]
    moving = [
        *same,
        "listings.source = feed.source",
        "threshold BETWEEN low AND high",
        *([] if sells else [f"{edge} > 0"]),
        *_takeable(wanted, edge, values),
        *behind(exact),
    ]
    rows = await tx.all(
        f"""
        WITH {_FEED}, hits AS (
            (
                SELECT id, level AS rank FROM listings WHERE {" AND ".join(held)}
                ORDER BY level, id LIMIT %(limit)s
            )
            UNION ALL
            SELECT found.* FROM feed CROSS JOIN LATERAL (
                SELECT id, {tilted} AS rank FROM listings
                WHERE {" AND ".join(floating)} {starts}
                ORDER BY tilt, id LIMIT %(limit)s
            ) AS found
            UNION ALL
            SELECT found.* FROM feed CROSS JOIN LATERAL (
                SELECT id, {exact} AS rank FROM listings WHERE {" AND ".join(moving)}
                ORDER BY rank, id LIMIT %(limit)s
            ) AS found
            ORDER BY rank, id LIMIT %(limit)s
        )
        SELECT {_SHOWN}, rank, {_price("feed.shown", "feed.shown_decimals")} AS price
        FROM hits JOIN listings USING (id)
        LEFT JOIN feed USING (asset, currency, source)
        ORDER BY rank, id
        """,  # noqa: S608 - made of literals
        values,
    )
    return [_found(row) for row in rows]


#: A listing with its price of now; what follows a price that is not fresh is none.
_PRICED: LiteralString = f"""
    FROM listings LEFT JOIN feed USING (asset, currency, source)
    CROSS JOIN LATERAL (SELECT {_price("feed.value", "feed.decimals")} AS price) AS priced
    WHERE price > 0 AND
"""


async def newest(
    tx: Transaction,
    wanted: Wanted,
    market: Market,
    online: Sequence[UUID] | None,
    before: UUID | None,
    limit: int,
) -> list[Found]:
    """Up to `limit` listings, the newest first, from below `before`."""
    values: dict[str, object] = {"now": tx.now, "limit": limit, "before": before}
    values |= _feeds(list(market.quotes.values()), None)
    conditions = _filters(wanted, online, values) + _takeable(wanted, "price", values)
    if before is not None:
        conditions.append("id < %(before)s")
    rows = await tx.all(
        f"""
        WITH {_FEED} SELECT {_SHOWN}, NULL AS rank, price {_PRICED} {" AND ".join(conditions)}
        ORDER BY id DESC LIMIT %(limit)s
        """,
        values,
    )
    return [_found(row) for row in rows]


async def facets(
    tx: Transaction, wanted: Wanted, market: Market, online: Sequence[UUID] | None
) -> Facets:
    """What the listings have that `wanted` finds, counted over at most `MAX_COUNTED` of them."""
    values: dict[str, object] = {"now": tx.now, "counted": MAX_COUNTED + 1}
    values |= _feeds(list(market.quotes.values()), None)
    conditions = _filters(wanted, online, values) + _takeable(wanted, "price", values)
    rows = await tx.all(
        f"""
        WITH {_FEED}, found AS MATERIALIZED (
            SELECT direction, asset, currency, country, payment_methods {_PRICED}
            {" AND ".join(conditions)} LIMIT %(counted)s
        )
        SELECT 'total' AS facet, '' AS value, count(*) AS number FROM found
        UNION ALL SELECT 'direction', direction, count(*) FROM found GROUP BY 2
        UNION ALL SELECT 'asset', asset, count(*) FROM found GROUP BY 2
        UNION ALL SELECT 'currency', currency, count(*) FROM found GROUP BY 2
        UNION ALL SELECT 'country', country, count(*) FROM found WHERE country IS NOT NULL
            GROUP BY 2
        UNION ALL SELECT 'method', method, count(*)
            FROM found CROSS JOIN unnest(payment_methods) AS method GROUP BY 2
        """,  # noqa: S608 - made of literals
        values,
    )
    counts: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: (-row["number"], row["value"])):
        counts.setdefault(row["facet"], {})[row["value"]] = row["number"]
    total = counts["total"][""]
    return Facets(
        total=min(total, MAX_COUNTED),
        complete=total <= MAX_COUNTED,
        payment_methods=counts.get("method", {}),
        countries=counts.get("country", {}),
        assets=counts.get("asset", {}),
        currencies=counts.get("currency", {}),
        directions=counts.get("direction", {}),
    )


def _found(row: dict[str, Any]) -> Found:
    return Found(
        id=row["id"],
        maker_id=row["maker_id"],
        asset=Asset(row["asset"], row["asset_decimals"]),
        currency=Asset(row["currency"], row["currency_decimals"]),
        direction=Direction(row["direction"]),
        price=row["price"],
        rank=row["rank"],
        document=row["document"],
    )
