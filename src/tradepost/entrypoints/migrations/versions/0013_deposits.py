"""Balances in the contract, and the listings that they back."""

from tradepost.entrypoints.migrations.sql import run

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Creates them; the balances behind the offers that are there are asked for."""
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

        -- What escrow has read of the wallets of makers who sell; nothing yet where it is null.
        CREATE TABLE offer_deposits (
            wallet text NOT NULL CHECK (wallet ~ '^0x[0-9a-f]{40}$'),
            asset text NOT NULL,
            amount numeric(78, 0) CHECK (amount >= 0),
            block_number bigint,
            PRIMARY KEY (wallet, asset),
            CHECK ((amount IS NULL) = (block_number IS NULL))
        );
        CREATE INDEX offer_deposits_unread ON offer_deposits (asset, wallet) WHERE amount IS NULL;
        CREATE INDEX offers_wallet ON offers (wallet, asset)
            WHERE direction = 'sell' AND state = 'active';
        INSERT INTO offer_deposits (wallet, asset)
            SELECT DISTINCT wallet, asset FROM offers
            WHERE direction = 'sell' AND state <> 'closed';

        ALTER TABLE listings ADD funded boolean NOT NULL DEFAULT false;
        ALTER TABLE listings ALTER funded DROP DEFAULT;
        -- Few may be funded, of many: a search for those reads no others.
        CREATE INDEX listings_funded_level ON listings (direction, asset, currency, level, id)
            WHERE funded AND level IS NOT NULL;
        CREATE INDEX listings_funded_tilt ON listings
            (direction, asset, currency, source, tilt, id) WHERE funded AND tilt IS NOT NULL;
        CREATE INDEX listings_funded_currency ON listings (currency, id) WHERE funded;
        CREATE INDEX listings_funded ON listings (id) WHERE funded;
        """
    )
