"""`/readyz` says which part is missing, and never takes long."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests import worlds
from tradepost.entrypoints import readiness
from tradepost.entrypoints.http import build
from tradepost.kernel.database import Database

OK = {"database": "ok", "schema": "ok", "chain": "ok"}


async def _asked(api: httpx.AsyncClient) -> tuple[int, dict[str, str]]:
    answer = await api.get("/readyz")
    assert answer.headers["Cache-Control"] == "no-cache"
    body = answer.json()
    assert body.keys() == {"status", "checks"}
    assert body["status"] == ("ok" if answer.status_code == 200 else "not ready")
    return answer.status_code, {
        name: word for name, word in body["checks"].items() if name != "limits"
    }


async def _write(database: Database, sql: Any) -> None:
    async with database.transaction() as tx:
        await tx.execute(sql)


async def test_all_is_there(api: httpx.AsyncClient) -> None:
    assert await _asked(api) == (200, OK)
    assert (await api.get("/livez")).json() == {"status": "ok", "checks": {}}


async def test_a_schema_that_is_behind(api: httpx.AsyncClient, database: Database) -> None:
    await _write(database, "UPDATE alembic_version SET version_num = '0012'")
    status, checks = await _asked(api)
    assert (status, checks["database"]) == (503, "ok")
    assert checks["schema"] == f"behind: at 0012, not {readiness.newest()}"


async def test_a_schema_of_a_newer_version_can_be_served(
    api: httpx.AsyncClient, database: Database
) -> None:
    await _write(database, "UPDATE alembic_version SET version_num = '9999'")
    assert await _asked(api) == (200, OK)


async def test_an_empty_database(api: httpx.AsyncClient, database: Database) -> None:
    await _write(database, "DROP TABLE alembic_version")
    assert await _asked(api) == (503, {**OK, "schema": "empty", "chain": "not known"})


async def test_a_chain_whose_node_is_silent(api: httpx.AsyncClient, database: Database) -> None:
    await _write(database, "UPDATE escrow_chains SET seen_at = seen_at - interval '2 minutes'")
    assert await _asked(api) == (503, {**OK, "chain": "not followed"})


async def test_a_chain_that_has_no_new_block(api: httpx.AsyncClient, database: Database) -> None:
    await _write(database, "UPDATE escrow_chains SET head_time = head_time - 590")
    assert await _asked(api) == (200, OK)
    await _write(database, "UPDATE escrow_chains SET head_time = head_time - 60")
    status, checks = await _asked(api)
    assert status == 503
    assert checks["chain"].startswith("behind: its newest block is 65")


async def test_a_database_that_does_not_answer_is_told_in_time(
    api: httpx.AsyncClient, database: Database
) -> None:
    async with database.pool.connection() as connection, connection.transaction():
        await connection.execute("LOCK TABLE escrow_chains")
        began = time.monotonic()
        status, checks = await _asked(api)
        assert time.monotonic() - began < 2.9
    assert status == 503
    assert checks["database"] == "TimeoutError"
    await asyncio.sleep(0)
    assert await _asked(api) == (200, OK)


async def test_a_database_that_is_away(api: httpx.AsyncClient, database: Database) -> None:
    from psycopg_pool import PoolClosed

    app = build(worlds.settings("postgresql://nobody@127.0.0.1:9/none"))
    closed = Database(worlds.settings("postgresql://nobody@127.0.0.1:9/none"), lambda: None, {})  # type: ignore[arg-type,return-value]
    app.state.database = closed
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        status, checks = await _asked(client)
    assert status == 503
    assert checks["database"] == PoolClosed.__name__


@pytest.mark.parametrize("count", [20])
async def test_many_who_ask_at_once_are_answered(api: httpx.AsyncClient, count: int) -> None:
    assert await asyncio.gather(*(_asked(api) for _ in range(count))) == [(200, OK)] * count
