"""The rows of prices: what sources said last, the quotes made of it, and their history."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from tradepost.kernel import database
from tradepost.kernel.database import Transaction
from tradepost.prices.model import (
    AHEAD,
    INDEX,
    Fault,
    Index,
    IndexRow,
    NoIndex,
    Pair,
    Part,
    Point,
    Quote,
    Reading,
)

_ADVISORY_LOCK: Final = 7_233_093


async def quotes(tx: database.Reading, pair: Pair) -> list[Quote]:
    """The pair's quotes that are fresh now, of all sources."""
    rows = await tx.all(
        """
        SELECT base, quote, source, value, as_of, valid_until, development FROM price_quotes
        WHERE base = %(base)s AND quote = %(quote)s
            AND valid_until > %(now)s AND as_of <= %(newest)s
        """,
        {"base": pair.base, "quote": pair.quote, **_now(tx)},
    )
    return [Quote(**row) for row in rows]


async def fresh(tx: database.Reading, limit: int) -> list[Quote]:
    """Up to `limit` quotes that are fresh now, of all pairs and sources, in their order."""
    rows = await tx.all(
        """
        SELECT base, quote, source, value, as_of, valid_until, development FROM price_quotes
        WHERE valid_until > %(now)s AND as_of <= %(newest)s
        ORDER BY base, quote, source LIMIT %(limit)s
        """,
        {"limit": limit, **_now(tx)},
    )
    return [Quote(**row) for row in rows]


async def fresh_indexes(
    tx: Transaction, base: str | None, quote: str | None, after: Pair | None, limit: int
) -> list[IndexRow]:
    """Up to `limit` indexes that are fresh now, in the order of their pairs, behind `after`."""
    rows = await tx.all(
        """
        SELECT * FROM price_quotes
        WHERE source = %(index)s AND valid_until > %(now)s AND as_of <= %(newest)s
            AND (%(base)s::text IS NULL OR base = %(base)s)
            AND (%(quote)s::text IS NULL OR quote = %(quote)s)
            AND (%(after_base)s::text IS NULL
                OR (base, quote) > (%(after_base)s::text, %(after_quote)s::text))
        ORDER BY base, quote LIMIT %(limit)s
        """,
        {
            "index": INDEX,
            "base": base,
            "quote": quote,
            "after_base": None if after is None else after.base,
            "after_quote": None if after is None else after.quote,
            "limit": limit,
            **_now(tx),
        },
    )
    return [_index(row) for row in rows]


async def index_ages(tx: Transaction) -> list[tuple[str, str, float | None]]:
    """Of each pair's index how old (s) the oldest reading in it is; None where there is none."""
    rows = await tx.all(
        """
        SELECT base, quote, extract(epoch FROM %s - as_of) AS age FROM price_quotes
        WHERE source = %s ORDER BY base, quote LIMIT 500
        """,
        [tx.now, INDEX],
    )
    return [
        (row["base"], row["quote"], None if row["age"] is None else max(0.0, float(row["age"])))
        for row in rows
    ]


async def index(tx: Transaction, pair: Pair) -> IndexRow | None:
    """The pair's index as it was computed last, fresh or not."""
    row = await tx.one(
        "SELECT * FROM price_quotes WHERE base = %s AND quote = %s AND source = %s",
        [pair.base, pair.quote, INDEX],
    )
    return None if row is None else _index(row)


async def indexes(tx: Transaction) -> dict[Pair, IndexRow]:
    """Every pair's index as it was computed last, fresh or not."""
    rows = await tx.all("SELECT * FROM price_quotes WHERE source = %s", [INDEX])
    return {Pair(row["base"], row["quote"]): _index(row) for row in rows}


async def take_turn(tx: Transaction) -> None:
    """Waits until no other transaction computes prices; until the end of this one."""
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])


async def readings(tx: Transaction) -> list[Reading]:
    """The last word of every source on each of its pairs."""
    rows = await tx.all("SELECT * FROM price_readings ORDER BY source, base, quote")
    return [
        Reading(
            source=row["source"],
            pair=Pair(row["base"], row["quote"]),
            value=row["value"],
            as_of=row["as_of"],
            told=row["told"],
            tried_at=row["tried_at"],
            fault=None if row["fault"] is None else Fault(row["fault"]),
            since=row["since"],
            development=row["development"],
        )
        for row in rows
    ]


