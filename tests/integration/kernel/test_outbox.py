"""Events: numbered without a gap for each account, whoever writes at once or fails."""

import asyncio
from dataclasses import dataclass
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from psycopg import OperationalError

from tradepost.kernel import outbox
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.outbox import Event
from tradepost.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class KettleBoiled(Event):
    """For these tests."""

    kettle: str


class Spilled(Exception):
    """For these tests: the transaction fails."""


def test_a_type_is_the_subject_and_what_happened_to_it() -> None:
    @dataclass(frozen=True, slots=True)
    class KettleLidPutBack(Event):
        """For this test."""

    assert KettleBoiled.type() == "kettle.boiled"
    assert KettleLidPutBack.type() == "kettle.lid_put_back"


async def numbers(database: Database, account: UUID) -> list[int]:
    """The account's numbers, in the order they are read."""
    async with database.transaction() as tx:
        return [event.seq for event in await outbox.read(tx.connection, account, 0, 10_000)]


async def test_an_account_reads_its_own_events_from_where_it_was(database: Database) -> None:
    mine, other = uuid4(), uuid4()
    async with database.transaction() as tx:
        ids = [await tx.publish(KettleBoiled(str(n)), [mine]) for n in range(4)]
        await tx.publish(KettleBoiled("other"), [other])
        both = await tx.publish(KettleBoiled("both"), [mine, other, mine])
    async with database.transaction() as tx:
        events = await outbox.read(tx.connection, mine, 2, 2)
        last = await outbox.read(tx.connection, mine, 4, 100)
        assert await outbox.payload(tx.connection, both) == {"kettle": "both"}
    assert [(event.seq, event.id, event.payload) for event in events] == [
        (3, ids[2], {"kettle": "2"}),
        (4, ids[3], {"kettle": "3"}),
    ]
    assert [(event.seq, event.id, event.type) for event in last] == [(5, both, "kettle.boiled")]
    assert await numbers(database, other) == [1, 2]


async def test_writers_at_once_and_some_that_fail_leave_no_gap(database: Database) -> None:
    accounts = [uuid4() for _ in range(4)]
    written = dict.fromkeys(accounts, 0)

    async def write(to: list[UUID], *, fails: bool) -> None:
        async with database.transaction() as tx:
            for n in range(2):
                await tx.publish(KettleBoiled(str(n)), to)
            if fails:
                raise Spilled
        for account in to:
            written[account] += 2

    # Every choice of accounts in every order: the writer sorts them, or some would deadlock.
    choices = [list(some) for size in (1, 2, 3, 4) for some in permutations(accounts, size)]
    work = [write(to, fails=n % 3 == 0) for n, to in enumerate(choices)]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert {type(result) for result in results} == {type(None), Spilled}
    for account in accounts:
        assert await numbers(database, account) == list(range(1, written[account] + 1))


async def test_a_reader_never_sees_a_number_before_the_one_below_it(database: Database) -> None:
    account = uuid4()
    done = asyncio.Event()

    async def write() -> None:
        async def one() -> None:
            async with database.transaction() as tx:
                await tx.publish(KettleBoiled("x"), [account])
                await tx.execute("SELECT pg_sleep(random() / 200)")

        await asyncio.gather(*(one() for _ in range(60)))
        done.set()

    async def read() -> int:
        looks, after = 0, 0
        while not done.is_set() or after < 60:
            async with database.transaction() as tx:
                for event in await outbox.read(tx.connection, account, after, 100):
                    assert event.seq == after + 1
                    after = event.seq
            looks += 1
        return looks

    _, looks = await asyncio.gather(write(), read())
    assert looks > 1


async def test_a_failed_transaction_leaves_no_event_and_no_job(settings: Settings) -> None:
    account = uuid4()
    subscriptions = {KettleBoiled.type(): ("pour", "tell")}
    async with Database(settings, system_clock, subscriptions) as database:

        async def boil(*, fails: bool) -> None:
            async with database.transaction() as tx:
                await tx.publish(KettleBoiled("x"), [account])
                if fails:
                    raise Spilled

        async def jobs() -> list[tuple[str, str]]:
            async with database.transaction() as tx:
                rows = await tx.all("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
                return [(row["task_name"], row["args"]["event_id"]) for row in rows]

        with pytest.raises(Spilled):
            await boil(fails=True)
        assert await numbers(database, account) == []
        assert await jobs() == []

        await boil(fails=False)
        async with database.transaction() as tx:
            (event,) = await outbox.read(tx.connection, account, 0, 10)
        assert await jobs() == [("pour", str(event.id)), ("tell", str(event.id))]


async def test_a_lost_connection_is_a_rollback(database: Database) -> None:
    account = uuid4()

    async def cut() -> None:
        async with database.transaction() as tx:
            await tx.publish(KettleBoiled("x"), [account])
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        await cut()
    assert await numbers(database, account) == []
