"""Answers at hand: made once however many ask, kept for a while, and never too many."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tradepost.insights.cache import Answers


class Maker:
    """Makes answers when it is told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, tzinfo=UTC)
        self.asked = 0
        self.go = asyncio.Event()
        self.go.set()
        self.fault: Exception | None = None
        self.answers = Answers(lambda: self.now, timedelta(seconds=2), most=3)

    async def make(self) -> int:
        """The number of the question."""
        self.asked += 1
        number = self.asked
        await self.go.wait()
        if self.fault is not None:
            raise self.fault
        return number

    async def get(self, question: str = "what") -> int:
        """The answer that a caller gets."""
        return await self.answers.get(question, self.make)


@pytest.fixture
async def maker() -> Maker:
    return Maker()


async def test_an_answer_is_kept_for_its_time(maker: Maker) -> None:
    assert [await maker.get(), await maker.get()] == [1, 1]
    maker.now += timedelta(seconds=1.999)
    assert await maker.get() == 1
    maker.now += timedelta(seconds=0.001)
    assert await maker.get() == 2


async def test_a_clock_that_goes_back_keeps_nothing_for_ever(maker: Maker) -> None:
    assert await maker.get() == 1
    maker.now -= timedelta(days=1)
    assert await maker.get() == 2


async def test_who_asks_at_once_shares_one_answer(maker: Maker) -> None:
    maker.go.clear()
    callers = [asyncio.create_task(maker.get()) for _ in range(50)]
    await asyncio.sleep(0)
    # However long it takes.
    maker.now += timedelta(minutes=1)
    callers.append(asyncio.create_task(maker.get()))
    await asyncio.sleep(0)
    maker.go.set()
    assert set(await asyncio.gather(*callers)) == {1}
    assert maker.asked == 1


async def test_a_caller_who_leaves_takes_nothing_from_others(maker: Maker) -> None:
    maker.go.clear()
    first, second = asyncio.create_task(maker.get()), asyncio.create_task(maker.get())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    maker.go.set()
    assert await second == 1
    assert maker.asked == 1


async def test_a_failure_is_told_to_all_who_wait_and_not_kept(maker: Maker) -> None:
    maker.go.clear()
    maker.fault = ValueError("no")
    callers = [asyncio.create_task(maker.get()) for _ in range(3)]
    await asyncio.sleep(0)
    maker.go.set()
    told = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(one) for one in told] == [ValueError] * 3
    maker.fault = None
    assert await maker.get() == 2


async def test_the_oldest_answers_make_room(maker: Maker) -> None:
    for question in ("a", "b", "c", "d"):
        await maker.get(question)
    assert maker.asked == 4
    assert await maker.get("d") == 4
    assert await maker.get("a") == 5
