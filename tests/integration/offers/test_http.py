"""Offers over HTTP: publish, see, change, pause, resume, close."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import pytest

from tests.integration.offers.conftest import Maker
from tests.integration.offers.making import ETH, EUR, KEY, KEY_SIGNATURE, body, published
from tests.market import Market
from tradepost.kernel.database import Database
from tradepost.kernel.pricing import Direction
from tradepost.offers import service
from tradepost.offers.draft import Draft
from tradepost.offers.model import MAX_OPEN_OFFERS, Taker, TooManyOffers

#: The x coordinate of no point of secp256k1.
NO_KEY = "0000000000000000000000000000000000000000000000000000000000000005"


async def test_an_offer_is_published_and_seen_by_all(api: httpx.AsyncClient, maker: Maker) -> None:
    answer = await api.post(
        "/v1/offers",
        json=body(maker, terms="  Cafe\u0301 only.\r\nNo third parties. ", country="DE"),
        headers=maker.headers(),
    )
    own = answer.json()
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert own["state"] == "active"
    assert own["maker"] == {"id": str(maker.id), "name": None}
    assert own["price"] == "2500.50"
    assert own["remaining_amount"] == own["total_amount"] == "5.000000000000000000"
    assert own["terms"] == "Café only.\nNo third parties."
    assert own["funding_window_s"] == 1800
    # The slowest of its methods decides.
    assert own["payment_window_s"] == 259_200
    assert own["wallet"] == maker.wallet
    assert own["encryption_key"] == KEY
    assert own["key_signature"] == KEY_SIGNATURE
    assert own["pricing"] == "fixed"
    assert own["visibility"] == "public"
    assert own["hidden_because"] is None
    assert own["link"] is None

    seen = await api.get(f"/v1/offers/{own['id']}")
    assert seen.headers["ETag"].startswith('W/"1.')
    private = {"wallet", "encryption_key", "key_signature", "link", "hidden_because"}
    assert seen.json() == {name: own[name] for name in own if name not in private}
    book = await api.get("/v1/offers")
    listed = seen.json() | {"maker_online": True, "quote": None}
    assert listed.pop("deposit_block") is None
    assert book.json() == {"data": [listed], "next_cursor": None, "market": None}
    mine = await api.get("/v1/my/offers", headers=maker.headers())
    assert mine.json() == {"data": [own], "next_cursor": None}


async def test_an_offer_may_say_nothing_of_whose_its_key_is(
    api: httpx.AsyncClient, maker: Maker
) -> None:
    for said in ({"key_signature": None}, {}):
        offer = {name: value for name, value in body(maker).items() if name != "key_signature"}
        answer = await api.post("/v1/offers", json=offer | said, headers=maker.headers())
        assert answer.status_code == 201, answer.text
        assert answer.json()["key_signature"] is None
    longest = "0x" + "ab" * 4096
    assert (await published(api, maker, key_signature=longest))["key_signature"] == longest


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"asset": "BTC"}, 400, "asset-not-traded"),
        ({"currency": "XAU"}, 400, "currency-unknown"),
        ({"country": "UK"}, 400, "country-unknown"),
        ({"payment_methods": ["barter"]}, 400, "payment-method-unknown"),
        ({"payment_methods": ["sepa", "pix"]}, 400, "payment-method-unfit"),
        ({"min_amount": "2"}, 400, "offer-inconsistent"),
        ({"max_amount": "6"}, 400, "offer-inconsistent"),
        ({"min_amount": "0"}, 400, "offer-inconsistent"),
        ({"encryption_key": NO_KEY}, 400, "encryption-key-invalid"),
        ({"wallet": "0x" + "12" * 20}, 403, "wallet-not-proven"),
        ({"key_signature": "0x"}, 422, "malformed-request"),
        ({"key_signature": "0xabc"}, 422, "malformed-request"),
        ({"key_signature": "ab" * 65}, 422, "malformed-request"),
        ({"key_signature": "0x" + "ab" * 4097}, 422, "malformed-request"),
        ({"min_amount": "0.0000000000000000001"}, 422, "malformed-request"),
        ({"total_amount": "9" * 40}, 422, "malformed-request"),
        ({"total_amount": 5}, 422, "malformed-request"),
        ({"total_amount": "5e0"}, 422, "malformed-request"),
        ({"total_amount": "-5"}, 422, "malformed-request"),
        ({"total_amount": "\u0665"}, 422, "malformed-request"),
        ({"price": "0"}, 422, "malformed-request"),
        ({"price": "0.0000000000001"}, 422, "malformed-request"),
        ({"price": "1234567890123456789"}, 422, "malformed-request"),
        ({"price": ""}, 422, "malformed-request"),
        ({"price": "NaN"}, 422, "malformed-request"),
        ({"price": 2500.5}, 422, "malformed-request"),
        ({"payment_methods": []}, 422, "malformed-request"),
        ({"payment_methods": ["sepa", "sepa"]}, 422, "malformed-request"),
        ({"payment_methods": ["sepa"] * 11}, 422, "malformed-request"),
        ({"terms": "x" * 2001}, 422, "malformed-request"),
        ({"terms": "pay \u202eme"}, 422, "malformed-request"),
        ({"terms": "pay\x00me"}, 422, "malformed-request"),
        ({"terms": "pay\u2028me"}, 422, "malformed-request"),
        ({"funding_window_s": 599}, 422, "malformed-request"),
        ({"funding_window_s": 36_001}, 422, "malformed-request"),
        ({"payment_window_s": 899}, 422, "malformed-request"),
        ({"payment_window_s": 1_209_601}, 422, "malformed-request"),
        ({"direction": "hold"}, 422, "malformed-request"),
        ({"maker_id": str(uuid4())}, 422, "malformed-request"),
        ({"state": "active"}, 422, "malformed-request"),
    ],
)
async def test_an_offer_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, maker: Maker, changes: dict[str, object], status: int, slug: str
) -> None:
    refused = await api.post("/v1/offers", json=body(maker, **changes), headers=maker.headers())
    assert refused.json()["type"] == f"urn:tradepost:problem:{slug}"
    assert refused.status_code == status
    assert (await api.get("/v1/offers")).json()["data"] == []


async def test_a_strangers_wallet_cannot_stand_in_an_offer(
    api: httpx.AsyncClient, maker: Maker, new_maker: Callable[[], Awaitable[Maker]]
) -> None:
    stranger = await new_maker()
    refused = await api.post(
        "/v1/offers", json=body(maker, wallet=stranger.wallet), headers=maker.headers()
    )
    assert refused.json()["type"] == "urn:tradepost:problem:wallet-not-proven"


async def test_a_retried_offer_is_published_once(api: httpx.AsyncClient, maker: Maker) -> None:
    headers = maker.headers("the same")
    answers = await asyncio.gather(
        *(api.post("/v1/offers", json=body(maker), headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["ETag"] for answer in answers} == {'"1"'}
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 4
    assert len((await api.get("/v1/my/offers", headers=headers)).json()["data"]) == 1

    other = await api.post("/v1/offers", json=body(maker, price="1"), headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:tradepost:problem:idempotency-key-reused"
    without = await api.post(
        "/v1/offers", json=body(maker), headers={"Authorization": headers["Authorization"]}
    )
    assert without.json()["type"] == "urn:tradepost:problem:idempotency-key-missing"


async def test_an_offer_is_paused_resumed_and_closed(api: httpx.AsyncClient, maker: Maker) -> None:
    offer = await published(api, maker)
    path = f"/v1/offers/{offer['id']}"

    async def step(name: str) -> httpx.Response:
        return await api.post(f"{path}/{name}", headers=maker.headers())

    async def in_book() -> bool:
        return bool((await api.get("/v1/offers")).json()["data"])

    assert (await step("resume")).json()["type"] == "urn:tradepost:problem:offer-state-conflict"
    paused = await step("pause")
    assert paused.json()["state"] == "paused"
    assert paused.headers["ETag"] == '"2"'
    assert not await in_book()
    assert (await step("pause")).status_code == 409
    assert (await step("resume")).json()["state"] == "active"
    assert await in_book()
    assert (await step("close")).json()["state"] == "closed"
    assert not await in_book()
    for name in ("pause", "resume", "close"):
        refused = await step(name)
        assert refused.status_code == 409
        assert refused.json()["state"] == "closed"
    assert (await api.get(path)).json()["state"] == "closed"

    events = await api.get("/v1/account/events", headers=maker.headers())
    assert [(event["seq"], event["type"]) for event in events.json()["data"]] == [
        (1, "offer.created"),
        (2, "offer.paused"),
        (3, "offer.resumed"),
        (4, "offer.closed"),
    ]
    assert events.json()["data"][0]["payload"] == {"offer_id": offer["id"]}


async def test_an_edit_needs_what_was_seen(api: httpx.AsyncClient, maker: Maker) -> None:
    offer = await published(api, maker, country="DE")
    path = f"/v1/offers/{offer['id']}"
    change = {"price": "2600", "country": None, "payment_methods": ["sepa_instant"]}

    blind = await api.patch(path, json=change, headers=maker.headers())
    assert blind.status_code == 428
    edited = await api.patch(path, json=change, headers=maker.headers() | {"If-Match": '"1"'})
    assert edited.status_code == 200, edited.text
    assert edited.headers["ETag"] == '"2"'
    assert edited.json() == offer | {
        "version": 2,
        "price": "2600",
        "country": None,
        "payment_methods": ["sepa_instant"],
        "updated_at": edited.json()["updated_at"],
    }
    late = await api.patch(path, json={"price": "1"}, headers=maker.headers() | {"If-Match": '"1"'})
    assert late.status_code == 412
    assert late.json()["version"] == 2
    assert (await api.get(path)).json()["price"] == "2600"


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ({"price": None}, 422, "malformed-request"),
        ({"terms": None}, 422, "malformed-request"),
        ({"wallet": "0x" + "12" * 20}, 422, "malformed-request"),
        ({"direction": "buy"}, 422, "malformed-request"),
        ({"key_signature": "0xab"}, 422, "malformed-request"),
        ({"min_amount": "2"}, 400, "offer-inconsistent"),
        ({"payment_methods": ["pix"]}, 400, "payment-method-unfit"),
        ({"country": "XX"}, 400, "country-unknown"),
    ],
)
async def test_an_edit_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, maker: Maker, change: dict[str, object], status: int, slug: str
) -> None:
    offer = await published(api, maker)
    refused = await api.patch(
        f"/v1/offers/{offer['id']}", json=change, headers=maker.headers() | {"If-Match": '"1"'}
    )
    assert refused.status_code == status
    assert refused.json()["type"] == f"urn:tradepost:problem:{slug}"


async def test_of_two_edits_at_once_one_is_made(api: httpx.AsyncClient, maker: Maker) -> None:
    offer = await published(api, maker)
    answers = await asyncio.gather(
        *(
            api.patch(
                f"/v1/offers/{offer['id']}",
                json={"price": str(price)},
                headers=maker.headers() | {"If-Match": '"1"'},
            )
            for price in (1, 2, 3, 4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_an_edit_leaves_what_trades_hold(
    api: httpx.AsyncClient,
    maker: Maker,
    new_maker: Callable[[], Awaitable[Maker]],
    database: Database,
) -> None:
    taker = await new_maker()
    offer = await published(api, maker)
    path = f"/v1/offers/{offer['id']}"
    async with database.transaction() as tx:
        seen = await service.get(tx, UUID(offer["id"]))
        sums = ETH.amount("0.75"), EUR.amount("1875.38")
        reserved = await service.reserve(tx, seen, Taker(taker.id, 0, tx.now), *sums)
    assert reserved.version == 2

    async def edit(total: str, version: int) -> httpx.Response:
        change = {"total_amount": total, "max_amount": "0.5", "min_amount": "0.1"}
        headers = maker.headers() | {"If-Match": f'"{version}"'}
        return await api.patch(path, json=change, headers=headers)

    refused = await edit("0.7", 2)
    assert refused.json()["type"] == "urn:tradepost:problem:reserved-by-trades"
    assert refused.json()["reserved_amount"] == "0.750000000000000000"
    exact = await edit("0.75", 2)
    assert exact.json()["remaining_amount"] == "0.000000000000000000"
    assert (await api.get("/v1/offers")).json()["data"] == []
    more = await edit("2", 3)
    assert more.json()["remaining_amount"] == "1.250000000000000000"


async def test_nobody_else_can_touch_an_offer(
    api: httpx.AsyncClient, maker: Maker, new_maker: Callable[[], Awaitable[Maker]]
) -> None:
    stranger = await new_maker()
    offer = await published(api, maker)
    path = f"/v1/offers/{offer['id']}"
    edited = await api.patch(
        path, json={"price": "1"}, headers=stranger.headers() | {"If-Match": '"1"'}
    )
    steps = [
        await api.post(f"{path}/{name}", headers=stranger.headers())
        for name in ("pause", "resume", "close")
    ]
    answers = [edited, *steps]
    assert {answer.status_code for answer in answers} == {403}
    assert {answer.json()["type"] for answer in answers} == {"urn:tradepost:problem:not-your-offer"}
    assert (await api.get("/v1/my/offers", headers=stranger.headers())).json()["data"] == []
    nowhere = await api.post(f"/v1/offers/{uuid4()}/pause", headers=stranger.headers())
    assert nowhere.status_code == 404


async def test_every_change_needs_a_token_with_the_scope(
    api: httpx.AsyncClient, maker: Maker
) -> None:
    offer = await published(api, maker)
    made = await api.post(
        "/v1/tokens",
        json={"label": "reader", "scopes": ["offers:read"], "expires_in_s": 3600},
        headers=maker.headers(),
    )
    reader = Maker(maker.id, maker.wallet, made.json()["token"])
    path = f"/v1/offers/{offer['id']}"
    for headers, status in ((reader.headers(), 403), ({"Idempotency-Key": "a"}, 401)):
        for method, target in (
            ("POST", "/v1/offers"),
            ("PATCH", path),
            ("POST", f"{path}/pause"),
            ("POST", f"{path}/resume"),
            ("POST", f"{path}/close"),
        ):
            content = body(maker) if target == "/v1/offers" else {"price": "1"}
            answer = await api.request(
                method, target, json=content, headers=headers | {"If-Match": '"1"'}
            )
            assert answer.status_code == status, (method, target, answer.text)
    assert (await api.get("/v1/my/offers", headers=reader.headers())).status_code == 200
    assert (await api.get("/v1/my/offers")).status_code == 401


async def test_open_offers_are_bounded_even_when_published_at_once(
    maker: Maker, database: Database
) -> None:
    draft = Draft(
        **body(maker)
        | {
            "key_signature": None,
            "direction": Direction.SELL,
            "price": Decimal(1),
            "payment_methods": ("sepa",),
        }
    )

    async def publish() -> bool:
        try:
            async with database.transaction() as tx:
                await service.create_offer(tx, maker.id, draft)
        except TooManyOffers:
            return False
        return True

    made = await asyncio.gather(*(publish() for _ in range(MAX_OPEN_OFFERS + 5)))
    assert sum(made) == MAX_OPEN_OFFERS
    async with database.transaction() as tx:
        page = await service.mine(tx, maker.id, None, 1)
        await service.close(tx, maker.id, page.offers[0].id)
    assert await publish()


async def test_an_offer_is_always_answered_with_its_price_of_now(
    api: httpx.AsyncClient, maker: Maker, market: Market
) -> None:
    """Its tag is for those who change it: the market moves what is shown without a version."""
    await market.moves("2500")
    offer = await published(api, maker)
    path = f"/v1/offers/{offer['id']}"
    for value, premium in (("2500", 2), ("2000", 2502)):
        await market.moves(value)
        answer = await api.get(path, headers={"If-None-Match": '"1"'})
        assert answer.status_code == 200
        assert answer.headers["ETag"].startswith('W/"1.')
        assert (answer.json()["price"], answer.json()["premium_bps"]) == ("2500.50", premium)


async def test_my_offers_come_in_pages(api: httpx.AsyncClient, maker: Maker) -> None:
    made = [(await published(api, maker, price=str(price)))["id"] for price in range(1, 6)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({} if cursor is None else {"cursor": cursor})
        page = (await api.get("/v1/my/offers", params=query, headers=maker.headers())).json()
        seen += [offer["id"] for offer in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


async def test_a_cursor_serves_its_own_list_only(api: httpx.AsyncClient, maker: Maker) -> None:
    for price in (1, 2):
        await published(api, maker, price=str(price))
    params = {"direction": "sell", "asset": "ETH", "currency": "EUR", "limit": "1"}
    cursor = (await api.get("/v1/offers", params=params)).json()["next_cursor"]
    page = await api.get("/v1/offers", params=params | {"cursor": cursor})
    assert [offer["price"] for offer in page.json()["data"]] == ["2"]
    for other in (
        params | {"direction": "buy"},
        params | {"currency": "USD"},
        params | {"country": "DE"},
        {"limit": "1"},
    ):
        refused = await api.get("/v1/offers", params=other | {"cursor": cursor})
        assert refused.status_code == 400
        assert refused.json()["type"] == "urn:tradepost:problem:invalid-cursor"


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"amount": "1"}, 422),
        ({"fiat_amount": "1"}, 422),
        ({"asset": "ETH", "amount": "0.0000000000000000001"}, 422),
        ({"asset": "BTC"}, 400),
        ({"currency": "XXX"}, 400),
        ({"limit": "0"}, 422),
        ({"limit": "101"}, 422),
        ({"direction": "both"}, 422),
        ({"maker": "rosa"}, 422),
        ({"payment_method": ["a"] * 11}, 422),
        ({"sort": "price"}, 422),
        ({"cursor": "é"}, 400),
        ({"cursor": "x" * 2001}, 422),
        ({"country": "ZZ"}, 200),
    ],
)
async def test_a_search_that_says_nothing_is_refused(
    api: httpx.AsyncClient, params: dict[str, str], status: int
) -> None:
    assert (await api.get("/v1/offers", params=params)).status_code == status
