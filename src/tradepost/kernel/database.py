"""The pool of connections, and the transaction in which every command does its work.

A command has a `Transaction`. A query that is answered by single statements can do with a
`Reading`, which saves the round trips that begin and end one.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString, Self, cast
from uuid import UUID

from procrastinate import App
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool

from tradepost.kernel import jobs, outbox, tracing
from tradepost.kernel.access import Caller
from tradepost.kernel.clock import Clock, MovedClock
from tradepost.kernel.settings import Settings

#: Nothing holds a row or a connection for longer, whatever a caller does; times are read as UTC.
#: A prepared statement is planned once: to plan a search of the book takes longer than to run it.
_OPTIONS = (
    "-c statement_timeout=5s -c lock_timeout=3s -c idle_in_transaction_session_timeout=20s"
    " -c TimeZone=UTC -c plan_cache_mode=force_generic_plan"
)

Params = Mapping[str, object] | Sequence[object] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A connection to ask, and the moment of the question.

    Outside of a transaction each statement sees what is committed when it begins: two of them may
    see different things. It is not for writing: nothing would hold two writes together.
    """

    connection: AsyncConnection[DictRow]
    settings: Settings
    now: datetime

    async def one(self, sql: LiteralString, params: Params = None) -> DictRow | None:
        """The first row of the answer, or None."""
        return await (await self.connection.execute(sql, params)).fetchone()

    async def all(self, sql: LiteralString, params: Params = None) -> list[DictRow]:
        """All rows of the answer: the query bounds their number."""
        return await (await self.connection.execute(sql, params)).fetchall()

    async def rows(self, sql: LiteralString, params: Params = None) -> list[tuple[Any, ...]]:
        """As `all`, without names: for a hot query, whose statement is prepared at once.

        A column that ends as text is read best as text: `price::text` needs no Decimal.
        """
        async with self.connection.cursor(binary=True, row_factory=tuple_row) as cursor:
            await cursor.execute(sql, params, prepare=True)
            return await cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Transaction(Reading):
    """One database transaction, with the moment it takes place at.

    What it writes, the events it publishes and the jobs it defers stand or fall together.
    """

    _jobs: App
    _subscriptions: Mapping[str, Sequence[str]]
    #: Who has been found to call, by account: what identity knows of them is not asked for again.
    callers: dict[UUID, Caller] = field(default_factory=dict, compare=False)
    #: What changes with it that somebody may wait for: told once it is committed.
    touched: set[str] = field(default_factory=set, compare=False)

    async def execute(self, sql: LiteralString, params: Params = None) -> int:
        """Runs `sql`; how many rows it touched."""
        return (await self.connection.execute(sql, params)).rowcount

    async def publish(self, event: outbox.Event, to: Sequence[UUID] = ()) -> UUID:
        """Writes `event` to the outbox, numbered without a gap for each account in `to`.

        Each subscriber of the event's type gets a job with the event's id. Returns that id.
        """
        event_id = await outbox.write(self.connection, event, to, self.now)
        self.touched.update(map(outbox.topic, to))
        for task in self._subscriptions.get(event.type(), ()):
            await self.defer(task, event_id=str(event_id))
        return event_id

    async def defer(
        self,
        task: str,
        *,
        at: datetime | None = None,
        lock: str | None = None,
        **arguments: str | int,
    ) -> None:
        """Has the worker run `task` once this transaction is committed, not before `at`.

        Jobs of one `lock` run one after the other. A job may run twice: its effect must not.
        """
        await jobs.defer(self._jobs, self.connection, task, at, lock, arguments)


def _tell_nobody(topics: Set[str]) -> None:
    """For what touches nothing that somebody waits for."""


class Database:
    """The connections of one process. Use it as an async context manager.

    `tell` gets what a transaction has touched, after its commit; it neither waits nor fails.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        subscriptions: Mapping[str, Sequence[str]],
        tell: Callable[[Set[str]], None] = _tell_nobody,
    ) -> None:
        self._tell = tell
        self._settings = settings
        self._clock = clock
        self._subscriptions = subscriptions
        self._jobs = jobs.deferring_app()
        # The pool's generic row type follows `row_factory`, which the type checker cannot see.
        self.pool = cast(
            "AsyncConnectionPool[AsyncConnection[DictRow]]",
            AsyncConnectionPool(
                settings.database_url.get_secret_value(),
                min_size=1,
                max_size=settings.database_connections,
                timeout=5,
                kwargs={"row_factory": dict_row, "autocommit": True, "options": _OPTIONS},
                open=False,
            ),
        )

    async def __aenter__(self) -> Self:
        await self.pool.open(wait=True, timeout=30)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits at the end of the block, rolls back if it raises."""
        with tracing.span("transaction"):
            async with self.pool.connection() as connection:
                now = await self._now(connection)
                async with connection.transaction():
                    tx = Transaction(
                        connection, self._settings, now, self._jobs, self._subscriptions
                    )
                    yield tx
                self._tell(tx.touched)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """As `transaction`, and all its statements see the same: what was committed at the first.

        What it writes can meet what others wrote since, which is a serialization failure.
        """
        async with self.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield tx

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """A connection for questions, without a transaction around them."""
        async with self.pool.connection() as connection:
            yield Reading(connection, self._settings, await self._now(connection))

    async def _now(self, connection: AsyncConnection[DictRow]) -> datetime:
        if isinstance(self._clock, MovedClock):
            await self._clock.look(connection)
        return self._clock()
