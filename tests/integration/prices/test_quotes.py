"""What sources told becomes prices, and stops being one by the clock alone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.integration.prices.conftest import SetClock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.prices import service
from tradepost.prices.model import (
    INDEX,
    Fault,
    Pair,
    PairNotQuoted,
    PriceUnavailable,
    Quote,
    Told,
)

ETH_EUR = Pair("ETH", "EUR")


async def tell(
    database: Database,
    name: str,
    value: str | Fault,
    pair: Pair = ETH_EUR,
    at: datetime | None = None,
) -> None:
    """Records that the source told `value`, as if it had been asked this moment."""
    answer = value if isinstance(value, Fault) else Told(Decimal(value), at)
    async with database.transaction() as tx:
        source = next(one for one in tx.settings.price_sources if one.name == name)
        await service.record(tx, source, tx.now, {pair: answer})


async def quotes(database: Database, pair: Pair = ETH_EUR) -> dict[str, Quote]:
    async with database.transaction() as tx:
        return await service.quotes(tx, *pair)


async def values(database: Database, pair: Pair = ETH_EUR) -> dict[str, Decimal]:
    return {name: quote.value for name, quote in (await quotes(database, pair)).items()}


async def unavailable(database: Database, pair: Pair = ETH_EUR) -> PriceUnavailable:
    with pytest.raises(PriceUnavailable) as caught:
        async with database.transaction() as tx:
            await service.price(tx, pair)
    return caught.value


async def test_without_a_word_there_is_no_price(database: Database) -> None:
    assert await quotes(database) == {}
    assert (await unavailable(database)).facts["reason"] == "never_read"


async def test_three_sources_make_an_index_and_keep_their_own(
    database: Database, clock: SetClock
) -> None:
    for name, value in [("one", "2000"), ("two", "2010"), ("three", "2004.5")]:
        await tell(database, name, value)
        clock.go_on(1)
    found = await quotes(database)
    assert {name: quote.value for name, quote in found.items()} == {
        "one": 2000,
        "two": 2010,
        "three": Decimal("2004.5"),
        INDEX: Decimal("2004.5"),
    }
    index = found[INDEX]
    assert index.as_of == datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
    # Two of three are enough: it holds until the second oldest goes.
    assert index.valid_until == datetime(2026, 3, 1, 12, 2, 31, tzinfo=UTC)
    assert not index.development


async def test_a_price_ends_by_the_clock_alone(database: Database, clock: SetClock) -> None:
    await tell(database, "one", "2000")
    clock.go_on(119.9)
    assert set(await quotes(database)) == {"one", INDEX}
    clock.go_on(0.1)
    assert await quotes(database) == {}
    facts = (await unavailable(database)).facts
    assert facts["reason"] == "stale"
    assert facts["since"] == "2026-03-01T12:02:30Z"
    async with database.transaction() as tx:
        assert await service.fresh(tx) == []


async def test_a_clock_that_goes_back_makes_no_price_last_longer(
    database: Database, clock: SetClock
) -> None:
    await tell(database, "one", "2000")
    clock.go_on(-60)
    assert await quotes(database) == {}


async def test_a_silent_source_leaves_the_others(database: Database, clock: SetClock) -> None:
    await tell(database, "one", "2000")
    clock.go_on(100)
    await tell(database, "two", "2010")
    await tell(database, "one", Fault.TIMEOUT)
    clock.go_on(30)
    await tell(database, "one", Fault.TIMEOUT)
    assert await values(database) == {"two": 2010, INDEX: 2010}
    async with database.transaction() as tx:
        parts = (await service.price(tx, ETH_EUR)).parts
    assert [(part.source, part.fault) for part in parts] == [("one", Fault.TIMEOUT), ("two", None)]


async def test_two_that_disagree_leave_no_price_at_once(
    database: Database, clock: SetClock
) -> None:
    await tell(database, "one", "2000")
    clock.go_on(5)
    await tell(database, "two", "2200")
    assert set(await quotes(database)) == {"one", "two"}
    clock.go_on(5)
    facts = (await unavailable(database)).facts
    assert facts["reason"] == "disagreement"
    assert facts["since"] == "2026-03-01T12:00:35Z"
    await tell(database, "three", "2005")
    assert (await values(database))[INDEX] == 2005


async def test_a_jump_is_refused_until_others_confirm_it(
    database: Database, clock: SetClock
) -> None:
    for name in ("one", "two", "three"):
        await tell(database, name, "2000")
    clock.go_on(15)
    await tell(database, "one", "5000")
    assert (await values(database)) == {"one": 2000, "two": 2000, "three": 2000, INDEX: 2000}
    await tell(database, "two", "5010")
    await tell(database, "three", "5005")
    await tell(database, "one", "5000")
    assert (await values(database))[INDEX] == 5005


async def test_a_source_alone_waits_with_a_jump_until_its_last_word_is_stale(
    database: Database, clock: SetClock
) -> None:
    await tell(database, "one", "2000")
    clock.go_on(60)
    await tell(database, "one", "200000")
    assert await values(database) == {"one": 2000, INDEX: 2000}
    clock.go_on(60)
    await tell(database, "one", "200000")
    assert await values(database) == {"one": 200000, INDEX: 200000}


async def test_a_pair_that_nobody_has_is_crossed(database: Database, clock: SetClock) -> None:
    await tell(database, "three", "2000")
    clock.go_on(1)
    await tell(database, "three", "1.1", Pair("EUR", "USD"))
    # Telling one pair leaves the others of the same source out, so they are told again.
    await tell(database, "one", "2000")
    assert await values(database, Pair("ETH", "USD")) == {INDEX: 2200}
    async with database.transaction() as tx:
        assert (await service.price(tx, Pair("ETH", "USD"))).crossed_over == "EUR"


async def test_a_pair_that_cannot_be_made_is_not_quoted(database: Database) -> None:
    with pytest.raises(PairNotQuoted):
        async with database.transaction() as tx:
            await service.price(tx, Pair("ETH", "JPY"))


async def test_an_answer_that_comes_late_changes_nothing(
    database: Database, clock: SetClock
) -> None:
    asked = clock.now
    clock.go_on(10)
    await tell(database, "one", "2000")
    async with database.transaction() as tx:
        source = tx.settings.price_sources[0]
        await service.record(tx, source, asked, {ETH_EUR: Told(Decimal(1999))})
    assert await values(database) == {"one": 2000, INDEX: 2000}


async def test_what_is_not_configured_any_more_is_forgotten(
    database: Database, settings: Settings
) -> None:
    for name in ("one", "two"):
        await tell(database, name, "2000")
    left = settings.model_copy(update={"price_sources": settings.price_sources[1:2]})
    async with database.transaction() as tx:
        fewer = type(tx)(tx.connection, left, tx.now, tx._jobs, tx._subscriptions)
        await service.forget_unconfigured(fewer)
    assert set(await quotes(database)) == {"two", INDEX}


def test_an_offer_may_name_the_index_and_each_source(settings: Settings) -> None:
    assert service.source_names(settings) == {INDEX, "one", "two", "three"}
