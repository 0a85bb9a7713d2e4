"""Offers at floating prices, with rules and hours, and the book that finds them."""

from tradepost.entrypoints.migrations.sql import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Widens the offers, and creates the listings, the saved searches and the partners."""
    run(
        """
        CREATE TABLE trusted_partners (
            account_id uuid NOT NULL REFERENCES accounts,
            partner_id uuid NOT NULL REFERENCES accounts,
            since timestamptz NOT NULL,
            PRIMARY KEY (account_id, partner_id),
            CHECK (account_id <> partner_id)
        );
        CREATE INDEX trusted_partners_partner ON trusted_partners (partner_id);
        CREATE INDEX tokens_used ON tokens (last_used_at) WHERE last_used_at IS NOT NULL;

        -- The book has rows of its own; with the column go the indexes over it.
        ALTER TABLE offers DROP COLUMN rank;
        DROP INDEX offers_newest;
        ALTER TABLE offers
            ALTER price DROP NOT NULL,
            ADD margin_bps integer CHECK (margin_bps BETWEEN -10000 AND 90000),
            ADD limit_price numeric CHECK (
                limit_price > 0 AND limit_price < 1e18 AND scale(limit_price) <= 12
            ),
            ADD price_source text,
            ADD amount_unit text NOT NULL DEFAULT 'asset'
                CHECK (amount_unit IN ('asset', 'currency')),
            ADD paused_because text CHECK (paused_because IN ('maker', 'away')),
            ADD stock_id uuid,
            ADD visibility text NOT NULL DEFAULT 'public'
                CHECK (visibility IN ('public', 'link', 'trusted')),
            ADD link text,
            ADD min_trades integer NOT NULL DEFAULT 0 CHECK (min_trades >= 0),
            ADD min_account_age_days integer NOT NULL DEFAULT 0 CHECK (min_account_age_days >= 0),
            ADD first_trade_limit numeric(78, 0),
            ADD taker_countries text[] NOT NULL DEFAULT '{}',
            ADD hours jsonb,
            ADD closes_at timestamptz,
            -- When the clock next opens or ends it.
            ADD next_change_at timestamptz;
        UPDATE offers SET paused_because = 'maker' WHERE state = 'paused';
        -- Offers that were there before are listed by the first round of that clock.
        UPDATE offers SET next_change_at = created_at WHERE state = 'active';
        ALTER TABLE offers
            ALTER amount_unit DROP DEFAULT,
            ALTER visibility DROP DEFAULT,
            ALTER min_trades DROP DEFAULT,
            ALTER min_account_age_days DROP DEFAULT,
            ALTER taker_countries DROP DEFAULT,
            ADD CHECK ((price IS NULL) <> (margin_bps IS NULL)),
            ADD CHECK ((margin_bps IS NULL) = (price_source IS NULL)),
            ADD CHECK (limit_price IS NULL OR margin_bps IS NOT NULL),
            ADD CHECK ((state = 'paused') = (paused_because IS NOT NULL)),
            ADD CHECK ((visibility = 'link') = (link IS NOT NULL));
        CREATE INDEX offers_due ON offers (next_change_at) WHERE next_change_at IS NOT NULL;
        CREATE INDEX offers_stock ON offers (stock_id) WHERE stock_id IS NOT NULL;

        CREATE TABLE offer_makers (
            account_id uuid PRIMARY KEY REFERENCES accounts,
            open_offers integer NOT NULL CHECK (open_offers >= 0),
            missed_takes integer NOT NULL DEFAULT 0
        );
        INSERT INTO offer_makers (account_id, open_offers)
            SELECT maker_id, count(*) FILTER (WHERE state <> 'closed') FROM offers GROUP BY 1;

        CREATE TABLE listings (
            id uuid PRIMARY KEY,
            maker_id uuid NOT NULL REFERENCES accounts,
            direction text NOT NULL,
            asset text NOT NULL,
            asset_decimals smallint NOT NULL,
            currency text NOT NULL,
            currency_decimals smallint NOT NULL,
            -- Minor units of the coin for one of the currency at a price of one.
            scale numeric NOT NULL,
            -- A fixed price is its number. A floating one follows its source by its margin, and
            -- has its limit as number.
            source text,
            margin_bps integer,
            number numeric,
            -- The price of the market at which the limit begins to hold.
            threshold numeric,
            -- What it is ordered by, the best for a taker first: a price with its sign, or, while
            -- the price follows the market, the margin with its sign.
            level numeric,
            tilt integer,
            in_currency boolean NOT NULL,
            least numeric(78, 0) NOT NULL,
            most numeric(78, 0) NOT NULL,
            payment_methods text[] NOT NULL,
            country text,
            until timestamptz,
            document text NOT NULL,
            CHECK ((level IS NULL) <> (tilt IS NULL)),
            CHECK ((source IS NULL) = (margin_bps IS NULL)),
            CHECK (source IS NOT NULL OR number IS NOT NULL),
            CHECK (0 < least AND least <= most)
        );
        CREATE INDEX listings_level ON listings (direction, asset, currency, level, id)
            WHERE level IS NOT NULL;
        CREATE INDEX listings_tilt ON listings (direction, asset, currency, source, tilt, id)
            WHERE tilt IS NOT NULL;
        CREATE INDEX listings_threshold ON listings (direction, asset, currency, source, threshold)
            WHERE threshold IS NOT NULL;
        CREATE INDEX listings_currency ON listings (currency, id);
        CREATE INDEX listings_maker ON listings (maker_id, id);
        -- The price of the market at which the rows above are right about level and tilt.
        CREATE TABLE listing_references (
            asset text NOT NULL,
            currency text NOT NULL,
            source text NOT NULL,
            value numeric NOT NULL CHECK (value > 0),
            PRIMARY KEY (asset, currency, source)
        );
        -- What came or changed, until those who wait for it have been told.
        CREATE TABLE listing_news (listing_id uuid PRIMARY KEY);

        CREATE TABLE saved_searches (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts,
            name text NOT NULL CHECK (length(name) <= 100),
            direction text,
            asset text,
            asset_decimals smallint,
            currency text,
            amount numeric(78, 0),
            fiat_amount numeric(78, 0),
            payment_methods text[] NOT NULL,
            country text,
            maker_id uuid,
            created_at timestamptz NOT NULL,
            CHECK (asset IS NOT NULL OR currency IS NOT NULL)
        );
        CREATE INDEX saved_searches_account ON saved_searches (account_id, id);
        CREATE INDEX saved_searches_asset ON saved_searches (asset, currency);
        CREATE INDEX saved_searches_currency ON saved_searches (currency) WHERE asset IS NULL;
        CREATE TABLE saved_search_hits (
            search_id uuid NOT NULL REFERENCES saved_searches ON DELETE CASCADE,
            listing_id uuid NOT NULL,
            PRIMARY KEY (search_id, listing_id)
        );
        """
    )
