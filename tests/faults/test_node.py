"""The node that the exchange lends is down, slow, or lies: nobody waits long, or is told of it."""

import asyncio
import contextlib
import gzip
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from tests import worlds
from tests.integration.identity.test_account import bearer, opened
from tradepost.entrypoints.http import build
from tradepost.escrow.evm.node import MAX_ANSWER_BYTES, Node

HASH = "0x" + "9f" * 32
RAW = "0x" + "02" * 50
PLACE = "/v3/6b1f-key-of-the-operator"
USER = "operator:hunter2hunter2"

#: Gets the call and writes the whole answer, or something that is none.
Behaviour = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]


def _answer(body: bytes, status: str = "200 OK", head: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{head}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


class Liar:
    """A node that answers as the test wants."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: list[dict[str, Any]] = []
        self.over = asyncio.Event()
        self.behaviour: Behaviour = self._silent

    def url(self) -> str:
        """As an operator would have it: with a key in it, and a user."""
        return f"http://{USER}@127.0.0.1:{self.port}{PLACE}?token=abcdef123456"

    def says(self, body: bytes | str, status: str = "200 OK", head: str = "") -> None:
        """Answers every call so."""

        async def say(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
            writer.write(_answer(body.encode() if isinstance(body, str) else body, status, head))

        self.behaviour = say

    def refuses(self, error: Any) -> None:
        """Answers every call with this error."""
        self.says(json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}))

    async def _silent(self, _: dict[str, Any], __: asyncio.StreamWriter) -> None:
        await self.over.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r")[0])
            self.calls.append(json.loads(await reader.readexactly(length)))
            await self.behaviour(self.calls[-1], writer)
            await writer.drain()
        writer.close()


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    """A node that listens."""
    one = Liar()
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        await one.serve(reader, writer)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    one.port = listening.sockets[0].getsockname()[1]
    yield one
    listening.close()
    one.over.set()
    await asyncio.gather(*connections)


@pytest.fixture
async def app(liar: Liar, database_url: str) -> AsyncIterator[FastAPI]:
    """An exchange whose node that is; it is waited for half a second."""
    app = build(worlds.settings(database_url, liar.url()))
    async with app.router.lifespan_context(app):
        await worlds.pretend_to_follow(app.state.database)
        await app.state.node.close()
        app.state.node = Node(liar.url(), within_s=0.5)
        yield app


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A client of it."""
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as client:
        yield client


async def _ask(api: AsyncClient, method: str, *params: Any, **headers: str) -> Response:
    """A call; whatever its answer is, it does not say where the node is."""
    body = {"method": method, "params": list(params)}
    answer = await api.post("/v1/chain/calls", json=body, headers=headers)
    told = answer.text.lower() + str(answer.headers).lower()
    for part in ("operator", "hunter2", "key-of", "127.0.0.1:", "abcdef", "/v3", "aiohttp"):
        assert part not in told, told
    return answer


def _is_unreachable(answer: Response) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem["retryable"]) == (
        503,
        "urn:tradepost:problem:node-unreachable",
        True,
    )
    assert answer.headers["Retry-After"] == "1"
    assert problem.keys() == {"type", "title", "status", "retryable"}


async def test_a_node_that_is_down(api: AsyncClient, app: FastAPI, counts: Counter[str]) -> None:
    await app.state.node.close()
    app.state.node = Node("http://operator:hunter2@127.0.0.1:9/v3/key-of")
    _is_unreachable(await _ask(api, "eth_chainId"))
    counts["lies of nodes"] += 1


