"""The rows of past trades and their candles. They can be made anew from the trades at any time.

A candle is the fold of what lies in it: that of five minutes of its trades, each longer one of the
shorter ones. So a trade that comes late or is taken back costs a few short reads, and the rows are
the same as if it had come in time, or never.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, LiteralString
from uuid import UUID

from tradepost.insights.model import (
    DAY,
    Candle,
    Day,
    Interval,
    LastTrade,
    MarketPair,
    PastTrade,
)
from tradepost.kernel.database import Reading, Transaction
from tradepost.kernel.money import Amount

#: A place among the past trades of a pair: the minute, and the number of the row.
Place = tuple[datetime, int]
#: An asset and a currency, by their codes.
Codes = tuple[str, str]

_FOLDS: Final[tuple[tuple[Interval, Interval | None], ...]] = (
    (Interval.FIVE_MINUTES, None),
    (Interval.HOUR, Interval.FIVE_MINUTES),
    (Interval.DAY, Interval.HOUR),
    (Interval.WEEK, Interval.DAY),
)


async def hold(tx: Transaction, pair: MarketPair) -> None:
    """Makes others wait who change the pair's trades, until the end of the transaction."""
    await tx.execute(
        """
        INSERT INTO market_pairs (asset, currency) VALUES (%(asset)s, %(currency)s)
        ON CONFLICT DO NOTHING
        """,
        _of(pair),
    )
    await tx.one(
        """
        SELECT FROM market_pairs WHERE asset = %(asset)s AND currency = %(currency)s FOR UPDATE
        """,
        _of(pair),
    )


async def kept(tx: Transaction, pair: MarketPair, trade_id: UUID) -> PastTrade | None:
    """The row of a trade, if there is one."""
    row = await tx.one(
        """
        SELECT position, at, price, amount, payment_method FROM market_trades WHERE trade_id = %s
        """,
        [trade_id],
    )
    return None if row is None else _past(pair, row)[1]


async def add(tx: Transaction, pair: MarketPair, trade_id: UUID, trade: PastTrade) -> None:
    """Adds the row of a trade that has none."""
    await tx.execute(
        """
        INSERT INTO market_trades (trade_id, asset, currency, at, price, amount, payment_method)
        VALUES (%(trade_id)s, %(asset)s, %(currency)s, %(at)s, %(price)s, %(amount)s, %(method)s)
        """,
        {
            **_of(pair),
            "trade_id": trade_id,
            "at": trade.at,
            "price": trade.price,
            "amount": trade.amount.minor,
            "method": trade.payment_method,
        },
    )


async def take_out(tx: Transaction, trade_id: UUID) -> None:
    """Drops the row of a trade."""
    await tx.execute("DELETE FROM market_trades WHERE trade_id = %s", [trade_id])


async def fold(tx: Transaction, pair: MarketPair, at: datetime) -> None:
    """Makes the candles anew that this moment is in; the pair is held."""
    for interval, shorter in _FOLDS:
        start = interval.start(at)
        await tx.execute(
            _MERGE_TRADES if shorter is None else _MERGE_CANDLES,
            {
                **_of(pair),
                "interval": interval,
                "shorter": shorter,
                "start": start,
                "end": start + interval.length,
            },
        )


def _merge(made: LiteralString) -> LiteralString:
    return f"""
        MERGE INTO market_candles AS candle
        USING ({made}) AS made
        ON candle.asset = %(asset)s AND candle.currency = %(currency)s
            AND candle.interval = %(interval)s AND candle.starts_at = %(start)s
        WHEN MATCHED AND made.trades = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET open = made.open, high = made.high, low = made.low,
            close = made.close, volume = made.volume, trades = made.trades
        WHEN NOT MATCHED AND made.trades > 0 THEN INSERT (asset, currency, interval, starts_at,
            open, high, low, close, volume, trades)
            VALUES (%(asset)s, %(currency)s, %(interval)s, %(start)s, made.open, made.high,
                made.low, made.close, made.volume, made.trades)
    """  # noqa: S608 - made of literals


_MERGE_TRADES: Final = _merge(
    """
    SELECT (array_agg(price ORDER BY at, position))[1] AS open, max(price) AS high,
        min(price) AS low, (array_agg(price ORDER BY at DESC, position DESC))[1] AS close,
        sum(amount) AS volume, count(*) AS trades
    FROM market_trades
    WHERE asset = %(asset)s AND currency = %(currency)s AND at >= %(start)s AND at < %(end)s
    """
)
_MERGE_CANDLES: Final = _merge(
    """
    SELECT (array_agg(open ORDER BY starts_at))[1] AS open, max(high) AS high, min(low) AS low,
        (array_agg(close ORDER BY starts_at DESC))[1] AS close, sum(volume) AS volume,
        COALESCE(sum(trades), 0) AS trades
    FROM market_candles
    WHERE asset = %(asset)s AND currency = %(currency)s AND interval = %(shorter)s
        AND starts_at >= %(start)s AND starts_at < %(end)s
    """
)


