"""Answers that were worked out a moment ago, for everybody who asks the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from tradepost.kernel.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Flight:
    began: datetime
    answer: asyncio.Future[Any]


class Answers:
    """Up to `most` answers of one process, each for `kept_for` after it was asked for.

    However many ask at once, one of them is worked out: a caller who goes away ends none that
    others wait for, and one that failed is not kept. A question is always of one type.
    """

    def __init__(self, clock: Clock, kept_for: timedelta, most: int) -> None:
        self._clock = clock
        self._kept_for = kept_for
        self._most = most
        self._flights: OrderedDict[str, _Flight] = OrderedDict()

    async def get(self, question: str, make: Callable[[], Awaitable[T]]) -> T:
        """The answer to `question`, made by `make` where none is at hand; raises as it does."""
        flight = self._flights.get(question)
        if flight is None or self._over(flight):
            flight = _Flight(self._clock(), asyncio.ensure_future(make()))
            flight.answer.add_done_callback(lambda answer: self._landed(question, answer))
            self._flights[question] = flight
            self._flights.move_to_end(question)
            if len(self._flights) > self._most:
                self._flights.popitem(last=False)
        return cast("T", await asyncio.shield(flight.answer))

    def _over(self, flight: _Flight) -> bool:
        age = self._clock() - flight.began
        return flight.answer.done() and not timedelta(0) <= age < self._kept_for

    def _landed(self, question: str, answer: asyncio.Future[Any]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            flight = self._flights.get(question)
            if flight is not None and flight.answer is answer:
                del self._flights[question]
