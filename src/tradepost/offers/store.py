"""The rows of offers, of their makers, and of the deposits behind them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from eth_utils.address import to_checksum_address
from psycopg.types.json import Jsonb

from tradepost.kernel.database import Transaction
from tradepost.kernel.hours import Span, WeeklyHours
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.pricing import Direction, FixedPrice, FloatingPrice, PriceSpec
from tradepost.offers.model import (
    MAX_OPEN_OFFERS,
    MAX_SHARING,
    AmountSpec,
    Deposit,
    Offer,
    OfferState,
    PauseReason,
    TakerRules,
    Visibility,
)


async def add(tx: Transaction, offer: Offer) -> bool:
    """Adds a new offer; False where its maker has as many open ones as he can have."""
    return (
        await tx.execute(
            """
        WITH counted AS (
            INSERT INTO offer_makers AS maker (account_id, open_offers) VALUES (%(maker_id)s, 1)
            ON CONFLICT (account_id) DO UPDATE SET open_offers = maker.open_offers + 1
                WHERE maker.open_offers < %(most)s
            RETURNING account_id
        )
        INSERT INTO offers (
            id, version, state, paused_because, maker_id, direction, asset, asset_decimals,
            currency, currency_decimals, price, margin_bps, limit_price, price_source,
            amount_unit, min_amount, max_amount, total_amount, remaining_amount, stock_id,
            payment_methods, country, terms, funding_window_s, payment_window_s, visibility, link,
            min_trades, min_account_age_days, first_trade_limit, taker_countries, hours, closes_at,
            next_change_at, wallet, encryption_key, key_signature, created_at, updated_at
        )
        SELECT %(id)s, %(version)s, %(state)s, %(paused_because)s, account_id, %(direction)s,
            %(asset)s, %(asset_decimals)s, %(currency)s, %(currency_decimals)s, %(price)s,
            %(margin_bps)s, %(limit_price)s, %(price_source)s, %(amount_unit)s, %(min_amount)s,
            %(max_amount)s, %(total_amount)s, %(remaining_amount)s, %(stock_id)s,
            %(payment_methods)s, %(country)s, %(terms)s, %(funding_window_s)s,
            %(payment_window_s)s, %(visibility)s, %(link)s, %(min_trades)s,
            %(min_account_age_days)s, %(first_trade_limit)s, %(taker_countries)s, %(hours)s,
            %(closes_at)s, %(next_change_at)s, %(wallet)s, %(encryption_key)s, %(key_signature)s,
            %(created_at)s, %(updated_at)s
        FROM counted
        """,
            _row(offer, tx.now) | {"most": MAX_OPEN_OFFERS},
        )
        == 1
    )


async def replace(tx: Transaction, offer: Offer, seen_version: int) -> bool:
    """Puts `offer` in the place of its `seen_version`; False where that is no longer there."""
    return (
        await tx.execute(
            """
        WITH replaced AS (
            UPDATE offers SET
                version = %(version)s, state = %(state)s, paused_because = %(paused_because)s,
                price = %(price)s, margin_bps = %(margin_bps)s, limit_price = %(limit_price)s,
                price_source = %(price_source)s, amount_unit = %(amount_unit)s,
                min_amount = %(min_amount)s, max_amount = %(max_amount)s,
                total_amount = %(total_amount)s, remaining_amount = %(remaining_amount)s,
                payment_methods = %(payment_methods)s, country = %(country)s, terms = %(terms)s,
                funding_window_s = %(funding_window_s)s, payment_window_s = %(payment_window_s)s,
                visibility = %(visibility)s, link = %(link)s, min_trades = %(min_trades)s,
                min_account_age_days = %(min_account_age_days)s,
                first_trade_limit = %(first_trade_limit)s, taker_countries = %(taker_countries)s,
                hours = %(hours)s, closes_at = %(closes_at)s,
                next_change_at = %(next_change_at)s, updated_at = %(updated_at)s
            WHERE id = %(id)s AND version = %(seen_version)s
            RETURNING maker_id, state
        ), counted AS (
            UPDATE offer_makers SET open_offers = open_offers - 1
            FROM replaced WHERE account_id = maker_id AND state = 'closed'
        )
        SELECT FROM replaced
        """,
            _row(offer, tx.now) | {"seen_version": seen_version},
        )
        == 1
    )


async def get(tx: Transaction, offer_id: UUID, *, lock: bool = False) -> Offer | None:
    """The offer with this id; with `lock`, nobody else changes it until this transaction ends."""
    row = await tx.one(
        "SELECT * FROM offers WHERE id = %s FOR NO KEY UPDATE"
        if lock
        else "SELECT * FROM offers WHERE id = %s",
        [offer_id],
    )
    return None if row is None else _offer(row)


async def get_many(tx: Transaction, offer_ids: Sequence[UUID]) -> list[Offer]:
    """Those of the offers that exist."""
    rows = await tx.all("SELECT * FROM offers WHERE id = ANY(%s)", [list(offer_ids)])
    return [_offer(row) for row in rows]


async def sharing(tx: Transaction, stock_id: UUID) -> list[Offer]:
    """The offers over the same coins, held until the transaction ends, always in one order."""
    rows = await tx.all(
        "SELECT * FROM offers WHERE stock_id = %s ORDER BY id LIMIT %s FOR NO KEY UPDATE",
        [stock_id, MAX_SHARING],
    )
    return [_offer(row) for row in rows]


async def share(tx: Transaction, offer_id: UUID, stock_id: UUID) -> Offer:
    """Makes an offer, which is held, the first over coins that others are to be over, too."""
    row = await tx.one(
        """
        UPDATE offers SET stock_id = %s, version = version + 1, updated_at = %s WHERE id = %s
        RETURNING *
        """,
        [stock_id, tx.now, offer_id],
    )
    assert row is not None, "offers are never deleted"
    return _offer(row)


async def reserve(tx: Transaction, offer_id: UUID, taken: Amount, taker_id: UUID) -> Offer | None:
    """Takes `taken` out of what remains, if all that allows it holds at this very moment.

    For an offer over coins of its own; where others share them, all are held first.
    """
    row = await tx.one(
        """
        UPDATE offers SET
            remaining_amount = remaining_amount - %(amount)s,
            version = version + 1,
            updated_at = %(now)s
        WHERE id = %(id)s AND state = 'active' AND maker_id <> %(taker)s AND stock_id IS NULL
            AND CASE amount_unit WHEN 'asset' THEN asset ELSE currency END = %(unit)s
            AND (closes_at IS NULL OR closes_at > %(now)s)
            AND %(amount)s BETWEEN min_amount AND LEAST(max_amount, remaining_amount)
        RETURNING *
        """,
        {
            "id": offer_id,
            "amount": taken.minor,
            "unit": taken.asset.code,
            "taker": taker_id,
            "now": tx.now,
        },
    )
    return None if row is None else _offer(row)


async def change_remaining(tx: Transaction, offer: Offer, change: int) -> list[Offer]:
    """Adds `change` (minor units) to what remains of an offer and of all over the same coins.

    Empty where more would remain than there is, or less than nothing; or where others are over
    the same coins by now, and were not when `offer` was read.
    """
    rows = await tx.all(
        """
        UPDATE offers SET
            remaining_amount = remaining_amount + %(change)s,
            version = version + 1,
            updated_at = %(now)s
        WHERE (
                (id = %(id)s AND stock_id IS NOT DISTINCT FROM %(stock)s)
                OR stock_id = %(stock)s
            )
            AND remaining_amount + %(change)s BETWEEN 0 AND total_amount
        RETURNING *
        """,
        {
            "id": offer.id,
            "stock": offer.stock_id,
            "change": change,
            "now": tx.now,
        },
    )
    return [_offer(row) for row in rows]


async def change_total(tx: Transaction, offer: Offer, change: int) -> list[Offer]:
    """Adds `change` (minor units) to the totals of the others over an offer's coins, all held."""
    rows = await tx.all(
        """
        UPDATE offers SET
            remaining_amount = remaining_amount + %(change)s,
            total_amount = total_amount + %(change)s,
            version = version + 1,
            updated_at = %(now)s
        WHERE stock_id = %(stock)s AND id <> %(id)s
        RETURNING *
        """,
        {"id": offer.id, "stock": offer.stock_id, "change": change, "now": tx.now},
    )
    return [_offer(row) for row in rows]


