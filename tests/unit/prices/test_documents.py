"""JSON documents on the web: read as configured, and never trusted."""

import asyncio
import contextlib
import gzip
import json
import time
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.prices.conftest import Server, answer
from tradepost.kernel.settings import HttpPair, HttpPriceSource
from tradepost.prices.model import Fault, Pair, Told
from tradepost.prices.sources.documents import JsonDocument, at

ETH_EUR = Pair("ETH", "EUR")


def source(server: Server, **options: Any) -> HttpPriceSource:
    pair = {"base": "ETH", "quote": "EUR", "price": "/price", **options.pop("pair", {})}
    return HttpPriceSource.model_validate(
        {"kind": "http", "name": "web", "url": server.url, "retries": 0, "timeout_s": 5}
        | {"pairs": [pair]}
        | options
    )


async def read(server: Server, **options: Any) -> Told | Fault:
    document = JsonDocument(source(server, **options))
    try:
        return (await document.read())[ETH_EUR]
    finally:
        await document.close()


async def test_many_pairs_come_of_one_document(server: Server) -> None:
    server.says(
        json.dumps(
            {"result": {"XETHZEUR": {"c": ["2000.10", "1"]}}, "rates": [{"usd": 1.25}, 0.0045]}
        )
    )
    document = JsonDocument(
        HttpPriceSource(
            kind="http",
            name="web",
            url=server.url,
            pairs=(
                HttpPair(base="ETH", quote="EUR", price="/result/XETHZEUR/c/0"),
                HttpPair(base="EUR", quote="USD", price="/rates/0/usd"),
                HttpPair(base="KES", quote="USD", price="/rates/9"),
            ),
        )
    )
    assert await document.read() == {
        ETH_EUR: Told(Decimal("2000.10")),
        Pair("EUR", "USD"): Told(Decimal("1.25")),
        Pair("KES", "USD"): Fault.MISSING,
    }
    await document.close()
    assert len(server.paths) == 1


async def test_numbers_are_decimals_from_the_text_on(server: Server) -> None:
    server.says('{"price": 0.1000000000000000055511151231257827}')
    assert await read(server) == Told(Decimal("0.1000000000000000055511151231257827"))


async def test_odd_units_are_scaled_and_inverted(server: Server) -> None:
    server.says('{"price": "200010"}')
    assert await read(server, pair={"scale": "0.01"}) == Told(Decimal("2000.10"))
    server.says('{"price": 25}')
    inverse = {"scale": "0.00001", "invert": True}
    assert await read(server, pair=inverse) == Told(Decimal(4000))


@pytest.mark.parametrize(
    ("form", "written"),
    [("s", 1772366400), ("ms", "1772366400000"), ("iso", "2026-03-01T13:00:00+01:00")],
)
async def test_the_document_may_say_when_it_was_so(
    server: Server, form: str, written: object
) -> None:
    server.says(json.dumps({"price": 2000, "at": written}))
    assert await read(server, pair={"time": "/at", "time_form": form}) == Told(
        Decimal(2000), datetime(2026, 3, 1, 12, tzinfo=UTC)
    )


@pytest.mark.parametrize("written", ["soon", None, -1, 0, 1e300, "9" * 90, [], {}, True])
@pytest.mark.parametrize("form", ["s", "ms", "iso"])
async def test_a_time_that_is_none_is_unreadable(
    server: Server, form: str, written: object
) -> None:
    server.says(json.dumps({"price": 2000, "at": written}))
    assert await read(server, pair={"time": "/at", "time_form": form}) is Fault.UNREADABLE


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("NaN", Fault.NOT_A_NUMBER),
        ("Infinity", Fault.NOT_A_NUMBER),
        ('"NaN"', Fault.NOT_A_NUMBER),
        ('"sNaN"', Fault.NOT_A_NUMBER),
        ('"2000 EUR"', Fault.NOT_A_NUMBER),
        ('"2,000"', Fault.NOT_A_NUMBER),
        ('"٢٠٠٠"', Fault.NOT_A_NUMBER),
        ("true", Fault.NOT_A_NUMBER),
        ("null", Fault.NOT_A_NUMBER),
        ("[2000]", Fault.NOT_A_NUMBER),
        ("1e99999999999999999999", Fault.NOT_A_NUMBER),
        ("9" * 100_000, Fault.NOT_A_NUMBER),
        ("1e999999", Fault.OUT_OF_RANGE),
        ("1e-999999", Fault.OUT_OF_RANGE),
        ("0", Fault.NOT_POSITIVE),
        ("-2000", Fault.NOT_POSITIVE),
        ("-0.0", Fault.NOT_POSITIVE),
    ],
)
async def test_what_is_no_price_is_refused(server: Server, text: str, fault: Fault) -> None:
    server.says(f'{{"price": {text}}}')
    assert await read(server) is fault
    assert await read(server, pair={"invert": True}) is fault


