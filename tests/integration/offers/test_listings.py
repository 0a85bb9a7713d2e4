"""The book holds exactly what can be taken, whatever happens to the offers and in what order."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import Phase
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
from tests.integration.offers.making import TAKER, draft, sums
from tests.integration.offers.test_hours import wake
from tests.market import Market, SetClock
from tradepost.book import service as book
from tradepost.book import store as listings
from tradepost.book.model import Listing, Wanted, matches, price_of
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import Problem
from tradepost.kernel.hours import Span, WeeklyHours
from tradepost.kernel.ids import new_id
from tradepost.kernel.pricing import Direction
from tradepost.kernel.settings import Settings
from tradepost.offers import service
from tradepost.offers.draft import Changes
from tradepost.offers.listing import listing
from tradepost.offers.model import (
    Deposit,
    Hidden,
    Offer,
    OfferState,
    Taker,
    Visibility,
    funded,
    hidden,
)

#: The clock begins on a Sunday at 12:00:30 UTC.
HOURS = (
    None,
    None,
    WeeklyHours("UTC", (Span(6, 12 * 60, 13 * 60), Span(6, 14 * 60, 15 * 60))),
    WeeklyHours("UTC", tuple(Span(day, 0, 1440) for day in range(7))),
    WeeklyHours("Europe/Berlin", (Span(0, 0, 60),)),
)
VALUES = ("2300", "2400", "2499.99", "2500", "2500.01", "2600")

prices = st.sampled_from(
    [
        {"price": Decimal(2500)},
        {"margin_bps": 0},
        {"margin_bps": 100, "limit_price": Decimal(2500)},
        {"margin_bps": -100, "limit_price": Decimal(2400), "price_source": "one"},
        {"margin_bps": 0, "limit_price": Decimal(2500), "price_source": "two"},
    ]
)
amounts = st.sampled_from(
    [
        {"min_amount": "1", "max_amount": "2", "total_amount": "5"},
        {"min_amount": "2", "max_amount": "3", "total_amount": "5"},
        {"min_amount": "3", "max_amount": "3", "total_amount": "3"},
    ]
)
moments = st.sampled_from([None, 600, 3600, 2 * 3600])
#: What has nothing to do with the amounts.
manners = st.fixed_dictionaries(
    {
        "hours": st.sampled_from(HOURS),
        "visibility": st.sampled_from([Visibility.PUBLIC] * 4 + list(Visibility)),
        "country": st.sampled_from([None, "DE"]),
        "terms": st.sampled_from(["", "Now."]),
    }
)


class Book(RuleBasedStateMachine):
    """Offers of two makers, under every order of steps; the book is worked out anew each time."""

    exchange: ClassVar[Settings]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.clock = SetClock()
        self._database = Database(self.exchange, self.clock, {})
        self._market = Market(self._database)
        self._held: list[tuple[UUID, str]] = []
        self._offers: list[UUID] = []
        self._deposits: dict[tuple[str, str], Deposit] = {}

    def _run(self, command: Callable[[Transaction], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with self._database.transaction() as tx:
                return await command(tx)

        return self.runner.run(inside())

    def _try(self, command: Callable[[Transaction], Awaitable[Any]]) -> Any:
        """What `command` gives; None where the exchange refuses it, which has tests of its own."""
        try:
            return self._run(command)
        except Problem:
            return None

    @initialize()
    def begin(self) -> None:
        """Two makers, an empty book, and no market yet."""
        self.runner.run(self._database.__aenter__())
        self.makers = [Maker(new_id(), f"0x{number:040x}", "") for number in (1, 2)]

        async def open_accounts(tx: Transaction) -> None:
            for table in (
                "wallets",
                "listings",
                "offer_deposits",
                "listing_news",
                "price_quotes",
                "price_readings",
            ):
                await tx.execute(f"DELETE FROM {table}")  # noqa: S608
            for maker in self.makers:
                await tx.execute(
                    "INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [maker.id, tx.now]
                )
                await tx.execute(
                    "INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)",
                    [maker.wallet, maker.id, tx.now],
                )

        self._run(open_accounts)

    # --- makers and takers -----------------------------------------------------------------

    @precondition(lambda self: len(self._offers) < 8)
    @rule(
        data=st.data(),
        price=prices,
        said=amounts,
        more=manners,
        direction=st.sampled_from(Direction),
        in_currency=st.booleans(),
        ends=moments,
    )
    def create(
        self,
        data: st.DataObject,
        price: dict[str, Any],
        said: dict[str, str],
        more: dict[str, Any],
        direction: Direction,
        in_currency: bool,
        ends: int | None,
    ) -> None:
        """A maker publishes an offer."""
        maker = data.draw(st.sampled_from(self.makers))
        offer = self._try(
            lambda tx: service.create_offer(
                tx,
                maker.id,
                draft(
                    maker,
                    **{"price": None} | price | said | more,
                    direction=direction,
                    amount_unit="currency" if in_currency else "asset",
                    closes_at=self._later(ends),
                ),
            )
        )
        if offer is not None:
            self._offers.append(offer.id)

    @precondition(lambda self: 0 < len(self._offers) < 12)
    @rule(data=st.data(), price=prices, least=st.sampled_from(["1", "2", "3"]), more=manners)
    def join(
        self, data: st.DataObject, price: dict[str, Any], least: str, more: dict[str, Any]
    ) -> None:
        """A maker publishes one more over the same coins."""
        other = self._drawn(data)
        maker = next(one for one in self.makers if one.id == other.maker_id)
        offer = self._try(
            lambda tx: service.create_offer(
                tx,
                maker.id,
                draft(
                    maker,
                    **{"price": None} | price | more,
                    min_amount=least,
                    max_amount="3",
                    total_amount=str(other.total),
                    shares_coins_with=other.id,
                ),
            )
        )
        if offer is not None:
            self._offers.append(offer.id)

    def _later(self, seconds: int | None) -> Any:
        if seconds is None:
            return None
        later = SetClock()
        later.now = self.clock.now
        later.go_on(seconds=seconds)
        return later.now

    @precondition(lambda self: self._offers)
    @rule(
        data=st.data(),
        price=st.none() | prices,
        said=st.none() | amounts,
        more=st.none() | manners,
        ends=moments,
    )
    def edit(
        self,
        data: st.DataObject,
        price: dict[str, Any] | None,
        said: dict[str, str] | None,
        more: dict[str, Any] | None,
        ends: int | None,
    ) -> None:
        """Its maker changes one."""
        offer = self._drawn(data)
        changes: Any = Changes(closes_at=self._later(ends))
        changes |= (price or {}) | (said or {}) | (more or {})
        self._try(
            lambda tx: service.edit_offer(tx, offer.maker_id, offer.id, offer.version, changes)
        )

    @precondition(lambda self: self._offers)
    @rule(data=st.data(), step=st.sampled_from(["pause", "resume", "resume", "close"]))
    def rest(self, data: st.DataObject, step: str) -> None:
        """Its maker pauses, resumes or closes one."""
        offer = self._drawn(data)
        self._try(lambda tx: getattr(service, step)(tx, offer.maker_id, offer.id))

    @precondition(lambda self: self._offers)
    @rule(data=st.data(), taken=st.sampled_from(["1", "2", "3"]))
    def take(self, data: st.DataObject, taken: str) -> None:
        """Somebody takes of one."""
        offer = self._drawn(data)
        found = self._try(
            lambda tx: service.reserve(tx, offer, Taker(TAKER, 0, tx.now), *sums(offer, taken))
        )
        if found is not None:
            self._held.append((offer.id, taken))

    @precondition(lambda self: self._held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        """A trade comes to nothing."""
        offer_id, taken = self._held.pop(data.draw(st.integers(0, len(self._held) - 1)))
        offer = self._look(offer_id)
        self._run(lambda tx: service.give_back(tx, offer_id, *sums(offer, taken)))

    @rule(
        data=st.data(),
        asset=st.sampled_from(["ETH", "ETH", "USDT"]),
        amount=st.sampled_from(["0", "1.99", "2", "3.03", "4", "5.05"]),
    )
    def deposit(self, data: st.DataObject, asset: str, amount: str) -> None:
        """A maker deposits or draws something."""
        maker = data.draw(st.sampled_from(self.makers))
        held = Deposit(int(Decimal(amount) * 10**18), 7)
        self._run(lambda tx: service.deposit_read(tx, maker.wallet, asset, held))
        self._deposits[maker.wallet, asset] = held

    @precondition(lambda self: self._offers)
    @rule(data=st.data(), there=st.booleans())
    def miss(self, data: st.DataObject, there: bool) -> None:
        """A maker lets a take lapse, or does his part of one."""
        maker_id = self._drawn(data).maker_id
        step = service.met if there else service.missed
        self._run(lambda tx: step(tx, maker_id))

    # --- the clock and the market ----------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 30, 119, 120, 599, 3570, 7200]))
    def go_on(self, seconds: int) -> None:
        """Time passes: what has ended is not found even before the job comes; then it comes."""
        self.clock.go_on(seconds=seconds)
        for found in self._run(lambda tx: listings.get(tx, self._offers)):
            offer = self._look(found.id)
            ended = not offer.open_at(self.clock.now)
            assert matches(found, Wanted(), self._quotes(found), self.clock.now) <= (not ended)
        self.runner.run(wake(self._database))

    @rule(value=st.sampled_from(VALUES), by=st.sampled_from([("one",), ("two",), ("one", "two")]))
    def market_moves(self, value: str, by: tuple[str, ...]) -> None:
        """One of the sources, or both, say something."""
        self.runner.run(self._market.moves(value, by=by))

    @rule()
    def follow(self) -> None:
        """The book follows the market."""
        while self._run(book.follow_market):
            pass

    # --- what must hold --------------------------------------------------------------------

    def _look(self, offer_id: UUID) -> Offer:
        found: Offer = self._run(lambda tx: service.get(tx, offer_id))
        return found

    def _drawn(self, data: st.DataObject) -> Offer:
        return self._look(data.draw(st.sampled_from(self._offers)))

    def _quotes(self, found: Listing) -> Any:
        return self._run(lambda tx: book.quotes(tx, found))

    @invariant()
    def the_book_is_what_the_offers_say(self) -> None:
        """Each listing, to the last digit of its document; and no other one."""
        if not self._offers:
            return
        now = self.clock.now
        offers = [self._look(offer_id) for offer_id in self._offers]
        shown = {one.id: one for one in self._run(lambda tx: listings.get(tx, self._offers))}
        for offer in offers:
            expected = listing(offer, None, now)
            if expected is not None:
                held = self._deposits.get((offer.wallet.lower(), offer.asset.code))
                expected = replace(expected, funded=funded(offer, held, self.exchange.fee_bps))
            found = shown.pop(offer.id, None)
            assert found == expected, (found, expected)
            if expected is None:
                assert hidden(offer, now, priced=True) is not None
            else:
                priced = price_of(expected, self._quotes(expected)) is not None
                why = hidden(offer, now, priced=priced)
                assert why is (None if priced else Hidden.NO_MARKET_PRICE)
        assert shown == {}

    @invariant()
    def what_a_search_finds_is_what_can_be_taken(self) -> None:
        """At the price of now, or not at all."""
        found = {one.id: one.price for one in self._run(self._search)}
        for offer_id in self._offers:
            offer = self._look(offer_id)
            (quoted,) = self._run(partial(service.quoted_now, offers=[offer]))
            why = hidden(offer, self.clock.now, priced=quoted is not None)
            assert (offer.id in found) == (why is None), (offer, why)
            if why is None:
                assert found[offer.id] == quoted.price.value

    async def _search(self, tx: Transaction) -> Any:
        page = await book.find(tx, book.RecentMarkets(), Wanted(), [], None, 100)
        return page.found

    @invariant()
    def open_offers_are_counted(self) -> None:
        """Each maker's number is that of his offers that are not closed."""

        async def counts(tx: Transaction) -> list[dict[str, Any]]:
            return await tx.all(
                """
                SELECT account_id, open_offers FROM offer_makers WHERE account_id = ANY(%s)
                """,
                [[maker.id for maker in self.makers]],
            )

        offers = [self._look(offer_id) for offer_id in self._offers]
        for row in self._run(counts):
            mine = [offer for offer in offers if offer.maker_id == row["account_id"]]
            assert row["open_offers"] == sum(offer.state is not OfferState.CLOSED for offer in mine)

    def teardown(self) -> None:
        """Ends."""
        self.runner.run(self._database.__aexit__())


def test_the_book_holds_exactly_what_can_be_taken(settings: Settings) -> None:
    charging = settings.model_copy(update={"fee_bps": 100, "fee_recipient": "0x" + "9" * 40})
    with asyncio.Runner() as loop:

        class Here(Book):
            exchange = charging
            runner = loop

        run_state_machine_as_test(
            Here,
            settings=hypothesis_settings(
                max_examples=25,
                stateful_step_count=40,
                # To make a failing run shorter takes minutes: it is told as it was.
                phases=[Phase.generate],
            ),
        )
