"""Tickets of streams, and the changes of the book by their numbers."""

from tradepost.entrypoints.migrations.sql import run

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE stream_tickets (
            secret_hash bytea PRIMARY KEY,
            token_id uuid NOT NULL REFERENCES tokens ON DELETE CASCADE,
            expires_at timestamptz NOT NULL
        );
        CREATE INDEX stream_tickets_token ON stream_tickets (token_id);
        CREATE INDEX stream_tickets_age ON stream_tickets (expires_at);

        -- Listings that changed, as their transactions leave them; who reads gives them numbers, so
        -- that nobody who publishes waits for a counter.
        CREATE TABLE listing_touches (
            asset text NOT NULL,
            currency text NOT NULL,
            id bigint GENERATED ALWAYS AS IDENTITY,
            listing_id uuid NOT NULL,
            PRIMARY KEY (asset, currency, id)
        );
        CREATE TABLE market_sequences (
            asset text NOT NULL,
            currency text NOT NULL,
            last_seq bigint NOT NULL,
            PRIMARY KEY (asset, currency)
        ) WITH (fillfactor = 50);
        CREATE TABLE market_changes (
            asset text NOT NULL,
            currency text NOT NULL,
            seq bigint NOT NULL,
            listing_id uuid NOT NULL,
            numbered_at timestamptz NOT NULL,
            PRIMARY KEY (asset, currency, seq)
        );
        CREATE INDEX market_changes_age ON market_changes (numbered_at);
        """
    )
