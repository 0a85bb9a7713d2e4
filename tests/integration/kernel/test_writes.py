"""The lean way in for writes: what it refuses, and that it acts once."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from tradepost.kernel.access import Caller, Role, Scope, Unauthenticated
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.http import Body, Tx, allowed_once, install_problems
from tradepost.kernel.idempotency import TAKE, Asked
from tradepost.kernel.routing import add_room
from tradepost.kernel.writes import WriteRoute

WRITER = uuid4()
SENT = {"Authorization": "Bearer writer", "Idempotency-Key": "k"}


class Brew(Body):
    pots: int


async def authenticate(_: Transaction, bearer: str) -> Caller:
    if bearer not in {"writer", "reader"}:
        raise Unauthenticated
    scope = Scope.OFFERS_WRITE if bearer == "writer" else Scope.OFFERS_READ
    return Caller(WRITER, uuid4(), frozenset({Role.TRADER}), frozenset({scope}))


async def authenticate_once(tx: Transaction, bearer: str, asked: Asked) -> tuple[Caller, bool]:
    caller = await authenticate(tx, bearer)
    taken = await tx.execute(
        f"WITH caller AS (SELECT %(caller)s::uuid AS account_id) {TAKE}",
        {
            "caller": caller.account_id,
            "key": asked.key,
            "fingerprint": asked.fingerprint,
            "now": tx.now,
        },
    )
    return caller, taken == 1


@pytest.fixture
async def app(database: Database) -> FastAPI:
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE pots (id bigserial PRIMARY KEY, maker uuid)")
    router = APIRouter(route_class=WriteRoute)

    @router.post("/pots", status_code=201, response_model=dict[str, int])
    async def brew(
        request: Request,
        tx: Tx,
        caller: Annotated[Caller, Depends(allowed_once(Scope.OFFERS_WRITE))],
        body: Brew,
    ) -> Response:
        assert request.url.path == "/pots"
        for _ in range(body.pots):
            await tx.execute("INSERT INTO pots (maker) VALUES (%s)", [caller.account_id])
        return Response(b'{"pots":1}', 201, {"ETag": '"1"'}, media_type="application/json")

    made = FastAPI()
    made.state.database = database
    made.state.authenticate = authenticate
    made.state.authenticate_once = authenticate_once
    install_problems(made)
    add_room(made.router, router)
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as opened:
        yield opened


async def pots(database: Database) -> list[UUID]:
    async with database.reading() as reading:
        return [row["maker"] for row in await reading.all("SELECT maker FROM pots")]


async def test_a_key_acts_once_and_its_answer_stays(
    client: httpx.AsyncClient, database: Database
) -> None:
    first = await client.post("/pots", json={"pots": 2}, headers=SENT)
    again = await client.post("/pots", json={"pots": 2}, headers=SENT)
    other = await client.post("/pots", json={"pots": 3}, headers=SENT)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.content == first.content
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await pots(database) == [WRITER, WRITER]


@pytest.mark.parametrize(
    ("changed", "content", "status", "slug"),
    [
        ({"Authorization": ""}, b'{"pots":1}', 401, "unauthenticated"),
        ({"Authorization": "Bearer "}, b'{"pots":1}', 401, "unauthenticated"),
        ({"Authorization": "Basic writer"}, b'{"pots":1}', 401, "unauthenticated"),
        ({"Authorization": "Bearer nobody"}, b'{"pots":1}', 401, "unauthenticated"),
        ({"Authorization": "Bearer reader"}, b'{"pots":1}', 403, "scope-missing"),
        (
            {"Authorization": "Bearer reader", "Idempotency-Key": ""},
            b'{"pots":1}',
            403,
            "scope-missing",
        ),
        ({"Idempotency-Key": ""}, b'{"pots":1}', 400, "idempotency-key-missing"),
        ({"Idempotency-Key": "x" * 129}, b'{"pots":1}', 400, "idempotency-key-missing"),
        ({}, b"", 422, "malformed-request"),
        ({}, b'{"pots":', 422, "malformed-request"),
        ({}, b'{"pots":NaN}', 422, "malformed-request"),
        ({}, b'{"pots":"\xff"}', 422, "malformed-request"),
        ({}, b'{"pots":"many"}', 422, "malformed-request"),
        ({}, b'{"pots":1,"cups":1}', 422, "malformed-request"),
        ({}, b"[1]", 422, "malformed-request"),
        ({"Content-Type": "text/plain"}, b'{"pots":1}', 422, "malformed-request"),
        ({"Content-Type": ""}, b'{"pots":1}', 422, "malformed-request"),
    ],
)
async def test_what_is_refused_does_nothing_and_leaves_its_key_free(
    client: httpx.AsyncClient,
    database: Database,
    changed: dict[str, str],
    content: bytes,
    status: int,
    slug: str,
) -> None:
    sent = SENT | {"Content-Type": "application/json"} | changed
    refused = await client.post("/pots", content=content, headers=sent)
    assert (refused.status_code, refused.json()["type"]) == (
        status,
        f"urn:tradepost:problem:{slug}",
    )
    assert await pots(database) == []
    good = await client.post("/pots", json={"pots": 1}, headers=SENT)
    assert (good.status_code, good.headers.get("Idempotent-Replayed")) == (201, None)


async def test_it_is_documented_as_any_other(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/pots"]["post"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["idempotency-key"]
    assert operation["security"] == [{"HTTPBearer": []}]
    assert operation["requestBody"]["content"]["application/json"]["schema"]
    assert "201" in operation["responses"]
