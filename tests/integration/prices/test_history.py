"""The history: a point a minute, fewer with age, each once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.integration.prices.conftest import SetClock
from tests.integration.prices.test_quotes import ETH_EUR, tell
from tradepost.kernel.database import Database
from tradepost.prices import service

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


async def points(database: Database) -> list[tuple[datetime, Decimal]]:
    async with database.transaction() as tx:
        found = await service.history(tx, ETH_EUR, BEGINNING, tx.now + timedelta(days=1), 100_000)
    return [(point.at, point.value) for point in found]


async def thin(database: Database) -> None:
    for _ in range(1000):
        async with database.transaction() as tx:
            if not await service.thin_history(tx):
                return
    raise AssertionError("it comes to no end")


async def fill(database: Database, first: datetime, minutes: int, step: int = 60) -> None:
    """Writes the points that so many minutes would have left."""
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO price_history (base, quote, at, value, development, step_s)
            SELECT 'ETH', 'EUR', %(first)s + n * interval '1 minute', 1000 + n, false, %(step)s
            FROM generate_series(0, %(last)s) AS n
            """,
            {"first": first, "last": minutes - 1, "step": step},
        )


async def test_there_is_at_most_one_point_a_minute(database: Database, clock: SetClock) -> None:
    for value in ("2000", "2001", "2002"):
        await tell(database, "one", value)
        clock.go_on(20)
    minute = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert await points(database) == [
        (minute, Decimal(2000)),
        (minute + timedelta(minutes=1), Decimal(2002)),
    ]


async def test_old_points_give_way_to_the_first_of_their_stretch(
    database: Database, clock: SetClock
) -> None:
    three_days = clock.now.replace(minute=0, second=0) - timedelta(days=3)
    await fill(database, three_days, minutes=3 * 1440)
    await thin(database)
    found = await points(database)
    edge = clock.now.replace(minute=0, second=0) - timedelta(days=2)
    old = [(at, value) for at, value in found if at < edge]
    new = [(at, value) for at, value in found if at >= edge]
    assert old == [
        (three_days + timedelta(minutes=n), Decimal(1000 + n)) for n in range(0, 1440, 15)
    ]
    assert len(new) == 2 * 1440


async def test_very_old_points_are_one_a_day(database: Database, clock: SetClock) -> None:
    await fill(database, BEGINNING - timedelta(days=30), minutes=2 * 1440)
    await thin(database)
    async with database.transaction() as tx:
        found = await service.history(tx, ETH_EUR, BEGINNING - timedelta(days=60), tx.now, 1000)
    assert [point.value for point in found] == [1000, 1000 + 1440]


async def test_thinning_again_changes_nothing(database: Database, clock: SetClock) -> None:
    await fill(database, clock.now - timedelta(days=62), minutes=3 * 1440)
    await thin(database)
    found = await points(database)
    await thin(database)
    assert await points(database) == found
    assert len(found) == len({at for at, _ in found})


async def test_thinning_is_done_a_bounded_part_at_a_time(
    database: Database, clock: SetClock
) -> None:
    await fill(database, clock.now - timedelta(days=4), minutes=1440)
    async with database.transaction() as tx:
        assert 0 < await service.thin_history(tx) <= 60 + 4
