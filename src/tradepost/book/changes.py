"""The changes of each market's listings, numbered without a gap for those who follow them.

A transaction that changes a listing only leaves a note of it. Numbers are given later, by whoever
reads: a counter that is locked until a commit would make those who publish wait for each other.
"""

from collections.abc import Sequence
from datetime import timedelta

from tradepost.book.model import Change
from tradepost.kernel.database import Reading, Transaction

#: An asset and the currency that it is traded for.
Market = tuple[str, str]

#: So much is numbered, or forgotten, by one statement.
_STEP = 1000
_MOST_MARKETS = 10_000


async def number(tx: Transaction, market: Market) -> bool:
    """Gives numbers to what has changed; False when all have one. Of a listing the last counts.

    The counter stays locked until the commit, so the numbers become visible in their order.
    """
    row = await tx.one(
        """
        WITH taken AS (
            DELETE FROM listing_touches WHERE (asset, currency, id) IN (
                SELECT asset, currency, id FROM listing_touches
                WHERE asset = %(asset)s AND currency = %(currency)s
                ORDER BY id LIMIT %(step)s FOR UPDATE
            ) RETURNING id, listing_id
        ), latest AS (
            SELECT max(id) AS id, listing_id FROM taken GROUP BY listing_id
        ), counted AS (
            INSERT INTO market_sequences AS counter (asset, currency, last_seq)
            SELECT %(asset)s, %(currency)s, count(*) FROM latest HAVING count(*) > 0
            ON CONFLICT (asset, currency) DO UPDATE
                SET last_seq = counter.last_seq + excluded.last_seq
            RETURNING last_seq
        ), numbered AS (
            INSERT INTO market_changes (asset, currency, seq, listing_id, numbered_at)
            SELECT %(asset)s, %(currency)s,
                last_seq - count(*) OVER () + row_number() OVER (ORDER BY id), listing_id, %(now)s
            FROM latest CROSS JOIN counted
        )
        SELECT count(*) = %(step)s AS more FROM taken
        """,
        {"asset": market[0], "currency": market[1], "step": _STEP, "now": tx.now},
    )
    assert row is not None
    return bool(row["more"])


async def waiting(reading: Reading) -> list[Market]:
    """The markets with changes that have no number yet."""
    rows = await reading.all(
        "SELECT DISTINCT asset, currency FROM listing_touches LIMIT %s", [_MOST_MARKETS]
    )
    return [(row["asset"], row["currency"]) for row in rows]


async def last_seqs(reading: Reading, markets: Sequence[Market]) -> dict[Market, int]:
    """The numbers of the newest changes; 0 where there is none."""
    rows = await reading.all(
        """
        SELECT asset, currency, last_seq FROM market_sequences
        JOIN unnest(%s::text[], %s::text[]) AS asked (asset, currency) USING (asset, currency)
        """,
        [[market[0] for market in markets], [market[1] for market in markets]],
    )
    found = {(row["asset"], row["currency"]): int(row["last_seq"]) for row in rows}
    return dict.fromkeys(markets, 0) | found


async def after(reading: Reading, market: Market, seq: int, limit: int) -> list[Change]:
    """Up to `limit` changes with a number above `seq`, in order."""
    rows = await reading.all(
        """
        SELECT seq, listing_id, document, funded,
            CASE WHEN source IS NULL THEN number::text END AS price
        FROM market_changes AS change
        LEFT JOIN listings ON listings.id = listing_id
            AND (listings.until IS NULL OR listings.until > %s)
        WHERE change.asset = %s AND change.currency = %s AND seq > %s ORDER BY seq LIMIT %s
        """,
        [reading.now, *market, seq, limit],
    )
    return [
        Change(
            int(row["seq"]), row["listing_id"], row["document"], row["price"], bool(row["funded"])
        )
        for row in rows
    ]


async def forget(tx: Transaction, age: timedelta) -> bool:
    """Forgets some of the changes that are older; False when none are left."""
    forgotten = await tx.execute(
        """
        DELETE FROM market_changes WHERE (asset, currency, seq) IN (
            SELECT asset, currency, seq FROM market_changes WHERE numbered_at < %s LIMIT %s
        )
        """,
        [tx.now - age, _STEP],
    )
    return forgotten == _STEP
