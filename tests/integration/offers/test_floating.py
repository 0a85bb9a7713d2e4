"""Prices that follow the market: what is shown, what is quoted, and when there is none."""

from typing import Any

import httpx
import pytest

from tests.integration.offers.conftest import Maker
from tests.integration.offers.making import body, published
from tests.market import Market, SetClock


async def shown(api: httpx.AsyncClient, offer: dict[str, Any]) -> dict[str, Any]:
    """The offer as everybody sees it now."""
    answer = await api.get(f"/v1/offers/{offer['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def floats(api: httpx.AsyncClient, maker: Maker, **changes: object) -> dict[str, Any]:
    """An offer at the market's price, if nothing else is said."""
    return await published(api, maker, **{"price": None, "margin_bps": 0} | changes)


async def edited(
    api: httpx.AsyncClient, maker: Maker, offer: dict[str, Any], **change: object
) -> httpx.Response:
    """The answer to a change of what the maker sees now."""
    version = (await shown(api, offer))["version"]
    headers = maker.headers() | {"If-Match": f'"{version}"'}
    return await api.patch(f"/v1/offers/{offer['id']}", json=change, headers=headers)


@pytest.mark.parametrize(
    ("direction", "margin_bps", "market_price", "price", "premium_bps"),
    [
        # Eight digits, up where the maker sells and down where he buys.
        ("sell", 150, "2500", "2537.5000", 150),
        ("sell", 1, "2500.1234567", "2500.3735", 1),
        ("buy", 1, "2500.1234567", "2500.3734", 1),
        ("sell", -250, "3333.33", "3249.9968", -250),
        ("buy", -250, "3333.33", "3249.9967", -250),
        ("sell", 0, "0.12345678901", "0.12345679", 0),
        ("sell", 90_000, "2500", "25000.0000", 90_000),
    ],
)
async def test_a_margin_is_shown_as_a_price_of_now(
    api: httpx.AsyncClient,
    maker: Maker,
    market: Market,
    direction: str,
    margin_bps: int,
    market_price: str,
    price: str,
    premium_bps: int,
) -> None:
    await market.moves(market_price)
    own = await floats(api, maker, direction=direction, margin_bps=margin_bps)
    assert (own["price"], own["premium_bps"]) == (price, premium_bps)
    assert (own["pricing"], own["margin_bps"], own["price_source"]) == (
        "floating",
        margin_bps,
        "index",
    )
    assert own["hidden_because"] is None
    seen = await shown(api, own)
    assert (seen["price"], seen["premium_bps"]) == (price, premium_bps)
    (listed,) = (await api.get("/v1/offers")).json()["data"]
    assert (listed["price"], listed["premium_bps"]) == (price, premium_bps)


async def test_the_price_follows_without_a_new_version(
    api: httpx.AsyncClient, maker: Maker, market: Market
) -> None:
    await market.moves("2500")
    offer = await floats(api, maker, margin_bps=100)
    for value, price in (("2500", "2525.0000"), ("2600", "2626.0000"), ("2400", "2424.0000")):
        await market.moves(value)
        seen = await shown(api, offer)
        assert (seen["price"], seen["version"]) == (price, 1)


@pytest.mark.parametrize(
    ("direction", "values"),
    [
        # A seller takes no less than 2500, a buyer pays no more.
        ("sell", [("2400", "2500"), ("2475", "2500"), ("2480", "2504.8000"), ("2400", "2500")]),
        ("buy", [("2400", "2424.0000"), ("2475", "2499.7500"), ("2480", "2500"), ("2600", "2500")]),
    ],
)
async def test_a_limit_is_the_makers_protection(
    api: httpx.AsyncClient,
    maker: Maker,
    market: Market,
    clock: SetClock,
    direction: str,
    values: list[tuple[str, str]],
) -> None:
    await market.moves("2500")
    offer = await floats(api, maker, direction=direction, margin_bps=100, limit_price="2500")
    for value, price in values:
        # The book looks at the market once a second.
        clock.go_on(seconds=2)
        await market.moves(value)
        assert (await shown(api, offer))["price"] == price
        (listed,) = (await api.get("/v1/offers")).json()["data"]
        assert listed["price"] == price
        quote = await api.get(f"/v1/offers/{offer['id']}/quote", params={"amount": "1"})
        assert quote.json()["price"] == price


async def test_an_offer_follows_the_source_that_its_maker_chose(
    api: httpx.AsyncClient, maker: Maker, market: Market
) -> None:
    await market.moves("2500", by=["one"])
    await market.moves("2510", by=["two"])
    prices = [
        (await floats(api, maker, price_source=source))["price"]
        for source in ("one", "two", "index")
    ]
    assert prices == ["2500.0000", "2510.0000", "2505.0000"]
    refused = await api.post(
        "/v1/offers",
        json=body(maker, price=None, margin_bps=0, price_source="three"),
        headers=maker.headers(),
    )
    assert (refused.status_code, refused.json()["type"]) == (
        400,
        "urn:tradepost:problem:price-source-unknown",
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"margin_bps": -10_000, "limit_price": "2500"}, 201),
        ({"margin_bps": -10_000}, 400),
        ({"margin_bps": -10_000, "limit_price": "2500", "direction": "buy"}, 400),
        ({"margin_bps": -10_001}, 422),
        ({"margin_bps": 90_001}, 422),
        ({"margin_bps": 1.5}, 422),
        ({"margin_bps": "1"}, 422),
        ({"margin_bps": True}, 422),
        ({"margin_bps": None}, 400),
        ({"margin_bps": 1, "price": "2500"}, 400),
        ({"margin_bps": 1, "limit_price": "0"}, 422),
        ({"margin_bps": 1, "limit_price": "-1"}, 422),
        ({"margin_bps": 1, "price_source": "Index"}, 422),
        ({"margin_bps": 1, "price_source": ""}, 422),
        ({"price": "1", "margin_bps": None, "price_source": "index"}, 400),
        ({"price": "1", "margin_bps": None, "limit_price": "1"}, 400),
    ],
)
async def test_a_margin_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, maker: Maker, market: Market, changes: dict[str, object], status: int
) -> None:
    await market.moves("2500")
    said = body(maker, price=None) | changes
    answer = await api.post("/v1/offers", json=said, headers=maker.headers())
    assert answer.status_code == status, answer.text
    if status == 201:
        assert answer.json()["price"] == "2500"


