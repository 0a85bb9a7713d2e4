"""Several offers over the same coins: what one loses, all lose, whoever comes at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID, uuid4

import httpx
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
from tests.integration.offers.making import (
    ETH,
    TAKER,
    body,
    created,
    draft,
    look,
    published,
    sums,
    take,
)
from tests.market import Market, SetClock
from tradepost.book import service as book
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import NotFound, PreconditionFailed, Problem
from tradepost.kernel.ids import new_id
from tradepost.kernel.pricing import Direction
from tradepost.kernel.settings import Settings
from tradepost.offers import service
from tradepost.offers.draft import Changes
from tradepost.offers.model import (
    MAX_SHARING,
    AmountOutOfRange,
    NotYourOffer,
    Offer,
    OfferAlreadyTaken,
    OfferInconsistent,
    OfferNotActive,
    OfferState,
    OfferStateConflict,
    ReservedByTrades,
    Taker,
)

ROUNDS = 40


async def siblings(database: Database, maker: Maker, number: int, **changes: Any) -> list[Offer]:
    """So many offers over the same 5 ETH, each with another price."""
    first = await created(database, maker, **changes)
    others = [
        await created(
            database, maker, price=Decimal(2500 + added), shares_coins_with=first.id, **changes
        )
        for added in range(1, number)
    ]
    return [await look(database, offer.id) for offer in (first, *others)]


async def in_book(database: Database) -> set[UUID]:
    """What is listed."""
    async with database.transaction() as tx:
        return {row["id"] for row in await tx.all("SELECT id FROM listings")}


async def give_back(database: Database, offer: Offer, taken: str) -> None:
    """A trade over so many coins has come to nothing."""
    async with database.transaction() as tx:
        await service.give_back(tx, offer.id, *sums(offer, taken))


async def edit(database: Database, maker: Maker, offer: Offer, changes: Changes) -> Offer:
    """As the maker sees it now, changed."""
    version = (await look(database, offer.id)).version
    async with database.transaction() as tx:
        return await service.edit_offer(tx, maker.id, offer.id, version, changes)


async def test_offers_over_the_same_coins_are_published_and_say_so(
    api: httpx.AsyncClient, maker: Maker
) -> None:
    first = await published(api, maker)
    assert first["shares_coins"] is False
    second = await published(api, maker, price="2600", shares_coins_with=first["id"])
    assert second["shares_coins"] is True
    # The first says so from now on, with a new version, and so does the book.
    path = f"/v1/offers/{first['id']}"
    seen = await api.get(path)
    assert seen.json()["shares_coins"] is True
    assert seen.headers["ETag"].startswith('W/"2.')
    listed = (await api.get("/v1/offers")).json()["data"]
    assert [(offer["id"], offer["shares_coins"]) for offer in listed] == [
        (second["id"], True),
        (first["id"], True),
    ]


async def test_what_one_loses_all_lose_and_get_back(database: Database, maker: Maker) -> None:
    offers = await siblings(database, maker, 3)
    assert isinstance(await take(database, offers[1].id, "2"), Offer)
    for offer in offers:
        after = await look(database, offer.id)
        assert after.remaining == ETH.amount("3")
        assert after.version == offer.version + 1
    # One more offer over them has what is left, not what there was.
    late = await created(database, maker, shares_coins_with=offers[2].id)
    assert late.remaining == ETH.amount("3")
    await give_back(database, offers[1], "2")
    for offer in (*offers, late):
        assert (await look(database, offer.id)).remaining == ETH.amount("5")


async def test_an_offer_leaves_the_book_where_others_left_too_little_and_comes_back(
    database: Database, maker: Maker
) -> None:
    small = await created(database, maker)
    large = await created(
        database, maker, min_amount="4", max_amount="5", shares_coins_with=small.id
    )
    assert await in_book(database) == {small.id, large.id}
    await take(database, small.id, "2")
    assert await in_book(database) == {small.id}
    assert isinstance(await take(database, large.id, "4"), OfferAlreadyTaken)
    await take(database, small.id, "2")
    async with database.transaction() as tx:
        rows = await tx.all("SELECT id, least, most FROM listings")
    assert [(row["id"], row["least"], row["most"]) for row in rows] == [(small.id, 10**18, 10**18)]
    await give_back(database, small, "2")
    await give_back(database, small, "2")
    assert await in_book(database) == {small.id, large.id}


async def test_each_has_a_life_of_its_own(database: Database, maker: Maker) -> None:
    first, second, third = await siblings(database, maker, 3)
    async with database.transaction() as tx:
        await service.pause(tx, maker.id, first.id)
        await service.close(tx, maker.id, second.id)
    for gone in (first, second):
        assert isinstance(await take(database, gone.id, "1"), OfferNotActive)
    assert isinstance(await take(database, third.id, "2"), Offer)
    for offer in (first, second, third):
        assert (await look(database, offer.id)).remaining == ETH.amount("3")
    assert await in_book(database) == {third.id}


async def test_a_new_total_is_that_of_all(database: Database, maker: Maker) -> None:
    first, second, third = await siblings(database, maker, 3)
    await take(database, first.id, "2")
    edited = await edit(database, maker, second, Changes(total_amount="8", terms="More."))
    assert (edited.total, edited.remaining) == (ETH.amount("8"), ETH.amount("6"))
    for offer in (first, second, third):
        after = await look(database, offer.id)
        assert (after.total, after.remaining) == (ETH.amount("8"), ETH.amount("6"))
        assert after.terms == ("More." if offer == second else "")
    less = await edit(database, maker, third, Changes(total_amount="2", max_amount="2"))
    assert less.remaining == ETH.amount("0")
    assert await in_book(database) == set()
    await give_back(database, first, "2")
    assert await in_book(database) == {first.id, second.id, third.id}


async def test_a_new_total_holds_what_others_offer_at_once(
    database: Database, maker: Maker
) -> None:
    first, second = await siblings(database, maker, 2)
    less = Changes(total_amount="1.5", max_amount="1.5")
    with pytest.raises(OfferInconsistent):
        await edit(database, maker, first, less)
    await edit(database, maker, second, Changes(max_amount="1"))
    edited = await edit(database, maker, first, less)
    assert edited.total == (await look(database, second.id)).total == ETH.amount("1.5")


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"total_amount": "6"}, "offer-inconsistent"),
        ({"asset": "USDT", "price": "1"}, "offer-inconsistent"),
        ({"direction": "buy"}, "offer-inconsistent"),
        ({"amount_unit": "currency"}, "offer-inconsistent"),
        ({"shares_coins_with": str(uuid4())}, "not-found"),
        ({"shares_coins_with": "rosa"}, "malformed-request"),
    ],
)
async def test_other_coins_cannot_be_shared(
    api: httpx.AsyncClient, maker: Maker, changes: dict[str, object], slug: str
) -> None:
    first = await published(api, maker)
    said = body(maker, shares_coins_with=first["id"]) | changes
    refused = await api.post("/v1/offers", json=said, headers=maker.headers())
    assert refused.json()["type"] == f"urn:tradepost:problem:{slug}"
    seen = (await api.get(f"/v1/offers/{first['id']}")).json()
    assert (seen["shares_coins"], seen["version"]) == (False, 1)


async def test_coins_of_another_or_of_an_offer_that_is_over_cannot_be_shared(
    database: Database, maker: Maker, new_maker: Callable[[], Awaitable[Maker]]
) -> None:
    stranger = await new_maker()
    first = await created(database, maker)
    with pytest.raises(NotYourOffer):
        await created(database, stranger, shares_coins_with=first.id)
    buys = await created(database, maker, direction=Direction.BUY)
    in_money = await created(database, maker, amount_unit="currency")
    for other in (buys, in_money):
        with pytest.raises(OfferInconsistent):
            await created(database, maker, shares_coins_with=other.id)
    async with database.transaction() as tx:
        await service.close(tx, maker.id, first.id)
    with pytest.raises(OfferStateConflict):
        await created(database, maker, shares_coins_with=first.id)


async def test_the_offers_over_the_same_coins_are_bounded(database: Database, maker: Maker) -> None:
    first, *_ = await siblings(database, maker, MAX_SHARING)
    with pytest.raises(OfferInconsistent):
        await created(database, maker, shares_coins_with=first.id)
    assert isinstance(await take(database, first.id, "1"), Offer)


async def test_the_unit_of_shared_coins_stays(database: Database, maker: Maker) -> None:
    first, _ = await siblings(database, maker, 2)
    changes = Changes(amount_unit="currency", min_amount="10", max_amount="10", total_amount="10")
    with pytest.raises(Problem):
        await edit(database, maker, first, changes)
    assert (await look(database, first.id)).unit == ETH


async def test_takers_of_different_offers_at_once_get_all_there_is_and_no_more(
    database: Database, maker: Maker
) -> None:
    offers = await siblings(database, maker, 5, max_amount="1")
    dice = random.Random(5)  # noqa: S311 - the same at every run
    wanted = [dice.choice(offers) for _ in range(30)]
    answers = await asyncio.gather(*(take(database, offer.id, "1", uuid4()) for offer in wanted))
    assert sum(isinstance(answer, Offer) for answer in answers) == 5
    assert {type(answer) for answer in answers} == {Offer, OfferAlreadyTaken}
    for offer in offers:
        assert (await look(database, offer.id)).remaining == ETH.amount("0")
    assert await in_book(database) == set()


async def locked_out(database: Database, waiting: int = 1) -> None:
    """Returns once so many wait for somebody's lock."""
    while True:
        async with database.transaction() as tx:
            row = await tx.one(
                "SELECT count(*) AS number FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        assert row is not None
        if row["number"] >= waiting:
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_take_or_a_return_while_another_offer_joins_reaches_it_too(
    database: Database, maker: Maker, shared: bool
) -> None:
    """The new offer copies what is left while the other transactions already wait."""
    first = await created(database, maker)
    if shared:
        await created(database, maker, shares_coins_with=first.id)
    await take(database, first.id, "1")
    async with database.transaction() as tx:
        joined = await service.create_offer(tx, maker.id, draft(maker, shares_coins_with=first.id))
        taking = asyncio.create_task(take(database, first.id, "2"))
        returning = asyncio.create_task(give_back(database, first, "1"))
        await locked_out(database, 2)
    answer = await taking
    await returning
    assert isinstance(answer, Offer), answer
    left = [(await look(database, each)).remaining for each in (first.id, joined.id)]
    assert left == [ETH.amount("3")] * 2


@dataclass
class Crowd:
    """Takers, a maker and a market that do not wait for each other."""

    database: Database
    market: Market
    maker: Maker
    offers: list[Offer]
    dice: random.Random
    held: list[Offer] = field(default_factory=list)

    async def take(self) -> None:
        """Somebody takes of one of them."""
        offer = self.dice.choice(self.offers)
        if isinstance(await take(self.database, offer.id, "2", uuid4()), Offer):
            self.held.append(offer)

    async def give_back(self) -> None:
        """A trade comes to nothing."""
        if self.held:
            await give_back(self.database, self.held.pop(), "2")

    async def edit(self) -> None:
        """The maker has more, or less."""
        changes = Changes(total_amount=str(self.dice.randint(6, 12)))
        with suppress(PreconditionFailed, ReservedByTrades):
            await edit(self.database, self.maker, self.dice.choice(self.offers), changes)

    async def rest(self) -> None:
        """The maker pauses one of them, and comes back."""
        offer = self.dice.choice(self.offers)
        for step in (service.pause, service.resume):
            with suppress(OfferStateConflict):
                async with self.database.transaction() as tx:
                    await step(tx, self.maker.id, offer.id)

    async def move(self) -> None:
        """The market moves, and the book follows."""
        await self.market.moves(str(self.dice.randint(2390, 2610)))
        async with self.database.transaction() as tx:
            await book.follow_market(tx)

    async def all_at_once(self) -> None:
        """All of that, without waiting for each other."""
        steps = [self.take] * 4 + [self.give_back] * 2 + [self.edit, self.rest, self.move]
        await asyncio.gather(*(step() for step in steps))


async def test_everything_at_once_leaves_nobody_waiting_for_another(
    database: Database, maker: Maker, market: Market
) -> None:
    """A deadlock would be an error here, since nothing tries again."""
    await market.moves("2500")
    first = await created(database, maker, total_amount="8")
    crowd = Crowd(database, market, maker, [first], random.Random(11))  # noqa: S311
    for number, limit in enumerate(("2400", "2499", "2500", "2501", "2600")):
        crowd.offers.append(
            await created(
                database,
                maker,
                total_amount="8",
                price=None,
                margin_bps=number,
                limit_price=Decimal(limit),
                price_source=("index", "one", "two")[number % 3],
                # Some leave the book and come back.
                min_amount=("1", "2")[number % 2],
                shares_coins_with=first.id,
            )
        )
    for _ in range(ROUNDS):
        await crowd.all_at_once()
    left = [await look(database, offer.id) for offer in crowd.offers]
    assert {offer.reserved for offer in left} == {ETH.amount(str(2 * len(crowd.held)))}
    assert len({(offer.total, offer.remaining) for offer in left}) == 1


class Sharing(RuleBasedStateMachine):
    """Offers over the same coins under every order of steps, beside one number that is left."""

    exchange: ClassVar[Settings]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self._database = Database(self.exchange, SetClock(), {})
        self._offers: list[Offer] = []
        self._states: dict[UUID, OfferState] = {}
        self._held: list[tuple[Offer, int]] = []
        self._total = 6

    def _run(self, command: Callable[[Transaction], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with self._database.transaction() as tx:
                return await command(tx)

        return self.runner.run(inside())

    def _expect(
        self, problem: type[Problem] | None, command: Callable[[Transaction], Awaitable[Any]]
    ) -> None:
        if problem is None:
            self._run(command)
        else:
            with pytest.raises(problem):
                self._run(command)

    @initialize()
    def publish(self) -> None:
        """Begins with one offer over 6 coins."""
        self.runner.run(self._database.__aenter__())
        self.maker = Maker(new_id(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "")

        async def first(tx: Transaction) -> Offer:
            await tx.execute(
                "INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [self.maker.id, tx.now]
            )
            await tx.execute("DELETE FROM wallets")
            await tx.execute(
                "INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)",
                [self.maker.wallet.lower(), self.maker.id, tx.now],
            )
            said = draft(self.maker, max_amount="3", total_amount="6")
            return await service.create_offer(tx, self.maker.id, said)

        self._added(self._run(first))

    def _added(self, offer: Offer) -> None:
        self._offers.append(offer)
        self._states[offer.id] = OfferState.ACTIVE

    @precondition(lambda self: len(self._offers) < 5)
    @rule(data=st.data(), least=st.integers(1, 3), short=st.booleans())
    def join(self, data: st.DataObject, least: int, short: bool) -> None:
        """The maker publishes one more over the same coins, or over other ones."""
        other = data.draw(st.sampled_from(self._offers))
        said = draft(
            self.maker,
            min_amount=str(least),
            max_amount=str(min(3, self._total)),
            total_amount=str(self._total - 1 if short else self._total),
            shares_coins_with=other.id,
        )
        problem: type[Problem] | None = None
        if min(3, self._total) < least or (short and self._total - 1 < min(3, self._total)):
            problem = OfferInconsistent
        elif self._states[other.id] is OfferState.CLOSED:
            problem = OfferStateConflict
        elif short:
            problem = OfferInconsistent
        if problem is None:
            self._added(self._run(lambda tx: service.create_offer(tx, self.maker.id, said)))
        else:
            self._expect(problem, lambda tx: service.create_offer(tx, self.maker.id, said))

    @rule(data=st.data(), amount=st.integers(0, 5))
    def reserve(self, data: st.DataObject, amount: int) -> None:
        """A taker takes `amount` of one of them."""
        offer = self._look(data.draw(st.sampled_from(self._offers)).id)
        left = self._total - sum(taken for _, taken in self._held)
        problem: type[Problem] | None = None
        if self._states[offer.id] is not OfferState.ACTIVE:
            problem = OfferNotActive
        elif not offer.amounts.least <= ETH.amount(str(amount)) <= offer.amounts.most:
            problem = AmountOutOfRange
        elif amount > left:
            problem = OfferAlreadyTaken
        self._expect(
            problem,
            lambda tx: service.reserve(
                tx, offer, Taker(TAKER, 0, tx.now), *sums(offer, str(amount))
            ),
        )
        if problem is None:
            self._held.append((offer, amount))

    @precondition(lambda self: self._held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        """A trade comes to nothing."""
        offer, amount = self._held.pop(data.draw(st.integers(0, len(self._held) - 1)))
        self._run(lambda tx: service.give_back(tx, offer.id, *sums(offer, str(amount))))

    @rule(data=st.data(), total=st.integers(1, 12))
    def edit(self, data: st.DataObject, total: int) -> None:
        """The maker changes the total at one of them."""
        offer = self._look(data.draw(st.sampled_from(self._offers)).id)
        held = sum(taken for _, taken in self._held)
        problem: type[Problem] | None = None
        if self._states[offer.id] is OfferState.CLOSED:
            problem = OfferStateConflict
        elif ETH.amount(str(total)) < offer.amounts.most:
            problem = OfferInconsistent
        elif total < held:
            problem = Problem
        changes = Changes(total_amount=str(total))
        self._expect(
            problem,
            lambda tx: service.edit_offer(tx, self.maker.id, offer.id, offer.version, changes),
        )
        if problem is None:
            self._total = total

    @rule(data=st.data(), step=st.sampled_from(["pause", "resume", "close"]))
    def rest(self, data: st.DataObject, step: str) -> None:
        """The maker pauses, resumes or closes one of them."""
        offer = data.draw(st.sampled_from(self._offers))
        before = {
            "pause": {OfferState.ACTIVE},
            "resume": {OfferState.PAUSED},
            "close": {OfferState.ACTIVE, OfferState.PAUSED},
        }[step]
        after = {
            "pause": OfferState.PAUSED,
            "resume": OfferState.ACTIVE,
            "close": OfferState.CLOSED,
        }[step]
        problem = None if self._states[offer.id] in before else OfferStateConflict
        command = getattr(service, step)
        self._expect(problem, lambda tx: command(tx, self.maker.id, offer.id))
        if problem is None:
            self._states[offer.id] = after

    def _look(self, offer_id: UUID) -> Offer:
        found: Offer = self._run(lambda tx: service.get(tx, offer_id))
        return found

    @invariant()
    def all_are_over_the_same_coins(self) -> None:
        """Each has the same total and remainder, and never more is held than there is."""
        held = sum(taken for _, taken in self._held)
        assert held <= self._total
        for offer in self._offers:
            now = self._look(offer.id)
            assert now.state is self._states[offer.id]
            assert now.total == ETH.amount(str(self._total))
            assert now.reserved == ETH.amount(str(held))
            assert (now.stock_id is not None) == (len(self._offers) > 1)

    def teardown(self) -> None:
        """Ends."""
        self.runner.run(self._database.__aexit__())


def test_offers_over_the_same_coins_stay_equal(settings: Settings) -> None:
    with asyncio.Runner() as loop:

        class Here(Sharing):
            exchange = settings
            runner = loop

        run_state_machine_as_test(
            Here,
            settings=hypothesis_settings(max_examples=20, stateful_step_count=30),
        )


async def test_nothing_is_shared_with_what_is_not(database: Database, maker: Maker) -> None:
    with pytest.raises(NotFound):
        await created(database, maker, shares_coins_with=uuid4())
