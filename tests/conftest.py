"""Real parts for every test that asks: a PostgreSQL server, a database of its own, a chain."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import hypothesis
import psycopg
import pytest
from psycopg import sql

from tests import worlds
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

# How long an example takes says what else the machine does.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

#: A folder in memory: a database is copied there five times as quickly as on a disk.
_MEMORY = Path("/dev/shm")
_MEMORY_WANTED_BYTES = 2 << 30


def _in_memory() -> Path | None:
    """Where there is room for a server's files in memory, or None."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _MEMORY_WANTED_BYTES:
        return None
    return _MEMORY


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that the whole run shares."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with (
        TemporaryDirectory(prefix="tradepost-test-", dir=_in_memory()) as folder,
        EmbeddedPostgres(Path(folder), durable=False) as server,
    ):
        yield server.dsn


@pytest.fixture(scope="session")
def template(postgres: str) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    name = f"template_{secrets.token_hex(4)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(worlds.settings(worlds.renamed(postgres, name)))
        yield name
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(postgres: str, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    with worlds.copy_of(postgres, template) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings over a fresh database, and no chain behind it."""
    return worlds.settings(database_url)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The kernel's database, open."""
    from tradepost.entrypoints.wiring import SUBSCRIPTIONS

    async with Database(settings, system_clock, SUBSCRIPTIONS) as opened:
        yield opened


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole API in this process, over a fresh database, with a followed chain.

    The chain's row says that it is followed, but there is no node: what asks one gets
    `chain-not-ready`.
    """
    from tradepost.entrypoints.http import build

    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
        ) as client,
    ):
        await worlds.pretend_to_follow(app.state.database)
        yield client


@pytest.fixture
def chain() -> Iterator[DevChain]:
    """A development chain of its own, in memory."""
    with DevChain() as node:
        yield node
