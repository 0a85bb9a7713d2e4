"""A transaction of the relayer carries many intents."""

from tradepost.entrypoints.migrations.sql import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Puts what a transaction carries into a table of its own."""
    run(
        """
        CREATE TABLE escrow_carried (
            hash bytea NOT NULL REFERENCES escrow_transactions,
            -- The call's place in the transaction.
            place integer NOT NULL,
            intent_id uuid NOT NULL REFERENCES escrow_intents,
            PRIMARY KEY (hash, place)
        );
        CREATE INDEX escrow_carried_intent ON escrow_carried (intent_id);
        INSERT INTO escrow_carried (hash, place, intent_id)
            SELECT hash, 0, intent_id FROM escrow_transactions;
        ALTER TABLE escrow_transactions DROP COLUMN intent_id;
        """
    )
