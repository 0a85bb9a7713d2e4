"""Escrows in lanes, and settlements that lapse."""

from tradepost.entrypoints.migrations.sql import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Renames what was the salt, and gives settlements their last chain time.

    What was signed for the contract before is worth nothing to this one: it counts as lapsed.
    """
    run(
        """
        ALTER TABLE escrows RENAME COLUMN salt TO lane;
        -- Whether it is the last that was opened in its lane, and how many there came to nothing
        -- right before it. What was opened before holds none: it has a contract of its own.
        ALTER TABLE escrows ADD holds_lane boolean NOT NULL DEFAULT false,
            ADD lane_lapses smallint NOT NULL DEFAULT 0;
        ALTER TABLE escrows ALTER holds_lane DROP DEFAULT, ALTER lane_lapses DROP DEFAULT;
        -- Whatever happens at once, a lane is given to one escrow.
        CREATE UNIQUE INDEX escrows_lanes ON escrows (seller, token, contract, chain_id, lane)
            WHERE holds_lane;
        CREATE INDEX escrows_open ON escrows (seller, token, lane)
            WHERE state IN ('locking', 'locked', 'releasing', 'refunding', 'splitting');

        ALTER TABLE trade_settlements ADD valid_until bigint NOT NULL DEFAULT 0;
        ALTER TABLE trade_settlements ALTER valid_until DROP DEFAULT;
        CREATE INDEX trades_splitting ON trades (updated_at) WHERE state = 'splitting';

        ALTER TABLE escrow_intents ADD valid_until bigint;
        UPDATE escrow_intents SET valid_until = 0 WHERE kind = 'settle';
        ALTER TABLE escrow_intents ADD CHECK ((kind = 'settle') = (valid_until IS NOT NULL));
        -- One settlement may lapse, or be given up, while another is signed.
        DROP INDEX escrow_intents_open;
        CREATE UNIQUE INDEX escrow_intents_open ON escrow_intents
            (escrow_id, kind, buyer_amount, valid_until) NULLS NOT DISTINCT
            WHERE state IN ('waiting', 'sent');
        """
    )
