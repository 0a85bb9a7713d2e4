"""A transaction: what waits runs in its order, and stands or falls with the rest."""

from collections.abc import AsyncIterator

import pytest
from psycopg import errors as pg

from tradepost.kernel.database import Database


@pytest.fixture(autouse=True)
async def shelf(database: Database) -> None:
    """A table of jars, each with a number of its own."""
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE jars (number int PRIMARY KEY)")


async def jars(database: Database) -> list[int]:
    async with database.reading() as reading:
        return [row["number"] for row in await reading.all("SELECT number FROM jars ORDER BY 1")]


async def put(database: Database, *numbers: int, begun: bool) -> AsyncIterator[int]:
    """Puts jars later, and tells after each how many there are."""
    async with database.transaction(begun=begun) as tx:
        for number in numbers:
            await tx.later("INSERT INTO jars VALUES (%s)", [number])
            row = await tx.one("SELECT count(*) AS jars FROM jars")
            assert row is not None
            yield row["jars"]


@pytest.mark.parametrize("begun", [True, False])
async def test_what_waits_has_run_before_the_next_statement(
    database: Database, *, begun: bool
) -> None:
    assert [count async for count in put(database, 1, 2, 3, begun=begun)] == [1, 2, 3]
    assert await jars(database) == [1, 2, 3]


@pytest.mark.parametrize("begun", [True, False])
async def test_what_waits_is_committed_with_the_rest(database: Database, *, begun: bool) -> None:
    async with database.transaction(begun=begun) as tx:
        for number in range(100):
            await tx.later("INSERT INTO jars VALUES (%s)", [number])
    assert await jars(database) == list(range(100))


async def test_rows_see_what_waited(database: Database) -> None:
    async with database.transaction(begun=False) as tx:
        await tx.later("INSERT INTO jars VALUES (7)")
        assert await tx.rows("SELECT number FROM jars") == [(7,)]


@pytest.mark.parametrize("begun", [True, False])
async def test_what_fails_while_it_waited_undoes_the_rest(
    database: Database, *, begun: bool
) -> None:
    async def put_one_twice() -> None:
        async with database.transaction(begun=begun) as tx:
            await tx.execute("INSERT INTO jars VALUES (1)")
            await tx.later("INSERT INTO jars VALUES (2)")
            await tx.later("INSERT INTO jars VALUES (1)")
            await tx.later("INSERT INTO jars VALUES (3)")

    with pytest.raises(pg.UniqueViolation):
        await put_one_twice()
    assert await jars(database) == []
    assert [count async for count in put(database, 4, begun=begun)] == [1]


@pytest.mark.parametrize("begun", [True, False])
async def test_an_error_of_the_caller_undoes_what_ran_and_what_waits(
    database: Database, *, begun: bool
) -> None:
    async def spill() -> None:
        async with database.transaction(begun=begun) as tx:
            await tx.execute("INSERT INTO jars VALUES (1)")
            await tx.later("INSERT INTO jars VALUES (2)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await spill()
    assert await jars(database) == []


async def test_an_error_that_was_passed_over_is_not_taken_for_a_commit(database: Database) -> None:
    async def pass_over() -> None:
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO jars VALUES (1)")
            with pytest.raises(pg.UniqueViolation):
                await tx.execute("INSERT INTO jars VALUES (1)")

    with pytest.raises(AssertionError):
        await pass_over()
    assert await jars(database) == []


async def test_a_transaction_without_a_statement_is_none(database: Database) -> None:
    async with database.transaction(begun=False) as tx:
        assert tx.now is not None
    assert await jars(database) == []
