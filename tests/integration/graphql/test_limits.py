"""What is too much in GraphQL is refused before it is run, and what fails tells nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from graphql import get_introspection_query
from psycopg import errors as pg

from tests import worlds
from tests.integration.graphql.conftest import ask, good
from tests.integration.trades.conftest import World
from tradepost.entrypoints.graphql.context import LeaseOver, lent
from tradepost.entrypoints.graphql.known import QueriesInvalid, digest_of, read
from tradepost.entrypoints.http import build
from tradepost.identity import service as identity
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

PROBLEM = "urn:tradepost:problem:"
NAME = "{ exchange { name } }"
FAN_OUT = (
    "query { ...f0 } "
    + " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(100))
    + " fragment f100 on Query { exchange { name } }"
)
#: Each with what its refusal says, and that it is refused in next to no time.
HOSTILE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "deep": ("{" + "a { " * 30 + "b" + " }" * 31, "malformed-request", {}),
    "deeper than the parser goes": ("{" + "a {" * 700 + "b", "malformed-request", {}),
    "aliases": (
        "{" + " ".join(f"a{i}: exchange {{ name }}" for i in range(31)) + "}",
        "query-too-complex",
        {"measure": "aliases", "found": 31, "limit": 30},
    ),
    "aliases in a fragment": (
        '{ market(asset: "ETH", currency: "EUR") { ...a } } fragment a on Market {'
        + " ".join(f"a{i}: depth {{ asset }}" for i in range(31))
        + "}",
        "query-too-complex",
        {"measure": "aliases"},
    ),
    "fan-out": (FAN_OUT, "query-too-complex", {"measure": "fields", "found": 10**9}),
    "cycle": (
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "query-too-complex",
        {},
    ),
    "self": ("{ exchange { ...a } } fragment a on Exchange { ...a }", "query-too-complex", {}),
    "fields": (
        "{ exchange { "
        + "chain { chainId confirmations } " * 10
        + "} } "
        + " ".join(f"query q{i} {{ exchange {{ {'chain { chainId } ' * 10} }} }}" for i in range(2))
        + " ".join(
            f"fragment f{i} on Exchange {{ {'name version ' * 10} ...f{i + 1} }}" for i in range(25)
        )
        + " fragment f25 on Exchange { name }",
        "malformed-request",
        {},
    ),
    "repeats": (
        "{ exchange { " + "name " * 200 + "} }",
        "query-too-complex",
        {"measure": "repeats"},
    ),
    "tokens": ("{ " + "a " * 4_000 + "}", "malformed-request", {}),
    "huge list": ("{ offers(limit: 1000000000) { data { id } } }", "query-too-costly", {}),
    "list in a list": (
        """{ trades(limit: 100) { data { id history { at event by from to } offer { id terms price
        maker { id name } } escrow { terms { amount fee fundBy } } } } }""",
        "query-too-costly",
        {"limit": 10_000},
    ),
    "all methods": (
        "{ paymentMethods(limit: 500) { data { code fields { name options { value label } } } } }",
        "query-too-costly",
        {},
    ),
    "schema by many names": (
        "{" + " ".join(f"a{i}: __schema {{ types {{ name }} }}" for i in range(6)) + "}",
        "query-too-costly",
        {},
    ),
    "schema of the schema": (
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "malformed-request",
        {},
    ),
    "mutation": ("mutation { exchange { name } }", "malformed-request", {}),
    "subscription": ("subscription { exchange { name } }", "malformed-request", {}),
    "types": ("type A { b: Int }", "malformed-request", {}),
    "no such field": ("{ nothing }", "malformed-request", {}),
    "no such type": ("{ ...a } fragment a on Nothing { name }", "malformed-request", {}),
    "empty": ("", "malformed-request", {}),
    "nul": ("\x00", "malformed-request", {}),
    "nested list": (
        "{ offers(paymentMethod: " + "[" * 300 + "]" * 300 + ") { data { id } } }",
        "malformed-request",
        {},
    ),
}


@asynccontextmanager
async def served(settings: Settings, **changes: Any) -> AsyncIterator[tuple[FastAPI, Any]]:
    """The API with other settings, which answers where it fails."""
    app = build(settings.model_copy(update=changes))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
    ):
        yield app, client


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_query_is_refused_at_once(api: httpx.AsyncClient, name: str) -> None:
    query, problem, facts = HOSTILE[name]
    began = time.process_time()
    answer = await ask(api, None, query)
    assert time.process_time() - began < 1
    told = answer.json()
    assert "data" not in told
    said = told["errors"][0]["extensions"]
    assert said["type"] == PROBLEM + problem, told
    assert answer.status_code == said["status"]
    assert said | facts == said
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    "variables",
    [
        {"n": 100_000},
        {"n": "100"},
        {"n": True},
        {"n": None},
        {"n": [[[[1]]]]},
        {"n": -5},
        {"n": 1.5},
        {"n": 2**70},
        {"n": {"a": {"b": 1}}},
        {"other": 1},
    ],
)
async def test_variables_are_counted_and_checked(
    api: httpx.AsyncClient, variables: dict[str, Any]
) -> None:
    query = "query($n: Int!) { offers(limit: $n) { data { id } } }"
    answer = await ask(api, None, query, **variables)
    said = answer.json()["errors"][0]["extensions"]["type"]
    assert said in {PROBLEM + "malformed-request", PROBLEM + "query-too-costly"}
    assert answer.json().get("data") in (None, {"offers": None})


async def test_a_default_of_a_variable_counts(api: httpx.AsyncClient) -> None:
    query = "query($n: Int! = 5000) { offers(limit: $n) { data { id terms } } }"
    told = (await ask(api, None, query)).json()["errors"][0]["extensions"]
    assert (told["type"], told["cost"]) == (PROBLEM + "query-too-costly", 50 + 1 + 5000 * 2)


async def test_large_variables_are_refused(api: httpx.AsyncClient) -> None:
    query = "query($m: [String!]) { offers(paymentMethod: $m) { data { id } } }"
    told = (await ask(api, None, query, m=["x" * 40] * 300)).json()["errors"][0]["extensions"]
    assert (told["type"], told["measure"]) == (PROBLEM + "query-too-complex", "variables")
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    answer = await ask(api, None, query, m=deep)
    assert answer.json()["errors"][0]["extensions"]["type"] == PROBLEM + "malformed-request"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'[{"query": "{ exchange { name } }"}]', "application/json"),
        (b'{"query": "{ exchange { name } }", "more": 1}', "application/json"),
        (b'{"query": ["{ exchange { name } }"]}', "application/json"),
        (b'{"query": "{ exchange { name } }"}', "text/plain"),
        (b"query=%7Bexchange%7Bname%7D%7D", "application/x-www-form-urlencoded"),
        (b"{ exchange { name } }", "application/graphql"),
        (json.dumps({"query": "#" * 17_000}).encode(), "application/json"),
    ],
)
async def test_only_json_with_one_query_is_read(
    api: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    answer = await api.post("/v1/graphql", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == PROBLEM + "malformed-request"


async def test_a_query_is_charged_by_its_cost(settings: Settings) -> None:
    # So slow that a slow machine sees none come back.
    limits = {"limit_address": "100/3600 burst 100"}
    async with served(settings, **limits) as (app, client):
        await worlds.pretend_to_follow(app.state.database)
        small = await ask(client, None, NAME)
        left = int(small.headers["RateLimit"].partition("r=")[2].partition(";")[0])
        assert left == 99
        names = " ".join(f"f{i}: id" for i in range(29))
        wide = f"{{ offers(limit: 100) {{ data {{ {names} }} }} }}"
        large = await ask(client, None, wide)
        assert large.status_code == 200, large.text
        after = int(large.headers["RateLimit"].partition("r=")[2].partition(";")[0])
        cost = 50 + 1 + 100 * 29
        assert left - after in {-(-cost // 200), -(-cost // 200) - 1}  # one may come back
        answers = [await ask(client, None, wide) for _ in range(6)]
        refused = [one for one in answers if one.status_code == 429]
        assert refused
        assert refused[0].json()["type"] == PROBLEM + "quota-exceeded"
        # Who is refused by the schema has paid, too.
        assert (await ask(client, None, wide.replace("f0: id", "f0: nothing"))).status_code == 429


async def test_the_schema_is_told_and_hidden_by_setting(settings: Settings) -> None:
    async with served(settings) as (_, client):
        shown = await ask(client, None, get_introspection_query())
        assert shown.status_code == 200, shown.text
        assert shown.json()["data"]["__schema"]["queryType"]["name"] == "Query"
        assert "Did you mean 'exchange'" in (await ask(client, None, "{ exchang }")).text
    async with served(settings, graphql_introspection=False) as (_, client):
        for query in (get_introspection_query(), '{ __type(name: "Trade") { name } }'):
            refused = await ask(client, None, query)
            assert refused.status_code == 422
            assert "data" not in refused.json()
        for query in (
            "{ exchang }",
            "{ exchange { nam } }",
            "{ offers(limt: 1) { data { id } } }",
            "{ trades(state: escrowe) { data { id } } }",
            "query($s: TradeStat) { trades(state: $s) { data { id } } }",
        ):
            assert "Did you mean" not in (await ask(client, None, query)).text
        enum = "query($s: TradeState) { trades(state: $s) { data { id } } }"
        assert "Did you mean" not in (await ask(client, None, enum, s="escrowe")).text
        assert (await ask(client, None, "{ __typename }")).json() == {
            "data": {"__typename": "Query"}
        }


async def test_a_bug_is_masked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    async with served(settings) as (app, client):
        await worlds.pretend_to_follow(app.state.database)
        monkeypatch.setattr("tradepost.prices.http.listed", broken)
        answer = await client.post(
            "/v1/graphql",
            json={"query": "{ prices { data { price } } exchange { name } }"},
            headers={"X-Request-Id": "a-name-of-ours"},
        )
    told = answer.json()
    assert "swordfish" not in answer.text
    assert told["data"] == {"prices": None, "exchange": {"name": "Tradepost"}}
    (error,) = told["errors"]
    assert error["path"] == ["prices"]
    assert error["extensions"]["type"] == PROBLEM + "internal-error"
    assert error["extensions"]["request_id"] == "a-name-of-ours"


async def test_a_database_that_does_not_answer_is_busy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    async def slow(*_: object) -> None:
        raise pg.QueryCanceled("canceling statement due to statement timeout")

    async def torn(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise pg.SerializationFailure("could not serialize access")

    async with served(settings) as (_, client):
        monkeypatch.setattr("tradepost.prices.http.listed", slow)
        answer = await ask(client, None, "{ prices { data { price } } }")
        assert (answer.status_code, answer.json()["type"]) == (503, PROBLEM + "busy")
        monkeypatch.setattr("tradepost.prices.http.listed", torn)
        answer = await ask(client, None, "{ prices { data { price } } }")
        assert (answer.status_code, calls) == (503, 3)


async def test_a_query_that_takes_too_long_is_given_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()

    async def slow(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()

    async with served(settings, request_timeout_s=0.3) as (_, client):
        monkeypatch.setattr("tradepost.prices.http.listed", slow)
        answer = await ask(client, None, "{ prices { data { price } } }")
        assert (answer.status_code, answer.json()["type"]) == (503, PROBLEM + "took-too-long")
        async with asyncio.timeout(5):
            await gone.wait()
        monkeypatch.undo()
        assert (await ask(client, None, "{ prices { nextCursor } }")).status_code == 200


async def test_a_connection_is_lent_for_one_request(database: Database) -> None:
    async with database.transaction() as tx:
        with lent(tx) as lease:
            assert await lease.one("SELECT 1 AS one") == {"one": 1}
        with pytest.raises(LeaseOver):
            await lease.one("SELECT 1")
        assert await tx.one("SELECT 1 AS one") == {"one": 1}


async def test_nothing_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def writes(tx: Any, *_: object) -> None:
        await tx.execute("DELETE FROM tokens")

    trader = await world.trader()
    monkeypatch.setattr("tradepost.prices.http.listed", writes)
    told = (await ask(world.api, trader, "{ prices { nextCursor } }")).json()
    assert told["errors"][0]["extensions"]["type"] == PROBLEM + "internal-error"
    assert (await good(world, trader, "{ account { id } }"))["account"]["id"] == str(trader.id)


async def test_all_of_an_answer_is_of_one_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others commit while a query runs is not in it."""
    maker = await world.trader()
    real = identity.get

    async def meanwhile(tx: Any, account_id: Any) -> Any:
        await world.offer(maker)
        return await real(tx, account_id)

    monkeypatch.setattr(identity, "get", meanwhile)
    query = "{ account { id } myOffers { data { id } } }"
    # Fields of one level begin in their order; the account's waits until the offer is there.
    found = await good(world, maker, query)
    assert found["myOffers"]["data"] == []
    monkeypatch.undo()
    assert len((await good(world, maker, query))["myOffers"]["data"]) == 1