async def test_a_node_that_is_slow(api: AsyncClient, liar: Liar, counts: Counter[str]) -> None:
    began = time.monotonic()
    # More of them than there are connections: those who wait for one are given up too.
    answers = await asyncio.gather(*(_ask(api, "eth_chainId") for _ in range(20)))
    assert time.monotonic() - began < 5
    for answer in answers:
        _is_unreachable(answer)

    async def drip(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not liar.over.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    liar.behaviour = drip
    began = time.monotonic()
    _is_unreachable(await _ask(api, "eth_chainId"))
    assert time.monotonic() - began < 5
    counts["lies of nodes"] += 2


async def test_other_requests_go_on_while_a_node_is_slow(api: AsyncClient, app: FastAPI) -> None:
    waiting = [asyncio.create_task(_ask(api, "eth_chainId")) for _ in range(40)]
    await asyncio.sleep(0.1)
    headers = bearer(await opened(app.state.database, app.state.settings))
    # Nobody who waits for a node holds a connection to the database.
    assert (await api.get("/v1/account", headers=headers)).status_code == 200
    assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


NO_ANSWERS: list[tuple[str, bytes, str, str]] = [
    ("nothing", b"", "200 OK", ""),
    ("words", b"<html>operator</html>", "200 OK", ""),
    ("null", b"null", "200 OK", ""),
    ("a list", b"[]", "200 OK", ""),
    ("neither", b'{"jsonrpc": "2.0", "id": 1}', "200 OK", ""),
    ("a bare error", b'{"error": "key-of-the-operator"}', "200 OK", ""),
    ("a number", b'{"result": 31337}', "200 OK", ""),
    ("a list inside", b'{"result": ["0x1"]}', "200 OK", ""),
    ("an object", b'{"result": {"a": 1}}', "200 OK", ""),
    ("null inside", b'{"result": null}', "200 OK", ""),
    ("no quantity", b'{"result": "thirty"}', "200 OK", ""),
    ("no number", b'{"result": NaN}', "200 OK", ""),
    ("half a pair", b'{"result": "\\ud800"}', "200 OK", ""),
    ("no text", b'{"result": "\xff"}', "200 OK", ""),
    ("depth", b'{"result": ' + b"[" * 50_000, "200 OK", ""),
    ("packed", gzip.compress(b'{"result": "0x1"}'), "200 OK", "Content-Encoding: gzip\r\n"),
    ("denied", b'{"error": {"message": "key-of"}}', "401 Unauthorized", ""),
    ("too much", b'{"error": {"code": -32005}}', "429 Too Many Requests", ""),
    ("broken", b"", "502 Bad Gateway", ""),
    ("elsewhere", b"", "302 Found", "Location: http://127.0.0.1:9/\r\n"),
    ("its limit", b'{"error": {"code": -32005, "message": "slow down"}}', "200 OK", ""),
]


@pytest.mark.parametrize(
    ("body", "status", "head"),
    [lie[1:] for lie in NO_ANSWERS],
    ids=[lie[0] for lie in NO_ANSWERS],
)
async def test_what_is_no_answer_of_a_node(
    api: AsyncClient, liar: Liar, counts: Counter[str], body: bytes, status: str, head: str
) -> None:
    liar.says(body, status, head)
    _is_unreachable(await _ask(api, "eth_chainId"))
    assert len(liar.calls) == 1
    counts["lies of nodes"] += 1


async def test_a_node_that_hangs_up(api: AsyncClient, liar: Liar) -> None:
    async def half(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"result": "0x1"')

    liar.behaviour = half
    _is_unreachable(await _ask(api, "eth_chainId"))


@pytest.mark.parametrize(
    ("method", "params", "answer"),
    [
        ("eth_call", [{"to": "0x" + "11" * 20}], {"a": 1}),
        ("eth_call", [{"to": "0x" + "11" * 20}], "0x0"),
        ("eth_getTransactionReceipt", [HASH], "0x1"),
        ("eth_getBlockByNumber", ["latest"], []),
        ("eth_feeHistory", ["0x1", "latest"], None),
        ("eth_getCode", ["0x" + "11" * 20], None),
    ],
)
async def test_a_result_of_another_type_is_none(
    api: AsyncClient, liar: Liar, method: str, params: list[Any], answer: Any
) -> None:
    liar.says(json.dumps({"result": answer}))
    _is_unreachable(await _ask(api, method, *params))


async def test_an_answer_without_an_end(api: AsyncClient, liar: Liar, counts: Counter[str]) -> None:
    sent = 0

    async def flood(_: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"result": "0x')
        while sent < 64 * MAX_ANSWER_BYTES:
            writer.write(b"00" * 32_768)
            await writer.drain()
            sent += 65_536

    liar.behaviour = flood
    answer = await _ask(api, "eth_getCode", "0x" + "11" * 20)
    assert (answer.status_code, answer.json()["message"]) == (422, "answer too large")
    assert sent < 32 * MAX_ANSWER_BYTES
    counts["lies of nodes"] += 1


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("execution reverted: NotSeller", "execution reverted: NotSeller"),
        ("nonce too low: next nonce 5, tx nonce 3", "nonce too low: next nonce 5, tx nonce 3"),
        ("dial tcp 10.0.0.7:8545: connection refused", "dial tcp ... connection refused"),
        ("dial tcp [fd00::7]:8545: refused", "dial tcp ... refused"),
        ("at https://rpc.example/v2/secret", "at ..."),
        ("no route to geth-internal:8545", "no route to ..."),
        ("key 6B1F-KEY-OF-THE-OPERATOR is over its quota", "key ... is over its quota"),
        ("user operator, word hunter2hunter2, abcdef123456", "user ... word ... ..."),
        ("a\r\nSet-Cookie: b\x00\u202e", "a Set-Cookie: b"),
        ("x" * 10_000, "x" * 300),
        (None, ""),
        (["operator"], ""),
    ],
)
async def test_what_a_node_says_is_told_without_where_it_is(
    api: AsyncClient, liar: Liar, message: Any, told: str
) -> None:
    liar.refuses({"code": -32000, "message": message, "data": "http://operator/key-of"})
    answer = await _ask(api, "eth_chainId")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["message"]) == (422, -32000, told)
    assert problem["data"] is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("0x08c379a0", "0x08c379a0"),
        ({"data": "0x08c379a0", "host": "operator"}, "0x08c379a0"),
        ("0x", "0x"),
        ("0x0", None),
        ("Reverted 0x08c379a0", None),
        ("0x" + "00" * 8_193, None),
        (["0x00"], None),
        (7, None),
        (None, None),
    ],
)
async def test_only_bytes_are_a_reverts_data(
    api: AsyncClient, liar: Liar, data: Any, told: str | None
) -> None:
    liar.refuses({"code": 3, "message": "execution reverted", "data": data})
    assert (await _ask(api, "eth_chainId")).json()["data"] == told


