"""The kernel's tables: events and their numbers, idempotency keys, the job queue."""

from procrastinate.schema import SchemaManager

from tradepost.entrypoints.migrations.sql import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE events (
            id uuid PRIMARY KEY,
            type text NOT NULL,
            payload jsonb NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE TABLE account_sequences (
            account_id uuid PRIMARY KEY,
            last_seq bigint NOT NULL
        ) WITH (fillfactor = 50);
        CREATE TABLE account_events (
            account_id uuid NOT NULL,
            seq bigint NOT NULL,
            event_id uuid NOT NULL REFERENCES events,
            PRIMARY KEY (account_id, seq)
        );
        CREATE TABLE idempotency_keys (
            account_id uuid NOT NULL,
            key text NOT NULL,
            fingerprint bytea NOT NULL,
            status smallint,
            headers jsonb,
            body bytea,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (account_id, key)
        );
        CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
        """
    )
    # The schema of the pinned procrastinate; a later version brings its own migrations.
    run(SchemaManager.get_schema())