# --- known queries ----------------------------------------------------------------------------


def known(text: str, **more: Any) -> dict[str, Any]:
    said = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}
    return {"extensions": said, **more}


async def test_a_query_is_known_once_it_was_sent_with_its_hash(api: httpx.AsyncClient) -> None:
    missing = await api.post("/v1/graphql", json=known(NAME))
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    wrong = await api.post("/v1/graphql", json=known(NAME, query="{ exchange { version } }"))
    assert wrong.status_code == 422
    bad = "{ nothing }"
    assert (await api.post("/v1/graphql", json=known(bad, query=bad))).status_code == 422
    assert (await api.post("/v1/graphql", json=known(bad))).status_code == 404
    sent = await api.post("/v1/graphql", json=known(NAME, query=NAME))
    assert sent.json() == {"data": {"exchange": {"name": "Tradepost"}}}
    assert (await api.post("/v1/graphql", json=known(NAME))).json() == sent.json()
    extensions = json.dumps(known(NAME)["extensions"])
    got = await api.get("/v1/graphql", params={"extensions": extensions})
    assert got.json() == sent.json()
    assert got.headers["Cache-Control"] == "public, max-age=1"
    again = await api.get(
        "/v1/graphql",
        params={"extensions": extensions},
        headers={"If-None-Match": got.headers["ETag"]},
    )
    assert again.status_code == 304


