"""Prices: what sources said last, the quotes made of it, and their history."""

from tradepost.entrypoints.migrations.sql import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE price_readings (
            source text NOT NULL,
            base text NOT NULL,
            quote text NOT NULL,
            value numeric CHECK (value > 0),
            as_of timestamptz,
            told numeric,
            tried_at timestamptz NOT NULL,
            fault text,
            since timestamptz,
            development boolean NOT NULL,
            PRIMARY KEY (source, base, quote),
            CHECK ((value IS NULL) = (as_of IS NULL)),
            CHECK ((fault IS NULL) = (since IS NULL))
        ) WITH (fillfactor = 50);

        -- value, as_of and valid_until tell the last good price: valid_until decides alone whether
        -- it still is one.
        CREATE TABLE price_quotes (
            base text NOT NULL,
            quote text NOT NULL,
            source text NOT NULL,
            value numeric CHECK (value > 0),
            as_of timestamptz,
            valid_until timestamptz,
            development boolean NOT NULL,
            spread_bps bigint,
            crossed_over text,
            parts jsonb,
            fault text,
            since timestamptz,
            PRIMARY KEY (base, quote, source),
            CHECK ((value IS NULL) = (as_of IS NULL) AND (value IS NULL) = (valid_until IS NULL)),
            CHECK ((fault IS NULL) = (since IS NULL)),
            CHECK (value IS NOT NULL OR fault IS NOT NULL)
        ) WITH (fillfactor = 50);

        -- step_s: what stretch of time this row stands for; grows as rows are thinned.
        CREATE TABLE price_history (
            base text NOT NULL,
            quote text NOT NULL,
            at timestamptz NOT NULL,
            value numeric NOT NULL CHECK (value > 0),
            development boolean NOT NULL,
            step_s integer NOT NULL,
            PRIMARY KEY (base, quote, at)
        );
        CREATE INDEX price_history_thinning ON price_history (step_s, at) WHERE step_s < 86400;
        """
    )
