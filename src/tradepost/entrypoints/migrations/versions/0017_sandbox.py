"""The sandbox: by how much its clock was moved, and what its faucet has given."""

from tradepost.entrypoints.migrations.sql import run

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Makes its tables. They are empty, and the clock stands at the machine's time, elsewhere."""
    run(
        """
        CREATE TABLE moved_clock (
            only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
            ahead_s bigint NOT NULL DEFAULT 0 CHECK (ahead_s >= 0)
        );
        INSERT INTO moved_clock DEFAULT VALUES;
        CREATE TABLE sandbox_draws (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts (id),
            created_at timestamptz NOT NULL
        );
        CREATE INDEX sandbox_draws_account ON sandbox_draws (account_id, created_at);
        -- Each is a transaction of the faucet's account. All are kept: a chain that lost blocks is
        -- brought those that it lost.
        CREATE TABLE sandbox_gifts (
            nonce bigint PRIMARY KEY CHECK (nonce >= 0),
            draw_id uuid NOT NULL REFERENCES sandbox_draws (id),
            hash bytea NOT NULL CHECK (length(hash) = 32),
            raw bytea NOT NULL
        );
        """
    )
