"""Receivers that are broken, slow or hostile cost a bounded time, and nothing else."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import worlds
from tests.integration.outward.certificates import Authority
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import (
    LOOPBACK,
    Got,
    Receiver,
    never,
    receiving,
    says,
    writes,
)
from tradepost.kernel.settings import Settings
from tradepost.outward import sending
from tradepost.outward.model import Fault, Outcome
from tradepost.outward.sending import Sender


@pytest.fixture
def settings() -> Settings:
    """There is no database behind it."""
    base = worlds.settings("postgresql://nowhere")
    return base.model_copy(update={"webhook_networks": LOOPBACK})


@pytest.fixture
def sender(settings: Settings, names: ToldNames) -> Sender:
    return Sender(settings, names)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


async def send(sender: Sender, url: str) -> Outcome:
    return await sender.send(url, {"webhook-id": "1"}, b"{}")


async def endless_body(_: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        await writer.drain()


async def dripping_body(_: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def dripping_head(_: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.transport.is_closing():
        writer.write(b"X-More: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless_head(_: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.transport.is_closing():
        writer.write(b"X-More: " + b"x" * 8_000 + b"\r\n")
        await writer.drain()


async def wait_a_moment(_: Got, writer: asyncio.StreamWriter) -> None:
    while not writer.transport.is_closing():
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


BOMB = gzip.compress(b"\0" * 50_000_000)


@pytest.mark.parametrize(
    ("answer", "status", "fault"),
    [
        (says(204), 204, None),
        (says(299, body=b"thanks"), 299, None),
        (says(200, "Content-Encoding: gzip\r\n", BOMB), 200, None),
        (says(200, "Content-Encoding: gzip\r\n", b"no gzip"), 200, None),
        (endless_body, 200, None),
        (dripping_body, 200, None),
        (writes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"), 200, None),
        (writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 200, None),
        (writes(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), None, Fault.MALFORMED),
        (dripping_head, None, Fault.TIMEOUT),
        (wait_a_moment, None, Fault.TIMEOUT),
        (never, None, Fault.TIMEOUT),
        (endless_head, None, Fault.MALFORMED),
        (writes(b""), None, Fault.MALFORMED),
        (writes(b"220 mail ESMTP\r\n"), None, Fault.MALFORMED),
        (writes(b"HTTP/1.1 abc\r\n\r\n"), None, Fault.MALFORMED),
        (writes(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), None, Fault.MALFORMED),
        (writes(b"HTTP/1.1 200 OK\r\nBad header\r\n\r\n"), None, Fault.MALFORMED),
        (writes(b"\x00" * 200_000), None, Fault.MALFORMED),
    ],
)
async def test_an_answer_of_any_kind(
    sender: Sender,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    answer: object,
    status: int | None,
    fault: Fault | None,
) -> None:
    monkeypatch.setattr(sending, "DEADLINE_S", 1.0)
    monkeypatch.setattr(sending, "_READ_S", 0.3)
    receiver.answer = answer  # type: ignore[assignment]
    began = time.monotonic()
    outcome = await send(sender, receiver.url)
    assert (outcome.status, outcome.fault) == (status, fault)
    assert time.monotonic() - began < 10
    assert len(receiver.got) == 1


async def test_what_is_read_of_an_answer_is_bounded(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endless body is cut at a size, long before its time is over."""
    monkeypatch.setattr(sending, "_READ_S", 60.0)
    receiver.answer = endless_body
    async with asyncio.timeout(10):
        assert (await send(sender, receiver.url)).status == 200


async def test_nobody_there(sender: Sender, receiver: Receiver) -> None:
    async with receiving() as gone:
        pass
    assert (await send(sender, gone.url)).fault is Fault.UNREACHABLE
    assert (await send(sender, "https://no-such-name.example/")).fault is Fault.ADDRESS


async def test_retry_after_is_told(sender: Sender, receiver: Receiver) -> None:
    receiver.answer = says(503, "retry-AFTER: 17\r\nRetry-After: 99\r\n")
    assert (await send(sender, receiver.url)).retry_after == "17"
    receiver.answer = says(503, "Retry-After: \xff\r\n")
    assert (await send(sender, receiver.url)).status == 503


async def test_the_second_address_is_tried_where_the_first_does_not_answer(
    sender: Sender, receiver: Receiver, names: ToldNames
) -> None:
    names.say("shop.example", ["127.0.0.9", "127.0.0.1"])
    url = f"http://shop.example:{receiver.port}/"
    assert (await send(sender, url)).status == 204
    assert names.asked == ["shop.example"]


async def test_a_proxy_of_the_environment_is_not_used(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        assert (await send(sender, receiver.url)).status == 204
        assert (proxy.connected, receiver.connected) == (0, 1)


async def test_cookies_are_not_kept(sender: Sender, receiver: Receiver) -> None:
    receiver.answer = says(200, "Set-Cookie: a=b\r\n")
    for _ in range(2):
        await send(sender, receiver.url)
    assert all("cookie" not in got.headers for got in receiver.got)


async def test_tls_is_with_the_name_at_the_address_that_was_judged(
    settings: Settings, names: ToldNames, tmp_path: Path
) -> None:
    authority, asked = Authority(tmp_path), list[str | None]()
    names.say("shop.example", ["127.0.0.1"])
    sender = Sender(settings, names, authority.believed())
    async with receiving(tls=authority.server("shop.example", asked)) as receiver:
        url = f"https://shop.example:{receiver.port}/hook?a=1"
        outcome = await send(sender, url)
        assert (outcome.status, outcome.fault) == (204, None)
        (got,) = receiver.got
        assert got.line == "POST /hook?a=1 HTTP/1.1"
        assert got.headers["host"] == f"shop.example:{receiver.port}"
        assert asked == ["shop.example"]


async def test_a_certificate_of_another_name_or_of_nobody_will_not_do(
    settings: Settings, names: ToldNames, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    names.say("shop.example", ["127.0.0.1"])
    async with receiving(tls=authority.server("else.example", [])) as other:
        sender = Sender(settings, names, authority.believed())
        outcome = await send(sender, f"https://shop.example:{other.port}/")
        assert outcome.fault is Fault.TLS
        names.say("else.example", ["127.0.0.1"])
        outcome = await send(Sender(settings, names), f"https://else.example:{other.port}/")
        assert outcome.fault is Fault.TLS
        assert other.got == []


async def test_tls_is_not_spoken_at_all(sender: Sender, names: ToldNames) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ESMTP\r\n")
        writer.close()

    names.say("mail.example", ["127.0.0.1"])
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await send(sender, f"https://mail.example:{port}/")).fault is Fault.TLS
