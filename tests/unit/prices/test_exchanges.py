"""Public exchanges through ccxt: a real exchange's class of it, pointed at a server of ours."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.prices.conftest import Server, answer
from tradepost.kernel.settings import CcxtPair, CcxtPriceSource
from tradepost.prices.model import Fault, Pair, Told
from tradepost.prices.sources import exchanges
from tradepost.prices.sources.exchanges import PublicExchange

#: Loading the library takes seconds, and it asks an exchange once a second at most.
pytestmark = pytest.mark.slow

ETH_EUR = Pair("ETH", "EUR")


def market(base: str, quote: str) -> dict[str, Any]:
    """A market in the form of the exchange that is played here (Kraken's `AssetPairs`)."""
    return {
        "altname": base + quote,
        "wsname": f"{base}/{quote}",
        "base": base,
        "quote": quote,
        "aclass_base": "currency",
        "aclass_quote": "currency",
        "lot": "unit",
        "pair_decimals": 2,
        "lot_decimals": 8,
        "cost_decimals": 5,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, 0.4]],
        "fees_maker": [[0, 0.25]],
        "ordermin": "0.002",
        "costmin": "0.5",
        "tick_size": "0.01",
        "status": "online",
    }


def ticker(bid: Any = "2000.10", ask: Any = "2000.30", last: Any = "1999") -> dict[str, Any]:
    """The market's ticker, in the same exchange's form."""
    return {
        "a": [ask, "1", "1.000"],
        "b": [bid, "1", "1.000"],
        "c": [last, "0.1"],
        "v": ["1", "1"],
        "p": ["1", "1"],
        "t": [1, 1],
        "l": ["1", "1"],
        "h": ["1", "1"],
        "o": "1",
    }


class Exchange:
    """Plays the exchange's two public documents."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.markets = {"ETHEUR": market("ETH", "EUR"), "USDTEUR": market("USDT", "EUR")}
        self.tickers: Any = {"ETHEUR": ticker(), "USDTEUR": ticker("0.8", "0.8")}
        server.behaviour = self.behave

    async def behave(self, path: str, writer: asyncio.StreamWriter) -> None:
        """Answers one request."""
        result = self.markets if "AssetPairs" in path else self.tickers
        writer.write(answer(json.dumps({"error": [], "result": result}).encode()))


@pytest.fixture
def exchange(server: Server) -> Exchange:
    """The exchange that is played."""
    return Exchange(server)


Read = Callable[..., Awaitable[Told | Fault]]


@pytest.fixture
async def read(server: Server) -> AsyncIterator[Read]:
    """Asks for a pair, ETH in EUR where it is not given, with a new source each time."""
    opened = []

    async def ask(pair: CcxtPair | None = None, name: str = "kraken") -> Told | Fault:
        pair = pair or CcxtPair(base="ETH", quote="EUR")
        setting = CcxtPriceSource(kind="ccxt", name="one", exchange=name, pairs=(pair,))
        source = PublicExchange(
            setting, {"api": {"public": server.url, "private": server.url, "zendesk": server.url}}
        )
        opened.append(source)
        return (await source.read()).get(Pair(pair.base, pair.quote), Fault.MISSING)

    yield ask
    for source in opened:
        await source.close()


async def test_the_price_is_the_middle_of_bid_and_ask(exchange: Exchange, read: Read) -> None:
    assert await read() == Told(Decimal("2000.20"))


async def test_digits_are_not_lost(exchange: Exchange, read: Read) -> None:
    exchange.tickers["ETHEUR"] = ticker("2000.1234567890123456", "2000.1234567890123456")
    assert await read() == Told(Decimal("2000.1234567890123456"))


async def test_a_market_the_other_way_round_is_inverted(exchange: Exchange, read: Read) -> None:
    pair = CcxtPair(base="EUR", quote="USDT", invert=True)
    assert await read(pair) == Told(Decimal("1.25"))


@pytest.mark.parametrize(
    ("bid", "ask", "last", "expected"),
    [
        ("2001", "2000", "1999", Told(Decimal(1999))),
        ("0", "2000", "1999", Told(Decimal(1999))),
        ("-1", "2000", None, Fault.MISSING),
        ("NaN", "NaN", "NaN", Fault.UNREADABLE),
        ("x", "y", "z", Fault.UNREADABLE),
        ("1e999", "1e999", "1e999", Fault.OUT_OF_RANGE),
        ("1e9999999999", "1e9999999999", "1e9999999999", Fault.UNREADABLE),
        (["1"], {"1": 1}, True, Fault.UNREADABLE),
        (None, None, None, Fault.MISSING),
    ],
)
async def test_what_is_no_price_is_refused(
    exchange: Exchange,
    read: Read,
    bid: Any,
    ask: Any,
    last: Any,
    expected: Told | Fault,
) -> None:
    exchange.tickers["ETHEUR"] = ticker(bid, ask, last)
    assert await read() == expected


async def test_a_market_that_it_does_not_have_is_missing(exchange: Exchange, read: Read) -> None:
    assert await read(CcxtPair(base="ETH", quote="KES")) is Fault.MISSING


async def test_an_exchange_that_nobody_knows_is_missing(exchange: Exchange, read: Read) -> None:
    assert await read(name="exchanges") is Fault.MISSING
    assert exchange.server.paths == []


async def test_markets_are_asked_for_once(exchange: Exchange, server: Server) -> None:
    setting = CcxtPriceSource(
        kind="ccxt", name="one", exchange="kraken", pairs=(CcxtPair(base="ETH", quote="EUR"),)
    )
    source = PublicExchange(setting, {"api": {"public": server.url}})
    first = await source.read()
    assert await source.read() == first
    assert sum("AssetPairs" in path for path in server.paths) == 1
    assert sum("Ticker" in path for path in server.paths) == 2
    await source.close()


@pytest.mark.parametrize(
    ("body", "status", "faults"),
    [
        ("<html>", "200 OK", {Fault.UNREADABLE}),
        ("[" * 1_000_000, "200 OK", {Fault.UNREADABLE}),
        ("null", "200 OK", {Fault.UNREADABLE}),
        ("no", "503 Busy", {Fault.REFUSED}),
        ("no", "429 Slow", {Fault.REFUSED, Fault.UNREACHABLE}),
        ('{"error": ["EGeneral:Internal error"]}', "200 OK", {Fault.REFUSED}),
    ],
)
async def test_an_error_is_no_price(
    server: Server, read: Read, body: str, status: str, faults: set[Fault]
) -> None:
    server.says(body, status)
    assert await read() in faults


async def test_nobody_sends_it_elsewhere(server: Server, read: Read) -> None:
    server.says("", "302 Found", f"Location: {server.url}/elsewhere\r\n")
    assert isinstance(await read(), Fault)
    assert not any("elsewhere" in path for path in server.paths)


async def test_a_body_without_an_end_is_left(
    server: Server, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "_MAX_BYTES", 1_000_000)
    sent = 0

    async def behave(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while sent < 100_000_000:
            writer.write(b" " * 100_000)
            sent += 100_000
            await writer.drain()

    server.behaviour = behave
    assert isinstance(await read(), Fault)
    assert sent < 50_000_000


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (1772366400000, Told(Decimal(2000), datetime(2026, 3, 1, 12, tzinfo=UTC))),
        (None, Told(Decimal(2000))),
        (10**30, Fault.UNREADABLE),
    ],
)
def test_a_ticker_may_say_when_it_was_so(stamp: int | None, expected: Told | Fault) -> None:
    assert exchanges._told({"last": "2000", "timestamp": stamp}, invert=False) == expected
