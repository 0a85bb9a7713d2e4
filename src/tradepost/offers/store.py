"""The rows of offers, and the book that takers search."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from eth_utils.address import to_checksum_address

from tradepost.kernel.database import Transaction
from tradepost.kernel.money import Amount, Asset, Price
from tradepost.offers.model import AmountSpec, Direction, Offer, OfferState


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a taker looks for; None and the empty tuple leave a thing open.

    `amount` and `fiat_amount` are in minor units; the first needs `asset`, the second `currency`.
    """

    direction: Direction | None = None
    asset: str | None = None
    currency: str | None = None
    amount: int | None = None
    fiat_amount: int | None = None
    payment_methods: tuple[str, ...] = ()
    country: str | None = None
    maker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An offer and its place in the order of the book."""

    offer: Offer
    rank: Decimal


async def add(tx: Transaction, offer: Offer) -> None:
    """Adds a new offer."""
    await tx.execute(
        """
        INSERT INTO offers (
            id, version, state, maker_id, direction, asset, asset_decimals, currency,
            currency_decimals, price, min_amount, max_amount, total_amount, remaining_amount,
            payment_methods, country, terms, funding_window_s, payment_window_s, wallet,
            encryption_key, key_signature, created_at, updated_at
        ) VALUES (
            %(id)s, %(version)s, %(state)s, %(maker_id)s, %(direction)s, %(asset)s,
            %(asset_decimals)s, %(currency)s, %(currency_decimals)s, %(price)s, %(min_amount)s,
            %(max_amount)s, %(total_amount)s, %(remaining_amount)s, %(payment_methods)s,
            %(country)s, %(terms)s, %(funding_window_s)s, %(payment_window_s)s, %(wallet)s,
            %(encryption_key)s, %(key_signature)s, %(created_at)s, %(updated_at)s
        )
        """,
        _row(offer),
    )


async def replace(tx: Transaction, offer: Offer, seen_version: int) -> bool:
    """Puts `offer` in the place of its `seen_version`; False where that is no longer there."""
    return (
        await tx.execute(
            """
        UPDATE offers SET
            version = %(version)s, state = %(state)s, price = %(price)s,
            min_amount = %(min_amount)s, max_amount = %(max_amount)s,
            total_amount = %(total_amount)s, remaining_amount = %(remaining_amount)s,
            payment_methods = %(payment_methods)s, country = %(country)s, terms = %(terms)s,
            funding_window_s = %(funding_window_s)s, payment_window_s = %(payment_window_s)s,
            updated_at = %(updated_at)s
        WHERE id = %(id)s AND version = %(seen_version)s
        """,
            _row(offer) | {"seen_version": seen_version},
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


async def reserve(tx: Transaction, offer_id: UUID, amount: Amount, taker_id: UUID) -> Offer | None:
    """Takes `amount` out of what remains, if all that allows it holds at this very moment."""
    row = await tx.one(
        """
        UPDATE offers SET
            remaining_amount = remaining_amount - %(amount)s,
            version = version + 1,
            updated_at = %(now)s
        WHERE id = %(id)s AND asset = %(asset)s AND asset_decimals = %(asset_decimals)s
            AND state = 'active' AND maker_id <> %(taker)s
            AND %(amount)s BETWEEN min_amount AND LEAST(max_amount, remaining_amount)
        RETURNING *
        """,
        {
            "id": offer_id,
            "amount": amount.minor,
            "asset": amount.asset.code,
            "asset_decimals": amount.asset.decimals,
            "taker": taker_id,
            "now": tx.now,
        },
    )
    return None if row is None else _offer(row)


async def give_back(tx: Transaction, offer_id: UUID, amount: Amount) -> bool:
    """Adds `amount` to what remains, whatever the offer's state; False where that is too much."""
    return (
        await tx.execute(
            """
        UPDATE offers SET
            remaining_amount = remaining_amount + %(amount)s,
            version = version + 1,
            updated_at = %(now)s
        WHERE id = %(id)s AND asset = %(asset)s
            AND remaining_amount + %(amount)s <= total_amount
        """,
            {"id": offer_id, "amount": amount.minor, "asset": amount.asset.code, "now": tx.now},
        )
        == 1
    )


