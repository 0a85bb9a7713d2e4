"""A thousand forced reconnects while events are written: nothing is missing, nothing is double."""

import asyncio
import logging
import random
import statistics
import time
from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.notifications import serving
from tests.integration.notifications.listings import listing, show
from tests.integration.notifications.serving import (
    Exchange,
    OfferHappened,
    Person,
    Query,
    Reader,
    TradeHappened,
    happen,
)
from tradepost.kernel.settings import Settings

RECONNECTS = 1_000
#: From the beginning of a new connection to the first thing that was missed.
RESUME_P99_S = 0.5
CHANNELS = ("trades", "notifications", "offers:ETH-EUR")


class Follower:
    """Keeps what it was told of each channel, and goes on from there; it trusts nobody."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = dict.fromkeys(CHANNELS, 0)
        self.seen: dict[str, list[int]] = {name: [] for name in CHANNELS}

    def query(self) -> Query:
        """Where it goes on."""
        resume = ",".join(f"{name}={seq}" for name, seq in self.positions.items())
        return {"channels": list(CHANNELS), "resume_from": resume}

    async def take(self, reader: Reader) -> None:
        """The next thing that happened."""
        told = await reader.next("event", "offer", "resync_required")
        assert told["type"] != "resync_required"
        name, seq = told["channel"], told["seq"]
        # It comes right after what was seen before, whatever the numbers between were of.
        assert told["after"] == self.positions[name]
        self.positions[name] = seq
        self.seen[name].append(seq)


async def write(exchange: Exchange, who: Person, done: Callable[[], bool]) -> int:
    """Something of each kind, again and again; how many rounds."""
    rounds = 0
    while not done():
        await happen(exchange.database, who, [rounds], TradeHappened)
        await happen(exchange.database, who, [rounds], OfferHappened)
        one = listing(who.account_id)
        await show(exchange.database, {one.id: one})
        rounds += 1
        await asyncio.sleep(0.005)
    return rounds


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_thousand_reconnects_leave_no_gap(
    settings: Settings,
    record_property: Callable[[str, object], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "tradepost")
    dice = random.Random(27)  # noqa: S311 - the same cuts in each run
    follower, resumes, finished = Follower(), [], False
    roomy = settings.model_copy(
        update={"stream_account_connections": 1_000, "stream_address_connections": 2_000}
    )
    async with serving.served(roomy) as exchange:
        rosa = await serving.person(exchange.database)
        writing = asyncio.create_task(write(exchange, rosa, lambda: finished))
        for _ in range(RECONNECTS):
            began = time.perf_counter()
            async with exchange.reader(rosa, follower.query(), close_timeout=0) as reader:
                await follower.take(reader)
                resumes.append(time.perf_counter() - began)
                for _ in range(dice.randrange(6)):
                    await follower.take(reader)
                # The line is cut, without a word and wherever it is.
                reader.socket.transport.abort()
        finished = True
        rounds = await writing
        async with exchange.reader(rosa, follower.query()) as reader:
            while any(len(seen) < rounds for seen in follower.seen.values()):
                await follower.take(reader)
        async with exchange.client(rosa) as client:
            kinds: dict[int, str] = {}
            while page := await _events(client, len(kinds)):
                kinds |= page
    assert [len(seen) for seen in follower.seen.values()] == [rounds] * len(CHANNELS)
    for name, start in (("trades", "trade."), ("notifications", "offer.")):
        assert follower.seen[name] == [
            seq for seq, kind in sorted(kinds.items()) if kind.startswith(start)
        ]
    assert follower.seen["offers:ETH-EUR"] == list(range(1, rounds + 1))
    p50, p99 = statistics.median(resumes), statistics.quantiles(resumes, n=100)[98]
    record_property("resume_p50_ms", round(p50 * 1000, 1))
    record_property("resume_p99_ms", round(p99 * 1000, 1))
    print(f"{rounds} rounds; resume p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")
    assert p99 < RESUME_P99_S
    # A line that is cut is nothing unusual.
    assert "stream of" not in caplog.text


async def _events(client: httpx.AsyncClient, after: int) -> dict[int, str]:
    answer = await client.get("/v1/account/events", params={"after": after, "limit": 100})
    return {one["seq"]: one["type"] for one in answer.json()["data"]}


async def test_a_cut_line_is_found_out(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa, {"channels": "trades"}) as reader:
        await reader.next("subscribed")
        reader.socket.transport.abort()
        with pytest.raises(ConnectionClosed):
            await reader.next()
    await exchange.empty()
