"""Signed locks under faults, by every way: sent twice, lost, front-run, and backed out of.

All trades of a test walk side by side, each with a seller of its own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg.rows import DictRow

from tests.faults.arena import FUNDING_WINDOW_S, Arena
from tests.faults.deals import HASTE, Deal, body_of
from tests.stage import CONTRACT
from tests.ways import RELAYED, Way, brought
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.relay import Relayer
from tradepost_client.models import SignedLock
from tradepost_contracts.state import Status

pytestmark = pytest.mark.slow

_AT_ONCE = 4
#: What a seller is told whose lock can take nothing.
_WHY = {
    "deposited coin": "BalanceTooLow",
    "deposited token": "BalanceTooLow",
    "authorization": "ERC20InsufficientBalance",
    "permit2": '"TRANSFER_FROM_FAILED"',
    "allowance": "ERC20InsufficientAllowance",
}


class Locks:
    """A trade for each way, whose seller has signed and can lock."""

    def __init__(self, arena: Arena, deals: dict[Way, Deal], signed: dict[Way, SignedLock]) -> None:
        self.arena = arena
        self.deals = deals
        self.signed = signed

    @classmethod
    async def begin(cls, arena: Arena) -> "Locks":
        """Every seller has sent what his way needs, so deep that a reorganisation leaves it."""
        deals = {way: await arena.open_by(way) for way in RELAYED}
        for way, deal in deals.items():
            deal.send(way.first(deal.terms))
        await arena.mine(12)
        return cls(arena, deals, {way: deal.signed_lock(way) for way, deal in deals.items()})

    async def hand_over(self) -> None:
        """The exchange has all of them."""
        for way, deal in self.deals.items():
            await deal.hand_over(self.signed[way])

    def bring(self) -> None:
        """A stranger in haste brings all of them."""
        for way, deal in self.deals.items():
            deal.bring(self.signed[way], HASTE)

    def brought(self) -> list[bytes]:
        """What a stranger would send for it."""
        return [brought(deal.terms, self.signed[way]) for way, deal in self.deals.items()]

    def back_out(self) -> None:
        """Every seller takes away what his lock would take, in haste."""
        for way, deal in self.deals.items():
            deal.send(way.back_out(deal.terms), HASTE)

    async def all_are(self, state: str) -> None:
        """Where every trade has to stand."""
        states = {way: await deal.state() for way, deal in self.deals.items()}
        assert states == dict.fromkeys(self.deals, state)

    async def intents(self) -> dict[Way, list[DictRow]]:
        """The signed locks that the exchange was ever given, the oldest first."""
        async with self.arena.stage.database.transaction() as tx:
            return {
                way: await tx.all(
                    "SELECT state, reason, nonce, wanted FROM escrow_intents"
                    " WHERE escrow_id = %s AND kind = 'lock' ORDER BY created_at, id",
                    [deal.escrow_id],
                )
                for way, deal in self.deals.items()
            }

    async def all_intents_are(self, state: str) -> None:
        """There is one for each trade, and it has come so far."""
        told = {way: [row["state"] for row in rows] for way, rows in (await self.intents()).items()}
        assert told == {way: [state] for way in self.deals}

    async def released(self) -> None:
        """The trades go on as any other, to their end."""
        for deal in self.deals.values():
            await deal.release()
        await self.arena.settle_down()
        await self.all_are("completed")
        await self.arena.check()


@asynccontextmanager
async def _waiting_pool(arena: Arena) -> AsyncIterator[None]:
    """What is sent meanwhile waits for one block, in which the best paid is first."""
    arena.stage.node.rpc("evm_setAutomine", False)
    yield
    arena.stage.node.rpc("evm_setAutomine", True)
    arena.stage.node.rpc("anvil_mine", "0x1")


async def _sent_by(arena: Arena) -> list[DictRow]:
    async with arena.stage.database.transaction() as tx:
        return await tx.all("SELECT DISTINCT nonce FROM escrow_transactions")


async def test_one_key_hands_over_once(arena: Arena, counts: Counter[str]) -> None:
    locks = await Locks.begin(arena)
    for way, deal in locks.deals.items():
        body = body_of(locks.signed[way])
        answers = await asyncio.gather(
            *(deal.step(deal.seller, "lock", body, f"lock {deal.id}") for _ in range(_AT_ONCE))
        )
        counts["races"] += 1
        assert {answer.status_code for answer in answers} == {200}, way
        assert len({answer.content for answer in answers}) == 1
    await locks.all_intents_are("waiting")
    await arena.settle_down(2)
    await locks.all_are("escrowed")
    await locks.all_intents_are("done")
    assert len(await _sent_by(arena)) == 1
    await locks.released()


async def test_many_keys_hand_over_once(arena: Arena, counts: Counter[str]) -> None:
    """Also while the relayer works, and once more when it is there."""
    locks = await Locks.begin(arena)

    async def handed(way: Way, deal: Deal) -> list[int]:
        body = body_of(locks.signed[way])
        answers = await asyncio.gather(
            *(deal.step(deal.seller, "lock", body) for _ in range(_AT_ONCE))
        )
        return sorted(answer.status_code for answer in answers)

    told = await asyncio.gather(
        *(handed(way, deal) for way, deal in locks.deals.items()),
        arena.stage.relayer.round(),
        return_exceptions=True,
    )
    counts["races"] += len(locks.deals)
    assert told[:-1] == [[200] + [409] * (_AT_ONCE - 1)] * len(locks.deals)
    await arena.settle_down(2)
    await locks.all_are("escrowed")
    await locks.all_intents_are("done")
    for way, deal in locks.deals.items():
        again = await deal.step(deal.seller, "lock", body_of(locks.signed[way]))
        assert again.status_code == 409, way
    await locks.released()


@pytest.mark.parametrize("first", ["a stranger", "the relayer"])
async def test_a_stranger_brings_it(arena: Arena, counts: Counter[str], first: str) -> None:
    """Before the exchange has sent it, or past what it has sent: it is locked once."""
    locks = await Locks.begin(arena)
    await locks.hand_over()
    before = int(arena.stage.node.rpc("eth_blockNumber"), 16)
    async with _waiting_pool(arena):
        if first == "the relayer":
            await arena.stage.relayer.round()
            await locks.all_intents_are("sent")
        locks.bring()
    counts["front-run locks"] += len(locks.deals)
    for deal in locks.deals.values():
        assert deal.on_chain().status is Status.LOCKED
    await arena.settle_down()
    await locks.all_are("escrowed")
    await locks.all_intents_are("done")
    told = {rows[0]["reason"] for rows in (await locks.intents()).values()}
    assert told == {"done by others"}
    # The chain forgets what the stranger did, and he does not come again: the exchange does.
    arena.stranger.sent.clear()
    arena.reorganise(int(arena.stage.node.rpc("eth_blockNumber"), 16) - before)
    counts["reorganisations"] += 1
    await arena.follow()
    await arena.jobs()
    await locks.all_are("awaiting_escrow")
    await locks.all_intents_are("waiting")
    await arena.settle_down(6)
    await locks.all_are("escrowed")
    await locks.all_intents_are("done")
    await locks.released()


async def test_a_seller_who_backed_out_before(arena: Arena, counts: Counter[str]) -> None:
    """It is told why the chain refuses the lock, and the trade expires."""
    locks = await Locks.begin(arena)
    await locks.hand_over()
    locks.back_out()
    await _expire(locks, counts, _WHY | {"permit": "the lock fails, though its permit is good"})
    assert await _sent_by(arena) == []


async def test_a_seller_who_backs_out_at_the_last_moment(
    arena: Arena, counts: Counter[str]
) -> None:
    """The lock is on its way, and fails: it is told, and the trade expires."""
    locks = await Locks.begin(arena)
    await locks.hand_over()
    async with _waiting_pool(arena):
        await arena.stage.relayer.round()
        await locks.all_intents_are("sent")
        locks.back_out()
    # The permit has been taken, and the lock after it was not.
    await _expire(
        locks,
        counts,
        _WHY | {"permit": "ERC20InsufficientBalance; its permit: ERC2612InvalidSigner"},
    )
    assert len(await _sent_by(arena)) == 1


async def _expire(locks: Locks, counts: Counter[str], why: dict[str, str]) -> None:
    arena = locks.arena
    counts["locks backed out of"] += len(locks.deals)
    await arena.settle_down()
    await locks.all_are("awaiting_escrow")
    await locks.all_intents_are("waiting")
    for way, deal in locks.deals.items():
        shown = await deal.seller.get(f"/v1/trades/{deal.id}")
        assert shown["escrow"]["lock"]["way"] == way.signed
        reason = shown["escrow"]["lock"]["reason"]
        assert reason == why[way.name]
        assert {"lock", "cancel"} <= set(shown["viewer"]["allowed_actions"]), way
    await arena.pass_time(FUNDING_WINDOW_S + 1)
    await arena.work()
    await locks.all_are("expired")
    await locks.all_intents_are("moot")
    for deal in locks.deals.values():
        assert deal.on_chain().status is Status.NONE
    await arena.settle_down()
    await locks.all_are("expired")
    await arena.check()


@pytest.mark.parametrize("is_out", [False, True], ids=["before", "after"])
async def test_the_relayer_dies_at_its_broadcast(
    arena: Arena, counts: Counter[str], is_out: bool
) -> None:
    """What is stored is sent, and nothing else, by the next one."""
    locks = await Locks.begin(arena)
    await locks.hand_over()
    stage = arena.stage

    class Dying(Chain):
        async def send(self, raw: bytes) -> None:
            if is_out:
                await super().send(raw)
            raise KeyboardInterrupt

    dying = Dying(stage.node.url)
    with pytest.raises(KeyboardInterrupt):
        await Relayer(stage.database, dying, stage.settings).round()
    await dying.close()
    await locks.all_intents_are("sent")
    for deal in locks.deals.values():
        assert deal.on_chain().status is (Status.LOCKED if is_out else Status.NONE)
    stage.relayer = Relayer(stage.database, stage.chain, stage.settings)
    await arena.settle_down(2)
    await locks.all_are("escrowed")
    await locks.all_intents_are("done")
    assert len(await _sent_by(arena)) == 1
    counts["relayers that died"] += 1
    await locks.released()


@pytest.mark.parametrize("confirmed", [False, True], ids=["seen", "counted"])
@pytest.mark.parametrize("again", ["the relayer", "a stranger", "the relayer, too early"])
async def test_the_lock_is_forgotten(
    arena: Arena, counts: Counter[str], confirmed: bool, again: str
) -> None:
    """It comes again: by the exchange, by a stranger, or where it is too early for the coins."""
    locks = await Locks.begin(arena)
    depth = 1
    if again == "the relayer, too early":
        # With what the sellers have sent for it.
        depth += 12 + sum(len(way.first(deal.terms)) for way, deal in locks.deals.items())
    await locks.hand_over()
    await arena.work()
    if confirmed:
        await arena.settle_down(2)
        await locks.all_intents_are("done")
        depth += 2 * arena.stage.settings.confirmations
    instead: list[tuple[str, int]] = []
    if again == "a stranger":
        stranger = arena.stranger
        instead = [
            (stranger.sign(CONTRACT, data, 0, stranger.nonce() + number), 0)
            for number, data in enumerate(locks.brought())
        ]
    elif again == "the relayer, too early":
        instead = [(raw, 0) for raw in await _relayed(arena)]
    arena.reorganise(depth, instead)
    counts["reorganisations"] += 1
    await arena.follow()
    await arena.jobs()
    if again != "a stranger":
        statuses = {deal.on_chain().status for deal in locks.deals.values()}
        assert Status.NONE in statuses
        await _keeps_the_seller(locks)
    arena.rebroadcast()
    await arena.settle_down(6)
    await locks.all_are("escrowed")
    await locks.all_intents_are("done")
    await locks.released()


@pytest.mark.parametrize("returns", [True, False], ids=["returns", "is_backed_out_of"])
async def test_a_buyer_left_while_it_was_out(
    arena: Arena, counts: Counter[str], returns: bool
) -> None:
    """The coins come and go back; the chain forgets both, and never holds them for good."""
    locks = await Locks.begin(arena)
    await locks.hand_over()
    before = int(arena.stage.node.rpc("eth_blockNumber"), 16)
    async with _waiting_pool(arena):
        await arena.stage.relayer.round()
        for deal in locks.deals.values():
            await deal.do(deal.buyer, "cancel", {"signature": deal.signature("Refund")})
    await arena.settle_down()
    await locks.all_are("refunded")
    await locks.all_intents_are("done")
    arena.reorganise(int(arena.stage.node.rpc("eth_blockNumber"), 16) - before)
    counts["reorganisations"] += 1
    if not returns:
        locks.back_out()
    await arena.follow()
    await arena.jobs()
    await locks.all_are("awaiting_escrow")
    await locks.all_intents_are("sent")
    await arena.settle_down(6)
    if returns:
        await locks.all_are("refunded")
        await locks.all_intents_are("done")
    else:
        # Nobody wants it any more, so it is not tried again.
        await locks.all_intents_are("moot")
        await arena.pass_time(FUNDING_WINDOW_S + 1)
        await arena.work()
        await locks.all_are("expired")
    await arena.check()


async def _relayed(arena: Arena) -> list[str]:
    """What the relayer has signed, as it is in the blocks."""
    async with arena.stage.database.transaction() as tx:
        rows = await tx.all("SELECT raw FROM escrow_transactions ORDER BY nonce, max_fee")
    return ["0x" + bytes(row["raw"]).hex() for row in rows]


async def _keeps_the_seller(locks: Locks) -> None:
    """As long as a transaction carries his lock, he would lock himself in by leaving."""
    for way, deal in locks.deals.items():
        if deal.on_chain().status is Status.NONE:
            shown = await deal.seller.get(f"/v1/trades/{deal.id}")
            assert shown["state"] == "awaiting_escrow", way
            assert {"cancel", "lock"} & set(shown["viewer"]["allowed_actions"]) == set(), way
