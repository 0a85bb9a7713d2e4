"""The source that is a JSON document on the web.

The other side may be broken, taken over or lying: what is read of it is bounded in size and time,
it cannot send us elsewhere, and numbers are decimals from the text on.
"""

import asyncio
import json
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

import httpx

from tradepost.kernel.settings import HttpPair, HttpPriceSource
from tradepost.prices.model import Fault, Pair, Told, inverted
from tradepost.prices.sources import Answer, bounds

_BACKOFF_S: Final = 0.2
#: Longer numbers are no prices, and turning them into decimals would be work.
_NUMBER_CHARACTERS: Final = 100
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?")
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
#: What a number may be before it is scaled.
_MAGNITUDE: Final = range(-60, 61)
#: Times before the end of the year 2099 in seconds.
_LAST_SECOND: Final = 4_102_444_800


class Failed(Exception):
    """The document could not be had, for a reason that holds for all its pairs."""

    def __init__(self, fault: Fault, *, passing: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        #: True where the next try can go better.
        self.passing = passing


class JsonDocument:
    """Reads the prices of its pairs out of one document."""

    def __init__(self, setting: HttpPriceSource) -> None:
        self.setting = setting
        self._client = httpx.AsyncClient(
            headers={name: value.get_secret_value() for name, value in setting.headers.items()}
            # A compressed answer could be far larger than it looks.
            | {"Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=setting.timeout_s,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=2, keepalive_expiry=60),
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def read(self) -> Answer:
        """What the document says of each pair, after up to `retries` tries more."""
        tries = self.setting.retries + 1
        for number in range(tries):
            try:
                async with asyncio.timeout(self.setting.timeout_s / tries):
                    body = await self._fetch()
            except TimeoutError:
                failed = Failed(Fault.TIMEOUT, passing=True)
            except Failed as error:
                failed = error
            else:
                # A large document would hold up everything else.
                return await asyncio.to_thread(self._answer, body)
            if not failed.passing or number + 1 == tries:
                return self._all(failed.fault)
            await asyncio.sleep(_BACKOFF_S * 2**number)
        raise AssertionError("there is a last try")

    async def _fetch(self) -> bytes:
        try:
            async with self._client.stream("GET", self.setting.url) as response:
                if response.is_redirect:
                    raise Failed(Fault.REDIRECTED)
                if response.status_code != httpx.codes.OK:
                    raise Failed(Fault.REFUSED, passing=response.is_server_error)
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise Failed(Fault.UNREADABLE)
                body = bytearray()
                async for part in response.aiter_raw():
                    body += part
                    if len(body) > self.setting.max_bytes:
                        raise Failed(Fault.TOO_LARGE)
                return bytes(body)
        except httpx.TimeoutException:
            raise Failed(Fault.TIMEOUT, passing=True) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Failed(Fault.UNREACHABLE, passing=True) from None

    def _answer(self, body: bytes) -> Answer:
        try:
            text = body.decode("utf-8-sig")
            if bounds.is_deep(text):
                return self._all(Fault.UNREADABLE)
            document = json.loads(
                text, parse_float=_decimal, parse_int=_decimal, parse_constant=_decimal
            )
        except ValueError:
            return self._all(Fault.UNREADABLE)
        return {Pair(one.base, one.quote): _told(document, one) for one in self.setting.pairs}

    def _all(self, fault: Fault) -> Answer:
        return {Pair(one.base, one.quote): fault for one in self.setting.pairs}


def at(document: object, pointer: str) -> object:
    """The value to which `pointer` (RFC 6901) leads in `document`; raises `LookupError`."""
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value[key]
        elif isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", key):
            value = value[int(key)]
        else:
            raise LookupError(key)
    return value


def _told(document: object, pair: HttpPair) -> Told | Fault:
    """What the document says of one pair."""
    try:
        found = at(document, pair.price)
        time = None if pair.time is None else _time(at(document, pair.time), pair.time_form)
    except LookupError:
        return Fault.MISSING
    except ValueError:
        return Fault.UNREADABLE
    value = _number(found)
    if value is None or not value.is_finite():
        return Fault.NOT_A_NUMBER
    if value <= 0:
        return Fault.NOT_POSITIVE
    if value.adjusted() not in _MAGNITUDE:
        return Fault.OUT_OF_RANGE
    scaled = _WIDE.multiply(value, pair.scale)
    return Told(inverted(scaled) if pair.invert else scaled, time)


def _decimal(text: str) -> Decimal:
    if len(text) > _NUMBER_CHARACTERS:
        return Decimal("NaN")
    try:
        return Decimal(text)
    except InvalidOperation:
        # An exponent beyond what decimals have.
        return Decimal("NaN")


def _number(found: object) -> Decimal | None:
    """A number, or a string that is written as one; None for anything else."""
    if isinstance(found, Decimal):
        return found
    if isinstance(found, str) and _NUMBER.fullmatch(found):
        return Decimal(found)
    return None


def _time(found: object, form: str) -> datetime:
    """The time that the document gives; raises `ValueError`."""
    if form == "iso":
        if not isinstance(found, str) or len(found) > _NUMBER_CHARACTERS:
            raise ValueError("no time")
        time = datetime.fromisoformat(found)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    number = _number(found)
    if number is None or not number.is_finite() or not 0 <= number.adjusted() <= 20:
        raise ValueError("no time")
    seconds = number / 1000 if form == "ms" else number
    if not 0 < seconds < _LAST_SECOND:
        raise ValueError("no time")
    return datetime.fromtimestamp(float(seconds), UTC)
