"""A queue that has stopped without ending is found out by its heartbeat."""

from tradepost.entrypoints.worker import beats
from tradepost.kernel.database import Database


async def _worker(database: Database, age: str) -> int:
    async with database.transaction() as tx:
        row = await tx.one(
            """
            INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval)
            RETURNING id
            """,
            [age],
        )
    assert row is not None
    return int(row["id"])


async def test_a_queue_that_beats_lives(database: Database) -> None:
    assert await beats(database, await _worker(database, "10 seconds"))


async def test_a_queue_that_is_not_registered_yet_is_waited_for(database: Database) -> None:
    assert await beats(database, None)


async def test_a_queue_without_a_heartbeat_has_stopped(database: Database) -> None:
    assert not await beats(database, await _worker(database, "40 seconds"))


async def test_a_queue_that_others_gave_up_has_stopped(database: Database) -> None:
    assert not await beats(database, 4_711)
