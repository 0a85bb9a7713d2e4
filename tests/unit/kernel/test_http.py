"""The edge without a database: bodies are bounded, and failures give nothing away."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import TypeAdapter, ValidationError

from tradepost.kernel.access import Unauthenticated
from tradepost.kernel.bounds import MAX_BODY_BYTES, LimitBody
from tradepost.kernel.errors import PreconditionRequired, Problem
from tradepost.kernel.http import (
    Body,
    Moment,
    etag,
    expected_version,
    install_problems,
    perhaps_expected,
)


class Words(Body):
    text: str
    count: int = 0


def app() -> FastAPI:
    """An app with one route for each way to fail."""
    made = FastAPI()
    install_problems(made)
    made.add_middleware(LimitBody)

    @made.post("/words")
    async def words(body: Words) -> int:
        return len(body.text)

    failures: dict[str, Exception] = {
        "bug": RuntimeError("the passphrase is sesame"),
        "pool": PoolTimeout("the passphrase is sesame"),
        "down": OperationalError("the passphrase is sesame"),
        "who": Unauthenticated(),
    }

    @made.get("/fail/{how}")
    async def fail(how: str) -> None:
        raise failures[how]

    return made


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/fail/bug", 500, "internal-error"),
        ("/fail/pool", 503, "busy"),
        ("/fail/down", 503, "busy"),
        ("/fail/who", 401, "unauthenticated"),
        ("/nowhere", 404, "not-found"),
        ("/words", 405, "method-not-allowed"),
    ],
)
async def test_every_failure_is_a_problem_that_gives_nothing_away(
    client: httpx.AsyncClient, path: str, status: int, slug: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["type"] == f"urn:tradepost:problem:{slug}"
    assert answer.json()["status"] == status
    assert "sesame" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    "content",
    [
        b'{"text": 5}',
        b'{"text": "a", "sesame": 1}',
        b'{"count": 1}',
        b"[]",
        b"{",
        b"",
        b"\xff\xfe",
        b'{"text": "\\ud800"}',
        b"[" * 5000,
    ],
)
async def test_a_malformed_body_is_told_where(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/words", content=content)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:tradepost:problem:malformed-request"


async def test_a_rejected_value_is_not_sent_back(client: httpx.AsyncClient) -> None:
    answer = await client.post("/words", json={"text": "ok", "count": "sesame"})
    assert answer.json()["errors"][0]["at"] == "body.count"
    assert "sesame" not in answer.text


async def test_a_body_within_the_bound_is_read(client: httpx.AsyncClient) -> None:
    text = "x" * (MAX_BODY_BYTES - 20)
    assert (await client.post("/words", json={"text": text})).json() == len(text)


async def test_a_body_beyond_the_bound_is_refused_whatever_its_header_says(
    client: httpx.AsyncClient,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(100):
            yield b"x" * 8192

    whole = await client.post("/words", json={"text": "x" * MAX_BODY_BYTES})
    streamed = await client.post("/words", content=endless())
    for answer in (whole, streamed):
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:tradepost:problem:body-too-large"


@pytest.mark.parametrize(
    "text", ['"7"', "7", ' "7" ', 'W/"7"', f'W/"7.{"a1" * 12}"', f'"7.{"a1" * 12}"']
)
def test_a_version_is_read_from_an_etag(text: str) -> None:
    assert expected_version(perhaps_expected(text)) == 7
    assert etag(7) == '"7"'


@pytest.mark.parametrize(
    "text", ["", "*", '"a"', "-7", '"7", "8"', "7" * 10, "\u0667", '"7.xyz"', '"7.a1"']
)
def test_what_names_no_version_is_asked_for_one(text: str) -> None:
    with pytest.raises(PreconditionRequired):
        perhaps_expected(text)


def test_a_change_that_needs_a_version_asks_for_it() -> None:
    assert perhaps_expected(None) is None
    with pytest.raises(PreconditionRequired):
        expected_version(None)


@pytest.mark.parametrize(
    "said",
    ["0", "0.5", "1795852800", 1795852800, 0.5, True, "2026-11-23", "9999-12-31T23:59:59-14:00"],
)
def test_a_moment_is_no_number(said: object) -> None:
    moments = TypeAdapter(Moment)
    assert moments.validate_python("2026-11-23T05:00:00Z").year == 2026
    with pytest.raises(ValidationError):
        moments.validate_python(said)


def test_a_problem_is_an_exception_of_its_own() -> None:
    assert issubclass(PreconditionRequired, Problem)
