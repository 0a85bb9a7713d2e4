"""What is left of an offer: conserved whoever takes, gives back or edits, in whatever order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar, Literal
from uuid import UUID, uuid4

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.offers.conftest import Maker
from tests.integration.offers.making import ETH, EUR, TAKER, created, draft, look, sums, take
from tests.market import SetClock
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import NotFound, Problem
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount
from tradepost.kernel.settings import Settings
from tradepost.offers import service
from tradepost.offers.draft import Changes
from tradepost.offers.model import (
    AmountOutOfRange,
    Offer,
    OfferAlreadyTaken,
    OfferInconsistent,
    OfferNotActive,
    OfferState,
    OfferStateConflict,
    OwnOffer,
    ReservedByTrades,
    Taker,
)

UNITS: tuple[dict[str, str], ...] = ({}, {"amount_unit": "currency"})


async def give_back(database: Database, offer: Offer, taken: str) -> None:
    """A trade over so much of the offer's unit has come to nothing."""
    async with database.transaction() as tx:
        await service.give_back(tx, offer.id, *sums(offer, taken))


@pytest.mark.parametrize("unit", UNITS)
async def test_of_many_takers_of_the_last_piece_one_gets_it(
    database: Database, maker: Maker, unit: dict[str, str]
) -> None:
    offer = await created(database, maker, min_amount="2", total_amount="2", **unit)
    answers = await asyncio.gather(*(take(database, offer.id, "2", uuid4()) for _ in range(20)))
    won = [answer for answer in answers if isinstance(answer, Offer)]
    assert len(won) == 1
    assert won[0].remaining == Amount(offer.unit, 0)
    assert {type(answer) for answer in answers} == {Offer, OfferAlreadyTaken}


@pytest.mark.parametrize("unit", UNITS)
async def test_takers_at_once_share_all_there_is_and_no_more(
    database: Database, maker: Maker, unit: dict[str, str]
) -> None:
    offer = await created(database, maker, max_amount="1", total_amount="7", **unit)
    answers = await asyncio.gather(*(take(database, offer.id, "1", uuid4()) for _ in range(25)))
    assert sum(isinstance(answer, Offer) for answer in answers) == 7
    versions = [answer.version for answer in answers if isinstance(answer, Offer)]
    assert sorted(versions) == list(range(2, 9))


async def test_a_reservation_and_a_close_at_once_leave_no_half(
    database: Database, maker: Maker
) -> None:
    for _ in range(10):
        offer = await created(database, maker)

        async def close(offer_id: UUID = offer.id) -> None:
            async with database.transaction() as tx:
                await service.close(tx, maker.id, offer_id)

        answer, _ = await asyncio.gather(take(database, offer.id, "1"), close())
        left = await look(database, offer.id)
        assert left.state is OfferState.CLOSED
        assert left.reserved == ETH.amount("1" if isinstance(answer, Offer) else "0")


@pytest.mark.parametrize(
    ("amount", "problem"),
    [
        ("0.999999999999999999", AmountOutOfRange),
        ("2.000000000000000001", AmountOutOfRange),
        ("2", OfferAlreadyTaken),
    ],
)
async def test_a_refused_take_says_why(
    database: Database, maker: Maker, amount: str, problem: type[Problem]
) -> None:
    offer = await created(database, maker)
    for piece in ("2", "2"):
        assert isinstance(await take(database, offer.id, piece), Offer)
    refused = await take(database, offer.id, amount)
    assert type(refused) is problem


async def test_nobody_takes_his_own_offer_or_one_that_rests_or_is_not(
    database: Database, maker: Maker
) -> None:
    offer = await created(database, maker)
    assert isinstance(await take(database, offer.id, "1", maker.id), OwnOffer)
    async with database.transaction() as tx:
        await service.pause(tx, maker.id, offer.id)
    assert isinstance(await take(database, offer.id, "1"), OfferNotActive)
    assert isinstance(await take(database, uuid4(), "1"), NotFound)


