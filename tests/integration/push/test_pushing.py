"""From a trade's steps to a device: what it reads, how it is brought, and what fails on the way."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import Got, never, says, until
from tests.integration.push.conftest import HOST, Phones
from tests.integration.push.device import Device, judge
from tests.integration.trades.conftest import Trader
from tradepost.entrypoints.dev.data import CLONE
from tradepost.kernel.clock import system_clock
from tradepost.outward.model import FAILING_FOR, FAILING_TRIES, Outcome
from tradepost.outward.sending import Sender
from tradepost.push import service, store
from tradepost.push.jobs import Pusher
from tradepost.push.model import SCHEDULE_S, TTL_S


async def open_trade(phones: Phones) -> tuple[Trader, Trader, dict[str, Any]]:
    """A seller whose offer a buyer has taken; each has a phone, from before."""
    seller, buyer = await phones.world.trader(), await phones.world.trader()
    await phones.add(seller, "seller")
    await phones.add(buyer, "buyer")
    trade = await phones.world.taken(buyer, await phones.world.offer(seller))
    return seller, buyer, trade


def news(phones: Phones, name: str) -> list[str]:
    return [json.loads(text)["news"] for text in phones.told(name)]


async def test_each_is_told_of_what_the_other_did(phones: Phones) -> None:
    world = phones.world
    _, _, trade = await open_trade(phones)
    await phones.settle()
    await world.chain_says(trade, "locked")
    await phones.settle()
    await world.chain_says(trade, "locked", paid_on_chain=True)
    await phones.settle()
    await world.chain_says(trade, "released")
    await phones.settle()
    assert news(phones, "seller") == ["taken", "payment_sent"]
    assert news(phones, "buyer") == ["escrowed", "completed"]
    # Which trade, and no more of it.
    for name in ("seller", "buyer"):
        for text in phones.told(name):
            assert json.loads(text).keys() == {"news", "trade"}
            assert json.loads(text)["trade"] == trade["id"]


async def test_who_cancels_is_not_told_of_it(phones: Phones) -> None:
    seller, _, trade = await open_trade(phones)
    await phones.settle()
    answer = await phones.world.post(seller, f"/v1/trades/{trade['id']}/cancel", {})
    assert answer.status_code == 200
    await phones.settle()
    assert news(phones, "buyer") == ["cancelled"]
    assert news(phones, "seller") == ["taken"]


@pytest.mark.parametrize("who", ["seller", "buyer"])
async def test_a_dispute_is_news_to_the_other_side(phones: Phones, who: str) -> None:
    seller, buyer, trade = await open_trade(phones)
    await phones.world.chain_says(trade, "locked")
    await phones.settle()
    actor, other = (seller, "buyer") if who == "seller" else (buyer, "seller")
    answer = await phones.world.post(
        actor, f"/v1/trades/{trade['id']}/dispute", {"reason": "other"}
    )
    assert answer.status_code == 200, answer.text
    await phones.settle()
    assert news(phones, other)[-1] == "disputed"
    assert "disputed" not in news(phones, who)


async def test_the_clock_ends_a_trade_for_both(phones: Phones) -> None:
    _, _, trade = await open_trade(phones)
    await phones.settle()
    await phones.world.expire(trade)
    await phones.settle()
    assert news(phones, "seller")[-1] == news(phones, "buyer")[-1] == "expired"


async def test_how_it_is_brought(phones: Phones) -> None:
    seller, _, trade = await open_trade(phones)
    await phones.settle()
    (got,) = phones.service.got
    key = (await phones.world.api.get("/v1/push/key")).json()["key"]
    claims = judge(got.headers["authorization"], f"https://{HOST}:{phones.service.port}", key)
    assert claims["sub"] == "mailto:ops@exchange.example"
    assert got.headers["content-encoding"] == "aes128gcm"
    assert got.headers["ttl"] == str(TTL_S)
    assert got.headers["urgency"] == "high"
    assert len(got.headers["topic"]) == 32
    assert "cookie" not in got.headers
    # What the push service sees names neither the trade nor anybody.
    seen = got.line + repr(sorted(got.headers.items()))
    assert trade["id"] not in seen
    assert trade["id"].replace("-", "") not in seen
    (shown,) = await phones.listed(seller)
    assert shown["accepted_at"] is not None


async def test_of_a_trade_the_newest_is_told(phones: Phones) -> None:
    """Here while it waits, and by its topic at the push service too."""
    seller, buyer, trade = await open_trade(phones)
    other = await phones.world.taken(buyer, await phones.world.offer(seller))
    await phones.settle()
    await phones.world.chain_says(trade, "locked", paid_on_chain=True)
    phones.service.answer = says(503)
    await phones.settle()
    phones.service.answer = says(201)
    await phones.world.chain_says(trade, "released")
    phones.world.clock.go_on(seconds=60)
    await phones.settle()
    # "escrowed" was tried in vain, and had been overtaken before it could be tried again.
    assert news(phones, "buyer")[-1] == "completed"
    topics = {
        name: [got.headers["topic"] for got in phones.service.got if f"/{name} " in got.line]
        for name in ("seller", "buyer")
    }
    assert len(set(topics["seller"])) == 2
    assert len(set(topics["buyer"])) == 1
    assert set(topics["seller"]).isdisjoint(topics["buyer"])
    assert other["id"] != trade["id"]


async def test_what_happened_before_is_not_told(phones: Phones) -> None:
    seller, buyer, _ = await open_trade(phones)
    await phones.add(seller, "tablet")
    await phones.settle()
    assert news(phones, "tablet") == []
    await phones.world.taken(buyer, await phones.world.offer(seller))
    await phones.settle()
    assert news(phones, "tablet") == ["taken"]


async def test_an_ended_subscription_is_told_nothing(phones: Phones) -> None:
    seller, _, _ = await open_trade(phones)
    (shown,) = await phones.listed(seller)
    await phones.pusher.tick()
    await phones.call(seller, "DELETE", f"/{shown['id']}")
    await phones.settle()
    before = phones.service.connected
    await phones.world.go_on(seconds=3600)
    await phones.settle()
    assert phones.service.connected == before <= 1


async def test_who_subscribes_again_keeps_what_waits(phones: Phones) -> None:
    """A page does so whenever it opens."""
    phones.service.answer = says(503, "Retry-After: 600\r\n")
    seller, _, _ = await open_trade(phones)
    await phones.settle()
    phones.service.answer = says(201)
    again = phones.devices["seller"] = Device()
    body = again.subscription(phones.endpoint("seller"))
    assert (await phones.call(seller, "POST", "", body)).status_code == 201
    phones.service.got.clear()
    phones.world.clock.go_on(seconds=600)
    await phones.settle()
    assert news(phones, "seller") == ["taken"]


@pytest.mark.parametrize("status", [404, 410])
async def test_who_is_gone_is_forgotten(phones: Phones, status: int) -> None:
    phones.service.answer = says(status)
    seller, _, _ = await open_trade(phones)
    await phones.settle()
    assert len(phones.service.got) == 1
    assert await phones.listed(seller) == []
    phones.world.clock.go_on(days=1)
    await phones.settle()
    assert len(phones.service.got) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 413])
async def test_what_is_refused_is_not_sent_again(phones: Phones, status: int) -> None:
    """And no redirect is followed: the location is where nobody may go."""
    phones.service.answer = says(status, f"Location: {phones.endpoint('else')}\r\n")
    seller, _, _ = await open_trade(phones)
    await phones.settle()
    phones.world.clock.go_on(days=0.5)
    await phones.settle()
    assert len(phones.service.got) == 1
    assert len(await phones.listed(seller)) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_tries_follow_the_schedule_to_its_end(phones: Phones, status: int) -> None:
    phones.service.answer = says(status)
    await open_trade(phones)
    await phones.settle()
    for pause in SCHEDULE_S:
        before = len(phones.service.got)
        phones.world.clock.go_on(seconds=pause - 1)
        await phones.push()
        assert len(phones.service.got) == before
        phones.world.clock.go_on(seconds=1)
        await phones.push()
        assert len(phones.service.got) == before + 1
    assert set(news(phones, "seller")) == {"taken"}
    ttls = [int(got.headers["ttl"]) for got in phones.service.got]
    assert ttls[0] == TTL_S
    assert ttls[-1] == TTL_S - sum(SCHEDULE_S)
    phones.world.clock.go_on(days=1)
    await phones.settle()
    assert len(phones.service.got) == len(SCHEDULE_S) + 1


async def test_a_service_says_when_it_wants_to_be_asked_again(phones: Phones) -> None:
    """Nothing goes to this device before, not even what is new."""
    phones.service.answer = says(429, "Retry-After: 600\r\n")
    seller, buyer, _ = await open_trade(phones)
    await phones.settle()
    phones.service.answer = says(201)
    await phones.world.taken(buyer, await phones.world.offer(seller))
    phones.world.clock.go_on(seconds=599)
    await phones.settle()
    assert len(phones.service.got) == 1
    phones.world.clock.go_on(seconds=1)
    await phones.settle()
    assert news(phones, "seller") == ["taken"] * 3


async def test_what_is_a_day_old_is_not_told_any_more(phones: Phones) -> None:
    await open_trade(phones)
    phones.world.clock.go_on(seconds=TTL_S)
    await phones.settle()
    assert phones.service.got == []


async def test_who_only_fails_for_days_is_forgotten(phones: Phones) -> None:
    phones.service.answer = says(500)
    seller, buyer, _ = await open_trade(phones)
    for _ in range(12):
        await phones.settle()
        phones.world.clock.go_on(days=0.4)
        await phones.world.go_on()
        await phones.world.taken(buyer, await phones.world.offer(seller))
    assert len(await phones.listed(seller)) == 1
    phones.world.clock.go_on(days=0.4)
    await phones.settle()
    assert await phones.listed(seller) == []
    assert len(phones.service.got) >= FAILING_TRIES
    assert timedelta(days=13 * 0.4) > FAILING_FOR


async def test_what_waits_is_bounded(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_WAITING", 2)
    phones.service.answer = says(503, "Retry-After: 60\r\n")
    seller, buyer, _ = await open_trade(phones)
    await phones.settle()
    trades = []
    for _ in range(4):
        phones.world.clock.go_on(seconds=1)
        trades.append(await phones.world.taken(buyer, await phones.world.offer(seller)))
    phones.service.answer = says(201)
    phones.service.got.clear()
    phones.world.clock.go_on(seconds=60)
    await phones.settle()
    told = {json.loads(text)["trade"] for text in phones.told("seller")}
    assert told == {trade["id"] for trade in trades[-2:]}


async def test_a_worker_that_dies_between_sending_and_noting(phones: Phones) -> None:
    """It comes again under the same topic, and so takes the place of the first."""
    await open_trade(phones)
    phones.service.answer = never
    await phones.pusher.tick()
    await until(lambda: len(phones.service.got) == 1)
    for task in phones.pusher.busy():
        task.cancel()
    await phones.pusher.idle()
    phones.service.answer = says(201)
    # Its lease has not ended: nobody else sends meanwhile.
    await phones.push(3)
    assert len(phones.service.got) == 1
    phones.world.clock.go_on(seconds=service.LEASE.total_seconds())
    await phones.settle()
    assert news(phones, "seller") == ["taken", "taken"]
    assert len({got.headers["topic"] for got in phones.service.got}) == 1
    assert len(set(phones.told("seller"))) == 1


async def test_a_worker_that_is_killed_between_sending_and_noting(
    phones: Phones, database_url: str, authority: Any
) -> None:
    """A real process, by SIGKILL."""
    phones.service.answer = never
    await open_trade(phones)
    path = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "tests.integration.push.killed", database_url]
    process = await asyncio.create_subprocess_exec(*command, authority.pem(), cwd=CLONE, env=path)
    try:
        await until(lambda: len(phones.service.got) == 1)
    finally:
        process.kill()
        await process.wait()
    # The machine's clock went on too.
    phones.world.clock.now = system_clock() + service.LEASE
    phones.service.answer = says(201)
    await phones.settle()
    assert news(phones, "seller") == ["taken", "taken"]
    assert len({got.headers["topic"] for got in phones.service.got}) == 1


async def test_a_worker_that_comes_back_late_changes_nothing(phones: Phones) -> None:
    seller, _, trade = await open_trade(phones)
    await phones.pusher._look()
    async with phones.world.database.transaction() as tx:
        ((id_, first),) = await service.lease(tx, quick=False, limit=9)
        batch = await service.take(tx, id_, first, 4)
    assert batch is not None
    phones.world.clock.go_on(seconds=61)
    phones.service.answer = says(503)
    await phones.settle()
    async with phones.world.database.transaction() as tx:
        # It has been tried by another since.
        await service.note(tx, batch.messages[0], Outcome(5, status=201), 0.5)
        assert await service.take(tx, id_, first, 4) is None
        row = await tx.one("SELECT tries FROM push_messages WHERE trade_id = %s", [trade["id"]])
    assert row == {"tries": 1}
    assert len(await phones.listed(seller)) == 1


async def test_two_workers_send_nothing_twice(
    phones: Phones, names: ToldNames, authority: Any
) -> None:
    database, settings = phones.world.database, phones.world.settings
    other = Pusher(database, settings, Sender(settings, names, authority.believed()))
    seller, buyer, _ = await open_trade(phones)
    for _ in range(5):
        await phones.world.taken(buyer, await phones.world.offer(seller))
    for _ in range(10):
        await asyncio.gather(phones.pusher.tick(), other.tick())
        await asyncio.gather(phones.pusher.idle(), other.idle())
    assert news(phones, "seller") == ["taken"] * 6


async def test_another_secret_ends_all_subscriptions(
    phones: Phones, names: ToldNames, authority: Any
) -> None:
    """No push service would take what it signs; browsers subscribe to the new key."""
    seller, _, _ = await open_trade(phones)
    database = phones.world.database
    settings = phones.world.settings.model_copy(
        update={"secret": SecretStr("another secret, that nobody knows")}
    )
    async with database.transaction() as tx:
        under_the_new = replace(tx, settings=settings)
        assert await service.all_of(under_the_new, seller.id) == []
        row = await tx.one("SELECT id FROM push_subscriptions WHERE account_id = %s", [seller.id])
        assert row is not None
        await service.fan_out(under_the_new, row["id"])
        ((id_, number),) = await service.lease(under_the_new, quick=False, limit=1)
        assert await service.take(under_the_new, id_, number, 1) is None
        assert not await service.tidy(under_the_new)
        left = await tx.one("SELECT count(*) AS n FROM push_subscriptions")
    assert left == {"n": 0}
    assert phones.service.connected == 0


async def test_a_message_for_one_device_opens_on_no_other(phones: Phones) -> None:
    await open_trade(phones)
    await phones.settle()
    (got,) = phones.service.got
    assert isinstance(got, Got)
    with pytest.raises(ValueError, match="not for this device"):
        phones.devices["buyer"].open(got.raw)


async def test_the_worker_goes_on_until_it_is_stopped(phones: Phones) -> None:
    running = asyncio.create_task(phones.pusher.run())
    await open_trade(phones)
    await until(lambda: len(phones.service.got) == 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
