"""Two at once, for every action of every party: one effect, and a clear word to the other."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import pytest

from tests.faults.arena import AMOUNTS, SEALED, Arena
from tests.faults.deals import Deal, Player, body_of
from tests.stage import CONTRACT
from tests.ways import ways_of
from tradepost.escrow.evm.relay import Relayer
from tradepost_contracts import calls

pytestmark = pytest.mark.slow

_AT_ONCE = 6
Stand = Literal["new", "locked", "overdue", "paid"]


@dataclass(frozen=True, slots=True)
class Act:
    """An action: where a trade has to stand for it, whose it is, and what he sends."""

    step: str
    stands: Stand
    side: Literal["seller", "buyer"]
    body: Callable[[Deal], dict[str, Any]]
    #: How many events it publishes.
    events: int = 1

    def by(self, deal: Deal) -> Player:
        return deal.seller if self.side == "seller" else deal.buyer


def _signed_lock(deal: Deal) -> dict[str, Any]:
    return body_of(deal.signed_lock(ways_of(deal.asset, signed=True)[0]))


ACTS = [
    Act("lock", "new", "seller", _signed_lock, events=0),
    Act("payment-details", "new", "seller", lambda _: {"sealed": SEALED}),
    Act("cancel", "new", "seller", lambda _: {}),
    Act("cancel", "new", "buyer", lambda deal: {"signature": deal.signature("Refund")}),
    Act("payment-details", "locked", "seller", lambda _: {"sealed": SEALED}),
    Act("payment-sent", "locked", "buyer", lambda deal: {"signature": deal.signature("Paid")}),
    Act("release", "locked", "seller", lambda deal: {"signature": deal.signature("Release")}),
    Act("refund", "locked", "buyer", lambda deal: {"signature": deal.signature("Refund")}),
    Act("dispute", "locked", "buyer", lambda _: {"reason": "other"}),
    Act("cancel", "overdue", "seller", lambda deal: {"signature": deal.signature("Cancel")}),
    Act("release", "paid", "seller", lambda deal: {"signature": deal.signature("Release")}),
    Act("refund", "paid", "buyer", lambda deal: {"signature": deal.signature("Refund")}),
    Act("dispute", "paid", "seller", lambda _: {"reason": "not_paid"}),
    Act("dispute", "paid", "buyer", lambda _: {"reason": "paid_not_released"}),
]


async def _standing(arena: Arena, stands: Stand) -> Deal:
    deal = await arena.open()
    if stands != "new":
        deal.lock()
        await arena.settle_down(1)
    if stands == "overdue":
        await arena.pass_time(1_000)
    if stands == "paid":
        await deal.payment_sent()
    return deal


async def _effects(arena: Arena, deal: Deal) -> tuple[int, int, int]:
    """How many steps, intents and events a trade has had."""
    async with arena.stage.database.transaction() as tx:
        row = await tx.one(
            """
            SELECT (SELECT count(*) FROM trade_history WHERE trade_id = %(trade)s) AS steps,
                (SELECT count(*) FROM escrow_intents WHERE escrow_id = %(escrow)s) AS intents,
                (SELECT count(*) FROM events WHERE payload->>'trade_id' = %(text)s) AS events
            """,
            {"trade": deal.id, "escrow": deal.escrow_id, "text": deal.id},
        )
    assert row is not None
    return row["steps"], row["intents"], row["events"]


def _one_won(answers: list[httpx.Response], counts: Counter[str]) -> None:
    counts["races"] += 1
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {200: 1, 409: len(answers) - 1}, [answer.text for answer in answers]
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["type"].endswith((":action-not-allowed", ":trade-changed"))


async def test_one_key_acts_once_and_answers_the_same(arena: Arena, counts: Counter[str]) -> None:
    for act in ACTS:
        deal = await _standing(arena, act.stands)
        before = await _effects(arena, deal)
        key, body = f"{act.step} {deal.id}", act.body(deal)
        answers = await asyncio.gather(
            *(deal.step(act.by(deal), act.step, body, key) for _ in range(_AT_ONCE))
        )
        counts["races"] += 1
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        after = await _effects(arena, deal)
        again = await deal.step(act.by(deal), act.step, body, key)
        assert again.content == answers[0].content
        assert again.headers["Idempotent-Replayed"] == "true"
        assert await _effects(arena, deal) == after
        assert after[0] - before[0] == 1
        assert after[1] - before[1] <= 1
        assert after[2] - before[2] == act.events
        # The same key for something else is told so, whoever asks with what.
        other = await deal.step(act.by(deal), "dispute", {"reason": "wrong_amount"}, key)
        assert other.status_code == 422
    await arena.check()


async def test_two_keys_act_once(arena: Arena, counts: Counter[str]) -> None:
    for act in ACTS:
        deal = await _standing(arena, act.stands)
        before = await _effects(arena, deal)
        body = act.body(deal)
        answers = await asyncio.gather(
            *(deal.step(act.by(deal), act.step, body) for _ in range(_AT_ONCE))
        )
        _one_won(answers, counts)
        assert (await _effects(arena, deal))[0] - before[0] == 1
    await arena.check()


async def test_fifty_releases_are_one(arena: Arena, counts: Counter[str]) -> None:
    deal = await _standing(arena, "paid")
    body = {"signature": deal.signature("Release")}
    before = arena.stage.balance(deal.buyer.wallet.address, "ETH")
    answers = await asyncio.gather(*(deal.step(deal.seller, "release", body) for _ in range(50)))
    _one_won(answers, counts)
    await arena.settle_down()
    got = arena.stage.balance(deal.buyer.wallet.address, "ETH") - before
    assert got == deal.terms.amount
    await arena.check()


async def test_each_action_against_each_other(arena: Arena, counts: Counter[str]) -> None:
    """Whoever comes second finds another state: he is refused, or his step follows the first."""
    for stands in ("new", "locked", "overdue", "paid"):
        here = [act for act in ACTS if act.stands == stands]
        for first in here:
            for second in here:
                if here.index(first) < here.index(second):
                    deal = await _standing(arena, stands)
                    answers = await asyncio.gather(
                        deal.step(first.by(deal), first.step, first.body(deal)),
                        deal.step(second.by(deal), second.step, second.body(deal)),
                    )
                    counts["races"] += 1
                    statuses = sorted(answer.status_code for answer in answers)
                    assert statuses in ([200, 200], [200, 409]), (first, second, answers)
    await arena.settle_down()
    await arena.check()


async def test_paid_against_cancel(arena: Arena, counts: Counter[str]) -> None:
    """At the deadline the buyer pays and the seller asks back: the buyer's word stands."""
    for _ in range(4):
        deal = await _standing(arena, "overdue")
        paid, cancelled = await asyncio.gather(
            deal.step(deal.buyer, "payment-sent", {"signature": deal.signature("Paid")}),
            deal.step(deal.seller, "cancel", {"signature": deal.signature("Cancel")}),
        )
        counts["races"] += 1
        assert paid.status_code == 200
        assert cancelled.status_code in {200, 409}
        await arena.settle_down()
        await arena.pass_time(1_000)
        await arena.settle_down()
        assert await deal.state() == "payment_sent"
        assert not deal.on_chain().status.is_final
    await arena.check()


