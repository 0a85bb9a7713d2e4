"""Real processes: metrics on addresses of their own, and lines of JSON on standard error."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import worlds
from tradepost.entrypoints.dev.exchange import ARBITRATOR, RELAYER_KEY
from tradepost.entrypoints.dev.processes import free_port, wait_until
from tradepost.kernel.database import Database

_PATIENCE_S = 40


@contextmanager
def _process(command: str, database_url: str, output: Path, **settings: str) -> Iterator[int]:
    environment = {
        **{name: value for name, value in os.environ.items() if "TRADEPOST" not in name},
        "DATABASE_URL": database_url,
        "RPC_URL": "http://127.0.0.1:9",
        "TRADEPOST_SECRET": "a secret of tests that guards nothing",
        "TRADEPOST_RELAYER_KEY": RELAYER_KEY,
        "TRADEPOST_ARBITRATOR": ARBITRATOR,
        "TRADEPOST_ASSETS": '[{"code": "ETH", "decimals": 18}]',
        **settings,
    }
    with output.open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "tradepost.entrypoints.cli", command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield running.pid
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(_PATIENCE_S)


def _read(port: int) -> dict[tuple[str, str], float]:
    """By name and operation what a process answers to Prometheus; empty while it does not."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5, trust_env=False)
    except httpx.TransportError:
        return {}
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            key = sample.name, sample.labels.get("operation", sample.labels.get("part", ""))
            found[key] = found.get(key, 0) + sample.value
    return found


@pytest.mark.slow
def test_workers_that_serve_are_counted_together_also_when_one_dies(
    database_url: str, tmp_path: Path
) -> None:
    port, seen = free_port(), free_port()
    settings = {
        "TRADEPOST_PORT": str(port),
        "TRADEPOST_METRICS_PORT": str(seen),
        "TRADEPOST_HTTP_WORKERS": "2",
    }
    output = tmp_path / "serve.log"
    with _process("serve", database_url, output, **settings) as pid:
        url = f"http://127.0.0.1:{port}/v1/time"

        def asked(times: int) -> int:
            """How many answers there were; each on a connection of its own."""
            good = 0
            for _ in range(times):
                try:
                    good += httpx.get(url, timeout=5, trust_env=False).status_code == 200
                except httpx.TransportError:
                    continue
            return good

        answers = 0

        def up() -> bool:
            nonlocal answers
            answers += asked(1)
            return answers > 0

        assert wait_until(up, _PATIENCE_S)
        answers += asked(30)
        counted = ("tradepost_http_requests_total", "time")
        assert wait_until(lambda: _read(seen).get(counted) == answers, _PATIENCE_S)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == 2
        os.kill(int(children[0]), signal.SIGKILL)
        answers += asked(30)
        # A kill in the midst of counting could lose what it did not write; none was under way.
        assert _read(seen)[counted] == answers
        assert _read(seen)["tradepost_http_open", ""] == 0
        # Not where the public is.
        assert httpx.get(url.replace("/v1/time", "/metrics"), trust_env=False).status_code == 404
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert lines
    assert {"event", "level", "logger", "timestamp"} <= lines[0].keys()


@pytest.fixture
async def followed_url(database: Database, database_url: str) -> str:
    """A database that knows a chain, whose node is away."""
    await worlds.pretend_to_follow(database)
    return database_url


@pytest.mark.slow
@pytest.mark.parametrize(("command", "offset"), [("worker", 1), ("watch", 2)])
def test_worker_and_watcher_answer_at_the_next_ports(
    followed_url: str, tmp_path: Path, command: str, offset: int
) -> None:
    seen = free_port()
    output = tmp_path / "log"
    settings = {"TRADEPOST_METRICS_PORT": str(seen - offset)}
    with _process(command, followed_url, output, **settings):
        if command == "worker":
            wanted = "tradepost_measured_timestamp_seconds", "jobs"
        else:
            wanted = "tradepost_chain_followed_block", ""
        assert wait_until(lambda: wanted in _read(seen), _PATIENCE_S), output.read_text()
        # Its part begins to wait for the node, which is where it can be told to end.
        assert wait_until(lambda: "does not answer" in output.read_text(), _PATIENCE_S)
    for line in output.read_text().splitlines():
        assert {"event", "level"} <= json.loads(line).keys()


@pytest.mark.slow
def test_an_exchange_starts_where_the_port_of_metrics_is_taken(
    database_url: str, tmp_path: Path
) -> None:
    port, output = free_port(), tmp_path / "log"
    settings = {"TRADEPOST_PORT": str(port), "TRADEPOST_METRICS_PORT": str(port + 1)}
    with _process("worker", database_url, output, TRADEPOST_METRICS_PORT=str(port)):
        assert wait_until(lambda: bool(_read(port + 1)), _PATIENCE_S)
        with _process("serve", database_url, tmp_path / "serve", **settings):

            def answers() -> bool:
                try:
                    return httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False).is_success
                except httpx.TransportError:
                    time.sleep(0.05)
                    return False

            assert wait_until(answers, _PATIENCE_S)
    assert "metrics cannot be served" in (tmp_path / "serve").read_text()
