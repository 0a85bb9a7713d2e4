"""The app around its operations: names of requests, compression, what every operation keeps."""

import gzip
import json
from typing import Any
from uuid import UUID

import httpx

from tests import worlds
from tradepost.entrypoints.http import build

DOCUMENT = build(worlds.settings("postgresql://nobody@127.0.0.1:9/none")).openapi()


async def test_a_request_is_named_or_keeps_its_name(api: httpx.AsyncClient) -> None:
    first, second = [(await api.get("/v1/time")).headers["X-Request-Id"] for _ in range(2)]
    assert UUID(first) != UUID(second)
    asked = {"X-Request-Id": "bot-7.1234"}
    assert (await api.get("/v1/time", headers=asked)).headers["X-Request-Id"] == "bot-7.1234"
    assert (await api.get("/v1/nowhere", headers=asked)).headers["X-Request-Id"] == "bot-7.1234"
    for unfit in ("short", "x" * 65, "with space", "line\tbreak"):
        named = (await api.get("/v1/time", headers={"X-Request-Id": unfit})).headers
        assert UUID(named["X-Request-Id"]).version == 7


async def test_a_large_answer_is_compressed_for_who_can_read_it(api: httpx.AsyncClient) -> None:
    async with api.stream("GET", "/v1/exchange", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join([part async for part in packed.aiter_raw()])
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    plain = await api.get("/v1/exchange", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert len(raw) < len(plain.content) / 3
    assert json.loads(gzip.decompress(raw)).keys() == plain.json().keys()
    small = await api.get("/v1/time", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


async def test_the_clock_is_never_cached(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/time")).headers["Cache-Control"] == "no-store"


def _reads() -> list[tuple[str, dict[str, Any]]]:
    return [
        (path, methods["get"]) for path, methods in DOCUMENT["paths"].items() if "get" in methods
    ]


def test_each_read_is_documented_with_its_condition_and_its_fields() -> None:
    assert len(_reads()) > 30
    for path, operation in _reads():
        if "application/json" not in operation["responses"]["200"]["content"]:
            continue
        asked = {
            parameter.get("$ref", "").rsplit("/", 1)[-1] for parameter in operation["parameters"]
        }
        assert {"fields", "if-none-match"} <= asked, path
        assert "304" in operation["responses"], path


async def test_no_read_takes_a_parameter_that_it_does_not_know(api: httpx.AsyncClient) -> None:
    for path, _ in _reads():
        if "{" in path:
            continue
        answer = await api.get(f"{path}?not_a_parameter=1")
        assert answer.status_code in {401, 422}, path


async def test_what_nobody_may_keep_is_said_to_be_so(api: httpx.AsyncClient) -> None:
    for path, operation in _reads():
        if "{" not in path and "application/json" in operation["responses"]["200"]["content"]:
            assert (await api.get(path)).headers["Cache-Control"], path