async def test_without_a_fresh_market_there_is_no_price_and_no_quote(
    api: httpx.AsyncClient, maker: Maker, market: Market, clock: SetClock
) -> None:
    offer = await floats(api, maker, limit_price="2500")
    fixed = await published(api, maker)
    path = f"/v1/offers/{offer['id']}"

    async def hidden_because() -> list[object]:
        mine = (await api.get("/v1/my/offers", headers=maker.headers())).json()["data"]
        return [own["hidden_because"] for own in mine if own["id"] == offer["id"]]

    async def found() -> list[str]:
        return [one["id"] for one in (await api.get("/v1/offers")).json()["data"]]

    async def is_gone() -> None:
        seen = await shown(api, offer)
        assert (seen["price"], seen["premium_bps"], seen["state"]) == (None, None, "active")
        assert await hidden_because() == ["no_market_price"]
        assert await found() == [fixed["id"]]
        refused = await api.get(f"{path}/quote", params={"amount": "1"})
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:tradepost:problem:price-unavailable"
        assert refused.headers["Retry-After"] == "1"

    # Never read, and stale, are the same.
    await is_gone()
    await market.moves("2600")
    clock.go_on(seconds=2)
    assert (await shown(api, offer))["price"] == "2600.0000"
    assert await hidden_because() == [None]
    assert await found() == [fixed["id"], offer["id"]]
    clock.go_on(seconds=118)
    await is_gone()
    # A fixed price needs no market, but nobody can say what it is above.
    seen = await shown(api, fixed)
    assert (seen["price"], seen["premium_bps"]) == ("2500.50", None)
    quote = (await api.get(f"/v1/offers/{fixed['id']}/quote", params={"amount": "1"})).json()
    assert (quote["fiat_amount"], quote["market"]) == ("2500.50", None)


