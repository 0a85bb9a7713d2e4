"""Payment accounts, sealed by their owners."""

from tradepost.entrypoints.migrations.sql import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE payment_accounts (
            id uuid PRIMARY KEY,
            version integer NOT NULL,
            owner_id uuid NOT NULL REFERENCES accounts,
            method text NOT NULL CHECK (length(method) BETWEEN 1 AND 40),
            sealed text NOT NULL CHECK (length(sealed) BETWEEN 100 AND 8192),
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        );
        CREATE INDEX payment_accounts_owner ON payment_accounts (owner_id, id);
        """
    )
