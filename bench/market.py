"""A book as a market has it: a few large pairs and many small ones, fixed and floating prices."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import psycopg

from bench import world
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.prices import store
from tradepost.prices.model import INDEX, Quote

#: Pairs by size: of each offer's place in a hundred, the currency that it falls to.
CURRENCIES = (
    ("EUR", 30),
    ("USD", 22),
    ("BRL", 10),
    ("GBP", 8),
    ("NGN", 8),
    ("INR", 7),
    ("ARS", 5),
    ("TRY", 4),
    ("KES", 3),
    ("CHF", 2),
    ("SEK", 1),
)
#: Of a hundred offers, so many follow the market; of these, a third have a limit.
FLOATING = 40
#: Of so many offers to sell, one is funded.
ONE_FUNDED_IN = 500
#: What one of each asset costs, in every currency: the book is drawn around it.
MARKET: Mapping[str, Decimal] = {"ETH": Decimal(2500), "USDT": Decimal(1)}
#: A document's own id, until each listing puts in its own.
NO_ID = UUID(int=0)

_FILL = """
INSERT INTO listings (
    id, maker_id, direction, asset, asset_decimals, currency, currency_decimals, scale, source,
    margin_bps, number, threshold, level, tilt, in_currency, least, most, payment_methods, country,
    until, document, funded
)
SELECT id, maker_id, direction, asset, decimals, currency, 2, ('1e' || (decimals - 2))::numeric,
    CASE WHEN floating THEN 'index' END,
    CASE WHEN floating THEN margin END,
    CASE WHEN floating THEN bound ELSE price END,
    CASE WHEN floating THEN threshold END,
    CASE WHEN floating AND NOT held THEN NULL WHEN floating THEN sign * bound
        ELSE sign * price END,
    CASE WHEN floating AND NOT held THEN sign * margin END,
    in_currency, least, least * (1 + n %% 40), methods, country, NULL,
    replace(%(document)s, %(no_id)s, id::text), sign = 1 AND h4 / 100 %% %(one_funded_in)s = 0
FROM (
    SELECT *, round(market * (10000 + spread + 20 * sign) / 10000, 2 + 4 * (asset = 'USDT')::int)
            AS price,
        round(bound / (10000 + margin) * 10000, 18) AS threshold,
        bound IS NOT NULL AND CASE sign WHEN 1 THEN market < bound / (10000 + margin) * 10000
            ELSE market > bound / (10000 + margin) * 10000 END AS held,
        CASE WHEN in_currency THEN 2000 + 100 * (n %% 50)
            ELSE (10::numeric ^ decimals * (1 + n %% 50) / market)::numeric(78, 0) END AS least
    FROM (
        SELECT *, CASE asset WHEN 'ETH' THEN 2500::numeric ELSE 1::numeric END AS market,
            CASE asset WHEN 'ETH' THEN 18 ELSE 6 END AS decimals,
            CASE direction WHEN 'sell' THEN 1 ELSE -1 END AS sign,
            -- Most are a few percent off the market, a few are far away.
            ((h1 %% 400) - 100 + (h2 %% 300)) * CASE direction WHEN 'sell' THEN 1 ELSE -1 END
                AS spread,
            ((h1 %% 300) - 60 + (h3 %% 400)) * CASE direction WHEN 'sell' THEN 1 ELSE -1 END
                AS margin,
            CASE WHEN h2 %% 3 = 0 THEN round(
                CASE asset WHEN 'ETH' THEN 2500::numeric ELSE 1::numeric END
                * (10000 + CASE direction WHEN 'sell' THEN 1 ELSE -1 END * ((h3 %% 1200) - 800))
                / 10000, 6) END AS bound
        FROM (
            SELECT n, uuidv7() AS id, h1, h2, h3, h4,
                (%(makers)s::uuid[])[1 + h4 %% cardinality(%(makers)s::uuid[])] AS maker_id,
                CASE WHEN h1 %% 7 < 4 THEN 'sell' ELSE 'buy' END AS direction,
                CASE WHEN h2 %% 9 < 5 THEN 'USDT' ELSE 'ETH' END AS asset,
                (%(currencies)s::text[])[1 + h3 %% 100] AS currency,
                h4 %% 100 < %(floating)s AS floating,
                h1 %% 4 = 0 AS in_currency,
                CASE h2 %% 5 WHEN 0 THEN NULL
                    ELSE (ARRAY['DE', 'ES', 'FR', 'BR', 'NG', 'US', 'GB', 'IN'])[1 + h2 / 5 %% 8]
                    END AS country,
                -- Common and rare ones: the last of twelve is a thousandth of the first.
                (SELECT array_agg(DISTINCT 'method_' || floor(12 * power((h / 1000.0), 3)))
                    FROM unnest(ARRAY[h1 %% 1000, h3 / 7 %% 1000]) AS h) AS methods
            FROM (
                SELECT n, abs(hashint8(n)) AS h1, abs(hashint8(n + 1000000000)) AS h2,
                    abs(hashint8(n + 2000000000)) AS h3, abs(hashint8(n + 3000000000)) AS h4
                FROM generate_series(
                    (SELECT count(*) FROM listings)::bigint + 1, %(count)s::bigint
                ) AS n
            ) AS hashed
        ) AS drawn
    ) AS placed
) AS priced
"""


def fill(
    dsn: str,
    count: int,
    makers: list[UUID],
    document: str,
    *,
    shares: Sequence[tuple[str, int]] = CURRENCIES,
    floating: int = FLOATING,
) -> None:
    """Fills the book to `count` listings of two assets, drawn the same way each time.

    `document` has `NO_ID` for its id; `shares` are the currencies with their share of a hundred.
    """
    currencies = [code for code, share in shares for _ in range(share)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            _FILL,
            {
                "no_id": str(NO_ID),
                "count": count,
                "makers": makers,
                "document": document,
                "currencies": currencies,
                "floating": floating,
                "one_funded_in": ONE_FUNDED_IN,
            },
        )
        connection.execute(
            """
            INSERT INTO listing_references (asset, currency, source, value)
            SELECT asset, currency, 'index', value
            FROM unnest(%s::text[], %s::numeric[]) AS market (asset, value),
                unnest(%s::text[]) AS currency
            ON CONFLICT DO NOTHING
            """,
            [list(MARKET), list(MARKET.values()), sorted(set(currencies))],
        )
        connection.execute("VACUUM ANALYZE listings")


def quote(dsn: str, moved_bps: int) -> None:
    """Makes the index of every pair, fresh for a day, `moved_bps` above where the book was drawn.

    As prices writes it; no worker runs that could make another one of it.
    """
    now = system_clock()
    quotes = [
        Quote(
            base=asset,
            quote=currency,
            source=INDEX,
            value=value * (10_000 + moved_bps) / 10_000,
            as_of=now,
            valid_until=now + timedelta(days=1),
            development=False,
        )
        for asset, value in MARKET.items()
        for currency, _ in CURRENCIES
    ]

    async def put() -> None:
        async with (
            Database(world.settings(dsn), system_clock, {}) as database,
            database.transaction() as tx,
        ):
            await store.put_quotes(tx, quotes)

    asyncio.run(put())
