"""The poller: asks every source, records what it says, and never twice at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal

import pytest

from tests import worlds
from tests.integration.prices.conftest import SetClock
from tradepost.entrypoints.worker import _on_development_chain
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import DevelopmentPriceSource, PriceSource, Settings
from tradepost.prices import jobs, service
from tradepost.prices.jobs import Poller
from tradepost.prices.model import INDEX, Fault, Pair, PriceUnavailable, Told
from tradepost.prices.sources import Answer, Source, open_source

ETH_EUR = Pair("ETH", "EUR")


class Played:
    """A source of which the test decides what it does."""

    def __init__(self, setting: PriceSource) -> None:
        self.setting = setting
        self.asked = 0
        self.closed = False

    async def read(self) -> Answer:
        """Tells 2000."""
        self.asked += 1
        return {ETH_EUR: Told(Decimal(2000))}

    async def close(self) -> None:
        """Notes it."""
        self.closed = True


class Silent(Played):
    """Never answers."""

    async def read(self) -> Answer:
        """Waits for ever."""
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError


class Broken(Played):
    """Breaks whoever reads it."""

    async def read(self) -> Answer:
        """Raises what nobody foresaw."""
        self.asked += 1
        raise ZeroDivisionError


async def _never(_: Transaction) -> bool | None:
    return False


def poller(database: Database, settings: Settings) -> Poller:
    return Poller(database, settings, _never)


async def values(database: Database) -> dict[str, Decimal]:
    async with database.transaction() as tx:
        return {name: one.value for name, one in (await service.quotes(tx, *ETH_EUR)).items()}


async def fault(database: Database) -> object:
    with pytest.raises(PriceUnavailable) as caught:
        async with database.transaction() as tx:
            await service.price(tx, ETH_EUR)
    return caught.value.facts


async def eventually(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not found():  # noqa: ASYNC110 - it is other processes' work that is waited for
            await asyncio.sleep(0.01)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Played]:
    """The sources that pollers opened: the second is silent, the third broken."""
    every: list[Played] = []
    kinds = {"one": Played, "two": Silent, "three": Broken}

    def open_played(setting: PriceSource) -> Source:
        every.append(kinds[setting.name](setting))
        return every[-1]

    monkeypatch.setattr(jobs, "open_source", open_played)
    return every


@asynccontextmanager
async def running(*pollers: Poller) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.run()) for one in pollers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """As `settings`, but sources are asked every second and have little time."""
    return settings.model_copy(
        update={
            "price_poll_s": 1,
            "price_sources": tuple(
                source.model_copy(update={"timeout_s": 0.2}) for source in settings.price_sources
            ),
        }
    )


async def test_a_word_becomes_a_price_and_stale_by_the_clock(
    database: Database, settings: Settings, clock: SetClock
) -> None:
    one = Played(settings.price_sources[0])
    await poller(database, settings).poll(one)
    assert await values(database) == {"one": 2000, INDEX: 2000}
    clock.go_on(settings.price_max_age_s)
    assert await values(database) == {}


@pytest.mark.parametrize(("kind", "why"), [(Silent, Fault.TIMEOUT), (Broken, Fault.FAILED)])
async def test_a_source_that_fails_is_told_by_name(
    database: Database, quick: Settings, kind: type[Played], why: Fault
) -> None:
    await poller(database, quick).poll(kind(quick.price_sources[0]))
    assert await fault(database) == {
        "reason": "never_read",
        "since": "2026-03-01T12:00:30Z",
        "sources": [{"name": "one", "pair": "ETH/EUR", "why_not": why}],
    }


async def test_a_slow_or_broken_source_holds_up_nobody(
    database: Database, quick: Settings, opened: list[Played]
) -> None:
    async with running(poller(database, quick)):
        await eventually(lambda: len(opened) == 3 and opened[0].asked >= 3)
        assert (await values(database))["one"] == 2000
        assert opened[1].asked >= 1
        assert opened[2].asked >= 1
    assert all(source.closed for source in opened)


async def test_two_pollers_do_not_poll_twice_and_one_takes_over(
    database: Database, quick: Settings, opened: list[Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_WATCH_S", 0.05)
    async with running(poller(database, quick)):
        await eventually(lambda: len(opened) == 3)
        async with running(poller(database, quick)):
            await eventually(lambda: opened[0].asked >= 2)
            assert len(opened) == 3
    async with running(poller(database, quick)):
        await eventually(lambda: len(opened) == 6)


async def test_a_poller_whose_lock_is_gone_stops_and_starts_again(
    database: Database, quick: Settings, opened: list[Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_WATCH_S", 0.05)
    async with running(poller(database, quick)):
        await eventually(lambda: len(opened) == 3 and opened[0].asked >= 1)
        async with database.transaction() as tx:
            await tx.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND objid = %s AND pid <> pg_backend_pid() AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())",
                [jobs._ADVISORY_LOCK],
            )
        await eventually(lambda: len(opened) == 6)
        assert all(source.closed for source in opened[:3])


@pytest.fixture
def made_up(settings: Settings) -> Settings:
    """Only the table for development."""
    source = DevelopmentPriceSource(kind="development", name="made-up")
    return settings.model_copy(update={"price_sources": (source,)})


async def test_made_up_prices_are_marked_and_only_for_a_development_chain(
    made_up: Settings,
) -> None:
    async with Database(made_up, system_clock, {}) as database:
        source = open_source(made_up.price_sources[0])
        one = Poller(database, made_up, _on_development_chain)
        assert await one.poll(source) is None  # the chain is not known yet
        await worlds.pretend_to_follow(database)
        await one.poll(source)
        async with database.transaction() as tx:
            found = await service.quotes(tx, *ETH_EUR)
            every = await service.fresh(tx)
        assert {name: quote.value for name, quote in found.items()} == {
            "made-up": 2250,
            INDEX: 2250,
        }
        assert all(quote.development for quote in every)
        async with database.transaction() as tx:
            await tx.execute("UPDATE escrow_chains SET chain_id = 1")
        answer = await one.poll(source)
        assert answer is not None
        assert set(answer.values()) == {Fault.NOT_DEVELOPMENT}
