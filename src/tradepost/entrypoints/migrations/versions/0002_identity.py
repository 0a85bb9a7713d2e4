"""Accounts, their wallets and tokens, and the nonces that were used to sign in."""

from tradepost.entrypoints.migrations.sql import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE accounts (
            id uuid PRIMARY KEY,
            name text UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{2,29}$'),
            passphrase_hash text,
            roles text[] NOT NULL DEFAULT '{trader}'
                CHECK (roles <@ '{trader,arbitrator,operator}'),
            created_at timestamptz NOT NULL,
            -- A name is what a passphrase belongs to; a wallet signs in without either.
            CHECK ((name IS NULL) = (passphrase_hash IS NULL))
        );
        CREATE TABLE wallets (
            address text PRIMARY KEY CHECK (address ~ '^0x[0-9a-f]{40}$'),
            account_id uuid NOT NULL REFERENCES accounts,
            added_at timestamptz NOT NULL
        );
        CREATE INDEX wallets_account ON wallets (account_id);
        CREATE TABLE used_nonces (
            nonce text PRIMARY KEY,
            expires_at timestamptz NOT NULL
        );
        CREATE INDEX used_nonces_age ON used_nonces (expires_at);
        CREATE TABLE tokens (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts,
            secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
            session boolean NOT NULL,
            label text NOT NULL,
            scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            last_used_at timestamptz,
            revoked_at timestamptz
        );
        CREATE INDEX tokens_account ON tokens (account_id);
        """
    )