async def test_a_last_piece_below_the_least_amount_stays(database: Database, maker: Maker) -> None:
    offer = await created(database, maker, total_amount="2.5")
    assert isinstance(await take(database, offer.id, "2"), Offer)
    assert isinstance(await take(database, offer.id, "1"), OfferAlreadyTaken)
    assert isinstance(await take(database, offer.id, "0.5"), AmountOutOfRange)


@pytest.mark.parametrize("unit", UNITS)
async def test_what_is_given_back_can_be_taken_again_but_not_of_a_closed_offer(
    database: Database, maker: Maker, unit: dict[str, str]
) -> None:
    offer = await created(database, maker, total_amount="2", **unit)
    await take(database, offer.id, "2")
    await give_back(database, offer, "2")
    assert isinstance(await take(database, offer.id, "2"), Offer)
    async with database.transaction() as tx:
        await service.close(tx, maker.id, offer.id)
    await give_back(database, offer, "2")
    closed = await look(database, offer.id)
    assert closed.state is OfferState.CLOSED
    assert closed.remaining == closed.total
    assert isinstance(await take(database, offer.id, "2"), OfferNotActive)


async def test_giving_back_what_was_not_reserved_is_a_bug(database: Database, maker: Maker) -> None:
    offer = await created(database, maker)
    with pytest.raises(AssertionError):
        await give_back(database, offer, "1")
    assert await look(database, offer.id) == offer


