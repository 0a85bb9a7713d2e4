"""Encrypted wallets of accounts, and what they were before."""

from tradepost.entrypoints.migrations.sql import run

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE account_backups (
            -- Whoever deletes an account deletes these with it.
            account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
            version integer NOT NULL CHECK (version > 0),
            vault text NOT NULL CHECK (length(vault) BETWEEN 2 AND 8192),
            created_at timestamptz NOT NULL,
            replaced_at timestamptz,
            PRIMARY KEY (account_id, version)
        );
        CREATE UNIQUE INDEX account_backups_standing ON account_backups (account_id)
            WHERE replaced_at IS NULL;
        CREATE INDEX account_backups_age ON account_backups (replaced_at)
            WHERE replaced_at IS NOT NULL;
        """
    )
