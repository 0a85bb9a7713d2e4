"""What makers are ready to do, and how much of it is left."""

from tradepost.entrypoints.migrations.sql import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the table and the indexes of the book."""
    run(
        """
        CREATE TABLE offers (
            id uuid PRIMARY KEY,
            version integer NOT NULL,
            state text NOT NULL CHECK (state IN ('active', 'paused', 'closed')),
            maker_id uuid NOT NULL REFERENCES accounts,
            direction text NOT NULL CHECK (direction IN ('buy', 'sell')),
            asset text NOT NULL,
            asset_decimals smallint NOT NULL CHECK (asset_decimals BETWEEN 0 AND 24),
            currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
            currency_decimals smallint NOT NULL CHECK (currency_decimals BETWEEN 0 AND 4),
            price numeric NOT NULL CHECK (price > 0 AND price < 1e18 AND scale(price) <= 12),
            min_amount numeric(78, 0) NOT NULL,
            max_amount numeric(78, 0) NOT NULL,
            total_amount numeric(78, 0) NOT NULL,
            remaining_amount numeric(78, 0) NOT NULL,
            payment_methods text[] NOT NULL CHECK (cardinality(payment_methods) BETWEEN 1 AND 10),
            country text CHECK (country ~ '^[A-Z]{2}$'),
            terms text NOT NULL CHECK (length(terms) <= 2000),
            funding_window_s integer NOT NULL CHECK (funding_window_s BETWEEN 600 AND 36000),
            payment_window_s integer NOT NULL CHECK (payment_window_s BETWEEN 900 AND 1209600),
            wallet text NOT NULL CHECK (wallet ~ '^0x[0-9a-f]{40}$'),
            encryption_key text NOT NULL CHECK (encryption_key ~ '^[0-9a-f]{64}$'),
            key_signature bytea CHECK (length(key_signature) BETWEEN 1 AND 4096),
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            -- A taker's order, best first: the lowest price of those who sell, the highest of
            -- those who buy.
            rank numeric NOT NULL
                GENERATED ALWAYS AS (CASE direction WHEN 'sell' THEN price ELSE -price END) STORED,
            CHECK (0 < min_amount AND min_amount <= max_amount AND max_amount <= total_amount),
            -- What is reserved is never more than there is, and never given back twice.
            CHECK (0 <= remaining_amount AND remaining_amount <= total_amount)
        );
        CREATE INDEX offers_maker ON offers (maker_id, id);
        -- The book holds only what can be taken now, so that a page never reads past what cannot.
        CREATE INDEX offers_book ON offers (direction, asset, currency, rank, id)
            WHERE state = 'active' AND remaining_amount >= min_amount;
        CREATE INDEX offers_best ON offers (direction, rank, id)
            WHERE state = 'active' AND remaining_amount >= min_amount;
        CREATE INDEX offers_newest ON offers (id)
            WHERE state = 'active' AND remaining_amount >= min_amount;
        """
    )
