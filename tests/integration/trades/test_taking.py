"""Taking an offer: the price, the sums, the limits, and who may take what."""

from decimal import Decimal

import pytest

from tests.integration.trades.conftest import World
from tests.market import Market, SetClock, open_api
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

_AT_ONCE = 20


@pytest.mark.parametrize(
    ("direction", "limit", "status"),
    [
        ("sell", "2500", 201),  # the taker buys: he pays at most this
        ("sell", "2500.01", 201),
        ("sell", "2499.99", 409),
        ("buy", "2500", 201),  # the taker sells: he gets at least this
        ("buy", "2499.99", 201),
        ("buy", "2500.01", 409),
    ],
)
async def test_the_takers_limit_bounds_the_price(
    world: World, direction: str, limit: str, status: int
) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, direction=direction)
    answer = await world.take(taker, offer, price_limit=limit)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert answer.json()["type"].endswith(":price-moved")
        assert answer.json()["price"] == "2500"
    # What was not taken is not reserved.
    left = (await world.get(taker, f"/v1/offers/{offer['id']}")).json()["remaining_amount"]
    assert Decimal(left) == (99 if status == 201 else 100)


async def test_a_price_that_moved_is_not_taken_at_the_old_limit(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    edited = await world.api.patch(
        f"/v1/offers/{offer['id']}",
        json={"price": "2600"},
        headers=maker.headers() | {"If-Match": '"1"'},
    )
    assert edited.status_code == 200
    assert (await world.take(taker, offer)).json()["price"] == "2600"
    assert (await world.taken(taker, offer, price_limit="2600"))["price"] == "2600"


@pytest.mark.parametrize(
    ("direction", "price", "amount", "fiat"),
    [
        # 0.333333 coins at 2500.01 are 833.335833...: the maker gains the fraction.
        ("sell", "2500.01", "0.333333", "833.34"),
        ("buy", "2500.01", "0.333333", "833.33"),
        ("sell", "2500", "0.5", "1250.00"),
    ],
)
async def test_what_an_amount_costs_is_rounded_for_the_maker(
    world: World, direction: str, price: str, amount: str, fiat: str
) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, direction=direction, price=price)
    trade = await world.taken(taker, offer, amount=amount)
    assert trade["fiat_amount"] == fiat
    assert Decimal(trade["amount"]) == Decimal(amount)


@pytest.mark.parametrize(
    ("direction", "amount"),
    [("sell", "0.033333200000533331"), ("buy", "0.033333200000533332")],
)
async def test_what_a_sum_buys_is_rounded_for_the_maker(
    world: World, direction: str, amount: str
) -> None:
    """100 at 3000.012: 0.03333320000053333119... coins."""
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, direction=direction, price="3000.012")
    trade = await world.taken(taker, offer, amount=None, fiat_amount="100")
    assert (trade["fiat_amount"], trade["amount"]) == ("100.00", amount)


async def test_a_currency_without_decimals_has_whole_sums(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker, currency="JPY", price="400000.5", payment_methods=["revolut"])
    trade = await world.taken(taker, offer, amount="0.1", payment_method="revolut")
    assert trade["fiat_amount"] == "40001"
    refused = await world.take(
        taker, offer, amount=None, fiat_amount="40000.5", payment_method="revolut"
    )
    assert refused.status_code == 422


async def test_a_taker_has_a_bounded_number_of_unfunded_trades(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    made = [await world.taken(taker, offer, amount="0.01") for _ in range(_AT_ONCE)]
    refused = await world.take(taker, offer, amount="0.01")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":too-many-open-trades")
    assert refused.json()["retryable"]
    # One that is funded, or over, makes room.
    await world.chain_says(made[-1], "locked")
    last = await world.taken(taker, offer, amount="0.01")
    assert (await world.post(maker, f"/v1/trades/{last['id']}/cancel", {})).status_code == 200
    await world.taken(taker, offer, amount="0.01")


async def test_who_may_take_what(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    wrong: list[tuple[dict[str, object], int, str]] = [
        ({"wallet": maker.wallet}, 403, "wallet-not-proven"),
        ({"payment_method": "revolut"}, 409, "method-not-offered"),
        ({"amount": "2.000000000000000001"}, 400, "amount-out-of-range"),
        ({"amount": "0.009999999999999999"}, 400, "amount-out-of-range"),
        ({"amount": None, "fiat_amount": "5000.01"}, 400, "amount-out-of-range"),
        ({"offer_id": "0193579a-3b20-7f13-b6d8-4c5d6e7f8091"}, 404, "not-found"),
        ({"amount": "1", "fiat_amount": "2500"}, 422, "malformed-request"),
        ({"encryption_key": "0" * 63 + "5"}, 400, "encryption-key-invalid"),
    ]
    for changes, status, slug in wrong:
        answer = await world.take(taker, offer, **changes)
        assert answer.status_code == status, (changes, answer.text)
        assert answer.json()["type"].endswith(f":{slug}")
    own = await world.take(maker, offer)
    assert (own.status_code, own.json()["type"]) == (409, "urn:tradepost:problem:own-offer")
    await world.post(maker, f"/v1/offers/{offer['id']}/pause", None)
    paused = await world.take(taker, offer)
    assert paused.json()["type"].endswith(":offer-not-active")


@pytest.mark.parametrize(("fiat", "status"), [("500", 201), ("500.01", 403)])
async def test_an_exchange_limits_what_a_risky_method_pays(
    database: Database, settings: Settings, clock: SetClock, fiat: str, status: int
) -> None:
    limited = settings.model_copy(update={"largest_trades": {"EUR": Decimal(1000)}})
    async with open_api(limited, clock) as client:
        world = World(client, database, limited, clock, Market(database))
        maker, taker = await world.trader(), await world.trader()
        offer = await world.offer(maker)
        answer = await world.take(taker, offer, amount=None, fiat_amount=fiat)
        assert answer.status_code == status, answer.text
        if status == 403:
            assert answer.json()["type"].endswith(":method-limit-exceeded")
            assert answer.json()["limit"] == "500.00"
