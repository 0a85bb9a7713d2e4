"""What a caller says of the trade that he saw, and how much of an answer he wants."""

from tests.integration.trades.conftest import World

SEALED = "A" * 200


async def test_a_step_on_a_trade_that_has_moved_is_refused(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    await world.chain_says(trade, "locked")
    path = f"/v1/trades/{trade['id']}"
    seen = (await world.get(maker, path)).headers["ETag"]

    async def seal(tag: str) -> tuple[int, str]:
        answer = await world.api.post(
            f"{path}/payment-details",
            json={"sealed": SEALED},
            headers=maker.headers() | {"If-Match": tag},
        )
        return answer.status_code, answer.json().get("type", "")

    assert await seal(seen) == (200, "")
    assert await seal(seen) == (412, "urn:tradepost:problem:precondition-failed")
    assert await seal("so and so") == (428, "urn:tradepost:problem:precondition-required")


async def test_a_stranger_learns_nothing_from_a_condition(world: World) -> None:
    maker, taker, stranger = [await world.trader() for _ in range(3)]
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    for tag in ('"1"', '"2"'):
        answer = await world.api.post(
            f"/v1/trades/{trade['id']}/payment-details",
            json={"sealed": SEALED},
            headers=stranger.headers() | {"If-Match": tag},
        )
        assert answer.status_code == 404


async def test_a_trade_that_stands_still_is_not_sent_again(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    path = f"/v1/trades/{trade['id']}"
    tag = (await world.get(maker, path)).headers["ETag"]
    again = {"If-None-Match": tag}
    # The clock goes on; nothing else does.
    assert (await world.api.get(path, headers=maker.headers() | again)).status_code == 304
    await world.chain_says(trade, "locked")
    assert (await world.api.get(path, headers=maker.headers() | again)).status_code == 200


async def test_a_list_is_cut_down_to_the_fields_that_are_wanted(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    answer = await world.get(taker, "/v1/trades", fields="id,viewer.primary_action", limit=1)
    assert answer.json() == {
        "data": [{"id": trade["id"], "viewer": {"primary_action": None}}],
        "next_cursor": None,
    }
