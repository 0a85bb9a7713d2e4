"""Past trades without their parties, and the candles made of them."""

from tradepost.entrypoints.migrations.sql import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Creates them, and fills them with the trades that were completed before."""
    run(
        """
        -- The pairs that ever had a trade; whoever changes a pair's rows below holds its row.
        CREATE TABLE market_pairs (
            asset text NOT NULL,
            currency text NOT NULL,
            PRIMARY KEY (asset, currency)
        );

        -- The trade's id never leaves this table: it is there to take a row out again.
        CREATE TABLE market_trades (
            trade_id uuid PRIMARY KEY,
            position bigint GENERATED ALWAYS AS IDENTITY,
            asset text NOT NULL,
            currency text NOT NULL,
            -- The minute, and two digits of the amount: more would tell whose it was.
            at timestamptz NOT NULL CHECK (at = date_trunc('minute', at, 'UTC')),
            price numeric NOT NULL CHECK (price > 0),
            amount numeric(78, 0) NOT NULL CHECK (amount > 0),
            payment_method text NOT NULL,
            FOREIGN KEY (asset, currency) REFERENCES market_pairs
        );
        CREATE INDEX market_trades_pair ON market_trades (asset, currency, at, position);

        CREATE TABLE market_candles (
            asset text NOT NULL,
            currency text NOT NULL,
            interval text NOT NULL CHECK (interval IN ('5m', '1h', '1d', '1w')),
            starts_at timestamptz NOT NULL,
            open numeric NOT NULL,
            high numeric NOT NULL,
            low numeric NOT NULL,
            close numeric NOT NULL,
            volume numeric NOT NULL,
            trades integer NOT NULL CHECK (trades > 0),
            PRIMARY KEY (asset, currency, interval, starts_at),
            CHECK (low <= open AND low <= close AND open <= high AND close <= high)
        );

        INSERT INTO market_pairs (asset, currency)
            SELECT DISTINCT asset, currency FROM trades WHERE state = 'completed';
        INSERT INTO market_trades (trade_id, asset, currency, at, price, amount, payment_method)
            SELECT id, asset, currency, date_trunc('minute', updated_at, 'UTC'), price,
                round(amount, 2 - length(amount::text)), payment_method
            FROM trades WHERE state = 'completed' ORDER BY updated_at, id;
        INSERT INTO market_candles (asset, currency, interval, starts_at, open, high, low, close,
                volume, trades)
            SELECT asset, currency, name, date_bin(length, at, '2001-01-01 00:00+00'),
                (array_agg(price ORDER BY at, position))[1], max(price), min(price),
                (array_agg(price ORDER BY at DESC, position DESC))[1], sum(amount), count(*)
            FROM market_trades CROSS JOIN (VALUES
                ('5m', interval '5 minutes'), ('1h', interval '1 hour'),
                ('1d', interval '1 day'), ('1w', interval '7 days')
            ) AS intervals (name, length)
            GROUP BY 1, 2, 3, 4;
        """
    )