async def test_a_known_query_of_ones_own_is_not_for_all(world: World) -> None:
    trader = await world.trader()
    query = "query($n: Int!) { myOffers(limit: $n) { data { id } } }"
    body = known(query, query=query, variables={"n": 1})
    await world.api.post("/v1/graphql", json=body, headers=trader.headers())
    params = {"extensions": json.dumps(known(query)["extensions"]), "variables": '{"n": 2}'}
    mine = await world.api.get("/v1/graphql", params=params, headers=trader.headers())
    assert mine.json() == {"data": {"myOffers": {"data": []}}}
    assert mine.headers["Cache-Control"] == "private, no-cache"
    nobody = await world.api.get("/v1/graphql", params=params)
    assert nobody.json()["data"] == {"myOffers": None}
    assert "public" not in nobody.headers["Cache-Control"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"query": NAME},
        {"extensions": "{}"},
        {"extensions": "{}", "query": NAME},
        {"extensions": "["},
        {"extensions": "[" * 400},
        {"extensions": '{"persistedQuery": 1}'},
        {"extensions": '{"persistedQuery": {"version": 2, "sha256Hash": "a"}}'},
        {"extensions": "{}", "variables": "1"},
    ],
)
async def test_a_get_takes_known_queries_only(
    api: httpx.AsyncClient, params: dict[str, str]
) -> None:
    answer = await api.get("/v1/graphql", params=params)
    assert answer.status_code == 422, answer.text


