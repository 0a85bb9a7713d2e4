"""Whom an offer lets take it, and who can see it at all."""

from typing import Any

import httpx
import pytest

from tests.integration.trades.conftest import Trader, World


def refused(answer: httpx.Response, rule: str) -> dict[str, Any]:
    """The problem of a take that this rule does not permit."""
    assert answer.status_code == 403, answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["type"], problem["rule"]) == ("urn:tradepost:problem:taker-refused", rule)
    return problem


async def complete(world: World, trade: dict[str, Any]) -> None:
    """The buyer of this trade gets his coins."""
    await world.chain_says(trade, "locked")
    await world.chain_says(trade, "released")


async def test_a_taker_needs_as_many_trades_as_the_maker_asks(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    strict, free = await world.offer(maker, min_trades=2), await world.offer(other)
    for done in (0, 1):
        problem = refused(await world.take(taker, strict), "min_trades")
        assert (problem["needed"], problem["yours"]) == (2, done)
        await complete(world, await world.taken(taker, free))
    await world.taken(taker, strict)
    left = (await world.get(taker, f"/v1/offers/{strict['id']}")).json()["remaining_amount"]
    assert left == "99.000000000000000000"


async def test_only_completed_trades_count_whoever_made_the_offer(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    strict = await world.offer(maker, min_trades=1)
    own = await world.offer(taker)
    expired = await world.taken(other, own)
    await world.expire(expired)
    refused(await world.take(taker, strict), "min_trades")
    sold = await world.taken(other, own)
    await world.chain_says(sold, "locked")
    refused(await world.take(taker, strict), "min_trades")
    await world.chain_says(sold, "released")
    await world.taken(taker, strict)


async def test_an_account_has_to_be_as_old_as_the_maker_asks(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, min_account_age_days=30)
    problem = refused(await world.take(taker, offer), "min_account_age_days")
    assert (problem["needed"], problem["yours"]) == (30, 0)
    await world.go_on(days=30, seconds=-1)
    problem = refused(await world.take(taker, offer), "min_account_age_days")
    assert problem["yours"] == 29
    await world.go_on(seconds=1)
    await world.taken(taker, offer)


@pytest.mark.parametrize(
    ("changes", "small", "large", "limit"),
    [
        ({"first_trade_limit": "0.5"}, {"amount": "0.5"}, {"amount": "0.51"}, "0.5" + "0" * 17),
        (
            {
                "amount_unit": "currency",
                "min_amount": "10",
                "max_amount": "5000",
                "total_amount": "5000",
                "first_trade_limit": "100",
            },
            {"amount": None, "fiat_amount": "100"},
            {"amount": "0.040004"},
            "100.00",
        ),
    ],
)
async def test_a_first_trade_is_small(
    world: World,
    changes: dict[str, object],
    small: dict[str, object],
    large: dict[str, object],
    limit: str,
) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, **changes)
    problem = refused(await world.take(taker, offer, **large), "first_trade_limit")
    assert problem["needed"] == limit
    first = await world.taken(taker, offer, **small)
    # A second one before the first is completed is a first one, too.
    refused(await world.take(taker, offer, **large), "first_trade_limit")
    await complete(world, first)
    await world.taken(taker, offer, **large)


async def test_a_taker_says_where_he_is(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, taker_countries=["DE", "AT"])
    for said in (None, "CH"):
        problem = refused(await world.take(taker, offer, country=said), "countries")
        assert (problem["needed"], problem["yours"]) == (["DE", "AT"], said)
    assert (await world.take(taker, offer, country="de")).status_code == 422
    await world.taken(taker, offer, country="AT")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"min_trades": -1}, 422),
        ({"min_trades": 10_001}, 422),
        ({"min_trades": "1"}, 422),
        ({"min_account_age_days": 3_651}, 422),
        ({"first_trade_limit": "-1"}, 422),
        ({"first_trade_limit": "0.0000000000000000001"}, 422),
        ({"taker_countries": ["UK"]}, 400),
        ({"taker_countries": ["DE", "DE"]}, 422),
        ({"taker_countries": ["DE"] * 61}, 422),
        ({"visibility": "secret"}, 422),
        ({"closes_at": "2026-03-01T12:00:30"}, 422),
        ({"closes_at": "2026-03-01T12:00:30Z"}, 400),
        ({"working_hours": {"time_zone": "UTC", "spans": []}}, 422),
        (
            {
                "working_hours": {
                    "time_zone": "Mars/Base",
                    "spans": [{"day": "mon", "opens": "08:00", "closes": "09:00"}],
                }
            },
            400,
        ),
        (
            {
                "working_hours": {
                    "time_zone": "UTC",
                    "spans": [{"day": "mon", "opens": "09:00", "closes": "08:00"}],
                }
            },
            400,
        ),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(
    world: World, changes: dict[str, object], status: int
) -> None:
    maker = await world.trader()
    good = await world.offer(maker)
    said = {
        name: good[name]
        for name in (
            "direction",
            "asset",
            "currency",
            "price",
            "payment_methods",
            "wallet",
            "min_amount",
            "max_amount",
            "total_amount",
            "encryption_key",
        )
    }
    answer = await world.post(maker, "/v1/offers", said | changes)
    assert answer.status_code == status, answer.text
    edited = await world.api.patch(
        f"/v1/offers/{good['id']}", json=changes, headers=maker.headers() | {"If-Match": '"1"'}
    )
    assert edited.status_code == status, edited.text


