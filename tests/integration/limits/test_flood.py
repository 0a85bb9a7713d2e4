"""A flood is refused before it costs a hash or a query."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash

from tests import worlds
from tradepost.entrypoints.http import build
from tradepost.kernel.settings import Settings
from tradepost_client import AsyncClient, Retries

PERSON = {"name": "rosa", "passphrase": "a long sentence that nobody guesses"}


class Spent:
    """What the requests of a test have cost so far."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.hashes = 0

    @property
    def connections(self) -> int:
        """Each statement needs one."""
        asked: int = self._app.state.database.pool.get_stats().get("requests_num", 0)
        return asked


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    own = {
        "limit_address": "60/60 burst 200",
        "limit_key": "60/60 burst 120",
        "limit_account": "60/60 burst 150",
    }
    return build(settings.model_copy(update=own))


@pytest.fixture
async def spent(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Spent]:
    counted = Spent(app)
    for name in ("hash", "verify"):
        real = getattr(PasswordHash, name)

        def counting(*args: object, _real: object = real, **rest: object) -> object:
            counted.hashes += 1
            assert callable(_real)
            return _real(*args, **rest)

        monkeypatch.setattr(PasswordHash, name, counting)
    async with app.router.lifespan_context(app):
        await worlds.pretend_to_follow(app.state.database)
        yield counted


def caller(app: FastAPI, address: str = "192.0.2.1", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 4_242))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)


async def token(app: FastAPI, address: str) -> str:
    """A token of a new account."""
    async with caller(app, address) as client:
        opened = await client.post(
            "/v1/accounts", json=PERSON | {"name": f"rosa-{uuid4().hex[:8]}"}
        )
    found: str = opened.json()["token"]["token"]
    return found


async def test_sign_ins_are_refused_before_they_cost_a_hash(app: FastAPI, spent: Spent) -> None:
    async with caller(app) as client:
        answers = [await client.post("/v1/sessions", json=PERSON) for _ in range(30)]
        statuses = [answer.status_code for answer in answers]
        # A failure costs twice, so that there are two in a burst of four.
        assert statuses == [401] * 2 + [429] * 28
        assert spent.hashes == 2
        before = spent.connections
        assert (await client.post("/v1/accounts", json=PERSON)).status_code == 429
        assert spent.connections == before
    assert answers[-1].json()["violated-policies"] == ["address"]
    async with caller(app, "192.0.2.2") as other:
        assert (await other.post("/v1/sessions", json=PERSON)).status_code == 401


async def test_guessed_tokens_are_refused_before_they_cost_a_query(
    app: FastAPI, spent: Spent
) -> None:
    async with caller(app) as client:
        for _ in range(18):
            guess = {"Authorization": f"Bearer {uuid4().hex}"}
            assert (await client.get("/v1/account", headers=guess)).status_code == 401
        while (await client.get("/v1/time")).status_code == 200:
            pass
        before = spent.connections
        for _ in range(50):
            guess = {"Authorization": f"Bearer {uuid4().hex}"}
            assert (await client.get("/v1/account", headers=guess)).status_code == 429
        assert spent.connections == before


async def test_a_key_is_refused_before_it_costs_a_query_wherever_it_comes_from(
    app: FastAPI, spent: Spent
) -> None:
    bearer = {"Authorization": f"Bearer {await token(app, '198.51.100.1')}"}
    answers = []
    for number in range(130):
        async with caller(app, f"203.0.113.{number}", **bearer) as client:
            answers.append(await client.get("/v1/account"))
    assert answers[-1].status_code == 429
    assert answers[-1].json()["violated-policies"] == ["key"]
    assert 120 <= sum(answer.status_code == 200 for answer in answers) <= 125
    before = spent.connections
    async with caller(app, "203.0.113.200", **bearer) as client:
        assert (await client.get("/v1/account")).status_code == 429
    assert spent.connections == before