# --- looking -------------------------------------------------------------------------------


async def tape(
    reading: Reading, pair: MarketPair, before: Place | None, limit: int
) -> list[tuple[Place, PastTrade]]:
    """Up to `limit` past trades of the pair and their places, newest first, from before one."""
    rows = await reading.all(
        """
        SELECT position, at, price, amount, payment_method FROM market_trades
        WHERE asset = %(asset)s AND currency = %(currency)s
            AND (at, position) < (%(at)s, %(position)s)
        ORDER BY at DESC, position DESC LIMIT %(limit)s
        """,
        {
            **_of(pair),
            "at": "infinity" if before is None else before[0],
            "position": 0 if before is None else before[1],
            "limit": limit,
        },
    )
    return [_past(pair, row) for row in rows]


async def candles(
    reading: Reading,
    pair: MarketPair,
    interval: Interval,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Candle]:
    """Up to `limit` candles that begin in the stretch, the oldest first."""
    rows = await reading.all(
        """
        SELECT starts_at, open, high, low, close, volume, trades FROM market_candles
        WHERE asset = %(asset)s AND currency = %(currency)s AND interval = %(interval)s
            AND starts_at >= %(since)s AND starts_at < %(until)s
        ORDER BY starts_at LIMIT %(limit)s
        """,
        {**_of(pair), "interval": interval, "since": since, "until": until, "limit": limit},
    )
    return [Candle(**row | {"volume": Amount(pair.asset, int(row["volume"]))}) for row in rows]


async def pairs(reading: Reading, after: Codes | None, limit: int) -> list[Codes]:
    """Up to `limit` pairs that have past trades, in the order of their codes, behind `after`."""
    asset, currency = after or ("", "")
    rows = await reading.all(
        """
        SELECT asset, currency FROM market_pairs
        WHERE (asset, currency) > (%(asset)s, %(currency)s) AND EXISTS (
            SELECT FROM market_trades WHERE market_trades.asset = market_pairs.asset
                AND market_trades.currency = market_pairs.currency
        )
        ORDER BY asset, currency LIMIT %(limit)s
        """,
        {"asset": asset, "currency": currency, "limit": limit},
    )
    return [(row["asset"], row["currency"]) for row in rows]


async def last_trades(reading: Reading, pairs: Sequence[Codes]) -> dict[Codes, LastTrade]:
    """The newest trade of each of `pairs` that has one."""
    rows = await reading.all(
        """
        SELECT given.asset, given.currency, at, price
        FROM unnest(%(assets)s::text[], %(currencies)s::text[]) AS given (asset, currency)
        CROSS JOIN LATERAL (
            SELECT at, price FROM market_trades
            WHERE asset = given.asset AND currency = given.currency
            ORDER BY at DESC, position DESC LIMIT 1
        ) AS newest
        """,
        _columns(pairs),
    )
    return {(row["asset"], row["currency"]): LastTrade(row["at"], row["price"]) for row in rows}


async def days(reading: Reading, pairs: Sequence[Codes]) -> dict[Codes, Day]:
    """What came in the last 24 hours, of each of `pairs` that has trades in them."""
    rows = await reading.all(
        """
        SELECT given.asset, given.currency, folded.*
        FROM unnest(%(assets)s::text[], %(currencies)s::text[]) AS given (asset, currency)
        CROSS JOIN LATERAL (
            SELECT (array_agg(open ORDER BY starts_at))[1] AS open,
                (array_agg(close ORDER BY starts_at DESC))[1] AS close,
                max(high) AS high, min(low) AS low, sum(volume) AS volume, sum(trades) AS trades
            FROM market_candles
            WHERE asset = given.asset AND currency = given.currency AND interval = %(interval)s
                AND starts_at > %(since)s
        ) AS folded
        WHERE trades > 0
        """,
        {**_columns(pairs), "interval": Interval.FIVE_MINUTES, "since": reading.now - DAY},
    )
    return {
        (row["asset"], row["currency"]): Day(
            row["open"],
            row["close"],
            row["high"],
            row["low"],
            int(row["volume"]),
            int(row["trades"]),
        )
        for row in rows
    }


def _columns(pairs: Sequence[Codes]) -> dict[str, object]:
    return {
        "assets": [asset for asset, _ in pairs],
        "currencies": [currency for _, currency in pairs],
    }


def _of(pair: MarketPair) -> dict[str, object]:
    return {"asset": pair.asset.code, "currency": pair.currency.code}


def _past(pair: MarketPair, row: dict[str, Any]) -> tuple[Place, PastTrade]:
    amount = Amount(pair.asset, int(row["amount"]))
    price = Decimal(row["price"])
    return (row["at"], row["position"]), PastTrade(row["at"], price, amount, row["payment_method"])