# --- hours ---------------------------------------------------------------------------------

#: The clock begins on a Sunday at 12:00:30 UTC, which is 13:00:30 in Berlin.
SUNDAYS = {
    "time_zone": "Europe/Berlin",
    "spans": [{"day": "sun", "opens": "13:00", "closes": "13:30"}],
}


async def test_an_offer_is_taken_at_its_makers_hours(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, working_hours=SUNDAYS)
    assert offer["working_hours"] == SUNDAYS
    hold = (await world.get(taker, f"/v1/offers/{offer['id']}/quote", amount="1")).json()["hold"]
    await world.taken(taker, offer)
    await world.go_on(seconds=29 * 60 + 29)
    await world.taken(taker, offer)
    await world.go_on(seconds=1)
    for changes in ({}, {"hold": hold}):
        late = await world.take(taker, offer, **changes)
        assert late.status_code == 409
        if changes:
            assert late.json()["type"] == "urn:tradepost:problem:hold-invalid"
            continue
        assert late.json()["type"] == "urn:tradepost:problem:outside-working-hours"
        assert late.json()["opens_at"] == "2026-03-08T12:00:00+00:00"
        assert late.json()["retryable"] is True
    # What could not be taken is not reserved.
    left = (await world.get(taker, f"/v1/offers/{offer['id']}")).json()["remaining_amount"]
    assert left == "98.000000000000000000"
    await world.go_on(days=6, seconds=23 * 3600 + 30 * 60)
    await world.taken(taker, offer)


async def test_an_offer_is_not_taken_after_its_end(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, closes_at="2026-03-01T13:01:30+01:00")
    await world.go_on(seconds=59)
    await world.taken(taker, offer)
    await world.go_on(seconds=1)
    # Before the clock's job has closed it.
    late = await world.take(taker, offer)
    assert (late.json()["type"], late.json()["state"]) == (
        "urn:tradepost:problem:offer-not-active",
        "closed",
    )


# --- who sees it ---------------------------------------------------------------------------


async def ways(
    world: World, who: Trader | None, offer: dict[str, Any], **said: str
) -> tuple[int, int, bool]:
    """How seeing an offer and asking for a quote end, and whether he finds it in a search."""
    headers = {} if who is None else who.headers()
    path = f"/v1/offers/{offer['id']}"
    seen = await world.api.get(path, params=said, headers=headers)
    quote = await world.api.get(f"{path}/quote", params={"amount": "1"} | said, headers=headers)
    # The book looks at itself once a second.
    await world.go_on(seconds=2)
    book = await world.api.get("/v1/offers", headers=headers)
    found = offer["id"] in [one["id"] for one in book.json()["data"]]
    return seen.status_code, quote.status_code, found


