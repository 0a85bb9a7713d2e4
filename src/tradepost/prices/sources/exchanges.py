"""The source that is a public exchange, through the library ccxt.

The library knows each exchange's own interface. It takes seconds to load and much memory, so only
a process that asks an exchange loads it. It bounds no answer and follows redirects: its HTTP
session is one of ours, which does and does not.
"""

import asyncio
import importlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Any, Final

import aiohttp

from tradepost.kernel.settings import CcxtPair, CcxtPriceSource
from tradepost.prices.model import Fault, Pair, Told, inverted, reading_value
from tradepost.prices.sources import Answer, bounds

#: Some exchanges tell all their markets in one answer.
_MAX_BYTES: Final = 32_000_000
_CHUNK: Final = 65_536
#: Markets come and go.
_MARKETS_KEPT_S: Final = 3600
#: What the library raises where an answer is not what it takes for granted.
_CONFUSED: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class _BoundedResponse(aiohttp.ClientResponse):
    """An answer of which no more is read than `_MAX_BYTES`, unpacked."""

    async def read(self) -> bytes:
        """The body."""
        if self._body is None:
            body = bytearray()
            async for chunk in self.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > _MAX_BYTES:
                    self.close()
                    raise aiohttp.ClientPayloadError("the answer is too large")
            self._body = bytes(body)
        return self._body


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientPayloadError("the answer is a redirect")
    return response


class PublicExchange:
    """Reads the tickers of its pairs: the middle of bid and ask, else the last trade."""

    def __init__(self, setting: CcxtPriceSource, urls: dict[str, Any] | None = None) -> None:
        """Takes other addresses than the exchange's own in `urls`, in the library's form."""
        self.setting = setting
        self._urls = urls
        self._session: aiohttp.ClientSession | None = None
        self._library: Any = None
        self._exchange: Any = None
        self._reload_at = 0.0

    async def close(self) -> None:
        """Closes the connections."""
        if self._exchange is not None:
            await self._exchange.close()
            self._exchange = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def read(self) -> Answer:
        """The tickers of the pairs whose markets the exchange knows."""
        if self._exchange is None and not await self._open():
            return self._all(Fault.MISSING)
        library = self._library
        try:
            markets = await self._markets()
            symbols = {_symbol(pair): pair for pair in self.setting.pairs}
            known = [symbol for symbol in symbols if symbol in markets]
            if not known:
                return {}
            if self._exchange.has.get("fetchTickers") is True:
                tickers = await self._exchange.fetch_tickers(known)
            else:
                tickers = {symbol: await self._exchange.fetch_ticker(symbol) for symbol in known}
        except library.RequestTimeout:
            return self._all(Fault.TIMEOUT)
        except (library.ExchangeNotAvailable, library.ExchangeError):
            return self._all(Fault.REFUSED)
        except library.NetworkError:
            return self._all(Fault.UNREACHABLE)
        except _CONFUSED:
            return self._all(Fault.UNREADABLE)
        return {
            Pair(pair.base, pair.quote): _told(tickers[symbol], invert=pair.invert)
            for symbol, pair in symbols.items()
            if symbol in tickers
        }

    async def _markets(self) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        markets: dict[str, Any] = await self._exchange.load_markets(now >= self._reload_at)
        if not markets:
            raise ValueError("no markets")
        if now >= self._reload_at:
            self._reload_at = now + _MARKETS_KEPT_S
        return markets

    async def _open(self) -> bool:
        """Loads the library and makes its object; False where it does not know the exchange."""
        self._library = await asyncio.to_thread(importlib.import_module, "ccxt.async_support")
        if self.setting.exchange not in self._library.exchanges:
            return False
        self._session = aiohttp.ClientSession(
            response_class=_BoundedResponse,
            middlewares=(_refuse_redirects,),
            trust_env=True,
            connector=aiohttp.TCPConnector(limit=4),
        )
        make = getattr(self._library, self.setting.exchange)
        self._exchange = make(
            {
                "session": self._session,
                "timeout": int(self.setting.timeout_s * 1000),
                "enableRateLimit": True,
            }
        )
        # Numbers stay the text that they were; networks and fees of coins are of no use here.
        self._exchange.number = str
        self._exchange.has = {**self._exchange.has, "fetchCurrencies": False}
        self._exchange.on_rest_response = _bounded(self._exchange.on_rest_response)
        if self._urls is not None:
            self._exchange.urls = {**self._exchange.urls, **self._urls}
        return True

    def _all(self, fault: Fault) -> Answer:
        return {Pair(one.base, one.quote): fault for one in self.setting.pairs}


def _bounded(hook: Callable[..., str]) -> Callable[..., str]:
    """The library's hook between an answer and its parser, for texts that are fit for one."""

    @wraps(hook)
    def on_rest_response(*arguments: Any) -> str:
        text = hook(*arguments)
        if bounds.is_deep(text) or bounds.has_huge_exponent(text):
            raise ValueError("the answer would break its parser")
        return text

    return on_rest_response


def _symbol(pair: CcxtPair) -> str:
    if pair.symbol:
        return pair.symbol
    return f"{pair.quote}/{pair.base}" if pair.invert else f"{pair.base}/{pair.quote}"


def _told(ticker: dict[str, Any], *, invert: bool) -> Told | Fault:
    """The price that a ticker tells, in the library's unified form."""
    bid, ask, last = (_number(ticker.get(name)) for name in ("bid", "ask", "last"))
    if isinstance(bid, Decimal) and isinstance(ask, Decimal) and bid <= ask:
        value: Decimal | Fault = (bid + ask) / 2
    else:
        value = last
    if isinstance(value, Fault):
        return value
    stamp = ticker.get("timestamp")
    at = None
    if isinstance(stamp, int):
        try:
            at = datetime.fromtimestamp(stamp / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return Fault.UNREADABLE
    return Told(inverted(value) if invert else value, at)


def _number(found: object) -> Decimal | Fault:
    if found is None:
        return Fault.MISSING
    try:
        return reading_value(Decimal(str(found)[:100]))
    except InvalidOperation:
        return Fault.NOT_A_NUMBER
