"""The stream by WebSocket: what comes, in which order, and from where it goes on."""

from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from tests.integration.notifications import serving
from tests.integration.notifications.serving import (
    Exchange,
    OfferHappened,
    Person,
    TradeHappened,
    happen,
)
from tradepost.kernel import outbox
from tradepost.kernel.settings import Settings
from tradepost.notifications.model import MOST_BEHIND

TRADES = {"channels": "trades"}


async def test_what_happens_is_told_in_order(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa, TRADES) as reader:
        welcome = await reader.next()
        assert welcome["type"] == "welcome"
        assert welcome["account_id"] == str(rosa.account_id)
        assert await reader.next() == {"type": "subscribed", "channel": "trades", "seq": 0}
        await happen(exchange.database, rosa, range(1, 31))
        told = await reader.events(30)
    assert [(one["seq"], one["after"]) for one in told] == [(n, n - 1) for n in range(1, 31)]
    assert [one["event"]["payload"]["number"] for one in told] == list(range(1, 31))
    assert told[0]["event"]["type"] == "trade.happened"


async def test_a_reader_goes_on_where_he_was(exchange: Exchange, rosa: Person) -> None:
    await happen(exchange.database, rosa, range(1, 251))
    async with exchange.reader(rosa, TRADES | {"resume_from": "trades=40"}) as reader:
        assert (await reader.next("subscribed"))["seq"] == 40
        told = await reader.events(210)
    assert [one["seq"] for one in told] == list(range(41, 251))


async def test_without_a_number_it_begins_now(exchange: Exchange, rosa: Person) -> None:
    await happen(exchange.database, rosa, range(1, 4))
    async with exchange.reader(rosa, TRADES) as reader:
        assert (await reader.next("subscribed"))["seq"] == 3
        await happen(exchange.database, rosa, [4])
        assert (await reader.next())["seq"] == 4


async def test_each_channel_has_its_own_of_one_sequence(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa, {"channels": ["trades", "notifications"]}) as reader:
        for _ in range(2):
            await reader.next("subscribed")
        await happen(exchange.database, rosa, [1, 2], TradeHappened)
        await happen(exchange.database, rosa, [3], OfferHappened)
        await happen(exchange.database, rosa, [4], TradeHappened)
        told = await reader.events(4)
    seen = {"trades": 0, "notifications": 0}
    for one in told:
        assert one["after"] == seen[one["channel"]]
        seen[one["channel"]] = one["seq"]
    assert seen == {"trades": 4, "notifications": 3}
    assert {one["seq"] for one in told if one["channel"] == "notifications"} == {3}


async def test_nobody_is_told_of_others(exchange: Exchange, rosa: Person) -> None:
    other = await serving.person(exchange.database)
    async with exchange.reader(rosa, TRADES) as mine, exchange.reader(other, TRADES) as theirs:
        await mine.next("subscribed")
        await theirs.next("subscribed")
        await happen(exchange.database, other, [1, 2])
        await happen(exchange.database, rosa, [7])
        assert (await mine.next())["event"]["payload"]["number"] == 7
        assert [one["event"]["payload"]["number"] for one in await theirs.events(2)] == [1, 2]


async def test_channels_are_taken_and_left(exchange: Exchange, rosa: Person) -> None:
    async with exchange.reader(rosa) as reader:
        await reader.next("welcome")
        await reader.say(op="subscribe", channel="trades", resume_from=0)
        assert (await reader.next())["type"] == "subscribed"
        await happen(exchange.database, rosa, [1])
        assert (await reader.next())["seq"] == 1
        await reader.say(op="unsubscribe", channel="trades")
        assert await reader.next() == {"type": "unsubscribed", "channel": "trades"}
        await happen(exchange.database, rosa, [2, 3])
        await reader.say(op="subscribe", channel="trades", resume_from=1)
        assert (await reader.next())["seq"] == 1
        assert [one["seq"] for one in await reader.events(2)] == [2, 3]
        # Taken anew, it begins anew.
        await reader.say(op="subscribe", channel="trades", resume_from=2)
        assert (await reader.next())["type"] == "subscribed"
        assert (await reader.next())["seq"] == 3