async def of_maker(tx: Transaction, maker_id: UUID, before: UUID | None, limit: int) -> list[Offer]:
    """The maker's offers in any state, the newest first, from below `before`."""
    rows = await tx.all(
        """
        SELECT * FROM offers
        WHERE maker_id = %(maker)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"maker": maker_id, "before": before, "limit": limit},
    )
    return [_offer(row) for row in rows]


async def for_partner(
    tx: Transaction, makers: Sequence[UUID], before: UUID | None, limit: int
) -> list[Offer]:
    """Active offers that these makers show only to partners, the newest first."""
    rows = await tx.all(
        """
        SELECT * FROM offers
        WHERE maker_id = ANY(%(makers)s) AND visibility = 'trusted' AND state = 'active'
            AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"makers": list(makers), "before": before, "limit": limit},
    )
    return [_offer(row) for row in rows]


async def due(tx: Transaction) -> Offer | None:
    """An offer that the clock opens or ends by now, held until the transaction ends."""
    row = await tx.one(
        """
        SELECT * FROM offers WHERE next_change_at <= %s
        ORDER BY next_change_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        """,
        [tx.now],
    )
    return None if row is None else _offer(row)


async def next_change(tx: Transaction, offer_id: UUID, at: datetime | None) -> None:
    """Notes when the clock next opens or ends the offer."""
    await tx.execute("UPDATE offers SET next_change_at = %s WHERE id = %s", [at, offer_id])