async def put_readings(tx: Transaction, readings: Sequence[Reading]) -> None:
    """Puts `readings` in the place of what the same sources said before."""
    await tx.execute(
        """
        INSERT INTO price_readings AS known (
            source, base, quote, value, as_of, told, tried_at, fault, since, development
        )
        SELECT * FROM jsonb_to_recordset(%s) AS told (
            source text, base text, quote text, value numeric, as_of timestamptz, told numeric,
            tried_at timestamptz, fault text, since timestamptz, development boolean
        )
        ON CONFLICT (source, base, quote) DO UPDATE SET
            value = excluded.value, as_of = excluded.as_of, told = excluded.told,
            tried_at = excluded.tried_at, fault = excluded.fault, since = excluded.since,
            development = excluded.development
        """,
        [
            Jsonb(
                [
                    {
                        "source": one.source,
                        "base": one.pair.base,
                        "quote": one.pair.quote,
                        "value": _text(one.value),
                        "as_of": _text(one.as_of),
                        "told": _text(one.told),
                        "tried_at": _text(one.tried_at),
                        "fault": one.fault,
                        "since": _text(one.since),
                        "development": one.development,
                    }
                    for one in readings
                ]
            )
        ],
    )


async def put_quotes(tx: Transaction, quotes: Sequence[Quote]) -> None:
    """Puts the sources' own `quotes` in the place of those before."""
    await tx.execute(
        """
        INSERT INTO price_quotes (base, quote, source, value, as_of, valid_until, development)
        SELECT * FROM jsonb_to_recordset(%s) AS made (
            base text, quote text, source text, value numeric, as_of timestamptz,
            valid_until timestamptz, development boolean
        )
        ON CONFLICT (base, quote, source) DO UPDATE SET
            value = excluded.value, as_of = excluded.as_of, valid_until = excluded.valid_until,
            development = excluded.development
        """,
        [
            Jsonb(
                [
                    {
                        "base": one.base,
                        "quote": one.quote,
                        "source": one.source,
                        "value": _text(one.value),
                        "as_of": _text(one.as_of),
                        "valid_until": _text(one.valid_until),
                        "development": one.development,
                    }
                    for one in quotes
                ]
            )
        ],
    )


async def put_indexes(tx: Transaction, made: Sequence[Index | NoIndex]) -> None:
    """Puts what the indexes came to in the place of what they were.

    Where a pair has none, its last price ends now, and stays only as what it was.
    """
    await tx.execute(
        """
        INSERT INTO price_quotes AS known (
            base, quote, source, value, as_of, valid_until, development, spread_bps, crossed_over,
            parts, fault, since
        )
        SELECT base, quote, %(index)s, value, as_of, valid_until, development, spread_bps,
            crossed_over, parts, fault, CASE WHEN fault IS NOT NULL THEN %(now)s END
        FROM jsonb_to_recordset(%(made)s) AS made (
            base text, quote text, value numeric, as_of timestamptz, valid_until timestamptz,
            development boolean, spread_bps bigint, crossed_over text, parts jsonb, fault text
        )
        ON CONFLICT (base, quote, source) DO UPDATE SET
            value = COALESCE(excluded.value, known.value),
            as_of = COALESCE(excluded.as_of, known.as_of),
            valid_until = CASE
                WHEN excluded.value IS NOT NULL THEN excluded.valid_until
                WHEN known.value IS NOT NULL THEN LEAST(known.valid_until, %(now)s)
            END,
            development = CASE WHEN excluded.value IS NULL THEN known.development
                ELSE excluded.development END,
            spread_bps = excluded.spread_bps,
            crossed_over = excluded.crossed_over,
            parts = excluded.parts,
            fault = excluded.fault,
            -- It has been without a price since then, whatever the reasons were in between.
            since = CASE WHEN excluded.fault IS NOT NULL
                THEN COALESCE(known.since, LEAST(known.valid_until, %(now)s), %(now)s) END
        """,
        {"index": INDEX, "now": tx.now, "made": Jsonb([_made(one) for one in made])},
    )


async def keep_only(
    tx: Transaction, read: Mapping[str, Sequence[Pair]], quoted: Mapping[str, Sequence[Pair]]
) -> None:
    """Forgets what is not configured any more: other readings than `read`, quotes than `quoted`.

    Both map a source's name (for quotes also `INDEX`) to its pairs.
    """
    await tx.execute(
        """
        DELETE FROM price_readings WHERE (source, base, quote) NOT IN (
            SELECT * FROM jsonb_to_recordset(%s) AS kept (source text, base text, quote text)
        )
        """,
        [_names(read)],
    )
    await tx.execute(
        """
        DELETE FROM price_quotes WHERE (source, base, quote) NOT IN (
            SELECT * FROM jsonb_to_recordset(%s) AS kept (source text, base text, quote text)
        )
        """,
        [_names(quoted)],
    )


