"""Trades, the history of each, and what their parties sign."""

from tradepost.entrypoints.migrations.sql import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Creates them."""
    run(
        """
        CREATE TABLE trades (
            id uuid PRIMARY KEY,
            offer_id uuid NOT NULL REFERENCES offers,
            buyer_id uuid NOT NULL REFERENCES accounts,
            seller_id uuid NOT NULL REFERENCES accounts,
            maker text NOT NULL CHECK (maker IN ('buyer', 'seller')),
            state text NOT NULL,
            version integer NOT NULL,
            asset text NOT NULL,
            asset_decimals smallint NOT NULL,
            amount numeric(78, 0) NOT NULL CHECK (amount > 0),
            currency text NOT NULL,
            currency_decimals smallint NOT NULL,
            fiat_amount numeric(78, 0) NOT NULL CHECK (fiat_amount > 0),
            price numeric NOT NULL CHECK (price > 0),
            payment_method text NOT NULL,
            terms text NOT NULL,
            buyer_key text NOT NULL,
            buyer_key_signature bytea,
            seller_key text NOT NULL,
            seller_key_signature bytea,
            escrow_id bytea NOT NULL UNIQUE REFERENCES escrows,
            fund_by bigint NOT NULL,
            sealed_details text,
            paid_signature bytea,
            payment_sent_at timestamptz,
            release_signature bytea,
            refund_signature bytea,
            cancel_signature bytea,
            given_back boolean NOT NULL DEFAULT false,
            dispute_reason text,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CHECK (buyer_id <> seller_id)
        ) WITH (fillfactor = 80);
        CREATE INDEX trades_buyer ON trades (buyer_id, id);
        CREATE INDEX trades_seller ON trades (seller_id, id);
        CREATE INDEX trades_offer ON trades (offer_id);
        CREATE INDEX trades_unfunded ON trades (fund_by) WHERE state = 'awaiting_escrow';
        CREATE INDEX trades_unanswered ON trades (payment_sent_at) WHERE state = 'payment_sent';
        CREATE INDEX trades_disputed ON trades (id) WHERE state = 'disputed';

        CREATE TABLE trade_history (
            trade_id uuid NOT NULL REFERENCES trades,
            version integer NOT NULL,
            at timestamptz NOT NULL,
            from_state text,
            to_state text NOT NULL,
            event text NOT NULL,
            by_account uuid,
            PRIMARY KEY (trade_id, version)
        );

        CREATE TABLE trade_settlements (
            trade_id uuid NOT NULL REFERENCES trades,
            party text NOT NULL,
            buyer_amount numeric(78, 0) NOT NULL,
            signature bytea NOT NULL,
            signed_at timestamptz NOT NULL,
            PRIMARY KEY (trade_id, party)
        );
        """
    )
