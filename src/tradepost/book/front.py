"""The front of the book: what its best listings come to, of many pairs or of one.

A pair's book can be large; what is asked here looks at a stated number of its best listings only.
Which they are is decided as `search.best` decides it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final, LiteralString

from tradepost.book.search import FEED, Merging, feeds
from tradepost.kernel.database import Reading
from tradepost.kernel.pricing import Direction
from tradepost.prices.model import INDEX, Quote

#: Depth and methods look at the best so many listings of each direction: about 20 ms on a pair of
#: 130,000, where 10,000 took 300 ms.
LOOKED_AT: Final = 2_000
#: The listings of a pair and direction are counted up to this.
COUNTED: Final = 5_000

#: An asset and a currency, by their codes.
Codes = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Top:
    """A pair's best prices, None where nobody buys or sells at one, and how many listings it has.

    A listing that waits for a fresh price is counted, too; beyond `COUNTED` of one direction the
    count stops.
    """

    bid: Decimal | None
    ask: Decimal | None
    buys: int
    sells: int


@dataclass(frozen=True, slots=True)
class Heap:
    """What can be taken at one level: `amount` is of the coin, in minor units.

    `at` is where a step above the index begins, in hundredths of a percent, or a price.
    """

    at: Decimal
    amount: int
    offers: int


@dataclass(frozen=True, slots=True)
class Side:
    """One direction's levels, the best first; `complete` is False beyond `LOOKED_AT` listings."""

    heaps: Sequence[Heap]
    complete: bool

    def widened(self, step_bps: int) -> "Side":
        """The same in wider steps, a multiple of those that it has."""
        merged: dict[Decimal, Heap] = {}
        for heap in self.heaps:
            at = (heap.at / step_bps).to_integral_value(ROUND_FLOOR) * step_bps
            known = merged.get(at, Heap(at, 0, 0))
            merged[at] = Heap(at, known.amount + heap.amount, known.offers + heap.offers)
        return Side(list(merged.values()), self.complete)


@dataclass(frozen=True, slots=True)
class MethodTop:
    """The best prices of a pair by one payment method, and the number of listings with it."""

    method: str
    bid: Decimal | None
    ask: Decimal | None
    buys: int
    sells: int


_PAIRS: LiteralString = """
    pair AS MATERIALIZED (
        SELECT * FROM unnest(%(pair_assets)s::text[], %(pair_currencies)s::text[])
            AS given (asset, currency)
    )
"""


def _side(direction: Direction) -> LiteralString:
    """The best `%(front)s` listings of each pair, with their rank and price, in one direction."""
    named: LiteralString = "'sell'" if direction is Direction.SELL else "'buy'"
    of_pair: LiteralString = f"""
        direction = {named} AND listings.asset = pair.asset AND listings.currency = pair.currency
        AND (until IS NULL OR until > %(now)s)"""
    of_feed: LiteralString = "feed.asset = pair.asset AND feed.currency = pair.currency"
    of = Merging.of(direction)
    some: LiteralString = "".join(f" AND {one}" for one in of.some_rounded)
    some_edge: LiteralString = "".join(f" AND {one}" for one in of.some_edge)
    shown: LiteralString = "id, in_currency, most, scale, payment_methods"
    return f"""
        SELECT {named} AS direction, pair.asset, pair.currency, hit.*,
            row_number() OVER (PARTITION BY pair.asset, pair.currency ORDER BY rank, id) AS place
        FROM pair CROSS JOIN LATERAL (
            (
                SELECT level AS rank, abs(level) AS price, {shown} FROM listings
                WHERE {of_pair} AND level IS NOT NULL AND (source IS NULL OR EXISTS (
                    SELECT FROM feed
                    WHERE {of_feed} AND feed.source = listings.source AND {of.settled}
                ))
                ORDER BY level, id LIMIT %(front)s
            )
            UNION ALL
            SELECT found.* FROM feed CROSS JOIN LATERAL (
                SELECT {of.tilted} AS rank, {of.rounded} AS price, {shown}
                FROM listings
                WHERE {of_pair} AND tilt IS NOT NULL AND listings.source = feed.source
                    AND {of.settled} {some}
                ORDER BY tilt, id LIMIT %(front)s
            ) AS found WHERE {of_feed}
            UNION ALL
            SELECT found.* FROM feed CROSS JOIN LATERAL (
                SELECT {of.exact} AS rank, {of.edge} AS price, {shown} FROM listings
                WHERE {of_pair} AND listings.source = feed.source
                    AND threshold BETWEEN low AND high {some_edge}
                ORDER BY 1, id LIMIT %(front)s
            ) AS found WHERE {of_feed}
            ORDER BY rank, id LIMIT %(front)s
        ) AS hit
    """  # noqa: S608 - made of literals


