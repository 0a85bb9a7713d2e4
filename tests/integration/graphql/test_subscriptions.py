"""Subscriptions: what comes, in which order, from where it goes on; for whom, and how it ends."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import OperationalError
from websockets.exceptions import InvalidStatus

from tests.integration.graphql.talking import EVENTS, Talker, begun, connected
from tests.integration.notifications import serving
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import Exchange, OfferHappened, Person, happen
from tests.integration.notifications.test_refusals import ticket
from tests.integration.trades.conftest import World
from tradepost.entrypoints.graphql import protocol, queries, seen
from tradepost.entrypoints.graphql import socket as sockets
from tradepost.entrypoints.graphql.known import digest_of
from tradepost.identity.model import Grant
from tradepost.kernel.access import Scope
from tradepost.kernel.outbox import Event
from tradepost.kernel.settings import Settings
from tradepost.notifications.model import MAX_SAME, Closing

OFFERS = """subscription { offers(asset: "ETH", currency: "EUR") { __typename
    ... on OfferMessage { seq after offerId offer { id maker { name } price funded } } } }"""
PRICES = 'subscription { prices(asset: "%s", currency: "EUR") { price { price } } }'
CHANGES = """subscription { trades { ... on EventMessage { seq event { type }
    trade { id state viewer { role } history { event } } } } }"""


@pytest.fixture
async def exchange(settings: Settings) -> AsyncIterator[Exchange]:
    """One process that serves the API."""
    async with serving.served(settings) as served:
        yield served


@pytest.fixture
async def rosa(exchange: Exchange) -> Person:
    """Somebody with an account."""
    return await serving.person(exchange.database)


async def numbers(talker: Talker, name: str, count: int) -> list[int]:
    """The numbers of the next events, of which each tells which was before."""
    found = []
    for _ in range(count):
        told = await talker.told(name)
        assert told["__typename"] == "EventMessage"
        assert told["after"] == told["seq"] - 1
        found.append(told["seq"])
    return found


async def test_a_change_of_a_trade_arrives_with_the_trade(world: World) -> None:
    await world.market.moves("2500")
    maker, taker, stranger = [await world.trader() for _ in range(3)]
    offer = await world.offer(maker)
    # The world's own process sends no signals.
    pace = replace(serving.PACE, look_s=0.05)
    async with (
        serving.served(world.settings, pace, world.clock) as exchange,
        begun(exchange, taker) as his,
        begun(exchange, stranger) as other,
    ):
        for talker in (his, other):
            assert await talker.told(await talker.subscribe(CHANGES)) == {}
        trade = await world.taken(taker, offer)
        told = await his.told("1")
        assert told["trade"]["id"] == trade["id"]
        assert told["trade"]["state"] == "awaiting_escrow"
        assert told["trade"]["viewer"]["role"] == "buyer"
        await world.chain_says(trade, "locked")
        told = await his.told("1")
        assert told["event"]["type"] == "trade.advanced"
        assert told["trade"]["state"] == "escrowed"
        assert len(told["trade"]["history"]) == 2
        # Whose trade it is not has heard nothing of it: this is the first that he is told.
        person = Person(stranger.id, stranger.id, stranger.token)
        await happen(world.database, person, [1])
        told = await other.told("1")
        assert (told["seq"], told["event"]["type"], told["trade"]) == (1, "trade.happened", None)


async def test_a_reader_goes_on_where_he_was(exchange: Exchange, rosa: Person) -> None:
    await happen(exchange.database, rosa, range(1, 131))
    async with begun(exchange, rosa) as talker:
        name = await talker.subscribe(EVENTS, after=4)
        assert await talker.told(name) == {"__typename": "Subscribed", "seq": 4}
        assert await numbers(talker, name, 120) == list(range(5, 125))
    async with begun(exchange, rosa) as talker:
        name = await talker.subscribe(EVENTS, after=124)
        await talker.told(name)
        assert await numbers(talker, name, 6) == list(range(125, 131))
        await happen(exchange.database, rosa, [131])
        assert await numbers(talker, name, 1) == [131]
        # From behind the newest, and from where nobody has been.
        name = await talker.subscribe(EVENTS)
        assert await talker.told(name) == {"__typename": "Subscribed", "seq": 131}
        name = await talker.subscribe(EVENTS, after=500)
        told = await talker.told(name)
        assert told == {"__typename": "ResyncRequired", "seq": 131, "why": "unknown"}


async def test_markets_are_for_everybody(exchange: Exchange, rosa: Person) -> None:
    async with begun(exchange) as talker:
        offers = await talker.subscribe(OFFERS)
        assert (await talker.told(offers))["__typename"] == "Subscribed"
        prices = await talker.subscribe(PRICES % "ETH")
        assert await talker.told(prices) == {"price": None}
        listed = listing(rosa.account_id)
        await show(exchange.database, {listed.id: listed})
        told = await talker.told(offers)
        assert told["offerId"] == told["offer"]["id"] == str(listed.id)
        assert (told["seq"], told["after"]) == (1, 0)
        await show(exchange.database, {listed.id: None})
        assert (await talker.told(offers))["offer"] is None


async def test_a_channel_can_be_followed_in_several_ways(exchange: Exchange, rosa: Person) -> None:
    async with begun(exchange, rosa) as talker:
        await talker.told(first := await talker.subscribe(EVENTS))
        brief = "subscription { trades { ... on EventMessage { seq } } }"
        await talker.told(second := await talker.subscribe(brief))
        await happen(exchange.database, rosa, [1])
        told = {(said := await talker.next())["id"]: said for _ in range(2)}
        assert told[second]["payload"] == {"data": {"trades": {"seq": 1}}}
        assert told[first]["payload"]["data"]["trades"]["event"]["payload"] == {"number": 1}
        await talker.say("complete", id=first)
        await talker.say("complete", id="nothing")
        await happen(exchange.database, rosa, [2], OfferHappened)
        await happen(exchange.database, rosa, [3])
        assert await talker.told(second) == {"seq": 3}
        for _ in range(MAX_SAME - 1):
            await talker.told(await talker.subscribe(brief))
        assert await talker.refused(brief) == "too-many-channels"
        assert seen.SUBSCRIPTIONS._value.get() == MAX_SAME
    await exchange.empty()
    await serving.until(lambda: seen.SUBSCRIPTIONS._value.get() == 0)


async def test_what_is_refused_ends_nothing(exchange: Exchange, rosa: Person) -> None:
    grant = Grant(frozenset({Scope.TRADES_READ}), timedelta(hours=1))
    lesser = await serving.person(exchange.database, grant)
    notifications = "subscription { notifications { __typename } }"
    refusals = {
        "subscription { trades { __typename } }": "unauthenticated",
        notifications: "unauthenticated",
        PRICES % "DOGE": "channel-unknown",
        PRICES % "eth": "channel-unknown",
        'subscription { offers(asset: "ETH", currency: "EUR", resumeFrom: -1) { __typename } }': (
            "malformed-request"
        ),
        'subscription { offers(asset: "ETH", currency: "EUR", resumeFrom: "1") { __typename } }': (
            "malformed-request"
        ),
        "{ exchange { name } }": "malformed-request",
        "subscription { nothing }": "malformed-request",
        "subscription { trades { __typename } notifications { __typename } }": "malformed-request",
        "subscription { trades @skip(if: true) { __typename } }": "malformed-request",
        "subscription { __typename }": "malformed-request",
        "subscription {": "malformed-request",
        "subscription { ...a } fragment a on Subscription { ...a }": "query-too-complex",
        "subscription { trades { ... on EventMessage {"
        + " ".join(f"t{i}: trade {{ history {{ at by event from to }} }}" for i in range(10))
        + " } } }": "query-too-costly",
    }
    async with begun(exchange) as talker:
        for query, problem in refusals.items():
            assert await talker.refused(query) == problem, query
        await talker.told(await talker.subscribe(PRICES % "ETH"))
    async with begun(exchange, lesser) as talker:
        await talker.told(await talker.subscribe(EVENTS))
        assert await talker.refused(notifications) == "scope-missing"
    async with exchange.client(rosa) as client:
        answer = await client.post("/v1/graphql", json={"query": EVENTS})
    assert answer.status_code == 422
    assert "WebSocket" in answer.json()["errors"][0]["message"]


async def test_a_known_subscription_goes_by_its_hash(exchange: Exchange, rosa: Person) -> None:
    query = PRICES % "ETH"
    known = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(query)}}
    async with begun(exchange, rosa) as talker:
        await talker.say("subscribe", id="a", payload={"extensions": known})
        said = await talker.next()
        assert said["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        await talker.say("subscribe", id="b", payload={"query": query, "extensions": known})
        await talker.told("b")
        await talker.say("subscribe", id="c", payload={"extensions": known})
        await talker.told("c")


async def test_a_ticket_or_a_header_begins_a_connection_too(
    exchange: Exchange, rosa: Person
) -> None:
    account = str(rosa.account_id)
    async with connected(exchange, rosa) as talker:
        acknowledged = await talker.begin()
        assert acknowledged["accountId"] == account
        assert acknowledged["heartbeatS"] == serving.PACE.heartbeat_s
    once = await ticket(exchange, rosa)
    async with connected(exchange) as talker:
        assert (await talker.begin(ticket=once))["accountId"] == account
    async with connected(exchange, query={"ticket": await ticket(exchange, rosa)}) as talker:
        assert (await talker.begin())["accountId"] == account
    async with connected(exchange) as talker:
        await talker.say("connection_init", payload={"ticket": once})
        assert (await talker.closed())[0] == protocol.Closed.FORBIDDEN.code


async def test_who_does_not_keep_to_the_protocol_is_left(
    exchange: Exchange, rosa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = {"type": "connection_init"}
    subscribe = {"type": "subscribe", "id": "1", "payload": {"query": PRICES % "ETH"}}
    wrong = {"Authorization": "Bearer tp_" + "a" * 43}
    ends: list[tuple[Any, list[Any]]] = [
        (protocol.Closed.NOT_BEGUN, [subscribe]),
        (protocol.Closed.NOT_BEGUN, [{"type": "ping"}, {"type": "pong"}]),
        (protocol.Closed.FORBIDDEN, [init | {"payload": wrong}]),
        (protocol.Closed.FORBIDDEN, [init | {"payload": {"Authorization": "Basic eA=="}}]),
        (protocol.Closed.BEGUN_TWICE, [init, init]),
        (protocol.Closed.ID_TAKEN, [init, subscribe, subscribe]),
        (Closing.MALFORMED, [{"type": "start"}]),
        (Closing.MALFORMED, [init, []]),
        (Closing.MALFORMED, [init, subscribe | {"id": "x" * 65}]),
        (Closing.MALFORMED, [init, subscribe | {"payload": {"query": "{a}", "more": 1}}]),
        (Closing.NOT_TEXT, [b"\x00"]),
        (Closing.NOT_TEXT, [init, b"\x00"]),
        (Closing.TOO_LARGE, ["x" * (protocol.MAX_CHARS + 1)]),
        (Closing.TOO_MANY_MESSAGES, [init] + [{"type": "ping"}] * 150),
    ]
    for end, said in ends:
        async with connected(exchange) as talker:
            for one in said:
                plain = isinstance(one, str | bytes)
                await talker.socket.send(one if plain else json.dumps(one))
            assert await talker.closed() == (end.code, end.reason), said[:3]
    monkeypatch.setattr(sockets, "_INIT_S", 0.1)
    async with connected(exchange, rosa) as talker:
        assert (await talker.closed())[0] == protocol.Closed.TOO_LATE.code
    for asked in ([], ["graphql-ws"]):
        with pytest.raises(InvalidStatus) as refused:
            async with connected(exchange, subprotocols=asked or None):
                pass
        assert refused.value.response.status_code == 422
    await exchange.empty()


async def test_a_revoked_token_ends_its_connection(exchange: Exchange, rosa: Person) -> None:
    other = await serving.person(exchange.database)
    async with begun(exchange, rosa) as talker, begun(exchange, other) as left:
        await talker.told(await talker.subscribe(EVENTS))
        await left.told(await left.subscribe(EVENTS))
        async with exchange.client(rosa) as client:
            assert (await client.delete("/v1/sessions/current")).status_code == 204
        assert await talker.closed() == (4401, Closing.TOKEN_ENDED.reason)
        await happen(exchange.database, other, [1])
        assert await numbers(left, "1", 1) == [1]


@dataclass(frozen=True, slots=True)
class TradeTold(Event):
    """An event that is large enough to fill a socket soon."""

    number: int
    words: str = "w" * 20_000


async def test_who_does_not_read_is_left_and_costs_little(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving.served(settings, replace(serving.PACE, send_s=0.5)) as exchange:
        rosa = await serving.person(exchange.database)
        await happen(exchange.database, rosa, range(1, 601), TradeTold)
        caplog.set_level(logging.INFO, "tradepost")
        async with connected(exchange, max_queue=1, close_timeout=0.5) as talker:
            await talker.begin(Authorization=f"Bearer {rosa.token}")
            await talker.subscribe(EVENTS, after=0)
            await serving.until(lambda: "you read too slowly" in caplog.text)
            await exchange.empty()
        # One who reads goes on from where that one was.
        async with begun(exchange, rosa) as talker:
            await talker.told(name := await talker.subscribe(EVENTS, after=590))
            assert await numbers(talker, name, 10) == list(range(591, 601))


async def test_a_connection_is_bounded(settings: Settings) -> None:
    bounds = {
        "stream_account_connections": 1,
        "stream_address_connections": 3,
        "limit_account": "60/60 burst 100",
    }
    async with (
        serving.served(settings.model_copy(update=bounds)) as exchange,
        AsyncExitStack() as on,
    ):
        rosa = await serving.person(exchange.database)
        talker = await on.enter_async_context(begun(exchange, rosa))
        async with connected(exchange, rosa) as second:
            await second.say("connection_init")
            assert (await second.closed())[0] == protocol.Closed.TRY_LATER.code
        for _ in range(2):
            # They have their place before they begin.
            await on.enter_async_context(connected(exchange))
        with pytest.raises(InvalidStatus) as refused:
            async with connected(exchange):
                pass
        assert refused.value.response.status_code == 429
        # Each subscription is charged for its cost, and its account with it.
        heavy = """subscription { trades { ... on EventMessage { trade { history { at by event }
            offer { id terms price } } } } }"""
        problems = [await talker.refused("subscription { nothing }") for _ in range(3)]
        assert set(problems) == {"malformed-request"}
        began, refused_by = 0, ""
        while began < 60 and not refused_by:
            name = await talker.subscribe(heavy)
            said = await talker.next()
            if said["type"] == "error":
                refused_by = said["payload"][0]["extensions"]["type"].rpartition(":")[2]
            await talker.say("complete", id=name)
            began += 1
        assert refused_by == "quota-exceeded"
        assert began > 20
        # It pays before it is read, too.
        refusals = [await talker.refused("subscription {") for _ in range(5)]
        assert refusals[-1] == "quota-exceeded"


async def test_a_silent_client_is_left_and_others_are_told_where_they_are(
    settings: Settings,
) -> None:
    pace = replace(serving.PACE, heartbeat_s=0.1, silence_s=1)
    async with serving.served(settings, pace) as exchange:
        rosa = await serving.person(exchange.database)
        await happen(exchange.database, rosa, [1, 2])
        async with begun(exchange, rosa) as talker:
            await talker.told(name := await talker.subscribe(EVENTS))
            for _ in range(12):
                said = await talker.next()
                assert said["type"] == "ping"
                assert said["payload"]["positions"] == {name: 2}
                await talker.say("pong")
            assert (await talker.closed()) == (4408, Closing.SILENT.reason)


async def test_a_database_that_is_away_takes_no_message(
    exchange: Exchange, rosa: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OperationalError("gone"), OperationalError("gone")])
    monkeypatch.setattr(sockets, "_PAUSE_S", 0.01)

    async def run(*arguments: Any) -> Any:
        for failure in failures:
            raise failure
        return await queries.run(*arguments)

    monkeypatch.setattr(sockets, "run", run)
    async with begun(exchange, rosa) as talker:
        name = await talker.subscribe(CHANGES)
        assert await talker.told(name) == {}
        await happen(exchange.database, rosa, [1])
        assert (await talker.told(name))["seq"] == 1
    assert next(failures, None) is None
