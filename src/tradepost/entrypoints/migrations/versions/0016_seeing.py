"""The trace of what is brought to the chain, and a quick sum of what escrows hold."""

from tradepost.entrypoints.migrations.sql import run

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Adds them."""
    run(
        """
        ALTER TABLE escrow_intents ADD traceparent text CHECK (length(traceparent) = 55);
        CREATE INDEX escrows_holding ON escrows (contract, token) INCLUDE (amount, fee)
            WHERE state IN ('locking', 'locked');
        """
    )