async def open_of(tx: Transaction, maker_id: UUID) -> list[Offer]:
    """The maker's active and paused offers, held until the transaction ends."""
    rows = await tx.all(
        """
        SELECT * FROM offers WHERE maker_id = %s AND state <> 'closed'
        ORDER BY id LIMIT %s FOR NO KEY UPDATE
        """,
        [maker_id, MAX_OPEN_OFFERS],
    )
    return [_offer(row) for row in rows]


# --- makers --------------------------------------------------------------------------------


async def count_missed(tx: Transaction, maker_id: UUID) -> int:
    """Notes that the maker let a take lapse; how many in a row it is by now."""
    row = await tx.one(
        """
        UPDATE offer_makers SET missed_takes = missed_takes + 1 WHERE account_id = %s
        RETURNING missed_takes
        """,
        [maker_id],
    )
    assert row is not None, "whoever has an offer has a row"
    return int(row["missed_takes"])


async def forget_missed(tx: Transaction, maker_id: UUID) -> None:
    """The maker is there: what he missed before does not count any more."""
    await tx.execute(
        "UPDATE offer_makers SET missed_takes = 0 WHERE account_id = %s AND missed_takes > 0",
        [maker_id],
    )


# --- deposits ------------------------------------------------------------------------------

#: A maker's wallet, in any case of its letters, and an asset's code.
Purse = tuple[str, str]


async def deposits(
    tx: Transaction, purses: Collection[Purse], *, hold: bool = False
) -> dict[Purse, Deposit]:
    """What is known of the deposits in these wallets, which are in small letters.

    With `hold` they stay what they are until the transaction ends, and escrow will be asked for
    those of which nothing is known.
    """
    asked = sorted(purses)
    columns = [[wallet for wallet, _ in asked], [asset for _, asset in asked]]
    rows = await tx.all(_HELD_DEPOSITS if hold else _DEPOSITS, columns)
    if hold and len(rows) < len(asked):
        await tx.execute(_ASK_FOR_DEPOSITS, columns)
        # By now somebody else may have written what was missing.
        rows = await tx.all(_HELD_DEPOSITS, columns)
    return {
        (row["wallet"], row["asset"]): Deposit(int(row["amount"]), row["block_number"])
        for row in rows
        if row["amount"] is not None
    }


_DEPOSITS: LiteralString = """
    SELECT wallet, asset, amount, block_number FROM offer_deposits
    JOIN unnest(%s::text[], %s::text[]) AS asked (wallet, asset) USING (wallet, asset)
    ORDER BY wallet, asset
"""
_HELD_DEPOSITS: LiteralString = f"{_DEPOSITS} FOR SHARE OF offer_deposits"
_ASK_FOR_DEPOSITS: LiteralString = """
    INSERT INTO offer_deposits (wallet, asset) SELECT * FROM unnest(%s::text[], %s::text[])
    ON CONFLICT DO NOTHING
"""


async def unread_deposits(tx: Transaction, assets: Sequence[str], limit: int) -> list[Purse]:
    """Wallets of which nothing is known yet, of these assets."""
    rows = await tx.all(
        """
        SELECT wallet, asset FROM offer_deposits WHERE amount IS NULL AND asset = ANY(%s)
        ORDER BY asset, wallet LIMIT %s
        """,
        [list(assets), limit],
    )
    return [(row["wallet"], row["asset"]) for row in rows]


async def put_deposit(tx: Transaction, purse: Purse, deposit: Deposit) -> None:
    """Stores what a wallet has; who lists its offers waits until the transaction ends."""
    await tx.execute(
        """
        INSERT INTO offer_deposits (wallet, asset, amount, block_number) VALUES (%s, %s, %s, %s)
        ON CONFLICT (wallet, asset) DO UPDATE SET
            amount = excluded.amount, block_number = excluded.block_number
        """,
        [*purse, deposit.amount, deposit.block_number],
    )


