"""A program asks, its owner answers: what is done, once, and who cannot answer."""

import asyncio
import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.confirmations.conftest import Owners
from tests.integration.trades.conftest import Trader, World
from tradepost.confirmations import service
from tradepost.confirmations.model import MAX_PENDING, SCOPES, TRANSITIONS, Answer, Step
from tradepost.confirmations.model import ConfirmationState as State


def kind(answer: Any) -> str:
    return str(answer.json().get("type", answer.text)).rpartition(":")[2]


async def test_what_is_confirmed_is_done_and_what_is_not_is_not(
    world: World, owners: Owners
) -> None:
    maker, owner = await world.trader(), await world.trader()
    program = await owners.program(owner)
    offer = await world.offer(maker, terms="From your own account.")
    asked = await owners.asked(program, offer)
    assert asked["state"] == "pending"
    assert asked["needs"] == ["wallet", "encryption_key"]
    assert asked["parameters"]["terms"] == "From your own account."
    assert asked["summary"] == (
        "Buy 1.000000000000000000 ETH from a maker without a name for at most 2500.00 EUR, by"
        " sepa, at 2500 EUR for one ETH or less."
    )
    assert await owners.trades(owner) == []
    done = await owners.confirm(owner, asked)
    assert done.status_code == 200, done.text
    (trade,) = await owners.trades(owner)
    assert done.json()["trade_id"] == trade["id"]
    assert done.json()["state"] == "confirmed"
    assert (trade["buyer"]["wallet"], trade["amount"]) == (owner.wallet, asked_amount(asked))
    again = await owners.confirm(owner, asked)
    assert (again.status_code, kind(again)) == (409, "confirmation-answered")
    assert again.json()["state"] == "confirmed"
    assert len(await owners.trades(owner)) == 1


def asked_amount(asked: dict[str, Any]) -> str:
    return f"{float(asked['parameters']['amount']):.18f}"