async def test_a_link_opens_its_offer_and_nothing_else_does(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    offer = await world.offer(maker, visibility="link")
    second = await world.offer(maker, visibility="link")
    assert offer["hidden_because"] == "not_public"
    assert len(offer["link"]) >= 22
    assert offer["link"] != second["link"]
    for who in (None, taker):
        assert await ways(world, who, offer) == (404, 404, False)
        for wrong in ("", "x", second["link"], offer["link"][:-1], offer["link"] + "x", "é"):
            assert await ways(world, who, offer, link=wrong) == (404, 404, False)
        assert await ways(world, who, offer, link=offer["link"]) == (200, 200, False)
    assert await ways(world, maker, offer) == (200, 200, False)
    for given in ({}, {"link": second["link"]}, {"link": ""}):
        assert (await world.take(taker, offer, **given)).status_code == 404
    hold = (
        await world.get(taker, f"/v1/offers/{offer['id']}/quote", amount="1", link=offer["link"])
    ).json()["hold"]
    # A price that is held opens nothing.
    assert (await world.take(taker, offer, hold=hold)).status_code == 404
    trade = await world.taken(taker, offer, link=offer["link"])
    assert trade["offer_id"] == offer["id"]
    seen = await world.api.get(f"/v1/offers/{offer['id']}", params={"link": offer["link"]})
    assert "link" not in seen.json()
    assert (await world.get(other, "/v1/my/partners/offers")).json()["data"] == []


async def test_a_link_ends_when_the_offer_is_for_everybody(world: World) -> None:
    maker = await world.trader()
    offer = await world.offer(maker, visibility="link")
    path = f"/v1/offers/{offer['id']}"

    async def becomes(visibility: str, version: int) -> dict[str, Any]:
        answer = await world.api.patch(
            path,
            json={"visibility": visibility},
            headers=maker.headers() | {"If-Match": f'"{version}"'},
        )
        own: dict[str, Any] = answer.json()
        return own

    public = await becomes("public", 1)
    assert (public["link"], public["hidden_because"]) == (None, None)
    assert await ways(world, None, offer) == (200, 200, True)
    again = await becomes("link", 2)
    assert again["link"] not in {None, offer["link"]}
    assert await ways(world, None, offer, link=offer["link"]) == (404, 404, False)
    kept = await world.api.patch(
        path, json={"terms": "x"}, headers=maker.headers() | {"If-Match": '"3"'}
    )
    assert kept.json()["link"] == again["link"]


async def test_trusted_partners_see_and_take_and_nobody_else(world: World) -> None:
    maker, partner, other = [await world.trader() for _ in range(3)]
    offer = await world.offer(maker, visibility="trusted")
    assert await ways(world, partner, offer) == (404, 404, False)
    named = await world.api.put(f"/v1/my/partners/{partner.id}", headers=maker.headers())
    assert named.status_code == 204, named.text
    assert await ways(world, partner, offer) == (200, 200, False)
    for who in (other, None):
        assert await ways(world, who, offer) == (404, 404, False)
        assert await ways(world, who, offer, link="x") == (404, 404, False)
    mine = (await world.get(partner, "/v1/my/partners/offers")).json()["data"]
    assert [one["id"] for one in mine] == [offer["id"]]
    assert "link" not in mine[0]
    for who in (other, maker):
        assert (await world.get(who, "/v1/my/partners/offers")).json()["data"] == []
    assert (await world.take(other, offer)).status_code == 404
    # To be trusted is not to trust.
    own = await world.offer(partner, visibility="trusted")
    assert (await world.take(maker, own)).status_code == 404
    await world.taken(partner, offer)
    await world.api.delete(f"/v1/my/partners/{partner.id}", headers=maker.headers())
    assert (await world.take(partner, offer)).status_code == 404
    assert (await world.get(partner, "/v1/my/partners/offers")).json()["data"] == []


async def test_a_partner_pages_through_active_offers(world: World) -> None:
    maker, second, partner = [await world.trader() for _ in range(3)]
    for each in (maker, second):
        await world.api.put(f"/v1/my/partners/{partner.id}", headers=each.headers())
    made = [(await world.offer(each, visibility="trusted"))["id"] for each in (maker, second) * 2]
    await world.offer(maker)
    await world.offer(maker, visibility="link")
    await world.post(maker, f"/v1/offers/{made[0]}/pause", None)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await world.get(partner, "/v1/my/partners/offers", limit=2, **cursor)).json()
        seen += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made[:0:-1]
    stolen = await world.get(maker, "/v1/my/partners/offers", **cursor)
    assert stolen.json()["type"] == "urn:tradepost:problem:invalid-cursor"
