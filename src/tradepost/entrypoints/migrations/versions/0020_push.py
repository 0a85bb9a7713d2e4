"""Devices that are told of their owners' trades, and what waits for them."""

from tradepost.entrypoints.migrations.sql import run

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE push_subscriptions (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts,
            -- A device has one, whoever is signed in on it.
            endpoint text NOT NULL UNIQUE CHECK (length(endpoint) <= 500),
            device_key bytea NOT NULL CHECK (length(device_key) = 65),
            auth bytea NOT NULL CHECK (length(auth) = 16),
            -- The exchange's public key that the device was told.
            server_key text NOT NULL,
            label text NOT NULL CHECK (length(label) <= 60),
            -- The account's events up to this number have become messages, or are not wanted.
            seen_seq bigint NOT NULL,
            -- When its push service last took a message, and whether it did so at once.
            accepted_at timestamptz,
            quick boolean NOT NULL DEFAULT false,
            failing_since timestamptz,
            failures integer NOT NULL DEFAULT 0,
            -- The push service's own Retry-After.
            resting_until timestamptz,
            -- When the first of its messages is due; null where none is.
            due_at timestamptz,
            -- Who serves it holds it until then, under this number.
            leased_until timestamptz NOT NULL DEFAULT '-infinity',
            lease bigint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL
        ) WITH (fillfactor = 70);
        CREATE INDEX push_subscriptions_account ON push_subscriptions (account_id, id DESC);
        CREATE INDEX push_subscriptions_due ON push_subscriptions (quick, due_at)
            WHERE due_at IS NOT NULL;
        CREATE TABLE push_messages (
            subscription_id uuid NOT NULL REFERENCES push_subscriptions ON DELETE CASCADE,
            -- A trade is of a room below, whose rows outlive these. The newest counts.
            trade_id uuid NOT NULL REFERENCES trades,
            event_id uuid NOT NULL,
            news text NOT NULL,
            tries integer NOT NULL DEFAULT 0,
            due_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (subscription_id, trade_id)
        );
        """
    )
