"""The floor of the API: what the same server does with no framework and a raw driver.

An ASGI app of two operations over one plain table: a page of 20 rows by price, and an insert of
one row with its commit. `serve` keeps it, or any other app, in a process of its own.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import psycopg
from psycopg_pool import AsyncConnectionPool
from pydantic_core import from_json, to_json

from tradepost.entrypoints.dev.processes import end, free_port, port_is_free, spawn, wait_until

#: The drivers that are tried; the floor is the faster one's.
DRIVERS = ("asyncpg", "psycopg")
CONNECTIONS = 8
_PATIENCE_S = 30.0
_COLUMNS = (
    "id, maker, direction, asset, currency, price, min_amount, max_amount, remaining_amount,"
    " payment_methods, country, terms, funding_window_s, payment_window_s, created_at"
)
_PAGE = (
    f"SELECT {_COLUMNS} FROM floor_offers"  # noqa: S608 - fixed text
    " WHERE direction = $1 AND asset = $2 AND currency = $3 ORDER BY price, id LIMIT 20"
)
_INSERT = (
    f"INSERT INTO floor_offers ({_COLUMNS})"  # noqa: S608 - fixed text
    " VALUES (uuidv7(), $1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, now())"
    f" RETURNING {_COLUMNS}"
)
_TABLE = """
CREATE TABLE floor_offers (
    id uuid PRIMARY KEY,
    maker text NOT NULL,
    direction text NOT NULL,
    asset text NOT NULL,
    currency text NOT NULL,
    price numeric NOT NULL,
    min_amount numeric NOT NULL,
    max_amount numeric NOT NULL,
    remaining_amount numeric NOT NULL,
    payment_methods text[] NOT NULL,
    country text,
    terms text NOT NULL,
    funding_window_s integer NOT NULL,
    payment_window_s integer NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX floor_book ON floor_offers (direction, asset, currency, price, id);
"""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Query = Callable[[str, list[object]], Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Served:
    """An app that is served: its port, and the id of the process that keeps its workers."""

    port: int
    pid: int


def fill(dsn: str, count: int) -> None:
    """Makes the table, with `count` offers for ETH against EUR."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_TABLE)
        connection.execute(
            """
            INSERT INTO floor_offers
            SELECT uuidv7(), 'maker-' || n %% 100, 'sell', 'ETH', 'EUR',
                2000 + (n * 7919 %% 100000)::numeric / 100, 0.1, 1, 5, '{sepa_instant,revolut}',
                'DE', 'From an account in your own name only.', 1800, 3600, now()
            FROM generate_series(1, %s) AS n
            """,
            [count],
        )
        connection.execute("VACUUM ANALYZE floor_offers")


@contextlib.contextmanager
def serve(target: str, environment: Mapping[str, str]) -> Iterator[Served]:
    """Serves `target` (`module:factory`) by granian with one worker."""
    port = free_port()
    server = spawn(
        [sys.executable, "-m", "bench.floor", target, str(port)],
        death_signal=signal.SIGTERM,
        env={**os.environ, **environment},
        output=sys.stderr.fileno(),
    )
    try:
        if not wait_until(lambda: not port_is_free("127.0.0.1", port), _PATIENCE_S):
            raise RuntimeError(f"{target} did not start")
        yield Served(port, server.pid)
    finally:
        end(server, signal.SIGTERM, 10)


def app() -> App:
    """The app over the database and the driver that the environment names."""
    dsn = os.environ["DATABASE_URL"]
    connect = {"asyncpg": _asyncpg, "psycopg": _psycopg}[os.environ["BENCH_DRIVER"]]
    opened: list[Query] = []
    opening = asyncio.Lock()

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        async with opening:
            if not opened:
                opened.append(await connect(dsn))
        query = opened[0]
        if scope["path"] == "/page":
            rows = await query(_PAGE, ["sell", "ETH", "EUR"])
            await _send(send, 200, {"data": rows})
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        rows = await query(_INSERT, _values(from_json(body)))
        await _send(send, 201, rows[0])

    return answer


def _values(offer: dict[str, Any]) -> list[object]:
    return [
        "maker-1",
        offer["direction"],
        offer["asset"],
        offer["currency"],
        Decimal(offer["price"]),
        Decimal(offer["min_amount"]),
        Decimal(offer["max_amount"]),
        offer["payment_methods"],
        offer["country"],
        offer["terms"],
        offer["funding_window_s"],
        offer["payment_window_s"],
    ]


async def _send(send: Send, status: int, body: dict[str, Any]) -> None:
    content = to_json(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _asyncpg(dsn: str) -> Query:
    async def keep(_: object) -> None:
        """Nothing is set on these connections, so nothing is reset: the other driver's way."""

    pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, reset=keep)

    async def query(text: str, values: list[object]) -> list[dict[str, Any]]:
        async with pool.acquire() as connection:
            return [dict(row) for row in await connection.fetch(text, *values)]

    return query


async def _psycopg(dsn: str) -> Query:
    pool = AsyncConnectionPool(
        dsn,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "cursor_factory": psycopg.AsyncRawCursor,
        },
        open=False,
    )
    await pool.open(wait=True)

    async def query(text: str, values: list[object]) -> list[dict[str, Any]]:
        async with pool.connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=psycopg.rows.dict_row)
            return await (await cursor.execute(text.encode(), values)).fetchall()

    return query


def _main() -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        sys.argv[1],
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[2]),
        interface=Interfaces.ASGI,
        workers=1,
        log_level=LogLevels.warning,
        log_access=False,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    _main()
