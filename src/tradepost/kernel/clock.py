"""The one place that reads the time of day: everything else is handed a `now`.

In a sandbox that time can be moved ahead, for all processes at once. By how much is a row of the
database: each transaction reads it first, so none that begins after the move was committed is
behind it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.errors import UndefinedTable
from psycopg.rows import DictRow

#: Returns the present moment in UTC; tests hand in their own.
Clock = Callable[[], datetime]

#: By how many seconds the time of a sandbox is ahead of the machine's: one row.
AHEAD: LiteralString = "SELECT ahead_s FROM moved_clock"


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


class MovedClock:
    """The machine's time, and what it was moved ahead by when a transaction last looked."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The sandbox's time, in UTC."""
        return system_clock() + self._ahead

    async def look(self, connection: AsyncConnection[DictRow]) -> None:
        """Reads by how much it is ahead, outside of a transaction."""
        try:
            self._ahead = timedelta(seconds=await ahead(connection))
        except UndefinedTable:
            # Whoever looks at the schema sees by himself that it is behind.
            self._ahead = timedelta(0)


def moved_to(ahead_s: int) -> datetime:
    """What a clock shows that is ahead by so much."""
    return system_clock() + timedelta(seconds=ahead_s)


async def ahead(connection: AsyncConnection[DictRow], *, hold: bool = False) -> int:
    """By how many seconds the sandbox is ahead; with `hold` nobody else moves it meanwhile."""
    row = await (await connection.execute(AHEAD + (" FOR UPDATE" if hold else ""))).fetchone()
    assert row is not None, "a migration puts it there"
    return int(row["ahead_s"])


async def move(connection: AsyncConnection[DictRow], ahead_s: int) -> None:
    """Sets by how much it is ahead, for every transaction that begins after the commit."""
    await connection.execute("UPDATE moved_clock SET ahead_s = %s", [ahead_s])
