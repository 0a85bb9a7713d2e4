"""A route's transaction: one effect for one key, told only once it has happened."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from psycopg import AsyncConnection
from psycopg import errors as pg

from tradepost.kernel.access import Caller, Role, Scope, Unauthenticated
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import Problem
from tradepost.kernel.http import (
    Body,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    install_problems,
)
from tradepost.kernel.idempotency import TAKE, Asked
from tradepost.kernel.settings import Settings

#: Tokens of these tests are the account's id, with its one scope in front.
WRITER, OTHER = uuid4(), uuid4()


class CupEmpty(Problem):
    """The cup is empty."""

    status = 409


class Pour(Body):
    cups: int


async def authenticate(_: Transaction, bearer: str) -> Caller:
    if "|" not in bearer:
        raise Unauthenticated
    scope, account = bearer.split("|")
    return Caller(UUID(account), uuid4(), frozenset({Role.TRADER}), frozenset({Scope(scope)}))


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
    """An app that counts the cups it poured in a table of its own."""
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE cups (id bigserial PRIMARY KEY, poured int)")
    router = APIRouter(route_class=TransactionRoute)

    @router.post("/cups", status_code=201)
    async def pour(
        tx: Tx,
        caller: Annotated[Caller, Depends(allowed_once(Scope.OFFERS_WRITE))],
        body: Pour,
    ) -> dict[str, int]:
        row = await tx.one("INSERT INTO cups (poured) VALUES (%s) RETURNING id", [body.cups])
        await tx.execute("SELECT pg_sleep(0.02)")
        assert row is not None
        if body.cups == 0:
            raise CupEmpty
        return {"id": row["id"], "cups": body.cups}

    @router.get("/cups")
    async def count(tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.OFFERS_READ))]) -> int:
        row = await tx.one("SELECT count(*) AS cups FROM cups")
        assert row is not None
        return int(row["cups"])

    @router.post("/crossed")
    async def crossed(request: Request, tx: Tx) -> int:
        tries: int = getattr(request.app.state, "tries", 0)
        request.app.state.tries = tries + 1
        await tx.execute("INSERT INTO cups (poured) VALUES (1)")
        if tries < request.app.state.deadlocks:
            raise pg.DeadlockDetected
        return tries

    made = FastAPI()
    made.state.database = database
    made.state.authenticate = authenticate
    made.state.authenticate_once = authenticate_once
    install_problems(made)
    made.include_router(router)
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as opened:
        yield opened


def headers(
    key: str | None, scope: Scope = Scope.OFFERS_WRITE, who: UUID = WRITER
) -> dict[str, str]:
    found = {"Authorization": f"Bearer {scope}|{who}"}
    return found if key is None else found | {"Idempotency-Key": key}


async def poured(database: Database) -> int:
    async with database.transaction() as tx:
        row = await tx.one("SELECT count(*) AS cups FROM cups")
        assert row is not None
        return int(row["cups"])


async def test_one_key_at_once_is_one_effect_and_the_same_bytes(
    client: httpx.AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(
        *(client.post("/cups", json={"cups": 2}, headers=headers('"k"')) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers) == 7
    assert await poured(database) == 1
    # A bare key is the same key as a quoted one.
    later = await client.post("/cups", json={"cups": 2}, headers=headers("k"))
    assert later.content == answers[0].content
    assert later.headers["Content-Type"] == answers[0].headers["Content-Type"]
    assert await poured(database) == 1


async def test_a_key_is_its_accounts_own_and_of_one_request(
    client: httpx.AsyncClient, database: Database
) -> None:
    await client.post("/cups", json={"cups": 2}, headers=headers("k"))
    other = await client.post("/cups", json={"cups": 2}, headers=headers("k", who=OTHER))
    assert "Idempotent-Replayed" not in other.headers
    reused = await client.post("/cups", json={"cups": 3}, headers=headers("k"))
    assert reused.status_code == 422
    assert reused.json()["type"] == "urn:tradepost:problem:idempotency-key-reused"
    assert await poured(database) == 2


@pytest.mark.parametrize("key", [None, "", '""', "x" * 129])
async def test_a_key_is_required(
    client: httpx.AsyncClient, database: Database, key: str | None
) -> None:
    refused = await client.post("/cups", json={"cups": 2}, headers=headers(key))
    assert refused.status_code == 400
    assert refused.json()["type"] == "urn:tradepost:problem:idempotency-key-missing"
    assert await poured(database) == 0


async def test_an_error_has_no_effect_and_leaves_its_key_free(
    client: httpx.AsyncClient, database: Database
) -> None:
    for cups in (0, 0, 2):
        answer = await client.post("/cups", json={"cups": cups}, headers=headers("k"))
        assert answer.status_code == (201 if cups else 409)
    assert await poured(database) == 1


async def test_a_malformed_body_does_not_use_up_its_key(client: httpx.AsyncClient) -> None:
    bad = await client.post("/cups", json={"cups": "many"}, headers=headers("k"))
    assert bad.status_code == 422
    good = await client.post("/cups", json={"cups": 1}, headers=headers("k"))
    assert good.status_code == 201


@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Bearer"}, 401, "unauthenticated"),
        ({"Authorization": "Basic cm9zYQ=="}, 401, "unauthenticated"),
        ({"Authorization": "Bearer nobody"}, 401, "unauthenticated"),
        (headers("k", Scope.OFFERS_READ), 403, "scope-missing"),
    ],
)
async def test_without_the_scope_nothing_happens(
    client: httpx.AsyncClient, database: Database, sent: dict[str, str], status: int, slug: str
) -> None:
    refused = await client.post("/cups", json={"cups": 2}, headers=sent)
    assert refused.status_code == status
    assert refused.json()["type"] == f"urn:tradepost:problem:{slug}"
    assert await poured(database) == 0


async def test_what_was_told_has_been_committed(app: FastAPI, settings: Settings) -> None:
    """Looks from another connection at the moment the first byte of the answer is sent."""
    seen: list[int] = []
    watching = await AsyncConnection.connect(
        settings.database_url.get_secret_value(), autocommit=True
    )
    sent = iter([{"type": "http.request", "body": b'{"cups": 2}', "more_body": False}])

    async def receive() -> dict[str, object]:
        return next(sent)

    async def send(message: object) -> None:
        row = await (await watching.execute("SELECT count(*) FROM cups")).fetchone()
        assert row is not None
        seen.append(row[0])

    async with watching:
        given = headers("k") | {"Content-Type": "application/json"}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/cups",
            "raw_path": b"/cups",
            "query_string": b"",
            "headers": [(name.lower().encode(), text.encode()) for name, text in given.items()],
        }
        await app(scope, receive, send)
    assert seen
    assert set(seen) == {1}


@pytest.mark.parametrize(("deadlocks", "status", "left"), [(1, 200, 1), (2, 200, 1), (3, 503, 0)])
async def test_a_deadlock_is_tried_again_a_few_times(
    app: FastAPI,
    client: httpx.AsyncClient,
    database: Database,
    deadlocks: int,
    status: int,
    left: int,
) -> None:
    app.state.deadlocks = deadlocks
    answer = await client.post("/crossed")
    assert answer.status_code == status
    assert await poured(database) == left


async def test_times_are_read_as_utc_and_nobody_holds_a_row_for_ever(database: Database) -> None:
    async with database.transaction() as tx:
        row = await tx.one(
            """
            SELECT now() AS now, current_setting('statement_timeout') AS statement,
                current_setting('lock_timeout') AS lock,
                current_setting('idle_in_transaction_session_timeout') AS idle
            """
        )
    assert row is not None
    assert row["now"].utcoffset().total_seconds() == 0
    assert (row["statement"], row["lock"], row["idle"]) == ("5s", "3s", "20s")
