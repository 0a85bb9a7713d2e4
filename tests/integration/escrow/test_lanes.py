"""Which lane an escrow gets: none that another may be locked in, and a used one if there is one."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from psycopg import Rollback

from tests import worlds
from tests.integration.escrow.conftest import BUYER, SELLER, EscrowWorld, sign
from tests.market import SetClock
from tradepost.escrow import service
from tradepost.escrow.model import Escrow, EscrowState, Opening
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import Settings
from tradepost_contracts import calls, state
from tradepost_contracts.terms import Terms

WINDOW_S = 1_000


async def opened(database: Database, seller: str = SELLER.address) -> Escrow:
    """An escrow of a thousandth of a coin."""
    async with database.transaction() as tx:
        return await _open(tx, seller)


async def _open(tx: Transaction, seller: str) -> Escrow:
    amount = service.asset(tx.settings, "ETH").amount("0.001")
    return await service.open_escrow(tx, Opening(amount, seller, BUYER.address, WINDOW_S, 3_600))


async def set_chain(tx: Transaction, head: int, confirmed: int) -> None:
    """The chain's two times."""
    await tx.execute(
        "UPDATE escrow_chains SET head_time = %s, confirmed_time = %s", [head, confirmed]
    )


async def chain_says(
    database: Database, escrow: Escrow, word: str, after: int | None = None
) -> None:
    """What the chain says of an escrow; with `after`, also that its time to lock is over."""
    async with database.transaction() as tx:
        await tx.execute("UPDATE escrows SET state = %s WHERE id = %s", [word, escrow.id])
        if after is not None:
            last = escrow.terms.fund_by
            await set_chain(tx, last + after + 50, last + after)


@pytest.fixture
async def followed(database: Database) -> Database:
    """A database whose chain is followed, without a node."""
    await worlds.pretend_to_follow(database)
    return database


@pytest.mark.parametrize("end", ["released", "refunded", "split"])
async def test_a_lane_is_used_again_after_an_end(followed: Database, end: str) -> None:
    first = await opened(followed)
    await chain_says(followed, first, end, after=0)
    # A lock could still come at this time, and the contract would refuse another.
    second = await opened(followed)
    assert second.terms.lane != first.terms.lane
    await chain_says(followed, first, end, after=1)
    third = await opened(followed)
    assert third.terms.lane == first.terms.lane
    assert third.terms.fund_by > first.terms.fund_by
    assert (await opened(followed)).terms.lane not in {first.terms.lane, second.terms.lane}


@pytest.mark.parametrize("word", ["locking", "locked", "releasing", "refunding", "splitting"])
async def test_a_lane_is_left_alone_before_an_end_that_counts(
    followed: Database, word: str
) -> None:
    first = await opened(followed)
    await chain_says(followed, first, word, after=10**6)
    assert (await opened(followed)).terms.lane != first.terms.lane


async def test_a_lane_that_was_used_comes_first(followed: Database) -> None:
    lapsed, ended = await opened(followed), await opened(followed)
    await chain_says(followed, ended, "released", after=1)
    assert (await opened(followed)).terms.lane == ended.terms.lane
    assert (await opened(followed)).terms.lane == lapsed.terms.lane


async def test_a_lane_in_which_nothing_is_ever_locked_is_given_up(followed: Database) -> None:
    """As where somebody else holds it, which the exchange cannot see."""
    lanes = []
    for _ in range(5):
        escrow = await opened(followed)
        lanes.append(escrow.terms.lane)
        await chain_says(followed, escrow, "none", after=1)
    assert lanes[0] == lanes[1] != lanes[2] == lanes[3] != lanes[4]
    # One that was locked in between is as good as new.
    last = await opened(followed)
    assert last.terms.lane == lanes[4]
    await chain_says(followed, last, "released", after=1)
    assert (await opened(followed)).terms.lane == lanes[4]


async def test_lanes_are_a_sellers_own_and_a_contracts_own(followed: Database) -> None:
    first = await opened(followed)
    await chain_says(followed, first, "released", after=1)
    assert (
        await opened(followed, to_checksum_address(b"\x07" * 20))
    ).terms.lane != first.terms.lane
    async with followed.transaction() as tx:
        await tx.execute("UPDATE escrow_chains SET contract = %s", [BUYER.address])
    assert (await opened(followed)).terms.lane != first.terms.lane