async def test_two_settlements_at_once_agree_once(arena: Arena, counts: Counter[str]) -> None:
    for _ in range(4):
        deal = await _standing(arena, "paid")
        await asyncio.gather(deal.settle(deal.seller, 7), deal.settle(deal.buyer, 7))
        counts["races"] += 1
        assert await deal.state() == "splitting"
        await arena.settle_down()
        assert await deal.state() == "resolved"
    await arena.check()


async def test_the_last_piece_is_taken_once(arena: Arena, counts: Counter[str]) -> None:
    takers = [arena.buyer, arena.stranger, arena.arbitrator]
    for _ in range(4):
        offer_id = await arena.publish(arena.seller, "USDT", total_amount=AMOUNTS["USDT"])
        # The arbitrator's wallet cannot trade where it is the arbitrator: he takes with another's.
        answers = await asyncio.gather(
            *(arena.take(taker, offer_id, "USDT") for taker in takers[:2] for _ in range(3))
        )
        counts["races"] += 1
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 409: 5}
        assert all(
            answer.json()["type"].endswith(":offer-already-taken")
            for answer in answers
            if answer.status_code == 409
        )
        offer = await arena.buyer.get(f"/v1/offers/{offer_id}")
        assert float(offer["remaining_amount"]) == 0
    await arena.check()


