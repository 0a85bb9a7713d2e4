"""The statements that find listings.

Listings of one direction and pair come in the order of their rank: the price for the taker, with
its sign so that the best is the lowest. The order is that of a market that `feed` brings along, so
that a second page has the order of the first while prices move; what is shown is the price of now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import LiteralString
from uuid import UUID
from weakref import WeakKeyDictionary

from tradepost.book.model import MAX_COUNTED, Facets, Found, Market, Place, Wanted
from tradepost.kernel.database import Reading
from tradepost.kernel.pricing import Direction, decimals_of
from tradepost.prices.model import Quote

#: The sources of the pair: `value` makes the order, `shown` is the price of now. A listing whose
#: threshold lies between `low` and `high` may be of either kind by now.
FEED: LiteralString = """
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


#: What has nothing to do with the price, by the name of the value that it takes.
_CONDITIONS: Mapping[str, LiteralString] = {
    "direction": "direction = %(direction)s",
    "asset": "asset = %(asset)s",
    "currency": "currency = %(currency)s",
    "methods": "payment_methods && %(methods)s",
    "country": "country = %(country)s",
    "maker": "maker_id = %(maker)s",
    "online": "maker_id = ANY(%(online)s)",
    "before": "id < %(before)s",
    # Said word for word: so a plan that is made once can use the indexes of what is funded.
    "funded": "funded",
}

#: The names of the values that a search brings along: they decide what its statement says.
Shape = frozenset[str]


