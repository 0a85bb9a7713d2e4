"""Offers as makers say them, by the API and past it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from tests.integration.offers.conftest import Maker
from tradepost.kernel.database import Database
from tradepost.kernel.errors import Problem
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.pricing import Direction
from tradepost.offers import service
from tradepost.offers.draft import Draft
from tradepost.offers.model import Offer, Taker

ETH, EUR = Asset("ETH", 18), Asset("EUR", 2)
KEY = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#: The server does not judge it.
KEY_SIGNATURE = "0x" + "ab" * 65
TAKER = UUID(int=7)


def body(maker: Maker, **changes: object) -> dict[str, Any]:
    """A new offer of `maker`."""
    return {
        "direction": "sell",
        "asset": "ETH",
        "currency": "EUR",
        "price": "2500.50",
        "min_amount": "0.1",
        "max_amount": "1",
        "total_amount": "5",
        "payment_methods": ["sepa", "revolut"],
        "wallet": maker.wallet.lower(),
        "encryption_key": KEY,
        "key_signature": KEY_SIGNATURE,
    } | changes


async def published(api: httpx.AsyncClient, maker: Maker, **changes: object) -> dict[str, Any]:
    """An offer as its maker sees it."""
    answer = await api.post("/v1/offers", json=body(maker, **changes), headers=maker.headers())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def draft(maker: Maker, **changes: Any) -> Draft:
    """An offer of 5 ETH at 2500, in pieces of 1 to 2, if nothing else is said."""
    said: dict[str, Any] = {
        "direction": Direction.SELL,
        "asset": "ETH",
        "currency": "EUR",
        "price": Decimal(2500),
        "min_amount": "1",
        "max_amount": "2",
        "total_amount": "5",
        "payment_methods": ("sepa",),
        "wallet": maker.wallet,
        "encryption_key": KEY,
    }
    return Draft(**said | changes)


async def created(database: Database, maker: Maker, **changes: Any) -> Offer:
    """An offer of `maker`, past the API."""
    async with database.transaction() as tx:
        return await service.create_offer(tx, maker.id, draft(maker, **changes))


def sums(offer: Offer, taken: str, price: str = "2500") -> tuple[Amount, Amount]:
    """A take of so much of the offer's unit at a round price: coins, and what they cost."""
    if offer.unit == offer.asset:
        return offer.asset.amount(taken), offer.currency.amount(
            f"{Decimal(taken) * Decimal(price):.2f}"
        )
    return offer.asset.amount(f"{Decimal(taken) / Decimal(price):.18f}"), offer.currency.amount(
        taken
    )


async def take(
    database: Database, offer_id: UUID, taken: str, taker_id: UUID = TAKER
) -> Offer | Problem:
    """The offer after so much of it, in its unit, was reserved; or why there is none."""
    try:
        async with database.transaction() as tx:
            seen = await service.get(tx, offer_id)
            taker = Taker(taker_id, 0, tx.now)
            return await service.reserve(tx, seen, taker, *sums(seen, taken))
    except Problem as problem:
        return problem


async def look(database: Database, offer_id: UUID) -> Offer:
    """The offer as it is now."""
    async with database.transaction() as tx:
        return await service.get(tx, offer_id)
