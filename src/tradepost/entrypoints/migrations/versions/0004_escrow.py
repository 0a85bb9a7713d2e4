"""The escrow: the chain it is on, what the chain said, and what is brought to it."""

from tradepost.entrypoints.migrations.sql import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE escrow_chains (
            chain_id bigint PRIMARY KEY,
            contract text NOT NULL,
            genesis_hash bytea NOT NULL,
            start_block bigint NOT NULL,
            head_number bigint,
            head_hash bytea,
            head_time bigint,
            confirmed_number bigint,
            confirmed_time bigint,
            seen_at timestamptz
        );
        -- One exchange is on one chain.
        CREATE UNIQUE INDEX escrow_chains_one ON escrow_chains ((true));

        CREATE TABLE escrow_blocks (
            number bigint PRIMARY KEY,
            hash bytea NOT NULL,
            parent_hash bytea NOT NULL,
            time bigint NOT NULL
        );

        CREATE TABLE escrows (
            id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
            chain_id bigint NOT NULL,
            contract text NOT NULL,
            asset text NOT NULL,
            seller text NOT NULL,
            buyer text NOT NULL,
            arbitrator text NOT NULL,
            token text NOT NULL,
            amount numeric(78, 0) NOT NULL CHECK (amount > 0),
            fee numeric(78, 0) NOT NULL CHECK (fee >= 0),
            fee_recipient text NOT NULL,
            fund_by bigint NOT NULL,
            payment_window bigint NOT NULL,
            challenge_window bigint NOT NULL,
            salt numeric(78, 0) NOT NULL,
            state text NOT NULL,
            locked_at bigint,
            cancel_at bigint,
            paid_on_chain boolean NOT NULL,
            buyer_amount numeric(78, 0),
            block_number bigint,
            tx_hash bytea,
            created_at timestamptz NOT NULL
        );
        CREATE INDEX escrows_unconfirmed ON escrows (state)
            WHERE state IN ('locking', 'releasing', 'refunding', 'splitting');

        CREATE TABLE escrow_events (
            block_number bigint NOT NULL,
            log_index integer NOT NULL,
            escrow_id bytea NOT NULL REFERENCES escrows,
            kind text NOT NULL,
            block_hash bytea NOT NULL,
            block_time bigint NOT NULL,
            tx_hash bytea NOT NULL,
            value numeric(78, 0),
            PRIMARY KEY (block_number, log_index)
        );
        CREATE INDEX escrow_events_escrow ON escrow_events (escrow_id);

        CREATE TABLE escrow_intents (
            id uuid PRIMARY KEY,
            escrow_id bytea NOT NULL REFERENCES escrows,
            kind text NOT NULL,
            state text NOT NULL,
            signature bytea,
            buyer_amount numeric(78, 0),
            first_party text,
            first_signature bytea,
            second_party text,
            second_signature bytea,
            not_before bigint NOT NULL,
            nonce bigint,
            tries integer NOT NULL,
            try_at timestamptz NOT NULL,
            reason text,
            created_at timestamptz NOT NULL
        );
        -- Whatever happens twice above, one thing is brought to the chain once.
        CREATE UNIQUE INDEX escrow_intents_open ON escrow_intents (escrow_id, kind)
            WHERE state IN ('waiting', 'sent');
        CREATE INDEX escrow_intents_due ON escrow_intents (created_at) WHERE state = 'waiting';
        CREATE INDEX escrow_intents_out ON escrow_intents (nonce) WHERE state = 'sent';

        CREATE TABLE escrow_transactions (
            hash bytea PRIMARY KEY,
            intent_id uuid NOT NULL REFERENCES escrow_intents,
            nonce bigint NOT NULL,
            raw bytea NOT NULL,
            gas bigint NOT NULL,
            max_fee numeric(78, 0) NOT NULL,
            priority_fee numeric(78, 0) NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE INDEX escrow_transactions_nonce ON escrow_transactions (nonce, max_fee DESC);

        CREATE TABLE escrow_nonces (
            sender text PRIMARY KEY,
            next_nonce bigint NOT NULL
        );
        """
    )
