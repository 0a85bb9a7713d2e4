"""Taking at a price that follows the market, and at one that was held."""

from typing import Any

import httpx
import pytest

from tests.integration.trades.conftest import Trader, World


async def floats(world: World, maker: Trader, **changes: object) -> dict[str, Any]:
    """An offer at the market's price."""
    return await world.offer(maker, **{"price": None, "margin_bps": 0} | changes)


async def quoted(world: World, offer: dict[str, Any], **query: str) -> dict[str, Any]:
    """The quote for one coin, if nothing else is said."""
    answer = await world.api.get(f"/v1/offers/{offer['id']}/quote", params=query or {"amount": "1"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def edit(
    world: World, maker: Trader, offer: dict[str, Any], **change: object
) -> httpx.Response:
    """The maker changes what he sees now."""
    version = (await world.get(maker, f"/v1/offers/{offer['id']}")).json()["version"]
    headers = maker.headers() | {"If-Match": f'"{version}"'}
    answer = await world.api.patch(f"/v1/offers/{offer['id']}", json=change, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def invalid(answer: httpx.Response) -> bool:
    """Whether a take was refused for its hold."""
    return (answer.status_code, answer.json()["type"]) == (
        409,
        "urn:tradepost:problem:hold-invalid",
    )


async def test_a_floating_offer_is_taken_at_the_price_of_the_moment(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    await world.market.moves("2500")
    offer = await floats(world, maker, margin_bps=100)
    await world.market.moves("2600")
    stale = await world.take(taker, offer, price_limit="2525")
    assert stale.json()["type"] == "urn:tradepost:problem:price-moved"
    assert stale.json()["price"] == "2626.0000"
    trade = await world.taken(taker, offer, price_limit="2626")
    assert (trade["price"], trade["fiat_amount"]) == ("2626.0000", "2626.00")
    # It keeps that price, whatever the market does.
    await world.market.moves("2000")
    later = (await world.get(taker, f"/v1/trades/{trade['id']}")).json()
    assert later["price"] == "2626.0000"


@pytest.mark.parametrize(("direction", "price"), [("sell", "2700"), ("buy", "2300")])
async def test_a_limit_bounds_what_is_taken(world: World, direction: str, price: str) -> None:
    maker, taker = await world.trader(), await world.trader()
    await world.market.moves("2500")
    offer = await floats(world, maker, direction=direction, limit_price=price)
    assert (await world.taken(taker, offer, price_limit=price))["price"] == price


async def test_without_a_fresh_market_nothing_is_taken(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await floats(world, maker)
    for _ in range(2):
        refused = await world.take(taker, offer, price_limit="9999")
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:tradepost:problem:price-unavailable"
        await world.market.moves("2500")
        await world.go_on(seconds=120)
    await world.market.moves("2500")
    await world.taken(taker, offer, price_limit="9999")


async def test_a_held_price_is_taken_though_the_market_has_moved(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    await world.market.moves("2500")
    offer = await floats(world, maker)
    quote = await quoted(world, offer, fiat_amount="100")
    await world.go_on(seconds=30)
    await world.market.moves("2600")
    taking = {"amount": None, "fiat_amount": "100", "price_limit": "2500"}
    moved = await world.take(taker, offer, **taking)
    assert moved.json()["type"] == "urn:tradepost:problem:price-moved"
    trade = await world.taken(taker, offer, hold=quote["hold"], **taking)
    assert trade["price"] == quote["price"] == "2500.0000"
    assert (trade["amount"], trade["fiat_amount"]) == (quote["amount"], quote["fiat_amount"])
    # The taker's own limit counts for a held price, too.
    refused = await world.take(taker, offer, hold=quote["hold"], price_limit="2499.99")
    assert refused.json()["type"] == "urn:tradepost:problem:price-moved"


async def test_a_held_price_is_taken_though_the_market_is_stale(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    await world.market.moves("2500")
    offer = await floats(world, maker)
    await world.go_on(seconds=119)
    quote = await quoted(world, offer)
    await world.go_on(seconds=1)
    assert (await world.take(taker, offer, price_limit="2500")).status_code == 503
    await world.taken(taker, offer, hold=quote["hold"], price_limit="2500")


@pytest.mark.parametrize("fraction", [0.0, 0.9])
async def test_a_price_is_held_until_the_moment_that_was_said(
    world: World, fraction: float
) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    await world.go_on(seconds=fraction)
    quote = await quoted(world, offer)
    await world.go_on(seconds=60)
    assert quote["held_until"] == world.clock.now.isoformat().replace("+00:00", "Z")
    await world.taken(taker, offer, hold=quote["hold"])
    await world.go_on(seconds=1)
    assert invalid(await world.take(taker, offer, hold=quote["hold"]))


async def test_a_hold_is_good_for_its_own_offer_only(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer, other = await world.offer(maker), await world.offer(maker)
    hold = (await quoted(world, offer))["hold"]
    assert invalid(await world.take(taker, other, hold=hold))
    await world.taken(taker, offer, hold=hold)


async def test_a_forged_hold_holds_nothing(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    hold = (await quoted(world, offer))["hold"]
    said, signature = hold.rsplit(".", 1)
    cheap = (await quoted(world, await world.offer(maker, price="1")))["hold"]
    page = await world.get(maker, "/v1/my/offers", limit=1)
    for forged in (
        "x",
        ".",
        hold[:-1],
        hold[1:],
        said,
        f"{said}.{'A' * len(signature)}",
        f"{cheap.rsplit('.', 1)[0]}.{signature}",
        "é",
        "\x00",
        # Signed by us, but for something else.
        page.json()["next_cursor"],
    ):
        assert invalid(await world.take(taker, offer, hold=forged)), forged
    for bad in ("x" * 501, 1, ["x"]):
        assert (await world.take(taker, offer, hold=bad)).status_code == 422
    # An empty one is no word for "none".
    assert invalid(await world.take(taker, offer, hold=""))


async def test_a_hold_ends_when_the_maker_changes_his_price(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    await world.market.moves("2500")
    offer = await floats(world, maker, margin_bps=10)
    for change in (
        {"margin_bps": 11},
        {"limit_price": "2000"},
        {"price_source": "one"},
        {"price": "2500"},
        {"price": "2500.01"},
        {"margin_bps": 11},
    ):
        hold = (await quoted(world, offer))["hold"]
        await edit(world, maker, offer, **change)
        assert invalid(await world.take(taker, offer, hold=hold, price_limit="9999")), change
    # What has nothing to do with the price leaves it.
    hold = (await quoted(world, offer))["hold"]
    await edit(world, maker, offer, terms="Weekdays only.")
    await world.taken(taker, offer, hold=hold, price_limit="9999")


async def test_a_hold_reserves_nothing_and_opens_nothing(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    offer = await world.offer(maker, max_amount="1", total_amount="1")
    hold = (await quoted(world, offer))["hold"]
    await world.taken(other, offer)
    late = await world.take(taker, offer, hold=hold)
    assert late.json()["type"] == "urn:tradepost:problem:offer-already-taken"
    second = await world.offer(maker)
    hold = (await quoted(world, second))["hold"]
    await world.post(maker, f"/v1/offers/{second['id']}/pause", None)
    paused = await world.take(taker, second, hold=hold)
    assert paused.json()["type"] == "urn:tradepost:problem:offer-not-active"
    own = await world.take(maker, second, hold=hold)
    assert own.json()["type"] == "urn:tradepost:problem:own-offer"


@pytest.mark.parametrize(
    ("direction", "amount", "fiat"),
    [
        ("sell", "0.039998024097609578", "100.00"),
        ("buy", "0.039998025697451574", "100.00"),
    ],
)
async def test_amounts_of_the_currency_are_taken_and_given_back(
    world: World, direction: str, amount: str, fiat: str
) -> None:
    maker, taker = await world.trader(), await world.trader()
    await world.market.moves("2500.12345")
    offer = await floats(
        world,
        maker,
        direction=direction,
        amount_unit="currency",
        min_amount="10",
        max_amount="100",
        total_amount="150",
    )
    limit = {"sell": "3000", "buy": "2000"}[direction]

    async def left() -> str:
        seen = await world.get(taker, f"/v1/offers/{offer['id']}")
        remaining: str = seen.json()["remaining_amount"]
        return remaining

    too_much = await world.take(taker, offer, price_limit=limit, amount="0.05")
    assert too_much.json()["type"] == "urn:tradepost:problem:amount-out-of-range"
    assert too_much.json()["max_amount"] == "100.00"
    trade = await world.taken(taker, offer, price_limit=limit, amount=None, fiat_amount="100")
    assert (trade["amount"], trade["fiat_amount"]) == (amount, fiat)
    assert await left() == "50.00"
    # A coin amount takes what it costs.
    second = await world.taken(taker, offer, price_limit=limit, amount="0.01")
    cost = {"sell": "25.01", "buy": "25.00"}[direction]
    assert second["fiat_amount"] == cost
    assert await left() == {"sell": "24.99", "buy": "25.00"}[direction]
    late = await world.take(taker, offer, price_limit=limit, amount=None, fiat_amount="25.01")
    assert late.json()["type"] == "urn:tradepost:problem:offer-already-taken"
    # The market moves: what comes back is what was taken, to the cent.
    await world.market.moves("2600")
    for given in (second, trade):
        seller = taker if direction == "buy" else maker
        assert (await world.post(seller, f"/v1/trades/{given['id']}/cancel", {})).status_code == 200
    assert await left() == "150.00"