async def test_who_cannot_be_brought_up_to_date_reads_anew(
    exchange: Exchange, rosa: Person
) -> None:
    await happen(exchange.database, rosa, range(1, 6))
    async with exchange.database.transaction() as tx:
        await tx.execute("DELETE FROM account_events WHERE seq <= 2")
    for channel, why in (("trades=1", "forgotten"), ("trades=9", "unknown")):
        async with exchange.reader(rosa, TRADES | {"resume_from": channel}) as reader:
            told = await reader.next("resync_required")
            assert (told["seq"], told["why"]) == (5, why)
            await reader.say(op="unsubscribe", channel="trades")
            assert (await reader.next())["type"] == "unsubscribed"
    async with exchange.reader(rosa, TRADES | {"resume_from": "trades=2"}) as reader:
        assert [one["seq"] for one in await reader.events(3)] == [3, 4, 5]


async def test_who_is_too_far_behind_reads_anew_and_goes_on(
    exchange: Exchange, rosa: Person
) -> None:
    async with exchange.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account_sequences (account_id, last_seq) VALUES (%s, %s)",
            [rosa.account_id, MOST_BEHIND + 1],
        )
    async with exchange.reader(rosa, TRADES | {"resume_from": "trades=0"}) as reader:
        told = await reader.next("resync_required")
        assert (told["seq"], told["why"]) == (MOST_BEHIND + 1, "too_far_behind")
        await happen(exchange.database, rosa, [1])
        one = await reader.next()
        assert (one["seq"], one["after"]) == (MOST_BEHIND + 2, MOST_BEHIND + 1)


async def test_a_live_reader_is_told_of_a_hole(exchange: Exchange, rosa: Person) -> None:
    """A database that was brought back from a copy knows less than its readers."""
    async with exchange.reader(rosa, TRADES) as reader:
        await reader.next("subscribed")
        await happen(exchange.database, rosa, range(1, 6))
        await reader.events(5)
        async with exchange.database.transaction() as tx:
            await tx.execute("UPDATE account_sequences SET last_seq = 2")
            await tx.execute("DELETE FROM account_events WHERE seq > 2")
            tx.touched.add(outbox.topic(rosa.account_id))
        told = await reader.next()
        assert (told["type"], told["seq"], told["why"]) == ("resync_required", 2, "unknown")
        await happen(exchange.database, rosa, [3])
        assert (await reader.next())["seq"] == 3


async def test_heartbeats_say_up_to_where_it_was_told(settings: Settings) -> None:
    async with serving.served(settings, replace(serving.PACE, heartbeat_s=0.1)) as exchange:
        rosa = await serving.person(exchange.database)
        async with exchange.reader(rosa, TRADES) as reader:
            await reader.next("subscribed")
            await happen(exchange.database, rosa, [1, 2], OfferHappened)
            positions = None
            while positions != {"trades": 2}:
                positions = (await reader.next("heartbeat"))["positions"]
            await happen(exchange.database, rosa, [3])
            told = await reader.next("event")
            assert (told["seq"], told["after"]) == (3, 2)


async def test_an_idle_stream_holds_no_connection(exchange: Exchange, rosa: Person) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(20):
            reader = await stack.enter_async_context(exchange.reader(rosa, TRADES))
            await reader.next("subscribed")
        stats = exchange.database.pool.get_stats()
        assert stats["pool_size"] == stats["pool_available"]
        async with exchange.database.reading() as reading:
            row = await reading.one(
                """
                SELECT count(*) AS open FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                """
            )
        assert row == {"open": 0}


async def fail(exchange: Exchange, who: Person) -> None:
    """Something that is rolled back."""
    async with exchange.database.transaction() as tx:
        await tx.publish(TradeHappened(1), [who.account_id])
        raise ZeroDivisionError


async def test_what_the_process_itself_does_is_told_once_committed(
    exchange: Exchange, rosa: Person
) -> None:
    async with exchange.reader(rosa, TRADES) as reader:
        await reader.next("subscribed")
        with pytest.raises(ZeroDivisionError):
            await fail(exchange, rosa)
        await happen(exchange.database, rosa, [2])
        told = await reader.next()
        assert (told["seq"], told["event"]["payload"]["number"]) == (1, 2)
