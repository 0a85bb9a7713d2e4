"""Looking at trades: lists, versions, history, instructions, and what an arbitrator sees."""

from datetime import datetime, timedelta
from typing import Any

from tests.integration.trades.conftest import World
from tradepost.kernel.access import Role

SEALED = "A" * 200


async def test_a_list_goes_on_from_its_cursor(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    offer = await world.offer(maker)
    made = [(await world.taken(taker, offer, amount="0.1"))["id"] for _ in range(5)]
    await world.taken(other, offer, amount="0.1")
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await world.get(taker, "/v1/trades", **params)).json()
        assert len(page["data"]) <= 2
        seen += [trade["id"] for trade in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
    assert len((await world.get(maker, "/v1/trades")).json()["data"]) == 6


async def test_a_cursor_is_good_for_its_own_list(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    offer = await world.offer(maker)
    for _ in range(2):
        await world.taken(taker, offer, amount="0.1")
    cursor = (await world.get(taker, "/v1/trades", limit=1)).json()["next_cursor"]
    for who, params in [
        (maker, {"cursor": cursor}),
        (taker, {"cursor": cursor, "role": "buyer"}),
        (taker, {"cursor": cursor, "state": "escrowed"}),
        (taker, {"cursor": cursor[:-1]}),
        (taker, {"cursor": "x"}),
    ]:
        answer = await world.get(who, "/v1/trades", **params)
        assert (answer.status_code, answer.json()["type"]) == (
            400,
            "urn:tradepost:problem:invalid-cursor",
        )


async def test_lists_are_narrowed_by_state_and_role(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    sells, buys = await world.offer(maker), await world.offer(maker, direction="buy")
    bought = await world.taken(taker, sells, amount="0.1")
    sold = await world.taken(taker, buys, amount="0.1")
    await world.chain_says(sold, "locked")

    async def listed(**params: str) -> list[str]:
        page = (await world.get(taker, "/v1/trades", **params)).json()
        return [trade["id"] for trade in page["data"]]

    assert await listed() == [sold["id"], bought["id"]]
    assert await listed(role="buyer") == [bought["id"]]
    assert await listed(role="seller") == [sold["id"]]
    assert await listed(state="escrowed") == [sold["id"]]
    assert await listed(role="buyer", state="escrowed") == []
    assert await listed(role="arbitrator") == []
    assert (await world.get(taker, "/v1/trades", state="lost")).status_code == 422


async def test_each_step_has_its_version_and_its_row(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    path = f"/v1/trades/{trade['id']}"
    assert (await world.get(taker, path)).headers["ETag"].startswith('W/"1.')
    await world.chain_says(trade, "locked")
    await world.post(maker, f"{path}/payment-details", {"sealed": SEALED})
    await world.post(taker, f"{path}/dispute", {"reason": "other"})
    answer = await world.get(maker, path)
    assert answer.headers["ETag"].startswith('W/"4.')
    assert answer.headers["Cache-Control"] == "private, no-cache"
    steps = (await world.get(maker, f"{path}/history")).json()["data"]
    told = [(step["from"], step["to"], step["event"], step["by"]) for step in steps]
    assert told == [
        (None, "awaiting_escrow", "take", "buyer"),
        ("awaiting_escrow", "escrowed", "escrow_locked", None),
        ("escrowed", "escrowed", "seal_details", "seller"),
        ("escrowed", "disputed", "dispute", "buyer"),
    ]
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)


async def test_both_sides_hear_of_each_step_and_nobody_else(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    await world.chain_says(trade, "locked")
    for trader, before in ((maker, ["offer.created"]), (taker, []), (other, None)):
        events = (await world.get(trader, "/v1/account/events")).json()["data"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        told = [event["type"] for event in events]
        wanted = [] if before is None else [*before, "trade.opened", "trade.advanced"]
        assert told == wanted


async def test_instructions_are_for_the_one_who_asks(world: World) -> None:
    maker, taker, other = [await world.trader() for _ in range(3)]
    offer = await world.offer(
        maker, asset="USDT", price="1", min_amount="10", max_amount="100", total_amount="100"
    )
    trade = await world.taken(taker, offer, amount="50")
    path = f"/v1/trades/{trade['id']}/instructions"
    seller, buyer = [(await world.get(each, path)).json() for each in (maker, taker)]
    assert set(seller["typed_data"]) == {"Release", "Cancel"}
    assert set(buyer["typed_data"]) == {"Paid", "Refund"}
    assert buyer["lock"] is None
    assert buyer["approve"] is None
    token = trade["escrow"]["terms"]["token"]
    assert (seller["approve"]["to"], seller["approve"]["value"]) == (token, "0")
    assert (seller["lock"]["to"], seller["lock"]["value"]) == (trade["escrow"]["contract"], "0")
    for typed in seller["typed_data"].values():
        assert typed["message"] == {"escrowId": trade["escrow"]["id"]}
        assert typed["domain"]["verifyingContract"] == trade["escrow"]["contract"]
    assert (await world.get(other, path)).status_code == 404


async def test_an_arbitrator_sees_a_disputed_trade_without_its_secrets(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    arbitrator = await world.trader(Role.ARBITRATOR)
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    path = f"/v1/trades/{trade['id']}"
    await world.chain_says(trade, "locked")
    await world.post(maker, f"{path}/payment-details", {"sealed": SEALED})
    for hidden in (path, f"{path}/history", f"{path}/instructions"):
        assert (await world.get(arbitrator, hidden)).status_code == 404
    listed = await world.get(arbitrator, "/v1/trades", role="arbitrator")
    assert listed.json()["data"] == []
    await world.post(taker, f"{path}/dispute", {"reason": "other"})
    for answer in (
        (await world.get(arbitrator, path)).json(),
        (await world.get(arbitrator, "/v1/trades", role="arbitrator")).json()["data"][0],
    ):
        assert answer["viewer"]["role"] == "arbitrator"
        assert answer["viewer"]["allowed_actions"] == ["settle"]
        assert answer["sealed_payment_details"] is None
    for trader in (maker, taker):
        assert (await world.get(trader, path)).json()["sealed_payment_details"] == SEALED
    typed = (await world.get(arbitrator, f"{path}/instructions")).json()
    assert typed == {
        "approve": None,
        "lock": None,
        "typed_data": {},
        "signed_locks": [],
        "settlements": [],
    }


async def test_the_viewer_is_told_his_next_step_and_its_deadline(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker, payment_window_s=900), amount="0.1")
    path = f"/v1/trades/{trade['id']}"

    async def viewers() -> tuple[dict[str, Any], dict[str, Any]]:
        seen = [(await world.get(each, path)).json()["viewer"] for each in (maker, taker)]
        return seen[0], seen[1]

    seller, buyer = await viewers()
    assert (seller["role"], seller["primary_action"]) == ("seller", "lock")
    assert (buyer["role"], buyer["primary_action"]) == ("buyer", None)
    assert seller["deadline_at"] == trade["funding_deadline"]
    await world.chain_says(trade, "locked")
    seller, buyer = await viewers()
    assert buyer["primary_action"] == "payment_sent"
    assert "cancel" not in seller["allowed_actions"]
    await world.chain_time(901)
    seller, buyer = await viewers()
    assert "cancel" in seller["allowed_actions"]
    # The chain's clock has moved, the server's has not: they are two.
    moved = datetime.fromisoformat(str(seller["chain_now"])) - world.clock.now
    assert moved > timedelta(seconds=600)
