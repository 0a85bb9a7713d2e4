"""Answers with secrets in them: the same request gets the same one, and nobody else does."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tradepost.kernel.database import Database

PASSPHRASE = "lantern orbit velvet quarry"


@pytest.fixture
def database(api: httpx.AsyncClient) -> Database:
    """The database of the API."""
    transport = api._transport
    assert isinstance(transport, httpx.ASGITransport)
    app: Any = transport.app
    assert isinstance(app, FastAPI)
    opened: Database = app.state.database
    return opened


async def ask(
    api: httpx.AsyncClient, path: str, body: Any, key: str | None, token: str | None = None
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return await api.post(path, json=body, headers=headers)


def named(name: str = "rosa", passphrase: str = PASSPHRASE) -> dict[str, str]:
    return {"name": name, "passphrase": passphrase}


async def kept(database: Database) -> list[bytes]:
    async with database.transaction() as tx:
        rows = await tx.all("SELECT body FROM idempotency_keys")
    return [bytes(row["body"]) for row in rows]


async def test_an_account_that_is_asked_for_twice_at_once_is_one(
    api: httpx.AsyncClient, database: Database
) -> None:
    key = str(uuid4())
    first, second = await asyncio.gather(
        *(ask(api, "/v1/accounts", named(), key) for _ in range(2))
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    replayed = [one.headers.get("Idempotent-Replayed") for one in (first, second)]
    assert sorted(map(str, replayed)) == ["None", "true"]
    for answer in (first, second):
        assert answer.headers["Cache-Control"] == "no-store"
    # Without the key it is another request, and the name is taken.
    assert (await ask(api, "/v1/accounts", named(), None)).status_code == 409
    # Nothing that is kept shows the token.
    token = first.json()["token"]["token"]
    assert await kept(database)
    assert not any(token.encode() in body for body in await kept(database))


async def test_a_session_is_given_again_to_who_proves_himself_again(
    api: httpx.AsyncClient,
) -> None:
    await ask(api, "/v1/accounts", named(), None)
    key = str(uuid4())
    first = await ask(api, "/v1/sessions", named(), key)
    assert (await ask(api, "/v1/sessions", named(), key)).content == first.content
    other = await ask(api, "/v1/sessions", named(), str(uuid4()))
    assert other.json()["token"]["token"] != first.json()["token"]["token"]
    wrong = await ask(api, "/v1/sessions", named(passphrase=PASSPHRASE + "!"), key)
    assert wrong.status_code == 401


async def test_two_who_have_one_key_do_not_meet(api: httpx.AsyncClient) -> None:
    one = await ask(api, "/v1/accounts", named("rosa"), "1")
    other = await ask(api, "/v1/accounts", named("ivan"), "1")
    assert (one.status_code, other.status_code) == (201, 201)
    assert other.json()["account"]["name"] == "ivan"


async def test_a_sign_in_is_not_given_again_for_long(
    api: httpx.AsyncClient, database: Database
) -> None:
    key = str(uuid4())
    await ask(api, "/v1/accounts", named(), key)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE idempotency_keys SET created_at = %s", [tx.now - timedelta(minutes=11)]
        )
    again = await ask(api, "/v1/accounts", named(), key)
    assert again.status_code == 422
    assert again.json()["type"] == "urn:tradepost:problem:idempotency-key-reused"


async def test_a_nonce_is_the_same_for_the_same_key(api: httpx.AsyncClient) -> None:
    key = str(uuid4())
    first = await ask(api, "/v1/nonces", None, key)
    assert (await ask(api, "/v1/nonces", None, key)).content == first.content
    assert (await ask(api, "/v1/nonces", None, None)).content != first.content


async def test_a_token_is_made_once_and_shown_again_to_who_asked_alone(
    api: httpx.AsyncClient, database: Database
) -> None:
    await ask(api, "/v1/accounts", named(), None)
    sessions = [
        (await ask(api, "/v1/sessions", named(), None)).json()["token"]["token"] for _ in range(2)
    ]
    wanted = {"label": "bot", "scopes": ["offers:read"], "expires_in_s": 3600}
    key = str(uuid4())

    async def make(token: str) -> httpx.Response:
        return await ask(api, "/v1/tokens", wanted, key, token)

    first, again = await make(sessions[0]), await make(sessions[0])
    assert first.status_code == 201
    assert again.content == first.content
    assert (await make(sessions[1])).status_code == 422
    assert (await ask(api, "/v1/tokens", wanted, None, sessions[0])).status_code == 400
    listed = await api.get("/v1/tokens", headers={"Authorization": f"Bearer {sessions[0]}"})
    assert [one["label"] for one in listed.json()["data"]].count("bot") == 1
    secret = first.json()["token"].encode()
    assert not any(secret in body for body in await kept(database))


@pytest.mark.parametrize("key", ["", "x" * 129])
async def test_a_key_that_is_none_is_refused(api: httpx.AsyncClient, key: str) -> None:
    assert (await ask(api, "/v1/accounts", named(), key)).status_code == 400