async def test_a_lock_crosses_a_cancellation(arena: Arena, counts: Counter[str]) -> None:
    """Whichever the exchange hears first, the coins are never held for a trade that is over."""
    for leaver in ("seller", "buyer") * 2:
        deal = await arena.open()
        player = deal.seller if leaver == "seller" else deal.buyer
        body = {} if leaver == "seller" else {"signature": deal.signature("Refund")}
        deal.lock()
        answer, _ = await asyncio.gather(deal.step(player, "cancel", body), arena.follow())
        counts["races"] += 1
        assert answer.status_code in {200, 409}
        await arena.settle_down()
        if answer.status_code == 409:
            assert await deal.state() == "escrowed"
        elif leaver == "buyer":
            assert await deal.state() == "refunded"
        else:
            # Nobody has signed a refund: the buyer does, or the seller asks when it is overdue.
            assert await deal.state() == "refunding"
            await deal.refund()
            await arena.settle_down()
            assert await deal.state() == "refunded"
    await arena.check()


async def test_two_watchers_two_relayers_and_all_jobs_twice(
    arena: Arena, counts: Counter[str]
) -> None:
    """The background is doubled, and its jobs come twice, in any order, and long after."""
    stage = arena.stage
    second = Relayer(stage.database, stage.chain, stage.settings)
    dice = random.Random(7)  # noqa: S311 - the order of a test, the same at every run

    async def doubled() -> None:
        await asyncio.gather(arena.follow(), arena.follow())
        counts["races"] += 1

        def shuffled(ids: list[str]) -> list[str]:
            every = ids * 2 + dice.sample(arena.heard, min(5, len(arena.heard)))
            dice.shuffle(every)
            counts["jobs run again"] += len(every) - len(ids)
            return every

        await arena.jobs(shuffled)
        await arena.hurry()
        await asyncio.gather(stage.relayer.round(), second.round())

    async def pass_blocks(rounds: int = 8) -> None:
        for _ in range(rounds):
            stage.node.rpc("anvil_mine", "0x1")
            await doubled()

    steps: list[Callable[[Deal], Awaitable[None]]] = [
        Deal.release,
        Deal.refund,
        lambda deal: deal.settle(deal.seller, 1),
    ]
    for act in steps * 2:
        deal = await arena.open("USDT")
        deal.lock()
        await pass_blocks()
        await deal.payment_sent()
        await act(deal)
        if await deal.state() == "payment_sent":
            await deal.settle(deal.buyer, 1)
        await pass_blocks()
        assert await deal.state() in {"completed", "refunded", "resolved"}
    # Everything that was ever told, once more: nothing is new.
    before = [await _effects(arena, deal) for deal in arena.deals]
    for event_id in [*arena.heard, *reversed(arena.heard)]:
        await arena.hear(event_id)
        counts["jobs run again"] += 1
    assert [await _effects(arena, deal) for deal in arena.deals] == before
    await _one_transaction_each(arena)
    await arena.check()


async def _one_transaction_each(arena: Arena) -> None:
    """No intent was sent at two nonces, and none to the chain more than once."""
    async with arena.stage.database.transaction() as tx:
        rows = await tx.all(
            """
            SELECT intent_id, count(DISTINCT nonce) AS number
            FROM escrow_transactions JOIN escrow_carried USING (hash) GROUP BY intent_id
            """
        )
    assert {row["number"] for row in rows} == {1}


async def test_jobs_that_come_in_the_middle_of_a_step(arena: Arena, counts: Counter[str]) -> None:
    """Steps of the parties, of the chain and of the background, all at the same moment."""
    for _ in range(5):
        deal = await _standing(arena, "paid")
        known = calls.release(deal.terms)
        deal.seller.transact(CONTRACT, known)
        answers = await asyncio.gather(
            deal.step(deal.seller, "release", {"signature": deal.signature("Release")}),
            deal.step(deal.buyer, "refund", {"signature": deal.signature("Refund")}),
            arena.follow(),
            arena.stage.relayer.round(),
        )
        counts["races"] += 1
        assert answers[0].status_code in {200, 409}
        assert answers[1].status_code in {200, 409}
        await arena.settle_down()
        assert await deal.state() == "completed"
    await arena.check()