async def test_an_operator_can_list_what_is_answered(settings: Settings, tmp_path: Path) -> None:
    listed = tmp_path / "queries.json"
    listed.write_text(json.dumps({digest_of(NAME): NAME}))
    changes = {"graphql_queries_file": listed, "graphql_known_only": True}
    async with served(settings, **changes) as (app, client):
        await worlds.pretend_to_follow(app.state.database)
        for body in (known(NAME), {"query": NAME}):
            assert (await client.post("/v1/graphql", json=body)).json()["data"] is not None
        other = "{ exchange { version } }"
        for body in ({"query": other}, known(other, query=other)):
            refused = await client.post("/v1/graphql", json=body)
            assert refused.status_code == 403
            said = refused.json()["errors"][0]["extensions"]["type"]
            assert said == PROBLEM + "query-not-known"
        assert (await client.post("/v1/graphql", json=known(other))).status_code == 404


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"a": "b"}', json.dumps({"0" * 64: NAME}), json.dumps({digest_of(NAME): 1})],
)
def test_a_file_of_queries_that_makes_no_sense_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "queries.json"
    path.write_text(text)
    with pytest.raises(QueriesInvalid):
        read(path)


async def test_how_an_answer_is_called_is_the_callers_choice(api: httpx.AsyncClient) -> None:
    kind = "application/graphql-response+json"
    for query, status in ((NAME, 200), ("{ nothing }", 422)):
        for accept, given in ((kind, kind), ("*/*", "application/json")):
            answer = await api.post(
                "/v1/graphql", json={"query": query}, headers={"Accept": accept}
            )
            assert (answer.status_code, answer.headers["Content-Type"]) == (status, given)
