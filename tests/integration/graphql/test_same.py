"""GraphQL answers what REST answers: the same values under the same names, for the same caller."""

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type

from tests.integration.graphql.conftest import ask, good, snake
from tests.integration.trades.conftest import Trader, World
from tradepost.entrypoints.graphql.limits import MAX_DEPTH
from tradepost.entrypoints.graphql.schema import CORE

MOMENTS = {"server_now", "chain_now", "age_s", "held_until", "hold"}


def whole(name: str, leave: frozenset[str] = frozenset(), depth: int = MAX_DEPTH) -> str:
    """A selection of all that a type has, but for fields of its own."""
    kind = CORE.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    parts = []
    for field, what in kind.fields.items():
        inside = get_named_type(what.type)
        if field in leave or any(isinstance(a.type, GraphQLNonNull) for a in what.args.values()):
            continue
        composite = isinstance(inside, GraphQLObjectType)
        parts.append(f"{field} {whole(inside.name, depth=depth - 1)}" if composite else field)
    return "{ " + " ".join(parts) + " }"


def still(value: Any) -> Any:
    """Without what tells the moment of the answer."""
    if isinstance(value, dict):
        return {name: still(inside) for name, inside in value.items() if name not in MOMENTS}
    return [still(one) for one in value] if isinstance(value, list) else value


async def traded(world: World, count: int = 2) -> tuple[Trader, Trader, list[dict[str, Any]]]:
    """A maker, a taker, and their trades, each on an offer of its own."""
    await world.market.moves("2500")
    maker, taker = await world.trader(), await world.trader()
    trades = []
    for _ in range(count):
        offer = await world.offer(maker)
        trades.append(await world.taken(taker, offer))
        await world.chain_says(trades[-1], "locked")
    return maker, taker, trades


async def test_each_field_of_the_query_has_a_twin_in_rest(world: World) -> None:
    maker, taker, trades = await traded(world)
    trade_id, offer_id = trades[0]["id"], trades[0]["offer_id"]
    pair = 'asset: "ETH", currency: "EUR"'
    own = frozenset({"history", "offer"})
    page = "{ nextCursor data " + whole("Trade", own) + " }"
    twins: list[tuple[Trader | None, str, str, str]] = [
        (None, "exchange", "exchange " + whole("Exchange"), "/v1/exchange"),
        (maker, "account", "account " + whole("Account"), "/v1/account"),
        (
            None,
            "paymentMethods",
            "paymentMethods(limit: 7) " + whole("PaymentMethods"),
            "/v1/payment-methods?limit=7",
        ),
        (None, "prices", "prices " + whole("PricePage"), "/v1/prices"),
        (None, "price", f"price({pair}) " + whole("PriceDetail"), "/v1/prices/ETH/EUR"),
        (
            None,
            "priceHistory",
            f"priceHistory({pair}) " + whole("PriceHistoryPage"),
            "/v1/prices/ETH/EUR/history",
        ),
        (None, "offers", "offers(limit: 3) " + whole("ListedOfferPage"), "/v1/offers?limit=3"),
        (
            None,
            "offers",
            f'offers(direction: sell, {pair}, fiatAmount: "250", paymentMethod: ["sepa"], limit: 1)'
            + whole("ListedOfferPage"),
            (
                "/v1/offers?direction=sell&asset=ETH&currency=EUR&fiat_amount=250"
                "&payment_method=sepa&limit=1"
            ),
        ),
        (None, "facets", "facets " + whole("Facets"), "/v1/offers/facets"),
        (taker, "offer", f'offer(id: "{offer_id}") ' + whole("Offer"), f"/v1/offers/{offer_id}"),
        (
            taker,
            "offerQuote",
            f'offerQuote(id: "{offer_id}", amount: "1") ' + whole("OfferQuote"),
            f"/v1/offers/{offer_id}/quote?amount=1",
        ),
        (maker, "myOffers", "myOffers(limit: 1) " + whole("OwnOfferPage"), "/v1/my/offers?limit=1"),
        (
            taker,
            "partnersOffers",
            "partnersOffers " + whole("OfferPage"),
            "/v1/my/partners/offers",
        ),
        (taker, "trades", f"trades(limit: 1) {page}", "/v1/trades?limit=1"),
        (
            maker,
            "trades",
            f"trades(state: escrowed, role: seller) {page}",
            "/v1/trades?state=escrowed&role=seller",
        ),
        (
            maker,
            "trade",
            f'trade(id: "{trade_id}") ' + whole("Trade", own),
            f"/v1/trades/{trade_id}",
        ),
        (None, "markets", "markets " + whole("MarketPage"), "/v1/markets"),
    ]
    for trader, name, query, path in twins:
        said = snake((await good(world, trader, "{ " + query + " }"))[name])
        headers = {} if trader is None else {"Authorization": f"Bearer {trader.token}"}
        rest = await world.api.get(path, headers=headers)
        assert rest.status_code == 200, rest.text
        assert still(said) == still(rest.json()), name
    asked = {name for _, name, _, _ in twins}
    assert asked | {"market"} == CORE.query_type.fields.keys()  # type: ignore[union-attr]


