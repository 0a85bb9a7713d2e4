"""Balances in the contract."""

from tradepost.entrypoints.migrations.sql import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE escrow_balances (
            token text NOT NULL CHECK (token ~ '^0x[0-9a-f]{40}$'),
            account text NOT NULL CHECK (account ~ '^0x[0-9a-f]{40}$'),
            amount numeric(78, 0) NOT NULL CHECK (amount >= 0),
            -- At which it was read; none where the chain forgot that block.
            block_number bigint,
            PRIMARY KEY (token, account)
        );
        CREATE INDEX escrow_balances_age ON escrow_balances (block_number);
        -- Balances that are to be read once that block is confirmed.
        CREATE TABLE escrow_touches (
            block_number bigint NOT NULL,
            token text NOT NULL CHECK (token ~ '^0x[0-9a-f]{40}$'),
            account text NOT NULL CHECK (account ~ '^0x[0-9a-f]{40}$'),
            PRIMARY KEY (block_number, token, account)
        );
        """
    )
