"""What programs ask accounts' owners to confirm."""

from tradepost.entrypoints.migrations.sql import run

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Creates it."""
    run(
        """
        CREATE TABLE confirmations (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts,
            -- Which program asked; its token may be gone when the owner looks.
            token_id uuid NOT NULL,
            step text NOT NULL CHECK (step IN (
                'open_trade', 'payment_sent', 'release', 'refund', 'cancel', 'dispute'
            )),
            parameters jsonb NOT NULL,
            summary text NOT NULL,
            needs text[] NOT NULL,
            state text NOT NULL CHECK (state IN ('pending', 'confirmed', 'refused')),
            -- A trade is of a room below, whose rows outlive these.
            trade_id uuid REFERENCES trades,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            decided_at timestamptz,
            CHECK ((state = 'pending') = (decided_at IS NULL)),
            CHECK (trade_id IS NULL OR state = 'confirmed')
        );
        CREATE INDEX confirmations_account ON confirmations (account_id, id DESC);
        CREATE INDEX confirmations_age ON confirmations (expires_at);
        """
    )