async def test_an_offer_goes_from_one_kind_of_price_to_the_other_and_back(
    api: httpx.AsyncClient, maker: Maker, market: Market
) -> None:
    await market.moves("2500")
    offer = await published(api, maker, price="2600")
    own = (
        await edited(api, maker, offer, margin_bps=100, limit_price="2000", price_source="one")
    ).json()
    assert (own["pricing"], own["price"], own["limit_price"]) == ("floating", "2525.0000", "2000")
    assert own["price_source"] == "one"
    # What is not said stays.
    own = (await edited(api, maker, offer, margin_bps=200)).json()
    assert (own["price"], own["limit_price"], own["price_source"]) == ("2550.0000", "2000", "one")
    own = (await edited(api, maker, offer, limit_price=None)).json()
    assert own["limit_price"] is None
    own = (await edited(api, maker, offer, price="2700")).json()
    assert (own["pricing"], own["price"], own["margin_bps"]) == ("fixed", "2700", None)
    assert (own["limit_price"], own["price_source"]) == (None, None)
    (listed,) = (await api.get("/v1/offers")).json()["data"]
    assert (listed["price"], listed["pricing"]) == ("2700", "fixed")
    for change in (
        {"limit_price": "1"},
        {"price_source": "one"},
        {"price": "1", "margin_bps": 1},
        {"margin_bps": -10_000},
    ):
        refused = await edited(api, maker, offer, **change)
        assert refused.json()["type"] == "urn:tradepost:problem:offer-inconsistent"
    assert (await edited(api, maker, offer, margin_bps=None)).status_code == 422


@pytest.mark.parametrize(
    ("direction", "query", "amount", "fiat"),
    [
        # 2500.12345 up to 2500.1235 or down to 2500.1234, and then the sum the same way.
        ("sell", {"amount": "0.333333"}, "0.333333000000000000", "833.38"),
        ("buy", {"amount": "0.333333"}, "0.333333000000000000", "833.37"),
        ("sell", {"fiat_amount": "100"}, "0.039998024097609578", "100.00"),
        ("buy", {"fiat_amount": "100"}, "0.039998025697451574", "100.00"),
    ],
)
async def test_what_a_quote_leaves_over_is_the_makers(
    api: httpx.AsyncClient,
    maker: Maker,
    market: Market,
    direction: str,
    query: dict[str, str],
    amount: str,
    fiat: str,
) -> None:
    await market.moves("2500.12345")
    offer = await floats(api, maker, direction=direction, min_amount="0.01")
    quote = (await api.get(f"/v1/offers/{offer['id']}/quote", params=query)).json()
    assert quote["price"] == {"sell": "2500.1235", "buy": "2500.1234"}[direction]
    assert (quote["amount"], quote["fiat_amount"]) == (amount, fiat)
    assert quote["rounded_for"] == {"sell": "seller", "buy": "buyer"}[direction]
    assert quote["held_until"] == "2026-03-01T12:01:30Z"
    assert quote["market"]["price"] == "2500.12345"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"amount": "1", "fiat_amount": "1"}, 422),
        ({"amount": "0"}, 400),
        ({"fiat_amount": "0.001"}, 422),
        ({"amount": "1e400"}, 422),
        ({"amount": "1", "link": "x" * 65}, 422),
    ],
)
async def test_a_quote_for_nothing_is_refused(
    api: httpx.AsyncClient, maker: Maker, query: dict[str, str], status: int
) -> None:
    offer = await published(api, maker)
    answer = await api.get(f"/v1/offers/{offer['id']}/quote", params=query)
    assert answer.status_code == status, answer.text
