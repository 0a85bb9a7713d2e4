"""Who is not let in, who has to leave, and what hostile clients can do: little."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.notifications import serving
from tests.integration.notifications.serving import Exchange, Person, Query, Reader, happen
from tradepost.identity import service as identity
from tradepost.identity.model import Grant
from tradepost.kernel.access import Scope
from tradepost.kernel.settings import Settings
from tradepost.notifications.model import MAX_CHANNELS, MAX_TICKETS

TRADES: Query = {"channels": "trades"}


async def refusal(exchange: Exchange, query: Query, who: Person | None = None) -> tuple[int, str]:
    """Status and slug of the problem that a stream is refused with, alike in both forms."""
    with pytest.raises(InvalidStatus) as refused:
        async with exchange.reader(who, query):
            pass
    response = refused.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    body = json.loads(response.body or b"")
    if "ticket" not in query:
        async with exchange.client(who) as client:
            answer = await client.get("/v1/stream", params=query)
        assert answer.status_code == response.status_code
        assert answer.json()["type"] == body["type"]
    return response.status_code, body["type"].rpartition(":")[2]


async def ticket(exchange: Exchange, who: Person) -> str:
    """A new ticket of his."""
    async with exchange.client(who) as client:
        answer = await client.post("/v1/stream/tickets", headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.json()["ticket"])


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"channels": "trades"}, (401, "unauthenticated")),
        ({"channels": "notifications"}, (401, "unauthenticated")),
        ({"channels": "everything"}, (404, "channel-unknown")),
        ({"channels": "prices:DOGE-EUR"}, (404, "channel-unknown")),
        ({"channels": "offers:ETH-XYZ"}, (404, "channel-unknown")),
        ({"channels": "prices:ETH-EUR\n"}, (404, "channel-unknown")),
        ({"channels": "x" * 31}, (422, "malformed-request")),
        ({"channel": "prices:ETH-EUR"}, (422, "malformed-request")),
        ({"channels": ["prices:ETH-EUR"] * 60}, (422, "malformed-request")),
        ({"resume_from": "trades"}, (422, "positions-malformed")),
        ({"resume_from": "trades=-1"}, (422, "positions-malformed")),
        ({"resume_from": "offers:ETH-EUR=1"}, (422, "positions-malformed")),
        ({"ticket": "ts_" + "a" * 43}, (401, "ticket-invalid")),
        ({"ticket": "'; DROP"}, (401, "ticket-invalid")),
    ],
)
async def test_what_is_refused(exchange: Exchange, query: Query, told: tuple[int, str]) -> None:
    assert await refusal(exchange, query) == told
    assert len(exchange.hub) == 0


async def test_a_channel_needs_its_scope(exchange: Exchange) -> None:
    grant = Grant(frozenset({Scope.TRADES_READ}), timedelta(hours=1))
    who = await serving.person(exchange.database, grant)
    assert await refusal(exchange, {"channels": "notifications"}, who) == (403, "scope-missing")
    async with exchange.reader(who, TRADES) as reader:
        await reader.next("subscribed")
        await reader.say(op="subscribe", channel="notifications")
        told = await reader.next("refused")
        assert told["channel"] == "notifications"
        assert told["problem"]["scope"] == "account:read"
        await happen(exchange.database, who, [1])
        assert (await reader.next())["seq"] == 1


async def test_a_wrong_token_is_refused(exchange: Exchange, rosa: Person) -> None:
    wrong = replace(rosa, token="tp_" + "x" * 43)
    assert await refusal(exchange, {}, wrong) == (401, "unauthenticated")


async def test_a_ticket_opens_one_stream(exchange: Exchange, rosa: Person) -> None:
    query = TRADES | {"ticket": await ticket(exchange, rosa)}
    async with exchange.reader(query=query) as reader:
        assert (await reader.next())["account_id"] == str(rosa.account_id)
        assert (await reader.next())["type"] == "subscribed"
    assert await refusal(exchange, query) == (401, "ticket-invalid")


async def test_of_many_at_once_a_ticket_opens_one(exchange: Exchange, rosa: Person) -> None:
    query = TRADES | {"ticket": await ticket(exchange, rosa)}

    async def tried() -> bool:
        try:
            async with exchange.reader(query=query) as reader:
                await reader.next("subscribed")
        except InvalidStatus:
            return False
        return True

    assert sum(await asyncio.gather(*(tried() for _ in range(10)))) == 1


async def test_a_ticket_expires(exchange: Exchange, rosa: Person) -> None:
    query = {"ticket": await ticket(exchange, rosa)}
    async with exchange.database.transaction() as tx:
        await tx.execute("UPDATE stream_tickets SET expires_at = %s", [tx.now])
    assert await refusal(exchange, query) == (401, "ticket-invalid")


async def test_a_ticket_ends_with_its_token(exchange: Exchange, rosa: Person) -> None:
    query = {"ticket": await ticket(exchange, rosa)}
    async with exchange.client(rosa) as client:
        assert (await client.delete("/v1/sessions/current")).status_code == 204
    assert await refusal(exchange, query) == (401, "ticket-invalid")


async def test_tickets_do_no_more_than_their_token(exchange: Exchange) -> None:
    grant = Grant(frozenset({Scope.OFFERS_READ}), timedelta(hours=1))
    who = await serving.person(exchange.database, grant)
    query = TRADES | {"ticket": await ticket(exchange, who)}
    assert await refusal(exchange, query) == (403, "scope-missing")


async def test_tickets_are_few_and_no_secret_is_kept(exchange: Exchange, rosa: Person) -> None:
    given = [await ticket(exchange, rosa) for _ in range(MAX_TICKETS + 5)]
    async with exchange.database.reading() as reading:
        rows = await reading.all("SELECT * FROM stream_tickets")
    assert len(rows) == MAX_TICKETS
    assert not any(one.encode() in row["secret_hash"] for one in given for row in rows)
    assert await refusal(exchange, {"ticket": given[0]}) == (401, "ticket-invalid")
    async with exchange.reader(query={"ticket": given[-1]}) as reader:
        await reader.next("welcome")


async def test_who_comes_in_during_a_look_is_not_taken_for_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine, asked, answered = identity.live_tokens, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> set[UUID]:
        live = await genuine(*arguments)
        asked.set()
        await answered.wait()
        return live

    monkeypatch.setattr("tradepost.notifications.hub.identity.live_tokens", slow)
    async with serving.served(settings, replace(serving.PACE, look_s=0.05)) as exchange:
        first, second = [await serving.person(exchange.database) for _ in range(2)]
        async with exchange.reader(first, TRADES) as one:
            await one.next("subscribed")
            async with asyncio.timeout(serving.PATIENCE_S):
                await asked.wait()
            async with exchange.reader(second, TRADES) as other:
                await other.next("subscribed")
                answered.set()
                for who, reader in ((first, one), (second, other)):
                    await happen(exchange.database, who, [1])
                    assert (await reader.next("event"))["seq"] == 1


async def test_a_stream_ends_when_its_token_is_revoked(exchange: Exchange, rosa: Person) -> None:
    """At once: no look after the streams happens in this test."""
    async with exchange.reader(rosa, TRADES) as reader, exchange.reader(query={}) as other:
        await reader.next("subscribed")
        async with exchange.client(rosa) as client:
            assert (await client.delete("/v1/sessions/current")).status_code == 204
        assert await reader.closed() == (4401, "the token has ended")
        await other.next("welcome")
        assert other.socket.close_code is None


async def test_a_stream_ends_when_its_token_expires(settings: Settings) -> None:
    async with serving.served(settings, replace(serving.PACE, look_s=0.05)) as exchange:
        rosa = await serving.person(exchange.database)
        async with exchange.reader(rosa, TRADES) as reader:
            await reader.next("subscribed")
            async with exchange.database.transaction() as tx:
                await tx.execute("UPDATE tokens SET expires_at = %s", [tx.now])
            assert (await reader.closed())[0] == 4401


async def test_an_account_has_so_many_streams(settings: Settings) -> None:
    few = settings.model_copy(update={"stream_account_connections": 3})
    async with serving.served(few) as exchange, AsyncExitStack() as stack:
        rosa, other = [await serving.person(exchange.database) for _ in range(2)]
        readers = [await stack.enter_async_context(exchange.reader(rosa)) for _ in range(3)]
        assert await refusal(exchange, {}, rosa) == (429, "too-many-streams")
        async with exchange.reader(other) as reader:
            await reader.next("welcome")
        await readers[0].socket.close()
        await serving.until(lambda: len(exchange.hub) == 2)
        async with exchange.reader(rosa) as reader:
            await reader.next("welcome")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("stream_address_connections", (429, "too-many-streams")),
        ("stream_connections", (503, "busy")),
    ],
)
async def test_an_address_and_a_process_have_so_many(
    settings: Settings, setting: str, told: tuple[int, str]
) -> None:
    few = settings.model_copy(update={setting: 2})
    async with serving.served(few) as exchange, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(exchange.reader())
        assert await refusal(exchange, {}) == told
        # What is no stream is served as ever.
        async with exchange.client() as client:
            assert (await client.get("/v1/time")).status_code == 200


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x00\x01", 1003),
        (bytes(range(256)) * 400, 1003),
        ("x" * 1_001, 1009),
        ("[" * 1_000, 4400),
        ("", 4400),
        ("null", 4400),
        ("{}", 4400),
        ('{"op":"fly"}', 4400),
        ('{"op":"subscribe"}', 4400),
        ('{"op":"subscribe","channel":7}', 4400),
        ('{"op":"subscribe","channel":"trades","resume_from":-1}', 4400),
        ('{"op":"subscribe","channel":"trades","resume_from":1e300}', 4400),
        ('{"op":"subscribe","channel":"trades","resume_from":99999999999999999999}', 4400),
        ('{"op":"subscribe","channel":"trades","resume_from":"1"}', 4400),
        ('{"op":"subscribe","channel":"trades","more":1}', 4400),
        ('{"op":"pong","more":1}', 4400),
        ('{"op":"\\ud800"}', 4400),
    ],
    ids=lambda one: repr(one)[:40],
)
async def test_hostile_messages_end_the_stream(
    exchange: Exchange, rosa: Person, said: str | bytes, code: int
) -> None:
    async with exchange.reader(rosa) as reader, exchange.reader(rosa, TRADES) as other:
        await other.next("subscribed")
        await reader.socket.send(said)
        assert (await reader.closed())[0] == code
        await happen(exchange.database, rosa, [1])
        await other.next("event")


async def flood(reader: Reader) -> None:
    """Says more than anybody has to say."""
    for _ in range(1_000_000):
        await reader.say(op="pong")
        await asyncio.sleep(0)


async def test_a_flood_ends_the_stream(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa) as reader:
        for _ in range(200):
            await reader.say(op="pong")
        assert await reader.closed() == (4429, "too many messages")
    # Who does not stop even then is cut off.
    async with exchange.reader(rosa) as reader:
        with pytest.raises(ConnectionClosed):
            await flood(reader)
    await exchange.empty()


async def test_refusals_do_not_end_it_and_repeat_nothing_hostile(exchange: Exchange) -> None:
    async with exchange.reader() as reader:
        await reader.next("welcome")
        for channel in ("<script>", "trades", "prices:DOGE-EUR", "Ω" * 30):
            await reader.say(op="subscribe", channel=channel)
            told = await reader.next()
            assert told["type"] == "refused"
            assert told["channel"] in {"", "trades"}
        await reader.say(op="unsubscribe", channel="trades")
        assert (await reader.next())["type"] == "unsubscribed"


async def test_a_stream_has_so_many_channels(exchange: Exchange) -> None:
    codes = ["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY"]
    channels = [
        f"{kind}:{asset}-{code}"
        for code in codes
        for kind in ("prices", "offers")
        for asset in ("ETH", "USDT")
    ]
    extra = [f"prices:ETH-{code}" for code in ("JPY", "KES", "NGN")]
    async with exchange.reader(query={"channels": channels}) as reader:
        assert len(channels) == MAX_CHANNELS - 2
        for channel in extra:
            await reader.say(op="subscribe", channel=channel)
        told = await reader.next("refused")
        assert told["channel"] == extra[-1]
        assert told["problem"]["type"].endswith("too-many-channels")


async def test_who_is_silent_has_to_leave(settings: Settings) -> None:
    pace = replace(serving.PACE, heartbeat_s=0.1, silence_s=0.35)
    async with (
        serving.served(settings, pace) as exchange,
        exchange.reader() as silent,
        exchange.reader() as there,
    ):
        answered = 0
        while silent.socket.close_code is None:
            await there.next("heartbeat")
            await there.say(op="pong")
            answered += 1
        assert (await silent.closed())[0] == 4408
        assert answered >= 3
        assert there.socket.close_code is None


async def test_a_message_over_many_frames_is_one_message(exchange: Exchange) -> None:
    async with connect(f"ws://{exchange.url}/v1/stream") as socket:
        await socket.recv()
        await socket.send(["{" * 600, "{" * 600])
        async with asyncio.timeout(serving.PATIENCE_S):
            await socket.wait_closed()
        assert socket.close_code == 1009
