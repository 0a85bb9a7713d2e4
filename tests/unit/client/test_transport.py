from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.unit.client.stage import AT, EXCHANGE, NO_PAUSE, OFFER, PERSON_ID
from tradepost_client import AsyncClient, Client
from tradepost_client.errors import AnswerMalformed, ExchangeUnreachable, ProblemError
from tradepost_client.policy import Retries, checked_url

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
Handler = Callable[[httpx.Request], httpx.Response]
BUSY = {
    "type": "urn:tradepost:problem:busy",
    "title": "Try again.",
    "status": 503,
    "retryable": True,
    "detail": "The database is away.",
    "waited_s": 3,
}
TOO_MUCH = {
    "type": "urn:tradepost:problem:quota-exceeded",
    "title": "You asked for more than a limit permits.",
    "status": 429,
    "retryable": True,
    "violated-policies": ["address"],
    "retry_after_s": 3,
}


def client(handler: Handler, **more: Any) -> AsyncClient:
    transport = httpx.MockTransport(handler)
    more = {"token": "tp_secret", "retries": NO_PAUSE, **more}
    return AsyncClient("http://127.0.0.1:8000", transport=transport, **more)


def answers(*several: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    waiting, seen = list(several), list[httpx.Request]()

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, seen


async def test_a_get_is_repeated_until_it_is_answered() -> None:
    handler, seen = answers(
        httpx.ConnectError("refused"),
        httpx.Response(503, json=BUSY, headers={"Retry-After": "1"}),
        httpx.Response(200, json=EXCHANGE),
    )
    async with client(handler) as api:
        assert (await api.exchange()).fee_bps == 50
    assert len(seen) == 3


async def test_a_post_is_repeated_with_its_key() -> None:
    handler, seen = answers(
        httpx.ReadTimeout("slow"),
        httpx.Response(409, json={"type": "urn:tradepost:problem:idempotency-key-in-flight"}),
        httpx.Response(201, json=OFFER),
    )
    async with client(handler) as api:
        await api.pause_offer(OFFER["id"])
    keys = {request.headers["Idempotency-Key"] for request in seen}
    assert len(seen) == 3
    assert len(keys) == 1


async def test_two_intents_have_two_keys_and_one_can_be_given() -> None:
    handler, seen = answers(*[httpx.Response(201, json=OFFER)] * 3)
    async with client(handler) as api:
        await api.pause_offer(OFFER["id"])
        await api.pause_offer(OFFER["id"])
        await api.pause_offer(OFFER["id"], key="mine")
    keys = [request.headers["Idempotency-Key"] for request in seen]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


async def test_what_may_act_twice_is_sent_once() -> None:
    calls: tuple[Callable[[AsyncClient], Awaitable[object]], ...] = (
        lambda api: api.edit_offer(OFFER["id"], 1, {"price": "1"}),
        lambda api: api.revoke_token(PERSON_ID),
    )
    for call in calls:
        handler, seen = answers(httpx.ReadTimeout("slow"))
        async with client(handler) as api:
            with pytest.raises(ExchangeUnreachable):
                await call(api)
        assert len(seen) == 1
        assert "Idempotency-Key" not in seen[0].headers


async def test_what_a_limit_refused_waits_as_long_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tradepost_client._async.transport.asyncio.sleep", sleep)
    calls: tuple[Callable[[AsyncClient], Awaitable[object]], ...] = (
        lambda api: api.exchange(),
        lambda api: api.pause_offer(OFFER["id"]),
        lambda api: api.revoke_token(PERSON_ID),
        lambda api: api.trust_partner(PERSON_ID),
    )
    for call, last in zip(calls, (EXCHANGE, OFFER, None, None), strict=True):
        handler, seen = answers(
            httpx.Response(429, json=TOO_MUCH, headers={"Retry-After": "3"}),
            httpx.Response(429, json=TOO_MUCH, headers={"Retry-After": "3000"}),
            httpx.Response(204 if last is None else 200, json=last),
        )
        async with client(handler, retries=Retries(first_s=0.1, longest_s=7)) as api:
            await call(api)
        assert len(seen) == 3
        assert len({request.headers.get("Idempotency-Key") for request in seen}) == 1
    assert waited == [3.0, 7.0] * len(calls)


async def test_what_may_act_twice_is_not_repeated_after_a_limit_either() -> None:
    handler, seen = answers(httpx.Response(429, json=TOO_MUCH, headers={"Retry-After": "1"}))
    async with client(handler) as api:
        with pytest.raises(ProblemError) as caught:
            await api.edit_offer(OFFER["id"], 1, {"price": "1"})
    assert caught.value.slug == "quota-exceeded"
    assert caught.value.facts["violated-policies"] == ["address"]
    assert len(seen) == 1


async def test_patience_ends() -> None:
    handler, seen = answers(*[httpx.Response(503, json=BUSY)] * 3)
    async with client(handler) as api:
        with pytest.raises(ProblemError) as caught:
            await api.exchange()
    problem = caught.value
    assert len(seen) == 3
    assert (problem.slug, problem.status, problem.retryable) == ("busy", 503, True)
    assert problem.facts == {"waited_s": 3}
    assert str(problem) == "Try again. The database is away."


async def test_a_refusal_is_not_repeated() -> None:
    handler, seen = answers(httpx.Response(409, json=BUSY | {"status": 409}))
    async with client(handler) as api:
        with pytest.raises(ProblemError):
            await api.close_offer(OFFER["id"])
    assert len(seen) == 1


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=EXCHANGE | {"fee_bps": "many"}),
        httpx.Response(200, content=b""),
    ],
)
async def test_an_answer_of_another_form_is_told(response: httpx.Response) -> None:
    handler, _ = answers(response)
    async with client(handler) as api:
        with pytest.raises(AnswerMalformed):
            await api.exchange()