_BOTH: LiteralString = f"{_side(Direction.SELL)} UNION ALL {_side(Direction.BUY)}"


def _asked(
    reading: Reading, pairs: Iterable[Codes], quotes: Sequence[Quote], front: int
) -> dict[str, object]:
    given = list(pairs)
    return {
        **feeds(quotes, None),
        "pair_assets": [asset for asset, _ in given],
        "pair_currencies": [currency for _, currency in given],
        "front": front,
        "now": reading.now,
    }


async def tops(
    reading: Reading, pairs: Sequence[Codes], quotes: Sequence[Quote]
) -> dict[Codes, Top]:
    """The best prices and the numbers of listings of each of `pairs`.

    `quotes` are the fresh ones of these pairs: what follows another one has no price.
    """
    values = _asked(reading, pairs, quotes, 1) | {"counted": COUNTED}
    best = await reading.all(
        f"WITH {FEED}, {_PAIRS} SELECT direction, asset, currency, price FROM ({_BOTH}) AS hits",  # noqa: S608 - made of literals
        values,
    )
    prices = {(row["direction"], row["asset"], row["currency"]): row["price"] for row in best}
    counted = await reading.all(
        f"""
        WITH {_PAIRS}
        SELECT direction, pair.asset, pair.currency, LEAST(held + tilted, %(counted)s) AS number
        FROM pair CROSS JOIN (VALUES ('buy'), ('sell')) AS named (direction)
        CROSS JOIN LATERAL (
            SELECT count(*) AS held FROM (
                SELECT FROM listings WHERE listings.direction = named.direction
                    AND listings.asset = pair.asset AND listings.currency = pair.currency
                    AND level IS NOT NULL LIMIT %(counted)s
            ) AS counted
        ) AS of_level
        CROSS JOIN LATERAL (
            SELECT count(*) AS tilted FROM (
                SELECT FROM listings WHERE listings.direction = named.direction
                    AND listings.asset = pair.asset AND listings.currency = pair.currency
                    AND tilt IS NOT NULL LIMIT %(counted)s
            ) AS counted
        ) AS of_tilt
        """,  # noqa: S608 - made of literals
        values,
    )
    numbers = {(row["direction"], row["asset"], row["currency"]): row["number"] for row in counted}
    return {
        pair: Top(
            prices.get(("buy", *pair)),
            prices.get(("sell", *pair)),
            numbers.get(("buy", *pair), 0),
            numbers.get(("sell", *pair), 0),
        )
        for pair in pairs
    }


