"""Every POST sent again: at once, after its server is another, and after one that died in it.

One effect, and the same bytes. How much an effect is, in rows of each table, is taken from a
request that was sent once. Where death comes, PostgreSQL brings it: a deferred trigger ends the
backend that commits the transaction of a key, so everything is done and nothing has happened.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.asks import ASKS, Ask
from tests.contract.ground import Ground
from tests.contract.schema import LONGER
from tests.faults.arena import Arena
from tests.faults.liar import Liar, contents
from tradepost.entrypoints.http import build

pytestmark = pytest.mark.slow

#: How often a request is sent in each place.
TIMES = 5 if LONGER else 3
#: A query changes nothing, and what is sent to a node is the same each time: they take no key.
_WITHOUT_KEY = {"POST /v1/graphql", "POST /v1/chain/calls"}
POSTS = [label for label in ASKS if label.startswith("POST ") and label not in _WITHOUT_KEY]

_DIE = """
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid());
        -- Where the signal arrives.
        PERFORM pg_sleep(5);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON idempotency_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()
"""
_LIVE = "DROP FUNCTION die() CASCADE"


@asynccontextmanager
async def _server(arena: Arena) -> AsyncIterator[httpx.AsyncClient]:
    """Another process's app, as far as one process can have it: nothing is shared but the base."""
    app = build(arena.stage.settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=arena.stage.settings.public_url
        ) as client,
    ):
        yield client


async def _send(client: httpx.AsyncClient, label: str, ask: Ask, key: str) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    if ask.player is not None:
        headers |= ask.player.headers(key)
    path = label.removeprefix("POST ").format(**ask.path)
    return await client.post(path, json=ask.body, headers=headers)


async def _rows(arena: Arena) -> Counter[str]:
    """How many rows each table has."""
    found = await contents(arena.stage.database)
    return Counter({table: number for table, (number, _) in found.items()})


async def _do(arena: Arena, statement: Any) -> None:
    async with arena.stage.database.transaction() as tx:
        await tx.connection.execute(statement)


async def _once(arena: Arena, label: str) -> Counter[str]:
    """The rows that come of one request."""
    await arena.follow()
    ask = await ASKS[label](arena)
    before = await _rows(arena)
    answer = await _send(arena.http, label, ask, str(uuid4()))
    assert answer.is_success, answer.text
    return await _rows(arena) - before


async def _sent_at_once(
    arena: Arena, another: httpx.AsyncClient, label: str, effect: Counter[str]
) -> None:
    await arena.follow()
    ask, key = await ASKS[label](arena), str(uuid4())
    before = await _rows(arena)
    servers = [arena.http, another]
    answers = await asyncio.gather(
        *(_send(servers[number % 2], label, ask, key) for number in range(TIMES))
    )
    assert await _rows(arena) - before == effect
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert answers[0].is_success, answers[0].text
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert Counter(replayed) == {None: 1, "true": TIMES - 1}
    if LONGER:
        # To start a server takes time; each operation has one after a death in any case.
        await _again(arena, label, ask, key, answers[0])


async def _again(arena: Arena, label: str, ask: Ask, key: str, said: httpx.Response) -> None:
    """A server that was started later says the same, and does nothing."""
    liar = Liar(arena, Counter(), {})
    await liar.begin()
    async with _server(arena) as later:
        for _ in range(TIMES):
            answer = await _send(later, label, ask, key)
            assert (answer.status_code, answer.content) == (said.status_code, said.content)
            assert answer.headers["Idempotent-Replayed"] == "true"
    await liar.nothing_changed()


async def _died(arena: Arena, label: str, effect: Counter[str]) -> None:
    await arena.follow()
    ask, key = await ASKS[label](arena), str(uuid4())
    liar = Liar(arena, Counter(), {})
    await liar.begin()
    before = await _rows(arena)
    await _do(arena, _DIE)
    try:
        answer = await _send(arena.http, label, ask, key)
    finally:
        await _do(arena, _LIVE)
    assert (answer.status_code, answer.json()["retryable"]) == (503, True), answer.text
    await liar.nothing_changed()
    answers = [await _send(arena.http, label, ask, key) for _ in range(TIMES)]
    assert await _rows(arena) - before == effect
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert answers[0].is_success, answers[0].text
    await _again(arena, label, ask, key, answers[0])


@pytest.fixture(scope="module")
def another(ground: Ground) -> Iterator[httpx.AsyncClient]:
    """A second server of the same exchange, which runs all the while."""
    with ground.portal.wrap_async_context_manager(_server(ground.arena)) as client:
        yield client


@pytest.mark.parametrize("label", POSTS)
def test_one_effect_and_the_same_answer(
    ground: Ground, another: httpx.AsyncClient, label: str
) -> None:
    effect = ground.run(_once, ground.arena, label)
    assert effect["idempotency_keys"] == 1
    ground.run(_sent_at_once, ground.arena, another, label, effect)
    ground.run(_died, ground.arena, label, effect)
    ground.counts["replays"] += (4 if LONGER else 3) * TIMES + 1