async def count_open(tx: Transaction, maker_id: UUID) -> int:
    """How many open offers the maker has; those who count for the same maker take turns."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('offers of ' || %s::text, 0))", [maker_id]
    )
    row = await tx.one(
        "SELECT count(*) AS open FROM offers WHERE maker_id = %s AND state <> 'closed'", [maker_id]
    )
    assert row is not None
    return int(row["open"])


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


_TAKEABLE: LiteralString = " BETWEEN min_amount AND LEAST(max_amount, remaining_amount)"

#: What `fiat_amount` buys, rounded for the maker as `model.quote_fiat` does. `div` drops the
#: fraction of an exact quotient, so a maker who sells keeps it; one who buys gets it on top.
_BOUGHT: LiteralString = """(
    div(
        %(fiat_amount)s * ('1e' || asset_decimals)::numeric,
        price * ('1e' || currency_decimals)::numeric
    ) + (
        direction = 'buy' AND 0 < mod(
            %(fiat_amount)s * ('1e' || asset_decimals)::numeric,
            price * ('1e' || currency_decimals)::numeric
        )
    )::int
)"""


async def search(
    tx: Transaction, wanted: Wanted, after: tuple[Decimal, UUID] | UUID | None, limit: int
) -> list[Found]:
    """Up to `limit` offers that can be taken now, in order, from behind `after`.

    Where `wanted` names a direction, the best price for the taker comes first and `after` is the
    rank and id of the last one seen; else the newest comes first and `after` is an id.
    """
    conditions: list[LiteralString] = ["state = 'active'", "remaining_amount >= min_amount"]
    values: dict[str, object] = {"limit": limit}

    def where(condition: LiteralString, name: str, value: object) -> None:
        conditions.append(condition)
        values[name] = value

    if wanted.direction is not None:
        where("direction = %(direction)s", "direction", wanted.direction)
    if wanted.asset is not None:
        where("asset = %(asset)s", "asset", wanted.asset)
    if wanted.currency is not None:
        where("currency = %(currency)s", "currency", wanted.currency)
    if wanted.payment_methods:
        where("payment_methods && %(methods)s", "methods", list(wanted.payment_methods))
    if wanted.country is not None:
        where("country = %(country)s", "country", wanted.country)
    if wanted.maker_id is not None:
        where("maker_id = %(maker)s", "maker", wanted.maker_id)
    if wanted.amount is not None:
        where("%(amount)s::numeric" + _TAKEABLE, "amount", wanted.amount)
    if wanted.fiat_amount is not None:
        where(_BOUGHT + _TAKEABLE, "fiat_amount", wanted.fiat_amount)
    if isinstance(after, tuple):
        values["rank"], values["id"] = after
        conditions.append("(rank, id) > (%(rank)s, %(id)s)")
    elif after is not None:
        where("id < %(id)s", "id", after)
    order: LiteralString = "rank, id" if wanted.direction is not None else "id DESC"
    query: tuple[LiteralString, ...] = (
        "SELECT * FROM offers WHERE",
        " AND ".join(conditions),
        "ORDER BY",
        order,
        "LIMIT %(limit)s",
    )
    rows = await tx.all(" ".join(query), values)
    return [Found(_offer(row), row["rank"]) for row in rows]


def _row(offer: Offer) -> dict[str, object]:
    return {
        "id": offer.id,
        "version": offer.version,
        "state": offer.state,
        "maker_id": offer.maker_id,
        "direction": offer.direction,
        "asset": offer.asset.code,
        "asset_decimals": offer.asset.decimals,
        "currency": offer.currency.code,
        "currency_decimals": offer.currency.decimals,
        "price": offer.price.value,
        "min_amount": offer.amounts.least.minor,
        "max_amount": offer.amounts.most.minor,
        "total_amount": offer.total.minor,
        "remaining_amount": offer.remaining.minor,
        "payment_methods": list(offer.payment_methods),
        "country": offer.country,
        "terms": offer.terms,
        "funding_window_s": offer.funding_window_s,
        "payment_window_s": offer.payment_window_s,
        "wallet": offer.wallet.lower(),
        "encryption_key": offer.encryption_key,
        "key_signature": offer.key_signature,
        "created_at": offer.created_at,
        "updated_at": offer.updated_at,
    }


def _offer(row: dict[str, Any]) -> Offer:
    asset = Asset(row["asset"], row["asset_decimals"])

    def coins(name: str) -> Amount:
        return Amount(asset, int(row[name]))

    return Offer(
        id=row["id"],
        version=row["version"],
        state=OfferState(row["state"]),
        maker_id=row["maker_id"],
        direction=Direction(row["direction"]),
        price=Price(asset, Asset(row["currency"], row["currency_decimals"]), row["price"]),
        amounts=AmountSpec(coins("min_amount"), coins("max_amount")),
        total=coins("total_amount"),
        remaining=coins("remaining_amount"),
        payment_methods=tuple(row["payment_methods"]),
        country=row["country"],
        terms=row["terms"],
        funding_window_s=row["funding_window_s"],
        payment_window_s=row["payment_window_s"],
        wallet=to_checksum_address(row["wallet"]),
        encryption_key=row["encryption_key"],
        key_signature=row["key_signature"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
