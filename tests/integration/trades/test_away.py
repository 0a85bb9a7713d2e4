"""A maker who lets takes lapse is away, until he says that he is there."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.integration.trades.conftest import Trader, World
from tradepost.trades import service as trades


async def reasons(world: World, maker: Trader) -> list[str | None]:
    """Why nobody finds the maker's offers, the oldest first."""
    mine = (await world.get(maker, "/v1/my/offers")).json()["data"]
    return [own["hidden_because"] for own in reversed(mine)]


async def told(world: World, maker: Trader) -> list[dict[str, Any]]:
    """What the maker heard of pauses."""
    events = (await world.get(maker, "/v1/account/events")).json()["data"]
    return [event["payload"] for event in events if event["type"] == "offer.paused"]


async def in_book(world: World) -> list[str]:
    """What everybody finds."""
    await world.go_on(seconds=2)
    return [one["id"] for one in (await world.api.get("/v1/offers")).json()["data"]]


async def test_two_takes_that_lapse_pause_all_offers_of_a_seller(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    offers = [await world.offer(maker) for _ in range(3)]
    await world.post(maker, f"/v1/offers/{offers[2]['id']}/pause", None)
    theirs = await world.offer(other)
    first, second = await world.taken(taker, offers[0]), await world.taken(taker, offers[0])
    await world.expire(first)
    assert await reasons(world, maker) == [None, None, "paused"]
    await world.expire(second)
    assert await reasons(world, maker) == ["away", "away", "paused"]
    assert await told(world, maker) == [
        {"offer_id": offers[2]["id"], "reason": "maker"},
        {"offer_id": offers[0]["id"], "reason": "away"},
        {"offer_id": offers[1]["id"], "reason": "away"},
    ]
    assert await told(world, taker) == []
    assert await in_book(world) == [theirs["id"]]
    late = await world.take(taker, offers[1])
    assert late.json()["type"] == "urn:tradepost:problem:offer-not-active"
    # What they had taken is there again when he is back.
    left = (await world.get(taker, f"/v1/offers/{offers[0]['id']}")).json()["remaining_amount"]
    assert left == "100.000000000000000000"


async def test_who_resumes_is_there_again(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offers = [await world.offer(maker) for _ in range(2)]
    await world.expire(*[await world.taken(taker, offers[0]) for _ in range(2)])
    assert await reasons(world, maker) == ["away", "away"]
    resumed = await world.post(maker, f"/v1/offers/{offers[1]['id']}/resume", None)
    assert resumed.json()["hidden_because"] is None
    assert await reasons(world, maker) == ["away", None]
    # One more is the first of a new row.
    await world.expire(await world.taken(taker, offers[1]))
    assert await reasons(world, maker) == ["away", None]
    await world.expire(await world.taken(taker, offers[1]))
    assert await reasons(world, maker) == ["away", "away"]


async def test_a_seller_who_locks_is_there(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    for _ in range(3):
        lapses, goes_on = await world.taken(taker, offer), await world.taken(taker, offer)
        await world.expire(lapses)
        await world.chain_says(goes_on, "locked")
    assert await reasons(world, maker) == [None]


async def test_what_a_taker_lets_lapse_is_not_the_makers_fault(world: World) -> None:
    """A maker who buys waits for the taker to lock."""
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, direction="buy")
    await world.expire(*[await world.taken(taker, offer) for _ in range(3)])
    assert await reasons(world, maker) == [None]


async def test_a_take_that_is_called_off_is_not_missed(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    for _ in range(3):
        trade = await world.taken(taker, offer)
        assert (await world.post(maker, f"/v1/trades/{trade['id']}/cancel", {})).status_code == 200
    assert await reasons(world, maker) == [None]


async def asked_back(world: World, taker: Trader, offer: dict[str, Any]) -> dict[str, Any]:
    """A trade whose buyer, the maker, did not pay, and whose coins the seller has again."""
    trade: dict[str, Any] = await world.taken(taker, offer)
    await world.chain_says(trade, "locked")
    async with world.database.transaction() as tx:
        # A signature that has been judged: the contract has taken the request.
        await tx.execute(
            "UPDATE trades SET state = 'refunding', cancel_signature = %s WHERE id = %s",
            [b"\x01" * 65, trade["id"]],
        )
    await world.chain_says(trade, "refunded")
    return trade


async def test_two_payments_that_did_not_come_pause_all_offers_of_a_buyer(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offers = [await world.offer(maker, direction="buy"), await world.offer(maker)]
    await asked_back(world, taker, offers[0])
    assert await reasons(world, maker) == [None, None]
    await asked_back(world, taker, offers[0])
    assert await reasons(world, maker) == ["away", "away"]


async def test_a_buyer_who_pays_is_there(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, direction="buy")
    await asked_back(world, taker, offer)
    paid = await world.taken(taker, offer)
    await world.chain_says(paid, "locked", paid_on_chain=True)
    seen = (await world.get(maker, f"/v1/trades/{paid['id']}")).json()
    assert seen["state"] == "payment_sent"
    async with world.database.transaction() as tx:
        row = await tx.one(
            "SELECT missed_takes FROM offer_makers WHERE account_id = %s", [maker.id]
        )
    assert row is not None
    # The chain brings the word that he paid without a step of his: it counts as one.
    assert row["missed_takes"] == 0


async def test_one_trade_is_missed_once_whatever_the_chain_takes_back(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offers = [await world.offer(maker, direction="buy"), await world.offer(maker)]
    trade = await asked_back(world, taker, offers[0])
    for _ in range(3):
        await world.chain_says(trade, "locked")
        await world.chain_says(trade, "refunded")
    assert await reasons(world, maker) == [None, None]
    late = await world.taken(taker, offers[1])
    await world.expire(late)
    assert await reasons(world, maker) == ["away", "away"]


@pytest.mark.parametrize("shared", [False, True])
async def test_takes_that_lapse_at_once_pause_without_a_deadlock(
    world: World, shared: bool
) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    first = await world.offer(maker)
    offers = [first] + [
        await world.offer(maker, shares_coins_with=first["id"] if shared else None)
        for _ in range(5)
    ]
    for _ in range(4):
        lapsing = [await world.taken(taker, offer) for offer in offers]
        await world.chain_time(36_001)

        async def expire(trade: dict[str, Any]) -> None:
            async with world.database.transaction() as tx:
                await trades.expire(tx, UUID(trade["id"]))

        steps = [
            *(expire(trade) for trade in reversed(lapsing)),
            *(world.take(other, offer) for offer in offers),
            world.post(maker, f"/v1/offers/{offers[-1]['id']}/pause", None),
        ]
        await asyncio.gather(*steps)
        assert set(await reasons(world, maker)) <= {"away", "paused"}
        for offer in offers:
            await world.post(maker, f"/v1/offers/{offer['id']}/resume", None)
        theirs = (await world.get(other, "/v1/trades", state="awaiting_escrow")).json()["data"]
        for trade in theirs:
            assert (
                await world.post(maker, f"/v1/trades/{trade['id']}/cancel", {})
            ).status_code == 200
    for offer in offers:
        left = (await world.get(taker, f"/v1/offers/{offer['id']}")).json()["remaining_amount"]
        assert left == "100.000000000000000000"