async def append_history(tx: Transaction, made: Sequence[Index], step: timedelta) -> None:
    """Notes the prices for the charts, the first one of each `step` (at most a minute)."""
    await tx.execute(
        """
        INSERT INTO price_history (base, quote, at, value, development, step_s)
        SELECT base, quote, date_bin(make_interval(secs => %(step)s), %(now)s, 'epoch'), value,
            development, %(step)s
        FROM jsonb_to_recordset(%(made)s) AS made (
            base text, quote text, value numeric, development boolean
        )
        ON CONFLICT DO NOTHING
        """,
        {
            "step": int(step.total_seconds()),
            "now": tx.now,
            "made": Jsonb(
                [
                    {
                        "base": one.pair.base,
                        "quote": one.pair.quote,
                        "value": _text(one.value),
                        "development": one.development,
                    }
                    for one in made
                ]
            ),
        },
    )


async def history(
    tx: Transaction, pair: Pair, since: datetime, until: datetime, limit: int
) -> list[Point]:
    """Up to `limit` points of the pair from `since` on and before `until`, the oldest first."""
    rows = await tx.all(
        """
        SELECT at, value, development FROM price_history
        WHERE base = %s AND quote = %s AND at >= %s AND at < %s ORDER BY at LIMIT %s
        """,
        [pair.base, pair.quote, since, until, limit],
    )
    return [Point(**row) for row in rows]


async def thin(
    tx: Transaction, step: timedelta, wider: timedelta, before: datetime, window: timedelta
) -> int:
    """Leaves of rows that stand for `step` the first of each `wider` stretch; how many it met.

    Does the oldest `window` of those before `before` at a time. Stretches are never cut apart:
    `before` is rounded down to one, and `window` is a multiple of `wider`.
    """
    values = {
        "step": int(step.total_seconds()),
        "wider": int(wider.total_seconds()),
        "before": before,
    }
    oldest = await tx.one(
        """
        SELECT date_bin(make_interval(secs => %(wider)s), min(at), 'epoch') AS at,
            date_bin(make_interval(secs => %(wider)s), %(before)s, 'epoch') AS "end"
        FROM price_history WHERE step_s = %(step)s AND at < %(before)s
        """,
        values,
    )
    assert oldest is not None
    if oldest["at"] is None or oldest["at"] >= oldest["end"]:
        return 0
    values |= {"from": oldest["at"], "to": min(oldest["at"] + window, oldest["end"])}
    widened = await tx.execute(
        """
        UPDATE price_history AS known SET step_s = %(wider)s
        FROM (
            SELECT base, quote, min(at) AS at FROM price_history
            WHERE step_s = %(step)s AND at >= %(from)s AND at < %(to)s
            GROUP BY base, quote, date_bin(make_interval(secs => %(wider)s), at, 'epoch')
        ) AS first
        WHERE (known.base, known.quote, known.at) = (first.base, first.quote, first.at)
        """,
        values,
    )
    return widened + await tx.execute(
        "DELETE FROM price_history WHERE step_s = %(step)s AND at >= %(from)s AND at < %(to)s",
        values,
    )


def _now(tx: database.Reading) -> dict[str, object]:
    # A clock that went back must not make a price last longer.
    return {"now": tx.now, "newest": tx.now + AHEAD}


def _text(value: Decimal | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else f"{value:f}"


def _names(pairs: Mapping[str, Sequence[Pair]]) -> Jsonb:
    return Jsonb(
        [
            {"source": source, "base": pair.base, "quote": pair.quote}
            for source, of_source in pairs.items()
            for pair in of_source
        ]
    )


def _made(one: Index | NoIndex) -> dict[str, object]:
    made: dict[str, object] = {
        "base": one.pair.base,
        "quote": one.pair.quote,
        "development": False,
        "crossed_over": one.crossed_over,
        "parts": [
            {
                "source": part.source,
                "base": part.pair.base,
                "quote": part.pair.quote,
                "value": _text(part.value),
                "as_of": _text(part.as_of),
                "fault": part.fault,
            }
            for part in one.parts
        ],
    }
    if isinstance(one, NoIndex):
        return made | {"fault": one.fault}
    return made | {
        "value": _text(one.value),
        "as_of": _text(one.as_of),
        "valid_until": _text(one.valid_until),
        "development": one.development,
        "spread_bps": one.spread_bps,
    }


def _index(row: Mapping[str, Any]) -> IndexRow:
    return IndexRow(
        pair=Pair(row["base"], row["quote"]),
        value=row["value"],
        as_of=row["as_of"],
        valid_until=row["valid_until"],
        development=row["development"],
        spread_bps=row["spread_bps"],
        crossed_over=row["crossed_over"],
        parts=tuple(
            Part(
                part["source"],
                Pair(part["base"], part["quote"]),
                None if part["value"] is None else Decimal(part["value"]),
                None if part["as_of"] is None else datetime.fromisoformat(part["as_of"]),
                None if part["fault"] is None else Fault(part["fault"]),
            )
            for part in row["parts"] or ()
        ),
        fault=None if row["fault"] is None else Fault(row["fault"]),
        since=row["since"],
    )