def _said(wanted: Wanted, online: Sequence[UUID] | None) -> dict[str, object]:
    """What the taker looks for, as values of a statement."""
    said = {
        "direction": wanted.direction,
        "asset": None if wanted.asset is None else wanted.asset.code,
        "currency": None if wanted.currency is None else wanted.currency.code,
        "methods": list(wanted.payment_methods) or None,
        "country": wanted.country,
        "maker": wanted.maker_id,
        "online": None if online is None else list(online),
        "amount": None if wanted.amount is None else wanted.amount.minor,
        "fiat": None if wanted.fiat_amount is None else wanted.fiat_amount.minor,
        "funded": wanted.funded or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _filters(shape: Shape) -> list[LiteralString]:
    found = [condition for name, condition in _CONDITIONS.items() if name in shape]
    return ["(until IS NULL OR until > %(now)s)", *found]


def _takeable(shape: Shape, price: LiteralString) -> list[LiteralString]:
    """Whether what the taker asks for lies within what can be taken, at `price`.

    It is decided as a quote decides it, which rounds for the maker: down is `<` one more, up is
    `>` one less. Products only, so nothing is rounded here.
    """
    cost: LiteralString = f"%(amount)s::numeric * {price}"
    paid: LiteralString = "%(fiat)s::numeric * scale"
    conditions: dict[str, LiteralString] = {
        "amount": f"""CASE
            WHEN NOT in_currency THEN %(amount)s BETWEEN least AND most
                AND (direction = 'sell' OR {cost} >= scale)
            WHEN direction = 'sell' THEN {cost} > (least - 1) * scale AND {cost} <= most * scale
            ELSE {cost} >= least * scale AND {cost} < (most + 1) * scale
            END""",
        "fiat": f"""CASE
            WHEN in_currency THEN %(fiat)s BETWEEN least AND most
                AND (direction = 'buy' OR {paid} >= {price})
            WHEN direction = 'sell' THEN {paid} >= least * {price} AND {paid} < (most + 1) * {price}
            ELSE {paid} > (least - 1) * {price} AND {paid} <= most * {price}
            END""",
    }
    return [condition for name, condition in conditions.items() if name in shape]


_SHOWN: LiteralString = "listings.id, maker_id, asset, currency, document, funded"


def _array(values: Iterable[object]) -> str:
    """As PostgreSQL reads one; for codes and numbers only, which need no quotes."""
    return "{" + ",".join(map(str, values)) + "}"


def feeds(quotes: Sequence[Quote], order: Mapping[str, Decimal] | None) -> dict[str, object]:
    """The feed's columns. `order` has the values that made it, where it is not of now."""
    used = [quote for quote in quotes if order is None or quote.source in order]
    values = [quote.value if order is None else order[quote.source] for quote in used]
    shown = [quote.value for quote in used]
    return {
        "assets": _array(quote.base for quote in used),
        "currencies": _array(quote.quote for quote in used),
        "sources": _array(quote.source for quote in used),
        "values": _array(values),
        "decimals": _array(map(decimals_of, values)),
        "shown": _array(shown),
        "shown_decimals": _array(map(decimals_of, shown)),
    }


#: What is made of a market, as long as that is looked at.
_made: WeakKeyDictionary[Market, dict[str, object]] = WeakKeyDictionary()


def _now(market: Market) -> dict[str, object]:
    """The feed of a market that makes the order itself."""
    known = _made.get(market)
    if known is None:
        known = _made[market] = feeds(list(market.quotes.values()), None)
    return known


async def best(
    reading: Reading,
    wanted: Wanted,
    market: Market,
    online: Sequence[UUID] | None,
    after: Place | None,
    limit: int,
) -> list[Found]:
    """Up to `limit` listings of one direction and pair, the best price first, from behind `after`.

    `market` has the fresh quotes of the pair: what follows another one is not found.
    """
    assert wanted.direction is not None
    said = _said(wanted, online)
    statement = _best(wanted.direction, frozenset(said), behind=after is not None)
    if after is None:
        said |= _now(market)
    else:
        said |= feeds(list(market.quotes.values()), after.values)
    said |= {"now": reading.now, "limit": limit}
    if after is not None:
        assert after.rank is not None
        said |= {"rank": after.rank, "id": after.id}
    return [Found(*row) for row in await reading.rows(statement, said)]


@dataclass(frozen=True, slots=True)
class Merging:
    """What brings the kinds of listings of one direction into one order, as pieces of statements.

    The kinds are those whose price is a number, those that follow the market, and those whose
    threshold is where the market moves, which may be either.
    """

    #: Neither here nor there: not of the third kind.
    settled: LiteralString
    #: The rank and the price of one that follows the market.
    tilted: LiteralString
    rounded: LiteralString
    #: The rank and the price of one of the third kind.
    exact: LiteralString
    edge: LiteralString
    #: From which tilt on ranks are behind a given one, or a little before.
    start: LiteralString
    #: A buyer's price can round to nothing.
    some_rounded: Sequence[LiteralString]
    some_edge: Sequence[LiteralString]

    @classmethod
    def of(cls, direction: Direction) -> "Merging":
        """Those of a direction."""
        sells = direction is Direction.SELL
        sign: LiteralString = "" if sells else "-"
        zero: LiteralString = "10000" if sells else "- 10000"
        bound: LiteralString = "GREATEST" if sells else "LEAST"
        free = _free("feed.value")
        rounded = _rounded(free, "feed.decimals", "direction")
        edge = _price("feed.value", "feed.decimals")
        return cls(
            settled="(threshold IS NULL OR threshold NOT BETWEEN low AND high)",
            tilted=f"(feed.value * (tilt + {zero}) * 0.0001)",
            rounded=rounded,
            exact=f"""({sign}CASE WHEN number IS NULL THEN {free}
                ELSE {bound}({free}, number) END)""",
            edge=edge,
            start=f"tilt >= floor(%(rank)s / feed.value * 10000) - ({zero}) - 1",
            some_rounded=[] if sells else [f"{rounded} > 0"],
            some_edge=[] if sells else [f"{edge} > 0"],
        )


@cache
def _best(direction: Direction, shape: Shape, *, behind: bool) -> LiteralString:
    of = Merging.of(direction)

    def conditions(price: LiteralString, rank: LiteralString, *own: LiteralString) -> LiteralString:
        place: list[LiteralString] = [f"({rank}, id) > (%(rank)s, %(id)s)"] if behind else []
        return " AND ".join([*_filters(shape), *own, *_takeable(shape, price), *place])

    of_feed: LiteralString = "listings.source = feed.source"
    held = conditions(
        "abs(level)",
        "level",
        "level IS NOT NULL",
        f"""(source IS NULL OR EXISTS (
            SELECT FROM feed WHERE {of_feed} AND {of.settled}
        ))""",
    )
    # From where an index can start; what it finds too many is dropped by the place itself.
    starts: list[LiteralString] = [of.start] if behind else []
    floating = conditions(
        of.rounded, of.tilted, "tilt IS NOT NULL", of_feed, of.settled, *of.some_rounded, *starts
    )
    moving = conditions(of.edge, of.exact, of_feed, "threshold BETWEEN low AND high", *of.some_edge)
    return f"""
        WITH {FEED}, hits AS (
            (
                SELECT id, level AS rank FROM listings WHERE {held}
                ORDER BY level, id LIMIT %(limit)s
            )
            UNION ALL
            SELECT found.* FROM feed CROSS JOIN LATERAL (
                SELECT id, {of.tilted} AS rank FROM listings WHERE {floating}
                ORDER BY tilt, id LIMIT %(limit)s
            ) AS found
            UNION ALL
            SELECT found.* FROM feed CROSS JOIN LATERAL (
                SELECT id, {of.exact} AS rank FROM listings WHERE {moving}
                ORDER BY rank, id LIMIT %(limit)s
            ) AS found
            ORDER BY rank, id LIMIT %(limit)s
        )
        SELECT {_SHOWN}, {_price("feed.shown", "feed.shown_decimals")}, rank
        FROM hits JOIN listings USING (id)
        LEFT JOIN feed USING (asset, currency, source)
        ORDER BY rank, id
        """  # noqa: S608 - made of literals


#: A listing with its price of now; what follows a price that is not fresh is none.
_PRICED: LiteralString = f"""
    FROM listings LEFT JOIN feed USING (asset, currency, source)
    CROSS JOIN LATERAL (SELECT {_price("feed.value", "feed.decimals")} AS price) AS priced
    WHERE price > 0 AND
"""


async def newest(
    reading: Reading,
    wanted: Wanted,
    market: Market,
    online: Sequence[UUID] | None,
    before: UUID | None,
    limit: int,
) -> list[Found]:
    """Up to `limit` listings, the newest first, from below `before`."""
    said = _said(wanted, online)
    if before is not None:
        said["before"] = before
    statement = _newest(frozenset(said))
    said |= _now(market)
    said |= {"now": reading.now, "limit": limit}
    return [Found(*row) for row in await reading.rows(statement, said)]


@cache
def _newest(shape: Shape) -> LiteralString:
    conditions = " AND ".join([*_filters(shape), *_takeable(shape, "price")])
    return f"""
        WITH {FEED} SELECT {_SHOWN}, price, NULL::numeric {_PRICED} {conditions}
        ORDER BY id DESC LIMIT %(limit)s
        """


async def facets(
    reading: Reading, wanted: Wanted, market: Market, online: Sequence[UUID] | None
) -> Facets:
    """What the listings have that `wanted` finds, counted over at most `MAX_COUNTED` of them."""
    said = _said(wanted, online)
    shape = frozenset(said)
    conditions = " AND ".join([*_filters(shape), *_takeable(shape, "price")])
    said |= _now(market)
    said |= {"now": reading.now, "counted": MAX_COUNTED + 1}
    rows = await reading.all(
        f"""
        WITH {FEED}, found AS MATERIALIZED (
            SELECT direction, asset, currency, country, payment_methods, funded {_PRICED}
            {conditions} LIMIT %(counted)s
        )
        SELECT 'total' AS facet, '' AS value, count(*) AS number FROM found
        UNION ALL SELECT 'funded', '', count(*) FILTER (WHERE funded) FROM found
        UNION ALL SELECT 'direction', direction, count(*) FROM found GROUP BY 2
        UNION ALL SELECT 'asset', asset, count(*) FROM found GROUP BY 2
        UNION ALL SELECT 'currency', currency, count(*) FROM found GROUP BY 2
        UNION ALL SELECT 'country', country, count(*) FROM found WHERE country IS NOT NULL
            GROUP BY 2
        UNION ALL SELECT 'method', method, count(*)
            FROM found CROSS JOIN unnest(payment_methods) AS method GROUP BY 2
        """,  # noqa: S608 - made of literals
        said,
    )
    counts: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: (-row["number"], row["value"])):
        counts.setdefault(row["facet"], {})[row["value"]] = row["number"]
    total = counts["total"][""]
    return Facets(
        total=min(total, MAX_COUNTED),
        complete=total <= MAX_COUNTED,
        funded=counts["funded"][""],
        payment_methods=counts.get("method", {}),
        countries=counts.get("country", {}),
        assets=counts.get("asset", {}),
        currencies=counts.get("currency", {}),
        directions=counts.get("direction", {}),
    )
