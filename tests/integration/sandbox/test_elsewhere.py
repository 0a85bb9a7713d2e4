"""On any chain that is not a development one there is no sandbox, whatever the settings say."""

import json
import os
import subprocess
from collections.abc import Iterator
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from tests import worlds
from tests.stage import Stage
from tradepost.entrypoints.dev.chain import binary, rpc
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.exchange import ARBITRATOR, CLI, RELAYER_KEY, Exchange
from tradepost.entrypoints.dev.processes import free_port, wait_until
from tradepost.entrypoints.http import build
from tradepost_client.errors import ProblemError

OPERATIONS = [("POST", "faucet"), ("GET", "clock"), ("POST", "clock")]


@pytest.fixture(scope="module")
def public_node() -> Iterator[str]:
    """A node that says that it is on another chain than the development one."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    node = subprocess.Popen(
        [binary(), f"--port={port}", "--chain-id=1", "--quiet"], stdout=subprocess.DEVNULL
    )

    def answers() -> bool:
        try:
            return bool(rpc(url, "eth_chainId") == "0x1")
        except OSError:
            return False

    try:
        assert wait_until(answers, 20)
        yield url
    finally:
        node.kill()
        node.wait()


@pytest.mark.parametrize("process", ["serve", "worker", "watch"])
def test_no_process_starts(database_url: str, public_node: str, process: str) -> None:
    done = subprocess.run(
        [*CLI, process],
        env=os.environ
        | {
            "DATABASE_URL": database_url,
            "RPC_URL": public_node,
            "TRADEPOST_SANDBOX": "1",
            "TRADEPOST_SECRET": "a secret of tests that guards nothing",
            "TRADEPOST_RELAYER_KEY": RELAYER_KEY,
            "TRADEPOST_ARBITRATOR": ARBITRATOR,
            "TRADEPOST_ASSETS": json.dumps([{"code": "ETH", "decimals": 18}]),
            "TRADEPOST_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "A sandbox is for a development chain (31337) only, and RPC_URL leads to chain 1: unset"
        " TRADEPOST_SANDBOX, or name such a chain."
    )
    assert done.stdout == ""


def test_the_one_command_does_not_start(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, public_node: str
) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "RPC_URL": public_node,
        "TRADEPOST_SANDBOX": "1",
        "TRADEPOST_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "TRADEPOST_PORT": str(free_port()),
    }
    with (
        pytest.raises(StartError, match=r"leads to chain 1: unset TRADEPOST_SANDBOX"),
        Exchange(environment, Console(quiet=True)).running(),
    ):
        raise AssertionError("it started")


def test_data_whose_clock_was_moved_need_a_sandbox(
    tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE moved_clock SET ahead_s = 60")
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "TRADEPOST_SANDBOX": "0",
        "TRADEPOST_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "TRADEPOST_PORT": str(free_port()),
    }
    environment.pop("RPC_URL", None)
    with (
        pytest.raises(StartError, match="The clock of these data was moved ahead"),
        Exchange(environment, Console(quiet=True)).running(),
    ):
        raise AssertionError("it started")


async def _asked(app: FastAPI, method: str, path: str) -> int:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        headers = {"Authorization": "Bearer tp_x", "Idempotency-Key": str(uuid4())}
        url = f"/v1/sandbox/{path}"
        return (await client.request(method, url, headers=headers, json={})).status_code


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_an_exchange_that_is_none_has_no_such_operation(
    database_url: str, method: str, path: str
) -> None:
    app = build(worlds.settings(database_url))
    async with app.router.lifespan_context(app):
        assert await _asked(app, method, path) == 404
    assert not [path for path in app.openapi()["paths"] if "sandbox" in path]


async def test_a_chain_that_turns_out_to_be_another_gets_nothing(stage: Stage) -> None:
    """The last line: were a process to run where it must not, each operation still says no."""
    trader = await stage.trader()
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE escrow_chains SET chain_id = 1")
    client, wallet = trader.client, trader.wallet.address
    for call in (
        lambda: client.draw_from_faucet(wallet),
        lambda: client.advance_clock(60),
        client.sandbox_clock,
    ):
        with pytest.raises(ProblemError) as caught:
            await call()
        assert caught.value.status == 404