async def test_the_parts_of_a_market_are_rests(world: World) -> None:
    await traded(world)
    parts = {
        "summary": ("summary " + whole("MarketSummary"), ""),
        "depth": ("depth(levels: 3) " + whole("Depth"), "/depth?levels=3"),
        "methods": ("methods " + whole("MethodPricesList"), "/methods"),
        "trades": ("trades(limit: 2) " + whole("PastTradePage"), "/trades?limit=2"),
        "candles": ('candles(interval: "1h") ' + whole("CandlePage"), "/candles?interval=1h"),
    }
    query = " ".join(text for text, _ in parts.values())
    market = await good(world, None, f'{{ market(asset: "ETH", currency: "EUR") {{ {query} }} }}')
    for name, (_, path) in parts.items():
        rest = (await world.api.get(f"/v1/markets/ETH/EUR{path}")).json()
        assert snake(market["market"][name]) == rest, name


async def test_a_trade_comes_with_its_steps_and_its_offer(world: World) -> None:
    _, taker, trades = await traded(world)
    query = (
        "query($id: UUID!) { trade(id: $id) { history { at from to event by } offer "
        + whole("Offer")
        + " } }"
    )
    trade = (await good(world, taker, query, id=trades[0]["id"]))["trade"]
    steps = (await world.get(taker, f"/v1/trades/{trades[0]['id']}/history")).json()["data"]
    assert trade["history"] == steps
    assert [step["event"] for step in steps] == ["take", "escrow_locked"]
    offer = (await world.get(taker, f"/v1/offers/{trades[0]['offer_id']}")).json()
    assert snake(trade["offer"]) == offer


async def test_cursors_are_rests_too(world: World) -> None:
    _, taker, _ = await traded(world, 3)
    query = "query($c: String) { trades(limit: 1, cursor: $c) { data { id } nextCursor } }"
    seen: list[str] = []
    cursor, rest = None, {"data": [{"id": ""}]}
    for _ in range(3):
        page = (await good(world, taker, query, c=cursor))["trades"]
        seen += [one["id"] for one in page["data"]]
        cursor = page["nextCursor"]
        if cursor is not None and len(seen) == 1:
            rest = (await world.get(taker, "/v1/trades", limit=1, cursor=cursor)).json()
    assert cursor is None
    assert len(set(seen)) == 3
    assert rest["data"][0]["id"] == seen[1]


