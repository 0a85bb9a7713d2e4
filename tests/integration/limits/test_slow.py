"""Slow clients and swollen requests, against the real server, and what is left of them."""

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import httpx
import psycopg
import pytest

from bench.world import add_makers
from tests import worlds
from tests.integration.limits.conftest import served
from tradepost.entrypoints import sockets
from tradepost.entrypoints.dev.processes import wait_until
from tradepost.entrypoints.http import build
from tradepost.kernel.settings import Settings

PATIENCE_S = 20


@pytest.fixture(scope="module")
def port(postgres: str) -> Iterator[int]:
    """One server for all of these: what they send comes to no statement."""
    settings = worlds.settings(postgres)
    own = {"TRADEPOST_BODY_TIMEOUT_S": "1", "TRADEPOST_REQUEST_TIMEOUT_S": "5"}
    with served(settings, own) as url:
        yield int(url.rpartition(":")[2])


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def answer(opened: socket.socket) -> tuple[int, bytes]:
    """The status, and all that comes until the server closes or has sent its answer."""
    told = b""
    while not _whole(told):
        part = opened.recv(65_536)
        if not part:
            break
        told += part
    return int(told.split(b" ", 2)[1]), told


def _whole(told: bytes) -> bool:
    head, end, body = told.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length: ")
    return bool(end) and len(body) >= int(length.split(b"\r\n", 1)[0] or 0)


def test_a_body_that_never_ends_is_answered_in_its_time(port: int) -> None:
    with connect(port) as opened:
        began = time.monotonic()
        opened.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n{")
        status, told = answer(opened)
        assert status == 408
        assert b"request-too-slow" in told
        assert b"connection: close" in told.lower()
        assert 0.9 < time.monotonic() - began < 5


def test_drops_of_a_body_do_not_buy_more_time(port: int) -> None:
    with connect(port) as opened:
        opened.sendall(
            b"POST /v1/sessions HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
        )

        def drip() -> None:
            try:
                for _ in range(100):
                    opened.sendall(b"1\r\n{\r\n")
                    time.sleep(0.05)
            except OSError:
                pass  # the server has had enough

        dripping = Thread(target=drip)
        dripping.start()
        began = time.monotonic()
        assert answer(opened)[0] == 408
        assert time.monotonic() - began < 4
    dripping.join(PATIENCE_S)


def test_slow_bodies_do_not_keep_others_waiting(port: int) -> None:
    slow = [connect(port) for _ in range(200)]
    for opened in slow:
        opened.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n{")
    began = time.monotonic()
    with connect(port) as quick:
        quick.sendall(b"GET /v1/time HTTP/1.1\r\nHost: here\r\n\r\n")
        assert answer(quick)[0] == 200
    assert time.monotonic() - began < 2
    for opened in slow:
        opened.close()


@pytest.mark.parametrize(
    ("head", "status", "problem"),
    [
        (b"X: " + b"a" * 20_000, 431, b"headers-too-large"),
        (b"\r\n".join(b"X-%d: a" % number for number in range(80)), 431, b"headers-too-large"),
        # Larger ones are the server's own to refuse, and it does not read them.
        (b"X: " + b"a" * 500_000, 431, b""),
        (b"\r\n".join(b"X-%d: a" % number for number in range(500)), 431, b""),
    ],
)
def test_a_bomb_of_headers(port: int, head: bytes, status: int, problem: bytes) -> None:
    with connect(port) as opened:
        opened.sendall(b"GET /v1/time HTTP/1.1\r\nHost: here\r\n" + head + b"\r\n\r\n")
        got, told = answer(opened)
        assert got == status
        assert problem in told


@pytest.mark.parametrize(("length", "problem"), [(10_000, b"query-too-long"), (100_000, b"")])
def test_a_long_query(port: int, length: int, problem: bytes) -> None:
    with connect(port) as opened:
        opened.sendall(
            b"GET /v1/offers?asset=" + b"a" * length + b" HTTP/1.1\r\nHost: here\r\n\r\n"
        )
        status, told = answer(opened)
        assert status == 414
        assert problem in told


def test_http_2_is_not_spoken(port: int) -> None:
    with connect(port) as opened:
        opened.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
        assert not opened.recv(100).startswith(bytes(3))


def established(port: int, client: int) -> bool:
    """Whether the server's side of a connection is there, as the system tells it."""
    wanted = (f":{port:04X}", f":{client:04X}", "01")
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state = line.split()[:4]
        if (local[-5:], remote[-5:], state) == wanted:
            return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such option")
def test_who_does_not_take_his_answer_loses_his_place(port: int) -> None:
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader.settimeout(PATIENCE_S)
        reader.connect(("127.0.0.1", port))
        client = reader.getsockname()[1]
        began = time.monotonic()
        reader.sendall(b"GET /v1/payment-methods/registry HTTP/1.1\r\nHost: here\r\n\r\n")
        assert wait_until(lambda: reader.recv(1, socket.MSG_PEEK) == b"H", PATIENCE_S)
        assert established(port, client)
        assert wait_until(lambda: not established(port, client), PATIENCE_S)
        # A connection that is only idle has half a minute.
        assert 4 < time.monotonic() - began < 20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such option")
def test_where_nobody_listens_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_TRIES", 3)
    monkeypatch.setattr(sockets, "_PAUSE_S", 0.01)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = listening.getsockname()[1]
    assert not sockets.drop_slow_readers(taken, 1_000)
    assert len(list(Path("/proc/self/fd").iterdir())) == before, "looking leaves nothing open"


async def test_what_is_given_up_is_rolled_back(settings: Settings) -> None:
    app = build(settings.model_copy(update={"request_timeout_s": 1.0}))
    url = settings.database_url.get_secret_value()
    (token, *_) = add_makers(url)
    asked = {"label": "bot", "scopes": ["offers:read"], "expires_in_s": 3_600}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
        async with await psycopg.AsyncConnection.connect(url) as other:
            await other.execute("LOCK TABLE tokens IN SHARE MODE")  # may be read, not written
            began = time.monotonic()
            given_up = await client.post("/v1/tokens", json=asked, headers=headers)
            assert time.monotonic() - began < 2.8, "before the lock's own time-out"
        assert given_up.status_code == 503
        assert given_up.json()["type"] == "urn:tradepost:problem:took-too-long"
        async with await psycopg.AsyncConnection.connect(url) as other:
            made = await other.execute("SELECT count(*) FROM tokens WHERE NOT session")
            assert await made.fetchone() == (0,)
            waiting = await other.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND (wait_event_type = 'Lock' OR state LIKE 'idle in%')"
            )
            assert await waiting.fetchone() == (0,)
        # The connection is fit for the next one.
        again = await client.post("/v1/tokens", json=asked, headers=headers)
        assert again.status_code == 201
