"""The app itself, so that a test can hand it another chain."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests import worlds
from tradepost.entrypoints.http import build
from tradepost.kernel.settings import Settings


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The whole API over a fresh database, open."""
    app = build(settings)
    async with app.router.lifespan_context(app):
        await worlds.pretend_to_follow(app.state.database)
        yield app


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` in this process."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as client:
        yield client
