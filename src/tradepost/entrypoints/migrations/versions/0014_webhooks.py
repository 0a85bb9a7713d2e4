"""Webhooks, their secrets, and what is brought to them."""

from tradepost.entrypoints.migrations.sql import run

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE webhooks (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts,
            url text NOT NULL CHECK (length(url) <= 500),
            description text NOT NULL CHECK (length(description) <= 200),
            events text[] NOT NULL,
            disabled_reason text
                CHECK (disabled_reason IN ('owner', 'gone', 'failing', 'secrets_lost')),
            -- The account's events up to this number have become deliveries, or are not wanted.
            seen_seq bigint NOT NULL,
            -- Whether it answered its last try well, and soon.
            quick boolean NOT NULL DEFAULT false,
            failing_since timestamptz,
            failures integer NOT NULL DEFAULT 0,
            -- The receiver's own Retry-After.
            resting_until timestamptz,
            -- When the first of its deliveries is due; null where none is.
            due_at timestamptz,
            -- Who serves it holds it until then, under this number.
            leased_until timestamptz NOT NULL DEFAULT '-infinity',
            lease bigint NOT NULL DEFAULT 0,
            version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            UNIQUE (account_id, url)
        ) WITH (fillfactor = 70);
        CREATE INDEX webhooks_due ON webhooks (quick, due_at) WHERE due_at IS NOT NULL;
        CREATE TABLE webhook_secrets (
            id uuid PRIMARY KEY,
            webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
            sealed bytea NOT NULL,
            public_key text NOT NULL,
            created_at timestamptz NOT NULL,
            -- Null for the newest one.
            expires_at timestamptz
        );
        CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook_id, id);
        CREATE UNIQUE INDEX webhook_secrets_newest ON webhook_secrets (webhook_id)
            WHERE expires_at IS NULL;
        CREATE TABLE webhook_deliveries (
            id uuid PRIMARY KEY,
            webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
            message_id uuid NOT NULL,
            -- The account's number of the event; null for a test.
            seq bigint,
            type text NOT NULL,
            body text NOT NULL,
            state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
            attempts integer NOT NULL DEFAULT 0,
            tries integer NOT NULL DEFAULT 0,
            due_at timestamptz,
            created_at timestamptz NOT NULL,
            finished_at timestamptz,
            UNIQUE (webhook_id, seq),
            CHECK ((state = 'pending') = (due_at IS NOT NULL)),
            CHECK ((state = 'pending') = (finished_at IS NULL))
        );
        CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at, id)
            WHERE state = 'pending';
        CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, id);
        CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at)
            WHERE finished_at IS NOT NULL;
        CREATE TABLE webhook_attempts (
            delivery_id uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
            number integer NOT NULL,
            at timestamptz NOT NULL,
            duration_ms integer NOT NULL,
            status smallint,
            fault text,
            PRIMARY KEY (delivery_id, number),
            CHECK ((status IS NULL) <> (fault IS NULL))
        );
        """
    )
