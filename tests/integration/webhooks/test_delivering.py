"""From events to a receiver: each arrives, each has one id, whatever fails on the way."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import Got, Receiver, never, receiving, says, until
from tests.integration.webhooks.conftest import Owner
from tradepost.entrypoints.dev.data import CLONE
from tradepost.kernel.clock import system_clock
from tradepost.kernel.settings import Settings
from tradepost.outward import rounds, sending
from tradepost.outward.model import FAILING_TRIES, Outcome
from tradepost.outward.sending import Sender
from tradepost.webhooks import model, service
from tradepost.webhooks.jobs import Deliverer
from tradepost.webhooks.model import SCHEDULE_S


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_events_arrive_signed_in_order_and_once(owner: Owner, receiver: Receiver) -> None:
    await owner.happens()
    webhook = await owner.name(receiver.url)
    ids = await owner.happens(20)
    await owner.settle()
    # Nothing of before, all of after.
    assert receiver.ids == [str(one) for one in ids]
    params = {"after": "1", "limit": "100"}
    events = await owner.api.get(
        "/v1/account/events", params=params, headers=owner.account.headers()
    )
    for got, event in zip(receiver.got, events.json()["data"], strict=True):
        assert got.line == "POST /hook HTTP/1.1"
        assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert got.headers["content-type"] == "application/json"
        assert got.headers["user-agent"].startswith("Tradepost-Webhooks/")
        assert "cookie" not in got.headers
        assert Webhook(webhook["secret"]).verify(got.body, got.headers) == got.said
        assert got.said == {
            "id": event["id"],
            "type": event["type"],
            "timestamp": event["created_at"],
            "seq": event["seq"],
            "data": event["payload"],
        }
        assert got.id == event["id"]
    log = await owner.log(webhook)
    assert [one["seq"] for one in log] == list(range(21, 1, -1))
    assert {one["state"] for one in log} == {"delivered"}
    assert [one["attempts"][0]["status"] for one in log] == [204] * 20
    await owner.over(days=4, steps=4)
    assert len(receiver.got) == 20


async def test_filters_choose(owner: Owner) -> None:
    async with receiving() as every, receiving() as some, receiving() as none:
        await owner.name(every.url)
        await owner.name(some.url, events=["trade.*", "offer.paused"])
        await owner.name(none.url, events=["trade.*", "offer.closed"])
        ids = [str(one) for one in await owner.happens(3)]
        await owner.settle()
        assert every.ids == some.ids == ids
        assert none.connected == 0


async def test_events_go_to_their_account_alone(
    owner: Owner, new_owner: Callable[[], Awaitable[Owner]], receiver: Receiver
) -> None:
    stranger = await new_owner()
    await owner.name(receiver.url)
    await stranger.happens(3)
    await owner.settle()
    assert receiver.connected == 0


async def test_a_receiver_that_fails_seven_times_of_ten_gets_everything(
    owner: Owner, receiver: Receiver
) -> None:
    """100 % are delivered, each under one id, and what comes twice can be known by it."""
    dice = random.Random(7)  # noqa: S311 - a receiver's moods
    seen: Counter[str] = Counter()
    accepted: set[str] = set()

    async def moody(got: Got, writer: asyncio.StreamWriter) -> None:
        seen[got.id] += 1
        mood = dice.random()
        if mood < 0.3:
            accepted.add(got.id)
            await says(200)(got, writer)
        elif mood < 0.5:
            await says(500)(got, writer)
        elif mood < 0.7:
            await says(429, "Retry-After: 7\r\n")(got, writer)
        elif mood < 0.85:
            writer.close()
        else:
            # He has it, and his answer is lost.
            accepted.add(got.id)
            writer.transport.abort()

    receiver.answer = moody
    webhook = await owner.name(receiver.url)
    ids = {str(one) for one in await owner.happens(100)}
    await owner.settle(most=2000)
    for pause in (60, 60, 300, 300, *(1800,) * 4, *(3600,) * 12, *(10800,) * 36):
        owner.clock.go_on(seconds=pause)
        await owner.settle(most=2000)
    log = await owner.log(webhook)
    assert Counter(one["state"] for one in log) == {"delivered": 100}
    assert {one["message_id"] for one in log} == accepted == seen.keys() == ids
    assert max(seen.values()) > 5
    assert sum(seen.values()) == sum(len(one["attempts"]) for one in log)
    assert (await owner.get(webhook))["enabled"] is True


async def test_tries_follow_the_schedule_to_its_end(owner: Owner, receiver: Receiver) -> None:
    receiver.answer = says(500)
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    for pause in SCHEDULE_S:
        before = len(receiver.got)
        owner.clock.go_on(seconds=pause - 1)
        await owner.deliver()
        assert len(receiver.got) == before
        owner.clock.go_on(seconds=1)
        await owner.deliver()
        assert len(receiver.got) == before + 1
    tries = len(SCHEDULE_S) + 1
    (delivery,) = await owner.log(webhook)
    assert delivery["state"] == "failed"
    assert delivery["next_attempt_at"] is None
    assert [one["number"] for one in delivery["attempts"]] == list(range(1, tries + 1))
    assert len(set(receiver.ids)) == 1
    # Each try is signed anew: an old one could be somebody else's.
    assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == tries
    assert len({got.body for got in receiver.got}) == 1
    await owner.over(days=1, steps=2)
    assert len(receiver.got) == tries


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 404, 429, 500, 503])
async def test_what_is_no_success_is_tried_again(
    owner: Owner, receiver: Receiver, status: int
) -> None:
    """Also where it is a redirect, which is followed nowhere."""
    async with receiving() as elsewhere:
        receiver.answer = says(status, f"Location: {elsewhere.url}\r\n")
        webhook = await owner.name(receiver.url)
        await owner.happens()
        await owner.settle()
        (delivery,) = await owner.log(webhook)
        assert delivery["state"] == "pending"
        assert delivery["attempts"][0]["status"] == status
        receiver.answer = says(200)
        owner.clock.go_on(seconds=5)
        await owner.settle()
        (delivery,) = await owner.log(webhook)
        assert [one["status"] for one in delivery["attempts"]] == [status, 200]
        assert elsewhere.connected == 0


async def test_a_receiver_says_when_he_wants_to_be_asked_again(
    owner: Owner, receiver: Receiver
) -> None:
    """No message goes to him before, not even a new one."""
    receiver.answer = says(503, "Retry-After: 600\r\n")
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    (delivery,) = await owner.log(webhook)
    assert at(delivery["next_attempt_at"]) == owner.clock.now + timedelta(seconds=600)
    receiver.answer = says(200)
    await owner.happens()
    owner.clock.go_on(seconds=599)
    await owner.settle()
    assert len(receiver.got) == 1
    owner.clock.go_on(seconds=1)
    await owner.settle()
    assert len(receiver.got) == 3


async def test_a_retry_after_of_years_is_one_of_a_day(owner: Owner, receiver: Receiver) -> None:
    receiver.answer = says(429, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n")
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    (delivery,) = await owner.log(webhook)
    assert at(delivery["next_attempt_at"]) == owner.clock.now + timedelta(days=1)


async def test_who_is_gone_gets_nothing_more_and_his_owner_is_told(
    owner: Owner, receiver: Receiver
) -> None:
    receiver.answer = says(410)
    async with receiving() as other:
        webhook = await owner.name(receiver.url)
        await owner.name(other.url, events=["webhook.*"])
        await owner.happens(3)
        await owner.over(days=1, steps=5)
        now = await owner.get(webhook)
        assert (now["enabled"], now["disabled_reason"]) == (False, "gone")
        assert now["version"] == 2
        assert len(receiver.got) == 1
        (notice,) = other.got
        assert notice.said["type"] == "webhook.disabled"
        assert notice.said["data"] == {"webhook_id": webhook["id"], "reason": "gone"}
    # Enabled again, it gets all that it has missed.
    receiver.answer = says(200)
    await owner.happens(2)
    answer = await owner.call("PATCH", f"/{webhook['id']}", {"enabled": True}, version=2)
    assert answer.json()["enabled"] is True
    await owner.settle()
    assert len(receiver.got) == 1 + 6
    assert len(set(receiver.ids)) == 6


async def test_who_only_fails_for_days_is_disabled_once(owner: Owner, receiver: Receiver) -> None:
    receiver.answer = says(500)
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    begun = owner.clock.now
    await owner.over(days=4.9, steps=50)
    now = await owner.get(webhook)
    assert now["enabled"] is True
    assert at(now["failing_since"]) == begun
    await owner.happens(2)
    await owner.over(days=0.2, steps=5)
    now = await owner.get(webhook)
    assert (now["enabled"], now["disabled_reason"]) == (False, "failing")
    before = len(receiver.got)
    assert before > FAILING_TRIES
    await owner.happens(2)
    await owner.over(days=2, steps=5)
    assert len(receiver.got) == before
    events = await owner.api.get("/v1/account/events", headers=owner.account.headers())
    kinds = [event["type"] for event in events.json()["data"]]
    assert kinds.count("webhook.disabled") == 1


async def test_one_success_begins_the_days_anew(owner: Owner, receiver: Receiver) -> None:
    receiver.answer = says(500)
    webhook = await owner.name(receiver.url)
    await owner.happens(3)
    await owner.over(days=2.9, steps=30)
    assert len(receiver.got) > FAILING_TRIES
    receiver.answer = says(200)
    await owner.over(days=0.5, steps=3)
    assert (await owner.get(webhook))["failing_since"] is None
    receiver.answer = says(500)
    await owner.happens(3)
    await owner.over(days=4, steps=30)
    assert (await owner.get(webhook))["enabled"] is True


async def test_a_worker_that_dies_between_sending_and_noting(
    owner: Owner, receiver: Receiver
) -> None:
    """The message comes again, under the same id."""
    webhook = await owner.name(receiver.url)
    await owner.happens()
    receiver.answer = never
    await owner.deliverer.tick()
    await until(lambda: len(receiver.got) == 1)
    for task in owner.deliverer.busy():
        task.cancel()
    await owner.deliverer.idle()
    receiver.answer = says(200)
    # Its lease has not ended: nobody else sends meanwhile.
    await owner.deliver(3)
    assert len(receiver.got) == 1
    owner.clock.go_on(seconds=service.LEASE.total_seconds())
    await owner.settle()
    assert len(receiver.got) == 2
    assert len(set(receiver.ids)) == 1
    (delivery,) = await owner.log(webhook)
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 1)


async def test_a_worker_that_is_killed_between_sending_and_noting(
    owner: Owner, receiver: Receiver, database_url: str
) -> None:
    """A real process, by SIGKILL: all arrive, and what comes twice has one id."""
    webhook = await owner.name(receiver.url)
    ids = [str(one) for one in await owner.happens(6)]

    async def stall(got: Got, writer: asyncio.StreamWriter) -> None:
        """Two get an answer, all others wait for one."""
        await (says(204) if len(receiver.got) < 3 else never)(got, writer)

    receiver.answer = stall
    path = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "tests.integration.webhooks.killed", database_url]
    process = await asyncio.create_subprocess_exec(*command, cwd=CLONE, env=path)
    await until(lambda: len(receiver.got) >= 3)
    process.kill()
    await process.wait()
    assert 0 < len([one for one in await owner.log(webhook) if one["state"] == "delivered"]) < 6
    # The machine's clock went on too.
    owner.clock.now = system_clock() + service.LEASE
    receiver.answer = says(204)
    await owner.settle()
    assert set(receiver.ids) == set(ids)
    assert len(receiver.ids) > len(ids)
    assert {one["state"] for one in await owner.log(webhook)} == {"delivered"}


async def test_a_worker_that_comes_back_late_changes_nothing(
    owner: Owner, receiver: Receiver
) -> None:
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.deliverer._look()
    vault = owner.deliverer._vault
    async with owner.database.transaction() as tx:
        ((webhook_id, first),) = await service.lease(tx, quick=False, limit=9)
        batch = await service.take(tx, vault, webhook_id, first, 4)
    assert batch is not None
    owner.clock.go_on(seconds=61)
    await owner.settle()
    assert [one["state"] for one in await owner.log(webhook)] == ["delivered"]
    async with owner.database.transaction() as tx:
        await service.note(tx, batch.deliveries[0], batch.at, Outcome(5, status=500), 0.5)
        await service.release(tx, webhook_id, first)
        assert await service.take(tx, vault, webhook_id, first, 4) is None
    (delivery,) = await owner.log(webhook)
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 1)


async def test_two_workers_send_nothing_twice(
    owner: Owner, receiver: Receiver, settings: Settings, names: ToldNames
) -> None:
    other = Deliverer(owner.database, settings, Sender(settings, names), dice=lambda: 0.5)
    await owner.name(receiver.url)
    ids = {str(one) for one in await owner.happens(60)}
    for _ in range(30):
        await asyncio.gather(owner.deliverer.tick(), other.tick())
        await asyncio.gather(owner.deliverer.idle(), other.idle())
    assert Counter(receiver.ids) == Counter(dict.fromkeys(ids, 1))


async def test_two_workers_make_no_delivery_twice(owner: Owner, receiver: Receiver) -> None:
    webhook = await owner.name(receiver.url)
    await owner.happens(150)

    async def fan_out() -> None:
        for _ in range(4):
            async with owner.database.transaction() as tx:
                for webhook_id in await service.behind(tx, 10):
                    await service.fan_out(tx, webhook_id)

    await asyncio.gather(*(fan_out() for _ in range(4)))
    async with owner.database.transaction() as tx:
        rows = await tx.all("SELECT seq FROM webhook_deliveries ORDER BY id")
    assert [row["seq"] for row in rows] == list(range(1, 151))
    assert webhook["enabled"] is True


async def test_events_that_find_no_room_wait(
    owner: Owner, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tradepost.webhooks import deliveries, store

    for module in (service, store, deliveries):
        monkeypatch.setattr(module, "MAX_PENDING", 5)
    receiver.answer = says(500)
    webhook = await owner.name(receiver.url)
    ids = [str(one) for one in await owner.happens(12)]
    await owner.deliver(5)
    assert len(await owner.log(webhook)) == 5
    answer = await owner.call("POST", f"/{webhook['id']}/test")
    assert answer.json()["type"] == "urn:tradepost:problem:too-many-pending"
    receiver.answer = says(200)
    for _ in range(10):
        owner.clock.go_on(seconds=60)
        await owner.settle()
    assert sorted({one["message_id"] for one in await owner.log(webhook)}) == sorted(ids)
    assert {one["state"] for one in await owner.log(webhook)} == {"delivered"}


async def test_slow_receivers_hold_up_no_quick_one(
    owner: Owner, new_owner: Callable[[], Awaitable[Owner]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_PLACES", {True: 2, False: 2})
    async with receiving() as quick, receiving(never) as slow:
        await owner.name(quick.url)
        await owner.happens()
        await owner.settle()
        assert len(quick.got) == 1
        tarpits = await new_owner()
        for number in range(5):
            await tarpits.name(f"{slow.url}/{number}")
        await tarpits.happens(5)
        await owner.deliverer.tick()
        await until(lambda: slow.connected == 2)
        # Every place of the slow ones is taken; quick ones are served all the same.
        ids = await owner.happens(5)
        for _ in range(50):
            await owner.deliverer.tick()
            await asyncio.sleep(0.02)
            if len(quick.got) == 6:
                break
        assert quick.ids[1:] == [str(one) for one in ids]
        assert slow.connected == 2
        for task in owner.deliverer.busy():
            task.cancel()
        await owner.deliverer.idle()


async def test_who_does_not_answer_in_time_has_failed(
    owner: Owner, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DEADLINE_S", 0.3)
    receiver.answer = never
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    (delivery,) = await owner.log(webhook)
    (attempt,) = delivery["attempts"]
    assert (attempt["status"], attempt["error"]) == (None, "timeout")
    assert 300 <= attempt["duration_ms"] < 5_000


async def test_no_secret_no_message(
    owner: Owner, receiver: Receiver, settings: Settings, names: ToldNames
) -> None:
    """An exchange whose own secret is another one sends nothing unsigned, and says so."""
    from pydantic import SecretStr

    webhook = await owner.name(receiver.url)
    await owner.happens(2)
    other = settings.model_copy(update={"secret": SecretStr("another secret, that nobody knows")})
    deliverer = Deliverer(owner.database, other, Sender(other, names))
    await deliverer.tick()
    await deliverer.idle()
    now = await owner.get(webhook)
    assert now["disabled_reason"] == "secrets_lost"
    assert receiver.connected == 0

    # What he does about it.
    async with owner.database.transaction() as tx:
        under_the_new = replace(tx, settings=other)
        account, webhook_id = owner.account.id, UUID(webhook["id"])
        _, secret = await service.rotate_secret(under_the_new, account, webhook_id, 60)
    answer = await owner.call(
        "PATCH", f"/{webhook['id']}", {"enabled": True}, version=now["version"] + 1
    )
    assert answer.json()["enabled"] is True
    for _ in range(3):
        await deliverer.tick()
        await deliverer.idle()
    assert len(receiver.got) == 3
    for got in receiver.got:
        Webhook(secret.shared()).verify(got.body, got.headers)
        assert got.headers["webhook-signature"].count("v1,") == 1


async def test_what_is_done_with_is_forgotten_after_a_month(
    owner: Owner, receiver: Receiver
) -> None:
    async def tidy() -> None:
        async with owner.database.transaction() as tx:
            assert not await service.tidy(tx)

    webhook = await owner.name(receiver.url)
    await owner.happens(3)
    await owner.settle()
    receiver.answer = says(410)
    await owner.happens(1)
    await owner.settle()
    owner.clock.go_on(days=model.KEPT_DAYS - 0.01)
    await tidy()
    assert len(await owner.log(webhook)) == 4
    owner.clock.go_on(days=0.02)
    await tidy()
    (kept,) = await owner.log(webhook)
    assert kept["state"] == "pending"


async def test_the_worker_goes_on_until_it_is_stopped(owner: Owner, receiver: Receiver) -> None:
    await owner.name(receiver.url)
    running = asyncio.create_task(owner.deliverer.run())
    ids = await owner.happens(3)
    await until(lambda: len(receiver.got) == 3)
    assert receiver.ids == [str(one) for one in ids]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
