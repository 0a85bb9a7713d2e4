"""What a fuzzer that follows the document does not write: refused in the documented form."""

import json
from typing import Any

import pytest

from tests.contract.ground import Ground
from tests.contract.schema import UNDOCUMENTED, WHOLE
from tests.faults.deals import Player

pytestmark = pytest.mark.slow

#: The ends of the calendar, beyond which the same moment has no date in another time zone.
_TIMES = ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "0")
_TIMED = (
    "/v1/trades/export?from={}",
    "/v1/trades/export?to={}",
    "/v1/prices/ETH/EUR/history?from={}",
    "/v1/prices/ETH/EUR/history?to={}",
    "/v1/markets/ETH/EUR/candles?interval=1h&from={}",
    "/v1/markets/ETH/EUR/candles?interval=1h&to={}",
)
_TARGETS = (
    "/v1/trades/",
    "/v1//trades",
    "/v1/trades/%2e%2e/trades",
    "/v1/trades%00",
    "/v1/trades%ff",
    "/v1/trades?limit=1&limit=2",
    "/v1/trades?limit=%ff",
    "/v1/trades?cursor=%00",
    "/v1/trades?fields=",
    "/v1/trades?fields=id&fields=id",
    "/v1/trades?fields=__class__",
    "/v1/trades?fields=id%00",
    "/v1/trades?%66ields=id",
)
_HEADERS = (
    {"Authorization": b"Bearer \xe9\xff"},
    {"If-None-Match": b"\xff\xfe"},
    {"If-None-Match": b'"' * 1_000},
    {"Accept": b"application/xml"},
    {"Accept-Language": b"\xe9;q=NaN, *;q=-1" + b",x" * 100},
    {"Accept-Encoding": b"gzip;q=0, *;q=0"},
    {"Content-Type": b"\xff/\xff; charset=\xff"},
    {"X-Forwarded-For": b"\x00, 999.999.999.999"},
)
#: Each with the status that it is refused with.
_STREAMS = (
    ({"channels": "trades"}, 401),
    ({"channels": "trades", "ticket": "A" * 43}, 401),
    ({"channels": "everything"}, 404),
    ({"channels": ["prices:ETH-EUR"] * 51}, 422),
    ({"channels": "prices:ETH-EUR", "resume_from": "x" * 2_001}, 422),
    ({"channels": "prices:ETH-EUR", "channel": "trades"}, 422),
)
_TYPES = (
    "text/plain",
    "application/xml",
    "application/json; charset=utf-16",
    "application/merge-patch+json",
    "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded",
    "",
)
#: Bodies that two readers of JSON may read in two ways, or none.
_BODIES = (
    b'{"label": "a", "label": "b", "scopes": ["offers:read"], "expires_in_s": 3600, "x": 1}',
    b'{"label": "a", "scopes": ["offers:read"], "expires_in_s": 3600.0}',
    b'{"label": "a", "scopes": ["offers:read"], "expires_in_s": NaN}',
    b'{"label": "\\ud800", "scopes": ["offers:read"], "expires_in_s": 3600}',
    b'{"label": "\\u0000", "scopes": ["offers:read"], "expires_in_s": 3600}',
    b'\xef\xbb\xbf{"label": 1}',
    b'{"label":' + b"[" * 20_000,
)


def _asked(
    ground: Ground, player: Player, method: str, target: str, **request: Any
) -> tuple[int, str]:
    """What is answered, which has the form of an answer."""
    headers = [(name.encode(), value.encode()) for name, value in player.headers().items()]
    given = request.pop("headers", {})
    headers = [each for each in headers if each[0].decode() not in given]
    headers += [(name.encode(), value) for name, value in given.items()]

    async def ask() -> Any:
        return await ground.arena.http.request(method, target, headers=headers, **request)

    answer = ground.run(ask)
    ground.counts["edges"] += 1
    assert answer.status_code < 500, (target, given, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        assert answer.json()["status"] == answer.status_code
        assert "Traceback" not in answer.text
    return answer.status_code, answer.text


@pytest.mark.parametrize("target", _TIMED)
def test_times_at_the_ends_of_the_calendar(ground: Ground, target: str) -> None:
    for time in _TIMES:
        status, text = _asked(ground, ground.arena.seller, "GET", target.format(time))
        assert status == 422, (time, text)


@pytest.mark.parametrize("time", _TIMES)
def test_an_offer_that_closes_at_the_end_of_the_calendar(ground: Ground, time: str) -> None:
    ask = ground.ask("POST /v1/offers")
    assert ask.player is not None
    body = ask.body | {"closes_at": time.replace("%2B", "+")}
    status, text = _asked(ground, ask.player, "POST", "/v1/offers", json=body)
    assert status == 422, text


@pytest.mark.parametrize("target", _TARGETS)
def test_a_target_is_read_in_one_way_or_not_at_all(ground: Ground, target: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT"):
        if method != "HEAD":
            status, text = _asked(ground, ground.arena.seller, method, target)
            assert status in {200, 400, 404, 405, 422}, text


@pytest.mark.parametrize("headers", _HEADERS, ids=lambda headers: next(iter(headers)))
def test_headers_of_any_bytes(ground: Ground, headers: dict[str, bytes]) -> None:
    for target in ("/v1/trades", "/v1/payment-methods", "/v1/exchange"):
        _asked(ground, ground.arena.seller, "GET", target, headers=headers)


@pytest.mark.parametrize("kind", _TYPES)
def test_a_body_of_another_kind(ground: Ground, kind: str) -> None:
    for label in ("POST /v1/tokens", "POST /v1/saved-searches"):
        ask = ground.ask(label)
        assert ask.player is not None
        content = json.dumps(ask.body).encode()
        given = {"headers": {"Content-Type": kind.encode()}, "content": content}
        status, text = _asked(ground, ask.player, "POST", label.split()[1], **given)
        # What says that it is JSON of a kind is read as JSON.
        assert status in ({201, 422} if "json" in kind or not kind else {422}), text


@pytest.mark.parametrize("body", _BODIES, ids=range(len(_BODIES)))
def test_json_that_two_could_read_in_two_ways(ground: Ground, body: bytes) -> None:
    given = {"headers": {"Content-Type": b"application/json"}, "content": body}
    status, text = _asked(ground, ground.arena.seller, "POST", "/v1/tokens", **given)
    assert status == 422, text


@pytest.mark.parametrize(("query", "status"), _STREAMS, ids=range(len(_STREAMS)))
def test_a_stream_is_refused_as_documented(
    ground: Ground, query: dict[str, Any], status: int
) -> None:
    operation = WHOLE["/v1/stream"]["GET"]
    response = operation.Case(query=query).call_and_validate()
    assert response.status_code == status, response.text
    ground.counts["edges"] += 1


@pytest.mark.parametrize("path", UNDOCUMENTED)
def test_what_is_not_documented_changes_nothing_and_does_not_fail(
    ground: Ground, path: str
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        status, _ = _asked(ground, ground.arena.seller, method, path)
        # The agents' door refuses a token that can do more than ask.
        assert status in ({404, 405} if path != "/mcp" else {403, 405})
    _asked(ground, ground.arena.seller, "GET", path, headers={"If-None-Match": b"*"})