async def test_the_digest_is_of_what_is_shown(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    offer = await world.offer(maker, terms="Grüße — «ja»\nzweite Zeile")
    asked = await owners.asked(await owners.program(owner), offer)
    said = [asked["id"], asked["step"], asked["parameters"]]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert asked["digest"] == hashlib.sha256(text.encode()).hexdigest()
    refused = await owners.confirm(owner, asked, digest="0" * 64)
    assert (refused.status_code, kind(refused)) == (409, "confirmation-digest-wrong")
    assert await owners.state(owner, asked) == "pending"
    assert await owners.trades(owner) == []


async def test_a_program_cannot_answer_itself(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    program = await owners.program(owner)
    asked = await owners.asked(program, await world.offer(maker))
    for step in ("confirm", "refuse"):
        path = f"/v1/confirmations/{asked['id']}/{step}"
        answer = await world.post(program, path, {"digest": asked["digest"]})
        assert (answer.status_code, kind(answer)) == (403, "scope-missing")
    assert (await world.take(program, await world.offer(maker))).status_code == 403
    assert await owners.state(owner, asked) == "pending"


async def test_a_program_cannot_make_itself_a_token_that_answers(
    world: World, owners: Owners
) -> None:
    owner = await world.trader()
    scopes = ["account:write", "confirmations:ask", "confirmations:read"]
    program = await owners.program(owner, scopes)
    for wanted in ("confirmations:write", "trades:write", "escrow:release"):
        body = {"label": "mine", "scopes": [wanted], "expires_in_s": 3600}
        made = await world.post(program, "/v1/tokens", body)
        assert (made.status_code, kind(made)) == (403, "scope-beyond-token")


async def test_confirming_permits_no_more_than_the_token_could_do(
    world: World, owners: Owners
) -> None:
    maker, owner = await world.trader(), await world.trader()
    asked = await owners.asked(await owners.program(owner), await world.offer(maker))
    weak = await owners.program(owner, ["confirmations:read", "confirmations:write"])
    refused = await owners.confirm(weak, asked)
    assert (refused.status_code, refused.json()["scope"]) == (403, "trades:write")
    strong = await owners.program(owner, ["confirmations:write", "trades:write"])
    assert (await owners.confirm(strong, asked)).status_code == 200


async def test_of_many_who_confirm_at_once_one_does_it(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    asked = await owners.asked(await owners.program(owner), offer)
    answers = await asyncio.gather(*(owners.confirm(owner, asked) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 11]
    assert len(await owners.trades(owner)) == 1
    left = (await world.get(owner, f"/v1/offers/{offer['id']}")).json()["remaining_amount"]
    assert float(left) == 99


async def test_the_same_key_gets_the_same_answer(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    asked = await owners.asked(await owners.program(owner), await world.offer(maker))
    body = {"digest": asked["digest"], "wallet": owner.wallet, "encryption_key": "4f" * 32}
    headers = owner.headers()
    path = f"/v1/confirmations/{asked['id']}/confirm"
    first, second = [await world.api.post(path, json=body, headers=headers) for _ in range(2)]
    assert first.status_code == 200
    assert second.content == first.content
    assert len(await owners.trades(owner)) == 1


async def test_its_time_ends(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    program = await owners.program(owner)
    asked = await owners.asked(program, await world.offer(maker))
    await world.go_on(seconds=15 * 60)
    assert await owners.state(owner, asked) == "expired"
    late = await owners.confirm(owner, asked)
    assert (late.status_code, kind(late)) == (409, "confirmation-expired")
    assert await owners.trades(owner) == []


async def test_a_refused_one_cannot_be_confirmed(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    asked = await owners.asked(await owners.program(owner), await world.offer(maker))
    refused = await world.post(owner, f"/v1/confirmations/{asked['id']}/refuse", None)
    assert (refused.status_code, refused.json()["state"]) == (200, "refused")
    late = await owners.confirm(owner, asked)
    assert (late.status_code, late.json()["state"]) == (409, "refused")
    assert await owners.trades(owner) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"price": "2600"}, "price-moved"),
        ({"terms": "To my cousin."}, "confirmation-outdated"),
        ({"payment_window_s": 3600}, "confirmation-outdated"),
        ({"payment_methods": ["revolut"]}, "method-not-offered"),
    ],
)
async def test_what_the_maker_changes_meanwhile_is_not_what_was_confirmed(
    world: World, owners: Owners, change: dict[str, Any], problem: str
) -> None:
    maker, owner = await world.trader(), await world.trader()
    offer = await world.offer(maker, payment_window_s=86_400, terms="To me.")
    asked = await owners.asked(await owners.program(owner), offer)
    headers = maker.headers() | {"If-Match": '"1"'}
    path = f"/v1/offers/{offer['id']}"
    assert (await world.api.patch(path, json=change, headers=headers)).status_code == 200
    refused = await owners.confirm(owner, asked)
    assert (refused.status_code, kind(refused)) == (409, problem), refused.text
    # Nothing is left of the try: no trade, nothing reserved, and it can still be refused.
    assert await owners.trades(owner) == []
    assert await owners.state(owner, asked) == "pending"
    left = (await world.get(owner, path)).json()["remaining_amount"]
    assert float(left) == 100


async def test_a_price_that_falls_is_taken_as_it_is(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    asked = await owners.asked(await owners.program(owner), offer)
    headers = maker.headers() | {"If-Match": '"1"'}
    edited = await world.api.patch(
        f"/v1/offers/{offer['id']}", json={"price": "2400"}, headers=headers
    )
    assert edited.status_code == 200
    assert (await owners.confirm(owner, asked)).status_code == 200
    (trade,) = await owners.trades(owner)
    assert (trade["price"], trade["fiat_amount"]) == ("2400", "2400.00")


async def test_a_held_price_holds_for_its_minute_only(world: World, owners: Owners) -> None:
    await world.market.moves("2500")
    maker, owner = await world.trader(), await world.trader()
    program = await owners.program(owner)
    offer = await world.offer(maker, price=None, margin_bps=0)
    held = (await world.get(owner, f"/v1/offers/{offer['id']}/quote", amount="1")).json()
    said = {"price_limit": held["price"], "hold": held["hold"]}
    asked = await owners.asked(program, offer, **said)
    await world.market.moves("2700")
    await world.go_on(seconds=30)
    assert (await owners.confirm(owner, asked)).status_code == 200
    (trade,) = await owners.trades(owner)
    assert trade["price"] == held["price"]
    held = (await world.get(owner, f"/v1/offers/{offer['id']}/quote", amount="1")).json()
    said = {"price_limit": held["price"], "hold": held["hold"]}
    late = await owners.asked(program, offer, **said)
    await world.go_on(seconds=62)
    refused = await owners.confirm(owner, late)
    assert (refused.status_code, kind(refused)) == (409, "hold-invalid")


async def test_asking_twice_is_asking_once(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    program, offer = await owners.program(owner), await world.offer(maker)
    both = await asyncio.gather(*(owners.asked(program, offer) for _ in range(4)))
    assert len({one["id"] for one in both}) == 1
    assert (await owners.asked(program, offer, amount="1.5"))["id"] != both[0]["id"]


async def test_no_more_wait_than_an_owner_can_look_at(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    program, offer = await owners.program(owner), await world.offer(maker)
    for number in range(MAX_PENDING):
        await owners.asked(program, offer, amount=f"1.{number:03}")
    refused = await owners.ask(program, offer, amount="2")
    assert (refused.status_code, kind(refused)) == (409, "too-many-confirmations")
    listed = (await world.get(owner, "/v1/confirmations", limit=15)).json()
    rest = await world.get(owner, "/v1/confirmations", limit=15, cursor=listed["next_cursor"])
    numbers = [one["parameters"]["amount"] for one in listed["data"] + rest.json()["data"]]
    assert numbers == [f"1.{number:03}" for number in reversed(range(MAX_PENDING))]
    await world.go_on(seconds=15 * 60)
    await owners.asked(program, offer, amount="2")


async def test_others_see_and_answer_nothing(world: World, owners: Owners) -> None:
    maker, owner, other = [await world.trader() for _ in range(3)]
    asked = await owners.asked(await owners.program(owner), await world.offer(maker))
    path = f"/v1/confirmations/{asked['id']}"
    assert (await world.get(other, path)).status_code == 404
    assert (await world.get(other, "/v1/confirmations")).json()["data"] == []
    assert (await owners.confirm(other, asked)).status_code == 404
    assert (await world.post(other, f"{path}/refuse", None)).status_code == 404
    assert await owners.state(owner, asked) == "pending"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"amount": None}, 422),
        ({"fiat_amount": "5"}, 422),
        ({"price_limit": "0"}, 422),
        ({"price_limit": "0.00"}, 422),
        ({"price_limit": "1e9"}, 422),
        ({"link": "\x00"}, 422),
        ({"hold": "\x00"}, 409),
        ({"country": "de"}, 422),
        ({"amount": "9" * 40, "price_limit": "9" * 40}, 422),
        ({"price_limit": "2499.99"}, 409),
        ({"amount": "0"}, 400),
        ({"payment_method": "revolut"}, 409),
        ({"offer_id": str(uuid4())}, 404),
        ({"wallet": "0x" + "1" * 40}, 422),
    ],
)
async def test_what_cannot_be_is_not_asked_for(
    world: World, owners: Owners, change: dict[str, Any], status: int
) -> None:
    maker, owner = await world.trader(), await world.trader()
    answer = await owners.ask(await owners.program(owner), await world.offer(maker), **change)
    assert answer.status_code == status, answer.text
    assert (await world.get(owner, "/v1/confirmations")).json()["data"] == []


async def test_an_opening_needs_the_owners_wallet(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    asked = await owners.asked(await owners.program(owner), await world.offer(maker))
    for missing in ({"wallet": None}, {"encryption_key": None}):
        refused = await owners.confirm(owner, asked, **missing)
        assert (refused.status_code, kind(refused)) == (400, "confirmation-incomplete")
        assert refused.json()["needs"] == ["wallet", "encryption_key"]
    foreign = await owners.confirm(owner, asked, wallet=maker.wallet)
    assert foreign.status_code in {400, 403, 409}
    assert await owners.trades(owner) == []


async def _in_a_trade(world: World, owners: Owners) -> tuple[Trader, Trader, dict[str, Any]]:
    """Seller, buyer and their trade, which waits for the lock."""
    seller, buyer = await world.trader(), await world.trader()
    return seller, buyer, await world.taken(buyer, await world.offer(seller))


async def test_a_step_is_asked_for_only_while_it_can_be_taken(world: World, owners: Owners) -> None:
    seller, buyer, trade = await _in_a_trade(world, owners)
    program = await owners.program(buyer)
    early = {"step": "payment_sent", "trade_id": trade["id"]}
    refused = await world.post(program, "/v1/confirmations", early)
    assert (refused.status_code, kind(refused)) == (409, "action-not-allowed")
    foreign = await owners.program(await world.trader())
    assert (await world.post(foreign, "/v1/confirmations", early)).status_code == 404
    await world.chain_says(trade, "locked")
    asked = (await world.post(program, "/v1/confirmations", early)).json()
    assert asked["needs"] == ["signature"]
    assert asked["summary"] == (
        "Say that you have paid 2500.00 EUR by sepa for 1.000000000000000000 ETH."
    )
    unsigned = await owners.confirm(buyer, asked)
    assert (unsigned.status_code, kind(unsigned)) == (400, "confirmation-incomplete")
    # It may be a contract's, and there is no node to ask.
    forged = await owners.confirm(buyer, asked, signature="0x" + "11" * 65)
    assert (forged.status_code, kind(forged)) == (503, "chain-not-ready"), forged.text
    assert await owners.state(buyer, asked) == "pending"
    assert seller != buyer


async def test_a_seller_leaves_and_an_arbitrator_is_called_without_a_signature(
    world: World, owners: Owners
) -> None:
    seller, _, trade = await _in_a_trade(world, owners)
    program = await owners.program(seller)
    leaving = {"step": "cancel", "trade_id": trade["id"]}
    asked = (await world.post(program, "/v1/confirmations", leaving)).json()
    assert asked["needs"] == []
    done = await owners.confirm(seller, asked, wallet=None, encryption_key=None)
    assert done.json()["trade_id"] == trade["id"], done.text
    assert (await owners.trades(seller))[0]["state"] == "cancelled"

    seller, _, trade = await _in_a_trade(world, owners)
    program = await owners.program(seller)
    await world.chain_says(trade, "locked")
    calling = {"step": "dispute", "trade_id": trade["id"], "reason": "not_paid"}
    asked = (await world.post(program, "/v1/confirmations", calling)).json()
    assert (await owners.confirm(seller, asked)).status_code == 200
    shown = (await owners.trades(seller))[0]
    assert (shown["state"], shown["dispute_reason"]) == ("disputed", "not_paid")


async def test_a_trade_that_went_on_is_not_moved_by_an_old_confirmation(
    world: World, owners: Owners
) -> None:
    seller, _, trade = await _in_a_trade(world, owners)
    leaving = {"step": "cancel", "trade_id": trade["id"]}
    asked = (await world.post(await owners.program(seller), "/v1/confirmations", leaving)).json()
    await world.chain_says(trade, "locked")
    refused = await owners.confirm(seller, asked)
    assert (refused.status_code, kind(refused)) == (409, "action-not-allowed")
    assert await owners.state(seller, asked) == "pending"


async def test_the_owner_hears_of_it(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    asked = await owners.asked(await owners.program(owner), await world.offer(maker))
    await owners.confirm(owner, asked)
    told = (await world.get(owner, "/v1/account/events")).json()["data"]
    ours = [(one["type"], one["payload"]) for one in told if "confirmation" in one["type"]]
    assert ours == [
        ("confirmation.requested", {"confirmation_id": asked["id"], "step": "open_trade"}),
        ("confirmation.decided", {"confirmation_id": asked["id"], "state": "confirmed"}),
    ]


async def test_old_ones_are_forgotten(world: World, owners: Owners) -> None:
    maker, owner = await world.trader(), await world.trader()
    program, offer = await owners.program(owner), await world.offer(maker)
    asked = await owners.asked(program, offer)
    await world.go_on(days=7, seconds=900)
    async with world.database.transaction() as tx:
        await service.forget(tx)
    assert await owners.state(owner, asked) == "expired"
    await world.go_on(seconds=1)
    async with world.database.transaction() as tx:
        await service.forget(tx)
    assert (await world.get(owner, f"/v1/confirmations/{asked['id']}")).status_code == 404


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("answer", Answer)
def test_only_a_pending_one_is_answered(state: State, answer: Answer) -> None:
    assert ((state, answer) in TRANSITIONS) is (state is State.PENDING)


def test_each_step_has_its_scope() -> None:
    assert set(SCOPES) == set(Step)
