"""What is charged before anything else, and what the answers say of it."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from pydantic import SecretStr

from tests import worlds
from tradepost.entrypoints.http import build
from tradepost.kernel.http import install_problems
from tradepost.kernel.limits.addresses import Addresses
from tradepost.kernel.limits.costs import HANDSHAKE, READ, WRITE, Cost, cost_of, costs
from tradepost.kernel.limits.limiter import Limiter
from tradepost.kernel.limits.middleware import Charge, Limits
from tradepost.kernel.routing import Directory, add_room

SETTINGS = worlds.settings("postgresql://nobody@127.0.0.1:9/none").model_copy(
    update={"limit_address": "60/60 burst 100", "limit_key": "60/60 burst 100"}
)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in build(SETTINGS).openapi()["paths"].items()
    for method, operation in methods.items()
]


class Clock:
    def __init__(self) -> None:
        self.us = 10**12

    def __call__(self) -> int:
        return self.us


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> FastAPI:
    room = APIRouter()

    @room.get("/read")
    async def read() -> str:
        return "read"

    @room.post("/dear", openapi_extra=costs(40, money=True))
    async def dear() -> str:
        return "dear"

    made = FastAPI()
    install_problems(made)
    add_room(made.router, room, "/v1/things")

    @made.websocket("/v1/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    directory = Directory(made.router.routes)
    made.router.routes.insert(0, directory)
    made.add_middleware(
        Limits,
        limiter=Limiter(SETTINGS, clock),
        addresses=Addresses(("10.0.0.0/8",), "x-forwarded-for"),
        find=directory.find,
    )
    return made


def client(app: FastAPI, address: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://here")


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_each_operation_tells_what_it_costs(name: str, operation: dict[str, Any]) -> None:
    method = name.split(maxsplit=1)[0]
    assert 0 <= operation["x-rate-limit-cost"] <= 100
    assert isinstance(operation["x-moves-money"], bool)
    if name.startswith(("POST /v1/trades", "POST /v1/offers", "PATCH /v1/offers")):
        assert operation["x-moves-money"]
    if method == "GET":
        assert not operation["x-moves-money"]
    if operation["x-rate-limit-cost"]:
        told = operation["responses"]["429"]
        assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(told["headers"])


def test_what_costs_a_hash_or_gas_is_dearest() -> None:
    told = {name: operation["x-rate-limit-cost"] for name, operation in OPERATIONS}
    assert told["POST /v1/accounts"] == 100
    assert told["POST /v1/sessions"] == 50
    assert told["POST /v1/trades/{trade_id}/lock"] == 40
    assert told["POST /v1/trades"] == 20
    assert told["GET /livez"] == 0


def test_what_no_operation_says_goes_by_the_method() -> None:
    assert (cost_of(None, "GET"), cost_of({}, "HEAD")) == (READ, READ)
    assert (cost_of(None, "POST"), cost_of(None, "BREW")) == (WRITE, WRITE)
    assert cost_of(costs(7, money=False), "POST") == (7, False)


async def test_a_bucket_fills_again_with_time(app: FastAPI, clock: Clock) -> None:
    async with client(app) as caller:
        answers = [await caller.post("/v1/things/dear") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["Retry-After"] == "20"
        assert answers[2].headers["RateLimit"] == '"address";r=20;t=80'
        clock.us += 19_000_001
        assert (await caller.post("/v1/things/dear")).headers["Retry-After"] == "1"
        clock.us += 999_999
        assert (await caller.post("/v1/things/dear")).status_code == 200


async def test_what_a_connection_asks_for_later_is_charged_to_its_account_too(
    clock: Clock,
) -> None:
    limiter, account = Limiter(SETTINGS, clock), uuid4()
    charge = Charge(limiter, "192.0.2.1", None, Cost(10, money=False))
    await charge.begin()
    await charge.account(account)
    await charge.more(5)
    await charge.more(5)
    lefts = {"address": 100 - 21, "account": 1_000_000 - 21}
    for policy, who in (("address", "192.0.2.1"), ("account", account.hex)):
        verdict = await limiter.take([limiter.ask(policy, who, 1)], READ)
        assert verdict.left == lefts[policy]


async def test_each_address_has_its_own_behind_a_trusted_proxy(app: FastAPI) -> None:
    async with client(app, "10.0.0.1") as proxy:
        statuses = []
        for number in range(30):
            said = {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.{number % 2}"}
            statuses.append((await proxy.post("/v1/things/dear", headers=said)).status_code)
    assert statuses == [200] * 4 + [429] * 26, "what stands first was said by a stranger"


async def test_a_stranger_who_says_that_he_is_a_proxy_gains_nothing(app: FastAPI) -> None:
    async with client(app) as caller:
        statuses = []
        for number in range(5):
            said = {"X-Forwarded-For": f"203.0.113.{number}"}
            statuses.append((await caller.post("/v1/things/dear", headers=said)).status_code)
    assert statuses == [200, 200, 429, 429, 429]


async def test_one_subscriber_of_ipv6_has_one_bucket(app: FastAPI) -> None:
    statuses = []
    for number in range(4):
        async with client(app, f"2001:db8::{number:x}") as caller:
            statuses.append((await caller.post("/v1/things/dear")).status_code)
    assert statuses == [200, 200, 429, 429]


async def test_what_is_not_there_is_charged_too(app: FastAPI) -> None:
    async with client(app) as caller:
        statuses = [(await caller.get(f"/nowhere/{number}")).status_code for number in range(101)]
    assert statuses == [404] * 100 + [429]


def handshake(*, can_answer: bool) -> dict[str, Any]:
    return {
        "type": "websocket",
        "path": "/v1/stream",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "subprotocols": [],
        "client": ("192.0.2.1", 1),
        "state": {},
        "extensions": {"websocket.http.response": {}} if can_answer else {},
    }


async def knock(app: FastAPI, *, can_answer: bool) -> list[dict[str, Any]]:
    """What a server is told to do with a handshake."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await app(handshake(can_answer=can_answer), receive, send)
    return sent


async def test_a_flood_of_handshakes_is_refused_by_429(app: FastAPI) -> None:
    for _ in range(100 // HANDSHAKE.units):
        assert [each["type"] for each in await knock(app, can_answer=True)] == [
            "websocket.accept",
            "websocket.close",
        ]
    start, body = await knock(app, can_answer=True)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 429)
    headers = dict(start["headers"])
    assert headers[b"retry-after"] == b"10"
    assert headers[b"ratelimit"] == b'"address";r=0;t=100'
    assert b"quota-exceeded" in body["body"]


async def test_a_server_that_cannot_answer_a_handshake_closes_it(app: FastAPI) -> None:
    for _ in range(100 // HANDSHAKE.units):
        await knock(app, can_answer=False)
    assert await knock(app, can_answer=False) == [{"type": "websocket.close", "code": 1013}]


def test_several_processes_share_where_none_knows_of_the_others() -> None:
    several = Limiter(SETTINGS.model_copy(update={"http_workers": 4}))
    assert not several.whole
    assert "each of 4 processes" in several.words()
    assert "REDIS_URL" in several.words()
    assert several.ask("address", "x", 1).policy.header == '"address";q=15;w=60'
    shared = Limiter(
        SETTINGS.model_copy(
            update={"http_workers": 4, "redis_url": SecretStr("redis://127.0.0.1:9")}
        )
    )
    assert shared.whole
    assert shared.ask("address", "x", 1).policy.header == '"address";q=60;w=60'