async def test_numbers_are_of_48_bits_and_one_that_is_in_use_is_not_taken(
    followed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([7, 7, 7, 9])
    asked = []

    def draw(bits: int) -> int:
        asked.append(bits)
        return next(drawn)

    monkeypatch.setattr(secrets, "randbits", draw)
    assert [(await opened(followed)).terms.lane for _ in range(2)] == [7, 9]
    assert set(asked) == {48}


@pytest.mark.parametrize("free", [0, 1, 3])
async def test_trades_opened_at_once_never_share_a_lane(
    followed: Database, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All transactions take their lane before the first is committed."""
    former = [await opened(followed) for _ in range(free)]
    for escrow in former:
        await chain_says(followed, escrow, "released", after=1)
    # However bad the source of new numbers is.
    numbers = iter([number for number in range(10) for _ in range(4)])
    monkeypatch.setattr(secrets, "randbits", lambda _: next(numbers))
    together = asyncio.Barrier(4)

    async def one() -> Escrow:
        async with followed.transaction() as tx:
            await together.wait()
            return await _open(tx, SELLER.address)

    found = await asyncio.gather(*(one() for _ in range(4)))
    lanes = [escrow.terms.lane for escrow in found]
    assert len(set(lanes)) == 4
    assert {escrow.terms.lane for escrow in former} <= set(lanes)


async def test_a_lane_taken_by_a_trade_that_is_rolled_back_is_free_again(
    followed: Database,
) -> None:
    first = await opened(followed)
    await chain_says(followed, first, "released", after=1)
    lanes = []
    with suppress(Rollback):
        async with followed.transaction() as tx:
            lanes.append((await _open(tx, SELLER.address)).terms.lane)
            raise Rollback
    assert [*lanes, (await opened(followed)).terms.lane] == [first.terms.lane] * 2


# --- on a chain -------------------------------------------------------------------------------


async def _ended(world: EscrowWorld) -> Escrow:
    """An escrow that was locked and released, whose time to lock is over, deep enough."""
    escrow = await world.open("0.01")
    await world.lock(escrow.terms)
    await world.mine(world.settings.confirmations)
    async with world.database.transaction() as tx:
        await service.release(tx, escrow, sign(SELLER, "Release", escrow))
    await world.until_done()
    world.node.rpc("evm_increaseTime", escrow.terms.fund_by - await _time(world) + 1)
    await world.mine(world.settings.confirmations + 1)
    return escrow


async def _time(world: EscrowWorld) -> int:
    return (await world.chain.head()).time


def _state(world: EscrowWorld, terms: Terms) -> state.State:
    call = {"to": world.contract, "data": "0x" + calls.state_of(terms).hex()}
    return state.decode(bytes.fromhex(world.node.rpc("eth_call", call, "latest")[2:]))


async def test_the_chain_takes_the_next_escrow_of_a_lane(world: EscrowWorld) -> None:
    first = await _ended(world)
    second = await world.open("0.01")
    assert second.terms.lane == first.terms.lane
    await world.lock(second.terms)
    await world.mine(world.settings.confirmations)
    assert (await world.get(second)).state is EscrowState.LOCKED
    # The chain has forgotten the first; the exchange has not.
    assert _state(world, first.terms) == state.NOTHING
    assert (await world.get(first)).state is EscrowState.RELEASED


async def test_a_reorganisation_that_brings_the_former_escrow_back_costs_no_coin(
    world: EscrowWorld,
) -> None:
    """The release is lost, and its lane holds coins again while another escrow was opened in it."""
    first = await world.open("0.01")
    await world.lock(first.terms)
    await world.mine(2)
    # Just before the time is over, so that few blocks have to be forgotten to bring it back.
    world.node.rpc("evm_setNextBlockTimestamp", first.terms.fund_by + 1)
    await world.send(SELLER, calls.release(first.terms))
    await world.mine(world.settings.confirmations)
    second = await world.open("0.01")
    assert second.terms.lane == first.terms.lane

    world.reorganise(world.settings.confirmations + 1)
    await world.mine(world.settings.confirmations)
    assert (await world.get(first)).state is EscrowState.LOCKED
    before = await world.chain.balance(world.contract)
    refused = await world.lock(second.terms)
    assert (await world.receipt(refused))["status"] == "0x0"
    await world.mine(world.settings.confirmations)
    assert await world.chain.balance(world.contract) == before
    assert (await world.get(second)).state is EscrowState.NONE
    # Its time passes without a lock: a third does not get the lane while the first is there.
    world.node.rpc("evm_setNextBlockTimestamp", second.terms.fund_by + 1)
    await world.mine(world.settings.confirmations + 1)
    third = await world.open("0.01")
    assert third.terms.lane != first.terms.lane
    await world.lock(third.terms)
    await world.send(SELLER, calls.release(first.terms))
    await world.mine(world.settings.confirmations)
    assert (await world.get(third)).state is EscrowState.LOCKED
    assert (await world.get(first)).state is EscrowState.RELEASED
    # Then it is.
    assert (await world.open("0.01")).terms.lane == first.terms.lane


# --- in any order -----------------------------------------------------------------------------


@dataclass
class Known:
    """An escrow as the model of the contract has it."""

    escrow: Escrow
    status: str = "none"
    ended_at: int | None = None


class Lanes(RuleBasedStateMachine):
    """Openings, locks, ends and the clock in any order, beside a model of the contract's lanes.

    Every lock that comes in its time has to be one that the contract takes; and no lane is new
    while one could be used again.
    """

    exchange: ClassVar[Settings]
    runner: ClassVar[asyncio.Runner]
    sellers: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._database = Database(self.exchange, SetClock(), {})
        self._known: list[Known] = []
        #: What lies in each lane: the contract's own word.
        self._lanes: dict[int, Known] = {}
        self._head = self._confirmed = 1_000_000

    def _run(self, command: Callable[[Transaction], Awaitable[None]]) -> None:
        async def inside() -> None:
            async with self._database.transaction() as tx:
                await command(tx)

        self.runner.run(inside())

    @initialize()
    def begin(self) -> None:
        """A seller whom no other example knows."""
        self.runner.run(self._database.__aenter__())
        type(self).sellers += 1
        self.seller = to_checksum_address(self.sellers.to_bytes(20))

        async def first(tx: Transaction) -> None:
            await set_chain(tx, self._head, self._confirmed)
            await tx.execute("UPDATE escrow_chains SET seen_at = %s", [tx.now])

        self._run(first)

    @rule()
    def open(self) -> None:
        """A trade is taken."""
        could = {
            known.escrow.terms.lane
            for known in self._holders()
            if known.escrow.terms.fund_by < self._confirmed
            and (known.ended_at is not None or known.status == "none")
        }
        used = {
            known.escrow.terms.lane
            for known in self._holders()
            if known.escrow.terms.lane in could and known.ended_at is not None
        }

        async def command(tx: Transaction) -> None:
            escrow = await _open(tx, self.seller)
            lane = escrow.terms.lane
            if used:
                assert lane in used
            before = {known.escrow.terms.lane for known in self._known}
            assert lane in could or lane not in before
            self._known.append(Known(escrow))

        self._run(command)

    def _holders(self) -> list[Known]:
        return list({known.escrow.terms.lane: known for known in self._known}.values())

    @rule(data=st.data())
    def lock(self, data: st.DataObject) -> None:
        """A seller locks one of those that he still can."""
        can = [
            known
            for known in self._known
            if known.status == "none" and self._head <= known.escrow.terms.fund_by
        ]
        if not can:
            return
        known = data.draw(st.sampled_from(can))
        lane = known.escrow.terms.lane
        former = self._lanes.get(lane)
        # As the contract asks: ended, and its `fundBy` has passed.
        assert former is None or (
            former.ended_at is not None and self._head > former.escrow.terms.fund_by
        )
        self._lanes[lane] = known
        self._says(known, "locked")

    @rule(data=st.data(), end=st.sampled_from(["released", "refunded", "split"]))
    def finish(self, data: st.DataObject, end: str) -> None:
        """One that is locked ends, deep enough to count on."""
        locked = [known for known in self._known if known.status == "locked"]
        if locked:
            known = data.draw(st.sampled_from(locked))
            known.ended_at = self._head
            self._says(known, end)

    def _says(self, known: Known, word: str) -> None:
        known.status = word

        async def command(tx: Transaction) -> None:
            await tx.execute("UPDATE escrows SET state = %s WHERE id = %s", [word, known.escrow.id])

        self._run(command)

    @rule(seconds=st.integers(1, WINDOW_S + 2), behind=st.integers(0, 60))
    def pass_time(self, seconds: int, behind: int) -> None:
        """The chain goes on, and what counts of it behind its head."""
        self._head += seconds
        self._confirmed = max(self._confirmed, self._head - behind)
        self._run(lambda tx: set_chain(tx, self._head, self._confirmed))

    @invariant()
    def a_lane_has_one_holder(self) -> None:
        """The last that was opened in it; and `fund_by` only grows."""
        found: list[tuple[int, bytes]] = []

        async def command(tx: Transaction) -> None:
            rows = await tx.all(
                "SELECT lane, id FROM escrows WHERE seller = %s AND holds_lane", [self.seller]
            )
            found.extend((int(row["lane"]), bytes(row["id"])) for row in rows)

        if not hasattr(self, "seller"):
            return
        self._run(command)
        assert sorted(found) == sorted(
            (known.escrow.terms.lane, known.escrow.id) for known in self._holders()
        )
        last: dict[int, int] = {}
        for known in self._known:
            terms = known.escrow.terms
            assert terms.fund_by > last.get(terms.lane, 0)
            last[terms.lane] = terms.fund_by

    def teardown(self) -> None:
        """Ends."""
        self.runner.run(self._database.__aexit__())


def test_in_any_order_the_contract_takes_every_lock_in_its_time(settings: Settings) -> None:
    with asyncio.Runner() as loop:

        async def follow() -> None:
            async with Database(settings, SetClock(), {}) as database:
                await worlds.pretend_to_follow(database)

        loop.run(follow())

        class Here(Lanes):
            exchange = settings
            runner = loop

        run_state_machine_as_test(
            Here,
            settings=hypothesis_settings(max_examples=25, stateful_step_count=40),
        )
