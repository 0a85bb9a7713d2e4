"""Who comes in, and from where: tokens, headers, bodies, limits, and whether it is open at all."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from mcp.shared.exceptions import MCPError
from prometheus_client import CollectorRegistry

from tests.integration.agents.conftest import at, connected
from tests.integration.confirmations.conftest import AGENT, Owners
from tests.integration.notifications import serving
from tests.integration.notifications.serving import Exchange
from tests.integration.trades.conftest import World
from tradepost.entrypoints.agents.door import PERMITTED
from tradepost.entrypoints.http import build
from tradepost.identity.model import Grant
from tradepost.kernel.access import Scope
from tradepost.kernel.metrics import REGISTRY
from tradepost.kernel.settings import Settings
from tradepost_client.confirmations import AGENT_SCOPES

_CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_trades", "arguments": {}},
}
_ACCEPT = {"Accept": "application/json, text/event-stream"}


def test_what_an_agent_may_have_is_what_owners_are_told() -> None:
    assert {Scope(scope) for scope in AGENT_SCOPES} <= PERMITTED
    assert set(AGENT) == set(AGENT_SCOPES)
    writes = {scope for scope in Scope if scope.endswith((":write", ":release"))}
    assert not PERMITTED & writes


async def test_nobody_comes_in_without_a_token(exchange: Exchange) -> None:
    async with exchange.client() as http:
        for said in (None, "Bearer", "Basic dDp0", "Bearer x", f"Bearer tp_{'A' * 43}"):
            headers = _ACCEPT | ({} if said is None else {"Authorization": said})
            answer = await http.post("/mcp", json=_CALL, headers=headers)
            assert answer.status_code == 401, said
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json()["type"].endswith(":unauthenticated")


@pytest.mark.parametrize("scope", sorted(set(Scope) - PERMITTED))
async def test_a_token_that_could_act_by_itself_is_refused(
    exchange: Exchange, world: World, owners: Owners, scope: Scope
) -> None:
    strong = await owners.program(await world.trader(), [*AGENT, scope])
    answer = await world.api.post("/mcp", json=_CALL, headers=strong.headers() | _ACCEPT)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith(":token-too-strong")
    assert answer.json()["scopes"] == [scope]


async def test_a_session_of_the_owners_is_refused(exchange: Exchange, world: World) -> None:
    owner = await world.trader()
    answer = await world.api.post("/mcp", json=_CALL, headers=owner.headers() | _ACCEPT)
    assert answer.status_code == 403


async def test_a_token_that_has_ended_opens_nothing(
    exchange: Exchange, world: World, owners: Owners
) -> None:
    owner = await world.trader()
    program = await owners.program(owner)
    async with at(exchange, program) as agent:
        assert (await agent.does("list_trades"))["trades"] == []
        async with world.database.transaction() as tx:
            await tx.execute("UPDATE tokens SET revoked_at = now() WHERE label = 'agent'")
        with pytest.raises(MCPError):
            await agent.client.call_tool("list_trades", {})
    answer = await world.api.post("/mcp", json=_CALL, headers=program.headers() | _ACCEPT)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1234"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Accept": "text/html"}, 406),
        ({"Content-Type": "text/plain"}, 400),
    ],
)
async def test_pages_of_strangers_reach_nothing(
    exchange: Exchange, world: World, owners: Owners, headers: dict[str, str], status: int
) -> None:
    program = await owners.program(await world.trader())
    given = program.headers() | _ACCEPT | {"Content-Type": "application/json"} | headers
    answer = await world.api.post("/mcp", content=json.dumps(_CALL), headers=given)
    assert answer.status_code == status, answer.text
    assert "access-control-allow-origin" not in answer.headers


async def test_there_is_no_stream_and_no_session(
    exchange: Exchange, world: World, owners: Owners
) -> None:
    headers = (await owners.program(await world.trader())).headers()
    for method in ("GET", "DELETE", "PUT", "PATCH"):
        answer = await world.api.request(method, "/mcp", headers=headers | _ACCEPT)
        assert answer.status_code == 405, method
    begin = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "x", "version": "1"},
        },
    }
    answer = await world.api.post("/mcp", json=begin, headers=headers | _ACCEPT)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "mcp-session-id" not in answer.headers
    assert "Never ask for a key" in answer.json()["result"]["instructions"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"jsonrpc": "2.0"}',
        b"[" * 30_000,
        json.dumps([_CALL, _CALL]).encode(),
        json.dumps(_CALL | {"method": "no/such"}).encode(),
        json.dumps(_CALL | {"params": {"name": "no_such_tool", "arguments": {}}}).encode(),
        json.dumps(_CALL | {"params": {"name": "list_trades", "arguments": []}}).encode(),
        json.dumps(_CALL | {"params": []}).encode(),
    ],
)
async def test_what_is_not_of_the_protocol_is_refused(
    exchange: Exchange, world: World, owners: Owners, content: bytes
) -> None:
    program = await owners.program(await world.trader())
    given = program.headers() | _ACCEPT | {"Content-Type": "application/json"}
    answer = await world.api.post("/mcp", content=content, headers=given)
    assert answer.status_code < 500, answer.text
    assert (
        answer.status_code >= 400 or "error" in answer.json() or answer.json()["result"]["isError"]
    )
    assert "Traceback" not in answer.text


async def test_a_body_is_bounded(exchange: Exchange, world: World, owners: Owners) -> None:
    program = await owners.program(await world.trader())
    large = _CALL | {"params": {"name": "list_trades", "arguments": {"x": "x" * 70_000}}}
    answer = await world.api.post("/mcp", json=large, headers=program.headers() | _ACCEPT)
    assert answer.status_code == 413


async def test_tools_cost_what_their_operations_do(settings: Settings) -> None:
    limited = settings.model_copy(update={"limit_account": "6/60 burst 100"})
    async with serving.served(limited) as exchange:
        grant = Grant(frozenset(Scope(scope) for scope in AGENT), timedelta(hours=1))
        who = await serving.person(exchange.database, grant)
        async with connected(f"http://{exchange.url}", who.token, "legacy") as agent:
            refused = None
            for done in range(12):  # noqa: B007 - it is looked at below
                refused = await agent.refused(
                    "open_trade",
                    offer_id=str(who.account_id),
                    amount="1",
                    price_limit="1",
                    payment_method="sepa",
                )
                if refused["kind"] == "quota-exceeded":
                    break
            assert refused is not None
            assert refused["violated-policies"] == ["account"]
            # Eleven units a call, the door's and the tool's, and a few for the beginning.
            assert done == 8
        async with exchange.client(who) as http:
            while (answer := await http.post("/mcp", json=_CALL, headers=_ACCEPT)).is_success:
                pass
            assert answer.status_code == 429
            assert int(answer.headers["Retry-After"]) >= 1


async def test_calls_are_counted_by_names_of_ours(
    exchange: Exchange, world: World, owners: Owners
) -> None:
    def timed() -> float:
        said = {"operation": "mcp"}
        return REGISTRY.get_sample_value("tradepost_http_request_seconds_count", said) or 0

    def counted(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
        return {
            (sample.labels["tool"], sample.labels["outcome"]): sample.value
            for family in registry.collect()
            if family.name == "tradepost_agent_calls"
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    before = counted(REGISTRY)
    async with at(exchange, await owners.program(await world.trader())) as agent:
        await agent.does("list_trades")
        await agent.refused("get_trade", trade_id=str(uuid4()))
        with pytest.raises(Exception, match="no_such_tool"):  # of the library, of two kinds
            await agent.client.call_tool("no_such_tool", {})
        quick = timed()
        assert quick
        # Who waits says nothing of how quick we are; here there is nothing to wait for.
        nothing = {"trade_id": str(uuid4()), "wait_s": 0}
        assert (await agent.refused("follow_trade", **nothing))["kind"] == "not-found"
        assert timed() == quick
    after = counted(REGISTRY)
    more = {key: value - before.get(key, 0) for key, value in after.items()}
    assert {key: value for key, value in more.items() if value} == {
        ("list_trades", "done"): 1,
        ("get_trade", "refused"): 1,
        ("follow_trade", "refused"): 1,
    }


async def test_it_can_be_switched_off(settings: Settings) -> None:
    app = build(settings.model_copy(update={"mcp": False}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client,
    ):
        answer = await client.post("/mcp", json=_CALL, headers=_ACCEPT)
        assert answer.status_code == 404
        assert answer.json()["type"].endswith(":not-found")