@pytest.mark.parametrize(
    "body",
    [
        b"<html>It works!</html>",
        b"",
        b'{"price": 2000',
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        b'{"price": 2000}{"price": 1}',
    ],
)
async def test_what_is_no_json_is_unreadable(server: Server, body: bytes) -> None:
    server.says(body)
    assert await read(server) is Fault.UNREADABLE


@pytest.mark.parametrize(
    "price", ["[" * 99 + "]" * 99, '"' + "[" * 999 + '"', r'"\"[[{{\\"' + "," + '"x":' + '"["']
)
async def test_depth_is_that_of_brackets_outside_of_strings(server: Server, price: str) -> None:
    server.says(f'{{"other": {price}, "price": 2000}}')
    assert await read(server) == Told(Decimal(2000))
    server.says(f'{{"other": {"[" * 100 + "]" * 100}, "price": 2000}}')
    assert await read(server) is Fault.UNREADABLE


@pytest.mark.parametrize("body", ["[]", "{}", "2000", '"price"', '{"prices": 1}', "null"])
async def test_json_of_another_form_has_it_missing(server: Server, body: str) -> None:
    server.says(body)
    assert await read(server) is Fault.MISSING


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
async def test_nobody_sends_us_elsewhere(server: Server, status: str) -> None:
    server.says('{"price": 2000}', status, f"Location: {server.url}/elsewhere\r\n")
    assert await read(server, retries=3) is Fault.REDIRECTED
    assert server.paths == ["/"]


@pytest.mark.parametrize(
    ("status", "tries"), [("404 Not Found", 1), ("429 Slow", 1), ("204 None", 1), ("503 Busy", 3)]
)
async def test_an_error_is_no_price_and_only_a_passing_one_is_tried_again(
    server: Server, status: str, tries: int
) -> None:
    server.says('{"price": 2000}', status)
    assert await read(server, retries=2) is Fault.REFUSED
    assert len(server.paths) == tries


async def test_a_second_try_can_go_better(server: Server) -> None:
    async def behave(_: str, writer: asyncio.StreamWriter) -> None:
        if len(server.paths) == 2:
            writer.write(answer(b'{"price": 2000}'))

    server.behaviour = behave
    assert await read(server, retries=1) == Told(Decimal(2000))
    assert len(server.paths) == 2


async def test_an_early_end_is_unreachable(server: Server) -> None:
    async def behave(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b'{"price": 2000}')[:-5])

    server.behaviour = behave
    assert await read(server) is Fault.UNREACHABLE


async def test_nobody_there_is_unreachable(server: Server) -> None:
    server.url = "http://127.0.0.1:9"
    assert await read(server) is Fault.UNREACHABLE


async def test_a_body_without_an_end_is_left_when_it_is_too_large(server: Server) -> None:
    sent = 0

    async def behave(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while sent < 100_000_000:
            writer.write(b" " * 100_000)
            sent += 100_000
            await writer.drain()

    server.behaviour = behave
    tracemalloc.start()
    assert await read(server) is Fault.TOO_LARGE
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent < 20_000_000  # what the buffers of both sides take
    assert peak < 10_000_000


async def test_a_compressed_body_is_not_unpacked(server: Server) -> None:
    server.says(gzip.compress(b" " * 50_000_000), headers="Content-Encoding: gzip\r\n")
    assert await read(server) is Fault.UNREADABLE
    assert "accept-encoding: identity" in server.heads[0].lower()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
async def test_a_silent_server_is_left(server: Server, head: bytes) -> None:
    async def behave(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        await server.over.wait()

    server.behaviour = behave
    began = time.monotonic()
    assert await read(server, timeout_s=0.3) is Fault.TIMEOUT
    assert time.monotonic() - began < 3


async def test_a_server_that_drips_is_left_too(server: Server) -> None:
    async def behave(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        while not server.over.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    server.behaviour = behave
    assert await read(server, timeout_s=0.5) is Fault.TIMEOUT


async def test_headers_are_sent_and_not_shown(server: Server) -> None:
    server.says('{"price": 2000}')
    assert await read(server, headers={"X-Api-Key": "hush"}) == Told(Decimal(2000))
    assert "x-api-key: hush" in server.heads[0].lower()
    assert "hush" not in repr(source(server, headers={"X-Api-Key": "hush"}))


def test_a_pointer_reads_keys_and_indexes() -> None:
    document = {"a/b": [1, {"m~n": 2, "": 3, "0": 4}]}
    assert at(document, "/a~1b/0") == 1
    assert at(document, "/a~1b/1/m~0n") == 2
    assert at(document, "/a~1b/1/") == 3
    assert at(document, "/a~1b/1/0") == 4
    for pointer in ("/a", "/a~1b/2", "/a~1b/-1", "/a~1b/01", "/a~1b/0/0", "/a~1b/1_0"):
        with pytest.raises(LookupError):
            at(document, pointer)


@given(
    st.recursive(
        st.none() | st.booleans() | st.decimals() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.text("/~01ab", max_size=20),
)
def test_a_pointer_finds_something_or_says_that_it_does_not(document: object, pointer: str) -> None:
    with contextlib.suppress(LookupError):
        at(document, pointer)