async def depth(
    reading: Reading, pair: Codes, quotes: Sequence[Quote], step_bps: int
) -> dict[Direction, Side]:
    """What can be taken of the coin, by how far its price is above the index.

    A level reaches from `Heap.at` to `step_bps` above it, which is of the next one. Without a
    fresh index among the pair's `quotes` each price is a level. What can be taken of a listing in
    the currency is what that buys, rounded for its maker.
    """
    index = next((quote.value for quote in quotes if quote.source == INDEX), None)
    values = _asked(reading, [pair], quotes, LOOKED_AT + 1)
    values |= {"index": index, "step": step_bps, "looked_at": LOOKED_AT}
    rows = await reading.all(
        f"""
        WITH {FEED}, {_PAIRS}
        SELECT direction, at, max(place) > %(looked_at)s AS more,
            count(*) FILTER (WHERE place <= %(looked_at)s) AS offers,
            COALESCE(sum(amount) FILTER (WHERE place <= %(looked_at)s), 0) AS amount
        FROM ({_BOTH}) AS hits
        CROSS JOIN LATERAL (
            SELECT CASE WHEN NOT in_currency THEN most ELSE div(most * scale, price)
                + CASE WHEN direction = 'buy' AND mod(most * scale, price) > 0 THEN 1 ELSE 0 END
                END AS amount,
                (price - %(index)s::numeric) * 10000 AS above,
                %(index)s::numeric * %(step)s AS wide
        ) AS worth
        CROSS JOIN LATERAL (
            -- Whole steps, rounded down: `div` rounds towards zero.
            SELECT COALESCE((div(above, wide)
                - CASE WHEN above < 0 AND mod(above, wide) <> 0 THEN 1 ELSE 0 END) * %(step)s,
                price) AS at
        ) AS level
        GROUP BY direction, at
        """,  # noqa: S608 - made of literals
        values,
    )
    found = {}
    for direction in Direction:
        side = [row for row in rows if row["direction"] == direction]
        heaps = [
            Heap(row["at"], int(row["amount"]), row["offers"]) for row in side if row["offers"]
        ]
        heaps.sort(key=lambda heap: heap.at * direction.sign)
        found[direction] = Side(heaps, complete=not any(row["more"] for row in side))
    return found


async def methods(
    reading: Reading, pair: Codes, quotes: Sequence[Quote]
) -> tuple[list[MethodTop], bool]:
    """The best prices by payment method, and whether all listings have been looked at."""
    values = _asked(reading, [pair], quotes, LOOKED_AT + 1) | {"looked_at": LOOKED_AT}
    rows = await reading.all(
        f"""
        WITH {FEED}, {_PAIRS}
        SELECT method, bool_or(place > %(looked_at)s) AS more,
            max(price) FILTER (WHERE direction = 'buy' AND place <= %(looked_at)s) AS bid,
            min(price) FILTER (WHERE direction = 'sell' AND place <= %(looked_at)s) AS ask,
            count(*) FILTER (WHERE direction = 'buy' AND place <= %(looked_at)s) AS buys,
            count(*) FILTER (WHERE direction = 'sell' AND place <= %(looked_at)s) AS sells
        FROM ({_BOTH}) AS hits CROSS JOIN unnest(payment_methods) AS method
        GROUP BY method ORDER BY method
        """,  # noqa: S608 - made of literals
        values,
    )
    tops = [
        MethodTop(row["method"], row["bid"], row["ask"], row["buys"], row["sells"])
        for row in rows
        if row["buys"] or row["sells"]
    ]
    return tops, not any(row["more"] for row in rows)


def _walk(direction: LiteralString, kind: LiteralString) -> LiteralString:
    """Goes from pair to pair in one of the indexes, without reading what lies between them."""
    step: LiteralString = f"""
        SELECT asset, currency FROM listings
        WHERE direction = '{direction}' AND {kind} IS NOT NULL
            AND (asset, currency) > (%s, %s)
        ORDER BY asset, currency LIMIT 1
    """  # noqa: S608 - made of literals
    first = step.replace("(%s, %s)", "(%(asset)s, %(currency)s)")
    following = step.replace("(%s, %s)", "(known.asset, known.currency)")
    return f"""(
        WITH RECURSIVE known AS (
            ({first})
            UNION ALL
            SELECT following.* FROM known CROSS JOIN LATERAL ({following}) AS following
        )
        SELECT asset, currency FROM known LIMIT %(limit)s
    )"""  # noqa: S608 - made of literals


async def pairs(reading: Reading, after: Codes | None, limit: int) -> list[Codes]:
    """Up to `limit` pairs that have listings, in the order of their codes, from behind `after`."""
    asset, currency = after or ("", "")
    rows = await reading.all(
        f"""
        {_walk("buy", "level")} UNION {_walk("buy", "tilt")}
        UNION {_walk("sell", "level")} UNION {_walk("sell", "tilt")}
        ORDER BY asset, currency LIMIT %(limit)s
        """,
        {"asset": asset, "currency": currency, "limit": limit},
    )
    return [(row["asset"], row["currency"]) for row in rows]
