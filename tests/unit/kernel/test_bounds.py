"""What a request may be like at all."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from tradepost.kernel.bounds import (
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_TARGET_BYTES,
    LimitBody,
    LimitHead,
    LimitTime,
)
from tradepost.kernel.http import install_problems


@pytest.fixture
def ended() -> list[str]:
    """How what was begun came to its end."""
    return []


@pytest.fixture
async def client(ended: list[str]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app)

    @app.get("/slow")
    async def slow() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return "never"

    @app.get("/stream")
    async def stream() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for number in range(3):
                yield b"%d" % number
                await asyncio.sleep(0.1)

        return StreamingResponse(parts())

    @app.get("/own")
    async def own() -> None:
        raise TimeoutError("of its own")

    @app.post("/body")
    async def body() -> str:
        return "read"

    app.add_middleware(LimitBody, within_s=0.1)
    app.add_middleware(LimitHead)
    app.add_middleware(LimitTime, within_s=0.2)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


def slug(answer: httpx.Response) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: str = answer.json()["type"].rpartition(":")[2]
    return found


async def test_what_takes_too_long_is_given_up(client: httpx.AsyncClient, ended: list[str]) -> None:
    answer = await client.get("/slow")
    assert (answer.status_code, slug(answer)) == (503, "took-too-long")
    assert answer.headers["Retry-After"] == "1"
    assert ended == ["cancelled"]


async def test_a_stream_that_has_begun_lasts(client: httpx.AsyncClient) -> None:
    assert (await client.get("/stream")).text == "012"


async def test_a_time_out_of_something_else_stays_what_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/own")
    assert (answer.status_code, slug(answer)) == (500, "internal-error")


async def test_a_body_that_comes_slowly_is_refused(client: httpx.AsyncClient) -> None:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.02)

    answer = await client.post("/body", content=drops())
    assert (answer.status_code, slug(answer)) == (408, "request-too-slow")
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/stream?" + "a" * (MAX_TARGET_BYTES - 7), {}, 200),
        ("/stream?" + "a" * (MAX_TARGET_BYTES - 6), {}, 414),
        ("/" + "a" * MAX_TARGET_BYTES, {}, 414),
        ("/stream", {f"x-{number}": "a" for number in range(MAX_HEADERS - 5)}, 200),
        ("/stream", {f"x-{number}": "a" for number in range(MAX_HEADERS)}, 431),
        ("/stream", {"x": "a" * (MAX_HEADER_BYTES - 200)}, 200),
        ("/stream", {"x": "a" * MAX_HEADER_BYTES}, 431),
    ],
)
async def test_a_head_is_bounded(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert slug(answer) == {414: "query-too-long", 431: "headers-too-large"}[status]