async def test_a_page_costs_the_same_statements_whatever_its_length(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, taker, _ = await traded(world, 6)
    statements: list[str] = []
    run = psycopg.AsyncCursor.execute

    here = asyncio.current_task()

    async def counted(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        # What the process does by itself meanwhile is another task's.
        if asyncio.current_task() is here:
            statements.append(str(query))
        return await run(self, query, *rest, **more)

    query = (
        "query($n: Int!) { trades(limit: $n) { data { id history { event } offer { id price }"
        " escrow { id } buyer { name } } } }"
    )
    await good(world, taker, query, n=1)  # what a process keeps for a while is at hand now
    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted)
    counts, found = [], {}
    for count in (1, 6):
        statements.clear()
        found = await good(world, taker, query, n=count)
        assert len(found["trades"]["data"]) == count
        counts.append(len(statements))
    assert counts[0] == counts[1]
    aliased = " ".join(
        f'a{place}: trade(id: "{one["id"]}") {{ id offer {{ id }} history {{ event }} }}'
        for place, one in enumerate(found["trades"]["data"])
    )
    statements.clear()
    await good(world, taker, f"{{ {aliased} }}")
    assert len(statements) <= counts[0]


async def test_a_stranger_sees_nothing_of_others(world: World) -> None:
    maker, _, trades = await traded(world, 1)
    hidden = await world.offer(maker, visibility="link")
    stranger = await world.trader()
    query = f"""{{
        trades {{ data {{ id }} }} myOffers {{ data {{ id }} }}
        trade(id: "{trades[0]["id"]}") {{ id history {{ event }} }}
        other: trade(id: "{uuid4()}") {{ id }}
        offer(id: "{hidden["id"]}") {{ id }}
    }}"""
    told = (await ask(world.api, stranger, query)).json()
    assert told["data"] == {
        "trades": {"data": []},
        "myOffers": {"data": []},
        "trade": None,
        "other": None,
        "offer": None,
    }
    assert {one["path"][0]: one["extensions"]["type"] for one in told["errors"]} == dict.fromkeys(
        ("trade", "other", "offer"), "urn:tradepost:problem:not-found"
    )
    mine, theirs = (one for one in told["errors"] if one["path"][0] in {"trade", "other"})
    assert mine["extensions"] == theirs["extensions"]
    linked = f'{{ offer(id: "{hidden["id"]}", link: "{hidden["link"]}") {{ id }} }}'
    assert (await good(world, stranger, linked))["offer"]["id"] == hidden["id"]


async def test_a_field_beyond_the_token_is_refused_and_the_rest_is_answered(world: World) -> None:
    maker, _, _ = await traded(world, 1)
    body = {"label": "less", "scopes": ["offers:read"], "expires_in_s": 3600}
    secret = (await world.post(maker, "/v1/tokens", body)).json()["token"]
    lesser = Trader(maker.id, maker.wallet, secret)
    query = "{ exchange { name } account { id } trades { data { id } } myOffers { data { id } } }"
    told = (await ask(world.api, lesser, query)).json()
    assert told["data"]["exchange"] == {"name": "Tradepost"}
    assert len(told["data"]["myOffers"]["data"]) == 1
    assert (told["data"]["account"], told["data"]["trades"]) == (None, None)
    for error in told["errors"]:
        said = error["extensions"]
        assert (said["type"], said["status"]) == ("urn:tradepost:problem:scope-missing", 403)
        assert said["retryable"] is False
    nobody = (await ask(world.api, None, query)).json()
    assert {one["extensions"]["type"] for one in nobody["errors"]} == {
        "urn:tradepost:problem:unauthenticated"
    }
    assert nobody["data"]["exchange"] == {"name": "Tradepost"}


async def test_a_token_that_is_none_is_refused_as_everywhere(world: World) -> None:
    junk = Trader(uuid4(), "", "tp_" + "A" * 43)
    answer = await ask(world.api, junk, "{ exchange { name } }")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_each_type_and_field_has_its_words() -> None:
    for kind in CORE.type_map.values():
        if kind.name.startswith("__"):
            continue
        assert kind.description, kind.name
        fields = kind.fields if isinstance(kind, GraphQLObjectType) else {}
        for name, field in fields.items():
            assert field.description, f"{kind.name}.{name}"
            for argument, what in field.args.items():
                assert what.description, f"{kind.name}.{name}({argument})"
            if isinstance(field.type, GraphQLList):
                assert isinstance(field.type.of_type, GraphQLNonNull)