async def test_all_keys_of_an_account_have_one_limit(app: FastAPI, spent: Spent) -> None:
    first = await token(app, "198.51.100.1")
    body = {"label": "bot", "scopes": ["account:read"], "expires_in_s": 3_600}
    async with caller(app, "198.51.100.2", Authorization=f"Bearer {first}") as client:
        key = {"Idempotency-Key": "1"}
        second = (await client.post("/v1/tokens", json=body, headers=key)).json()["token"]
    answers = []
    for number in range(100):
        for bearer in (first, second):
            async with caller(
                app, f"203.0.113.{number}", Authorization=f"Bearer {bearer}"
            ) as client:
                answers.append(await client.get("/v1/account"))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 140 <= len(answers) - len(refused) <= 150
    assert {tuple(answer.json()["violated-policies"]) for answer in refused} == {("account",)}


async def test_an_account_that_is_over_its_limit_changes_nothing(
    app: FastAPI, spent: Spent
) -> None:
    """The one time that its tokens are not known yet: the transaction is rolled back."""
    bearer = await token(app, "198.51.100.1")
    limiter = app.state.limiter
    async with caller(app, "198.51.100.2", Authorization=f"Bearer {bearer}") as client:
        account_id = (await client.get("/v1/account")).json()["id"].replace("-", "")
        await limiter.fine(limiter.ask("account", account_id, 1_000))
        limiter.accounts.forget(limiter.ask("key", bearer, 1).key)
        refused = await client.delete("/v1/sessions/current")
        assert refused.status_code == 429
        assert refused.json()["violated-policies"] == ["account"]
        assert refused.headers["RateLimit"].startswith('"account";r=0')
    async with caller(app, "198.51.100.3", Authorization=f"Bearer {bearer}") as client:
        before = spent.connections
        assert (await client.get("/v1/account")).status_code == 429
        assert spent.connections == before
        limiter.accounts.forget(limiter.ask("key", bearer, 1).key)
        assert (await client.get("/v1/account")).status_code == 429, "the token still lives"
        assert spent.connections == before + 1


async def test_headers_tell_the_tightest_bucket_and_how_long_to_wait(
    app: FastAPI, spent: Spent
) -> None:
    bearer = await token(app, "198.51.100.1")
    async with caller(app, "198.51.100.2", Authorization=f"Bearer {bearer}") as client:
        policies = '"address";q=60;w=60, "key";q=60;w=60, "account";q=60;w=60'
        for left in (119, 118, 117):
            answer = await client.get("/v1/account")
            assert answer.headers["RateLimit-Policy"] == policies
            assert answer.headers["RateLimit"] == f'"key";r={left};t={120 - left}'
        missing = await client.get("/v1/nothing")
        assert missing.status_code == 404
        assert missing.headers["RateLimit"].startswith('"key";r=116')
        while (answer := await client.get("/v1/account")).status_code == 200:
            pass
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:tradepost:problem:quota-exceeded"
    assert problem["retryable"] is True
    assert answer.headers["Retry-After"] == str(problem["retry_after_s"]) == "1"
    assert answer.headers["RateLimit"] == '"key";r=0;t=120'


async def test_a_dear_operation_is_told_how_long_it_takes(app: FastAPI, spent: Spent) -> None:
    async with caller(app) as client:
        answers = [await client.post("/v1/accounts", json=PERSON) for _ in range(3)]
        assert [answer.status_code for answer in answers[:1]] == [201]
        assert answers[2].status_code == 429
        assert 90 <= int(answers[2].headers["Retry-After"]) <= 100
        # What is cheap is still served, as none of it was charged.
        assert answers[1].status_code == 409
    assert spent.hashes == 2


async def test_health_is_never_refused(app: FastAPI, spent: Spent) -> None:
    async with caller(app) as client:
        answers = [await client.get("/livez") for _ in range(300)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


async def test_a_trader_and_his_client_do_not_notice(settings: Settings) -> None:
    """The default limits hold a whole sign-in and a burst of what a bot does."""
    defaults = Settings.model_fields
    own = {name: defaults[name].default for name in worlds.UNLIMITED}
    app = build(settings.model_copy(update=own))
    async with app.router.lifespan_context(app):
        await worlds.pretend_to_follow(app.state.database)
        async with AsyncClient(
            settings.public_url, transport=httpx.ASGITransport(app), retries=Retries(tries=1)
        ) as client:
            await client.create_account(**PERSON)
            for _ in range(200):
                await client.time()