@pytest.mark.parametrize("code", [None, "3", 3.5, True, 2**31, -(10**30), [3]])
async def test_a_code_that_is_none_becomes_one(api: AsyncClient, liar: Liar, code: Any) -> None:
    liar.refuses({"code": code, "message": "no"})
    assert (await _ask(api, "eth_chainId")).json()["code"] == -32603


async def test_a_sent_transactions_hash_is_its_own_whatever_the_node_says(
    api: AsyncClient, app: FastAPI, liar: Liar
) -> None:
    headers = bearer(await opened(app.state.database, app.state.settings))
    liar.says(json.dumps({"result": HASH}))
    sent = await _ask(api, "eth_sendRawTransaction", RAW, **headers)
    assert sent.status_code == 200
    assert sent.json()["result"] != HASH
    assert [call["method"] for call in liar.calls] == ["eth_sendRawTransaction"]


@pytest.mark.parametrize("known", [True, False, None])
async def test_a_refusal_to_send_is_believed_unless_the_node_has_it(
    api: AsyncClient, app: FastAPI, liar: Liar, known: bool | None
) -> None:
    headers = bearer(await opened(app.state.database, app.state.settings))

    async def say(call: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        said: dict[str, Any] = {"error": {"code": -32000, "message": "nonce too low"}}
        if call["method"] == "eth_getTransactionByHash":
            if known is None:
                return
            said = {"result": {"hash": call["params"][0]} if known else None}
        writer.write(_answer(json.dumps(said).encode()))

    liar.behaviour = say
    sent = await _ask(api, "eth_sendRawTransaction", RAW, **headers)
    assert sent.status_code == (200 if known else 422)
    if not known:
        assert sent.json()["message"] == "nonce too low"
