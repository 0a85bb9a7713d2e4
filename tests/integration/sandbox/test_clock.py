"""The clock of a sandbox: what moves with it, and what does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import httpx
import pytest

from tests.stage import Stage
from tradepost.entrypoints.http import build
from tradepost.entrypoints.sandbox import clock_of
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow.evm.watch import follow_once
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.sandbox import model, service
from tradepost_client import AsyncTrader
from tradepost_client.errors import ProblemError

DAY = 86_400


@asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[None]:
    """A watcher that follows the chain meanwhile."""

    async def watch() -> None:
        while True:
            await follow_once(stage.database, stage.chain)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def trader_of(stage: Stage) -> AsyncTrader:
    trader = await stage.trader()
    await trader.sign_in(expires_in_s=90 * DAY)
    return trader


async def test_chain_and_exchange_go_together(stage: Stage) -> None:
    trader = await trader_of(stage)
    before = await trader.client.time()
    async with watched(stage):
        moved = await trader.client.advance_clock(DAY)
    assert moved.ahead_s == DAY
    assert timedelta(seconds=DAY) <= await trader.client.time() - before < timedelta(days=1.01)
    head = (await trader.chain.head()).time
    assert head >= int(before.timestamp()) + DAY
    exchange = await trader.client.exchange()
    assert exchange.chain.block_time.timestamp() == head


async def test_every_process_has_the_new_time_at_once(stage: Stage) -> None:
    trader = await trader_of(stage)
    other = build(stage.settings)
    async with (
        other.router.lifespan_context(other),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(other), base_url=stage.settings.public_url
        ) as second,
        Database(stage.settings, clock_of(stage.settings), SUBSCRIPTIONS) as worker,
        watched(stage),
    ):
        moved = await trader.client.advance_clock(DAY)
        async with worker.transaction() as tx:
            assert tx.now >= moved.now
        async with worker.reading() as reading:
            assert reading.now >= moved.now
        told = (await second.get("/v1/time")).json()["now"]
        assert told[:19] >= moved.now.isoformat()[:19]


async def test_a_process_that_begins_later_has_it_too(stage: Stage) -> None:
    trader = await trader_of(stage)
    async with watched(stage):
        await trader.client.advance_clock(DAY)
    async with (
        Database(stage.settings, clock_of(stage.settings), SUBSCRIPTIONS) as later,
        later.transaction() as tx,
    ):
        assert tx.now - system_clock() > timedelta(hours=23)


async def test_a_token_ends_by_it(stage: Stage) -> None:
    trader = await stage.trader()
    await trader.sign_in(expires_in_s=3600)
    async with watched(stage):
        await trader.client.advance_clock(3601)
    with pytest.raises(ProblemError) as caught:
        await trader.client.account()
    assert caught.value.status == 401
    await trader.sign_in()


async def test_all_who_are_signed_in_are_told(stage: Stage) -> None:
    trader, other = await trader_of(stage), await trader_of(stage)
    async with watched(stage):
        await trader.client.advance_clock(DAY)
    events = [event async for event in other.client.events()]
    assert [(event.type, event.payload) for event in events] == [
        ("sandbox.clock_moved", {"ahead_s": DAY})
    ]


async def test_two_at_once_both_count(stage: Stage) -> None:
    one, two = await trader_of(stage), await trader_of(stage)
    async with watched(stage):
        await asyncio.gather(one.client.advance_clock(DAY), two.client.advance_clock(DAY))
    assert (await one.client.sandbox_clock()).ahead_s == 2 * DAY


async def test_the_same_request_moves_it_once(stage: Stage) -> None:
    trader = await trader_of(stage)
    async with watched(stage):
        await trader.client.advance_clock(DAY, key="once")
        await trader.client.advance_clock(DAY, key="once")
    assert (await trader.client.sandbox_clock()).ahead_s == DAY


async def test_a_move_that_died_half_way_is_done_by_the_next(stage: Stage) -> None:
    """The chain was moved, and the exchange was not: the same request brings them together."""
    trader = await trader_of(stage)
    ahead = int(system_clock().timestamp()) + DAY
    stage.node.rpc("evm_setTime", ahead)
    stage.node.rpc("evm_mine")
    async with watched(stage):
        moved = await trader.client.advance_clock(DAY)
    head = (await trader.chain.head()).time
    assert abs(head - moved.now.timestamp()) < 30


async def test_without_a_watcher_nothing_moves(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_FOLLOWED_WITHIN_S", 0.2)
    trader = await trader_of(stage)
    with pytest.raises(ProblemError) as caught:
        await trader.client.advance_clock(DAY)
    assert caught.value.slug == "chain-not-ready"
    assert (await trader.client.sandbox_clock()).ahead_s == 0


@pytest.mark.parametrize("seconds", [0, -1, model.MOST_AT_ONCE_S + 1])
async def test_it_goes_forward_and_not_too_far_at_once(stage: Stage, seconds: int) -> None:
    trader = await trader_of(stage)
    with pytest.raises(ProblemError) as caught:
        await trader.client.advance_clock(seconds)
    assert caught.value.status == 422


async def test_it_does_not_go_further_than_it_goes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_AHEAD_S", DAY)
    trader = await trader_of(stage)
    with pytest.raises(ProblemError) as caught:
        await trader.client.advance_clock(DAY + 1)
    assert caught.value.slug == "clock-too-far"