@pytest.mark.parametrize("price", [0.98, 1, "NaN", "-1", "1e5", "", "1.2.3", None])
async def test_an_amount_that_is_no_decimal_string_is_refused(price: object) -> None:
    handler, _ = answers(httpx.Response(200, json=OFFER | {"price": price}))
    async with client(handler) as api:
        with pytest.raises(AnswerMalformed, match="price"):
            await api.offer(OFFER["id"])


async def test_an_error_that_is_no_problem_document_is_a_problem() -> None:
    handler, _ = answers(httpx.Response(502, text="<html>"))
    async with client(handler) as api:
        with pytest.raises(ProblemError) as caught:
            await api.exchange()
    assert caught.value.status == 502


async def test_pages_are_walked_and_a_circle_is_told() -> None:
    page = {"data": [OFFER], "next_cursor": "a"}
    handler, seen = answers(
        httpx.Response(200, json=page), httpx.Response(200, json=page | {"next_cursor": None})
    )
    async with client(handler) as api:
        found = [offer.id async for offer in api.offers(direction="sell", payment_methods=["a"])]
    assert len(found) == 2
    assert seen[1].url.params["cursor"] == "a"
    assert seen[1].url.params["direction"] == "sell"
    handler, _ = answers(*[httpx.Response(200, json=page)] * 9)
    async with client(handler) as api:
        with pytest.raises(AnswerMalformed, match="does not end"):
            _ = [offer async for offer in api.my_offers()]


async def test_events_have_no_gap() -> None:
    def event(seq: int) -> dict[str, object]:
        return {"seq": seq, "id": PERSON_ID, "type": "x", "payload": {}, "created_at": AT}

    handler, _ = answers(httpx.Response(200, json={"data": [event(4), event(5)]}))
    async with client(handler) as api:
        assert [one.seq async for one in api.events(3)] == [4, 5]
    handler, _ = answers(httpx.Response(200, json={"data": [event(4), event(6)]}))
    async with client(handler) as api:
        with pytest.raises(AnswerMalformed, match="comes 6"):
            _ = [one async for one in api.events(3)]


async def test_no_error_and_no_representation_shows_the_token() -> None:
    handler, _ = answers(*[httpx.ConnectError("x")] * 3)
    async with client(handler) as api:
        assert "tp_secret" not in repr(api)
        with pytest.raises(ExchangeUnreachable) as caught:
            await api.exchange()
    assert "tp_secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["http://trade.example", "ftp://x", "127.0.0.1", "http://a@127.0.0.1"]
)
def test_an_unsafe_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"encrypted|address"):
        checked_url(url, insecure=False)


def test_a_plain_address_can_be_permitted() -> None:
    assert checked_url("http://trade.lan/", insecure=True) == "http://trade.lan"
    assert checked_url("https://trade.example/", insecure=False) == "https://trade.example"


def test_pauses_double_and_are_bounded() -> None:
    retries = Retries(first_s=1.0, longest_s=4.0)
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (9, 4.0)):
        for _ in range(20):
            assert longest / 2 <= retries.pause_s(failures) <= longest
    assert retries.pause_s(1, asked_s=3.0) == 3.0
    assert retries.pause_s(1, asked_s=3000.0) == 4.0


def test_the_synchronous_client_is_the_same() -> None:
    handler, seen = answers(
        httpx.Response(503, json=BUSY),
        httpx.Response(200, json=EXCHANGE),
        httpx.Response(200, json={"data": [OFFER], "next_cursor": None}),
    )
    transport = httpx.MockTransport(handler)
    with Client("http://127.0.0.1:8000", retries=NO_PAUSE, transport=transport) as api:
        assert api.exchange().asset("USDT").decimals == 6
        assert [offer.id for offer in api.offers()] == [OFFER["id"]]
    assert len(seen) == 3


async def test_a_file_comes_line_by_line() -> None:
    handler, seen = answers(httpx.Response(200, text="id,state\r\n1,completed\r\n"))
    async with client(handler) as api:
        lines = [line async for line in api.export_trades(until=NEW_YEAR)]
    assert lines == ["id,state", "1,completed"]
    assert seen[0].url.params["format"] == "csv"
    assert seen[0].url.params["to"] == "2026-01-01T00:00:00+00:00"
    assert seen[0].headers["Authorization"] == "Bearer tp_secret"


async def test_a_file_that_is_refused_or_not_reached_is_an_error() -> None:
    handler, _ = answers(httpx.Response(503, json=BUSY), httpx.ConnectError("tp_secret"))
    async with client(handler) as api:
        with pytest.raises(ProblemError, match=r"Try again\."):
            _ = [line async for line in api.export_trades()]
        with pytest.raises(ExchangeUnreachable) as caught:
            _ = [line async for line in api.export_trades()]
    assert "secret" not in str(caught.value)