async def test_a_reservation_that_is_rolled_back_never_was(
    database: Database, maker: Maker
) -> None:
    offer = await created(database, maker)

    async def fail() -> None:
        async with database.transaction() as tx:
            await service.reserve(tx, offer, Taker(TAKER, 0, tx.now), *sums(offer, "1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await look(database, offer.id) == offer


async def test_what_was_stated_anew_in_another_unit_is_not_taken_by_the_old_one(
    database: Database, maker: Maker
) -> None:
    seen = await created(database, maker)
    changes = Changes(
        amount_unit="currency", min_amount="100", max_amount="500", total_amount="1000"
    )
    async with database.transaction() as tx:
        edited = await service.edit_offer(tx, maker.id, seen.id, 1, changes)
    assert edited.remaining == edited.total == EUR.amount("1000")
    async with database.transaction() as tx:
        with pytest.raises(AmountOutOfRange) as refused:
            await service.reserve(tx, seen, Taker(TAKER, 0, tx.now), *sums(seen, "1"))
    assert refused.value.facts == {"min_amount": "100.00", "max_amount": "500.00"}
    assert isinstance(await take(database, seen.id, "500"), Offer)
    back = Changes(amount_unit="asset", min_amount="1", max_amount="2", total_amount="5")
    async with database.transaction() as tx:
        with pytest.raises(ReservedByTrades):
            await service.edit_offer(tx, maker.id, seen.id, 3, back)


class Reservations(RuleBasedStateMachine):
    """One offer under every order of takes, returns, edits and steps, beside a model of it."""

    exchange: ClassVar[Settings]
    runner: ClassVar[asyncio.Runner]
    unit: ClassVar[Literal["asset", "currency"]]

    def __init__(self) -> None:
        super().__init__()
        self._database = Database(self.exchange, SetClock(), {})
        self._held: list[int] = []
        self._state = OfferState.ACTIVE
        self._least, self._most, self._total = 1, 2, 5
        self._version = 1

    def _run(self, command: Callable[[Transaction], Awaitable[object]]) -> None:
        """Runs `command` in a transaction, which ends it, well or not."""

        async def inside() -> None:
            async with self._database.transaction() as tx:
                await command(tx)

        self.runner.run(inside())

    @initialize()
    def publish(self) -> None:
        """Begins."""
        self.runner.run(self._database.__aenter__())
        self.maker = Maker(new_id(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "")

        async def first(tx: Transaction) -> None:
            await tx.execute(
                "INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [self.maker.id, tx.now]
            )
            await tx.execute("DELETE FROM wallets")
            await tx.execute(
                "INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)",
                [self.maker.wallet.lower(), self.maker.id, tx.now],
            )
            said = draft(self.maker, amount_unit=self.unit)
            self.offer = await service.create_offer(tx, self.maker.id, said)

        self._run(first)

    @rule(amount=st.integers(0, 8))
    def reserve(self, amount: int) -> None:
        """A taker takes `amount`."""
        left = self._total - sum(self._held)
        fits = self._least <= amount <= self._most
        if self._state is not OfferState.ACTIVE:
            expected: type[Problem] | None = OfferNotActive
        elif not fits:
            expected = AmountOutOfRange
        elif amount > left:
            expected = OfferAlreadyTaken
        else:
            expected = None
        self._expect(
            expected,
            lambda tx: service.reserve(
                tx, self.offer, Taker(TAKER, 0, tx.now), *sums(self.offer, str(amount))
            ),
        )
        if expected is None:
            self._held.append(amount)

    @precondition(lambda self: self._held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        """A trade comes to nothing."""
        amount = self._held.pop(data.draw(st.integers(0, len(self._held) - 1)))
        self._expect(
            None, lambda tx: service.give_back(tx, self.offer.id, *sums(self.offer, str(amount)))
        )

    @rule(
        step=st.sampled_from(
            [
                (service.pause, {OfferState.ACTIVE}, OfferState.PAUSED),
                (service.resume, {OfferState.PAUSED}, OfferState.ACTIVE),
            ]
        )
    )
    def rest(
        self,
        step: tuple[
            Callable[[Transaction, UUID, UUID], Awaitable[Offer]],
            set[OfferState],
            OfferState,
        ],
    ) -> None:
        """The maker pauses or resumes."""
        command, before, after = step
        expected = None if self._state in before else OfferStateConflict
        self._expect(expected, lambda tx: command(tx, self.maker.id, self.offer.id))
        if expected is None:
            self._state = after

    @precondition(lambda self: len(self._held) > 3)
    @rule()
    def close(self) -> None:
        """The maker ends it."""
        expected = OfferStateConflict if self._state is OfferState.CLOSED else None
        self._expect(expected, lambda tx: service.close(tx, self.maker.id, self.offer.id))
        self._state = OfferState.CLOSED

    @rule(least=st.integers(0, 4), most=st.integers(0, 6), total=st.integers(0, 12))
    def edit(self, least: int, most: int, total: int) -> None:
        """The maker changes the amounts."""
        if self._state is OfferState.CLOSED:
            expected: type[Problem] | None = OfferStateConflict
        elif not 0 < least <= most <= total:
            expected = OfferInconsistent
        elif total < sum(self._held):
            expected = ReservedByTrades
        else:
            expected = None
        changes = Changes(min_amount=str(least), max_amount=str(most), total_amount=str(total))
        self._expect(
            expected,
            lambda tx: service.edit_offer(tx, self.maker.id, self.offer.id, self._version, changes),
        )
        if expected is None:
            self._least, self._most, self._total = least, most, total

    def _expect(
        self,
        problem: type[Problem] | None,
        command: Callable[[Transaction], Awaitable[object]],
    ) -> None:
        if problem is None:
            self._run(command)
            self._version += 1
        else:
            with pytest.raises(problem):
                self._run(command)

    @invariant()
    def nothing_is_lost_or_made(self) -> None:
        """What is left and what trades hold is the total, in the row as in the model."""

        async def look(tx: Transaction) -> None:
            self.offer = await service.get(tx, self.offer.id)

        self._run(look)
        assert self.offer.unit == (ETH if self.unit == "asset" else EUR)
        assert self.offer.state is self._state
        assert self.offer.version == self._version
        assert self.offer.total == self.offer.unit.amount(str(self._total))
        assert self.offer.reserved == self.offer.unit.amount(str(sum(self._held)))
        assert self.offer.remaining + self.offer.reserved == self.offer.total

    def teardown(self) -> None:
        """Ends."""
        self.runner.run(self._database.__aexit__())


@pytest.mark.parametrize("in_unit", ["asset", "currency"])
def test_an_offers_amount_is_conserved(
    settings: Settings, in_unit: Literal["asset", "currency"]
) -> None:
    with asyncio.Runner() as loop:

        class Here(Reservations):
            exchange = settings
            runner = loop
            unit = in_unit

        run_state_machine_as_test(
            Here,
            settings=hypothesis_settings(max_examples=20, stateful_step_count=30),
        )