async def sold_from(tx: Transaction, purse: Purse) -> list[Offer]:
    """The active offers that sell an asset out of a wallet."""
    rows = await tx.all(
        """
        SELECT * FROM offers
        WHERE wallet = %s AND asset = %s AND direction = 'sell' AND state = 'active'
        ORDER BY id LIMIT %s
        """,
        [*purse, MAX_OPEN_OFFERS],
    )
    return [_offer(row) for row in rows]


# --- rows ----------------------------------------------------------------------------------


def _row(offer: Offer, now: datetime) -> dict[str, object]:
    price, limit = offer.price, offer.rules.first_trade_limit
    floating = price if isinstance(price, FloatingPrice) else None
    return {
        "id": offer.id,
        "version": offer.version,
        "state": offer.state,
        "paused_because": offer.paused_because,
        "maker_id": offer.maker_id,
        "direction": offer.direction,
        "asset": offer.asset.code,
        "asset_decimals": offer.asset.decimals,
        "currency": offer.currency.code,
        "currency_decimals": offer.currency.decimals,
        "price": price.value if isinstance(price, FixedPrice) else None,
        "margin_bps": floating and floating.margin_bps,
        "limit_price": floating and floating.limit,
        "price_source": floating and floating.source,
        "amount_unit": "asset" if offer.unit == offer.asset else "currency",
        "min_amount": offer.amounts.least.minor,
        "max_amount": offer.amounts.most.minor,
        "total_amount": offer.total.minor,
        "remaining_amount": offer.remaining.minor,
        "stock_id": offer.stock_id,
        "payment_methods": list(offer.payment_methods),
        "country": offer.country,
        "terms": offer.terms,
        "funding_window_s": offer.funding_window_s,
        "payment_window_s": offer.payment_window_s,
        "visibility": offer.visibility,
        "link": offer.link,
        "min_trades": offer.rules.min_trades,
        "min_account_age_days": offer.rules.min_account_age_days,
        "first_trade_limit": None if limit is None else limit.minor,
        "taker_countries": list(offer.rules.countries),
        "hours": None if offer.hours is None else Jsonb(_hours_row(offer.hours)),
        "closes_at": offer.closes_at,
        "next_change_at": offer.next_change(now),
        "wallet": offer.wallet.lower(),
        "encryption_key": offer.encryption_key,
        "key_signature": offer.key_signature,
        "created_at": offer.created_at,
        "updated_at": offer.updated_at,
    }


def _hours_row(hours: WeeklyHours) -> dict[str, object]:
    spans = [[span.weekday, span.start_min, span.end_min] for span in hours.spans]
    return {"time_zone": hours.time_zone, "spans": spans}


def _price(row: dict[str, Any]) -> PriceSpec:
    if row["price"] is not None:
        return FixedPrice(row["price"])
    return FloatingPrice(row["margin_bps"], row["limit_price"], row["price_source"])


def _offer(row: dict[str, Any]) -> Offer:
    asset = Asset(row["asset"], row["asset_decimals"])
    currency = Asset(row["currency"], row["currency_decimals"])
    unit = asset if row["amount_unit"] == "asset" else currency
    first, hours = row["first_trade_limit"], row["hours"]

    def amount(name: str) -> Amount:
        return Amount(unit, int(row[name]))

    return Offer(
        id=row["id"],
        version=row["version"],
        state=OfferState(row["state"]),
        paused_because=row["paused_because"] and PauseReason(row["paused_because"]),
        maker_id=row["maker_id"],
        direction=Direction(row["direction"]),
        asset=asset,
        currency=currency,
        price=_price(row),
        amounts=AmountSpec(amount("min_amount"), amount("max_amount")),
        total=amount("total_amount"),
        remaining=amount("remaining_amount"),
        stock_id=row["stock_id"],
        payment_methods=tuple(row["payment_methods"]),
        country=row["country"],
        terms=row["terms"],
        funding_window_s=row["funding_window_s"],
        payment_window_s=row["payment_window_s"],
        visibility=Visibility(row["visibility"]),
        link=row["link"],
        rules=TakerRules(
            min_trades=row["min_trades"],
            min_account_age_days=row["min_account_age_days"],
            first_trade_limit=None if first is None else Amount(unit, int(first)),
            countries=tuple(row["taker_countries"]),
        ),
        hours=hours
        and WeeklyHours(hours["time_zone"], tuple(Span(*span) for span in hours["spans"])),
        closes_at=row["closes_at"],
        wallet=to_checksum_address(row["wallet"]),
        encryption_key=row["encryption_key"],
        key_signature=row["key_signature"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
