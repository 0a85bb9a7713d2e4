"""Each request is counted once, whatever becomes of it; streams are open until they end."""

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from tradepost.kernel.metrics import REGISTRY
from tradepost.kernel.observing import Observe, operation


class _Route:
    name = "some_operation"
    path = "/v1/some/{id}"


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"tradepost_{name}", labels) or 0


def _open(kind: str) -> float:
    return _count("http_open", kind=kind)


async def _run(app: Any, kind: str = "http", method: str = "GET") -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": kind, "headers": [], "path": "/v1/some/4711"}
    if kind == "http":
        scope["method"] = method
    await Observe(app, "slow", 60)(scope, receive, send)
    return sent


async def test_a_stream_of_events_is_open_while_it_lasts() -> None:
    seen: list[tuple[float, float]] = []
    waited = _count("http_request_seconds_count", operation="some_operation")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _Route
        seen.append((_open("request"), _open("sse")))
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        seen.append((_open("request"), _open("sse")))

    before = _count("http_requests_total", operation="some_operation", method="GET", status="2xx")
    await _run(app)
    assert seen == [(1, 0), (0, 1)]
    assert (_open("request"), _open("sse")) == (0, 0)
    # How long a caller listens is no time that he waits.
    assert _count("http_request_seconds_count", operation="some_operation") == waited
    counted = {"operation": "some_operation", "method": "GET", "status": "2xx"}
    assert _count("http_requests_total", **counted) - before == 1


async def test_a_websocket_is_open_while_it_lasts() -> None:
    seen: list[float] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(_open("websocket"))

    await _run(app, "websocket")
    assert seen == [1]
    assert _open("websocket") == 0


async def test_a_bug_is_an_error_of_ours_and_goes_on() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _Route
        assert operation() == "some_operation"
        raise ValueError

    counted = {"operation": "some_operation", "method": "POST", "status": "5xx"}
    before = _count("http_requests_total", **counted)
    with pytest.raises(ValueError, match=r"^$"):
        await _run(app, method="POST")
    assert _count("http_requests_total", **counted) - before == 1
    assert _open("request") == 0
    assert operation() == ""


async def test_a_caller_who_left_before_the_answer_is_counted_as_such() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _Route

    counted = {"operation": "some_operation", "method": "other", "status": "none"}
    before = _count("http_requests_total", **counted)
    assert await _run(app, method="BREW") == []
    assert _count("http_requests_total", **counted) - before == 1
