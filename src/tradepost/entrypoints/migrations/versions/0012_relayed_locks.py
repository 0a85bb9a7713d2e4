"""Locks that sellers sign, and the exchange brings to the chain."""

from tradepost.entrypoints.migrations.sql import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds what a lock's call is built from, and whether an intent may be tried again."""
    run(
        """
        ALTER TABLE escrow_intents
            ADD lock_way text,
            ADD permit_signature bytea,
            ADD permit2_nonce numeric(78, 0),
            ADD wanted boolean NOT NULL DEFAULT true,
            ADD CHECK ((kind = 'lock') = (lock_way IS NOT NULL));
        """
    )
