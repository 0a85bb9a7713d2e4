"""What the clock does: offers come into the book, leave it, and end."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from procrastinate import App
from procrastinate.testing import InMemoryConnector

from tests.integration.offers.conftest import Maker
from tests.integration.offers.making import created, look, published
from tests.market import SetClock
from tradepost.kernel.database import Database
from tradepost.kernel.hours import Span, WeeklyHours
from tradepost.offers import jobs, service
from tradepost.offers.draft import Changes
from tradepost.offers.model import OfferState

#: The clock begins on a Sunday at 12:00:30 UTC.
SUNDAYS = WeeklyHours("UTC", (Span(6, 12 * 60, 13 * 60), Span(6, 15 * 60, 16 * 60)))
MONDAYS = WeeklyHours("Pacific/Auckland", (Span(0, 180, 240),))


async def wake(database: Database) -> int:
    """How many offers the clock had something to do with."""
    number = 0
    while True:
        async with database.transaction() as tx:
            if not await service.wake(tx):
                return number
        number += 1


async def listed(database: Database) -> dict[UUID, datetime | None]:
    """What is in the book, and until when."""
    async with database.transaction() as tx:
        return {row["id"]: row["until"] for row in await tx.all("SELECT id, until FROM listings")}


async def found(api: httpx.AsyncClient, clock: SetClock) -> list[str]:
    """What a search finds."""
    # The book may be a second old.
    clock.go_on(seconds=2)
    return [one["id"] for one in (await api.get("/v1/offers")).json()["data"]]


async def test_an_offer_is_in_the_book_at_its_hours(
    api: httpx.AsyncClient, database: Database, maker: Maker, clock: SetClock
) -> None:
    offer = await created(database, maker, hours=SUNDAYS)
    assert await wake(database) == 0
    assert await listed(database) == {offer.id: clock.now.replace(hour=13, minute=0, second=0)}
    assert await found(api, clock) == [str(offer.id)]
    clock.now = clock.now.replace(hour=13, minute=0, second=0)
    # Nobody finds it from that moment on, whenever the job comes.
    assert await found(api, clock) == []
    assert await wake(database) == 1
    assert await wake(database) == 0
    assert await listed(database) == {}
    clock.now = clock.now.replace(hour=15, minute=0)
    assert await wake(database) == 1
    assert await listed(database) == {offer.id: clock.now.replace(hour=16, minute=0, second=0)}
    assert (await look(database, offer.id)).version == offer.version


async def test_an_offer_that_is_made_at_night_comes_in_the_morning(
    database: Database, maker: Maker, clock: SetClock
) -> None:
    offer = await created(database, maker, hours=MONDAYS)
    assert await listed(database) == {}
    # Three o'clock on Monday there, where it is summer.
    opens = datetime(2026, 3, 1, 14, tzinfo=UTC)
    clock.now = opens - timedelta(seconds=1)
    assert await wake(database) == 0
    clock.now = opens
    assert await wake(database) == 1
    assert await listed(database) == {offer.id: opens + timedelta(hours=1)}


async def test_a_job_that_comes_late_does_what_is_right_then(
    database: Database, maker: Maker, clock: SetClock
) -> None:
    offer = await created(database, maker, hours=SUNDAYS)
    clock.now = clock.now.replace(hour=15, minute=30)
    assert await wake(database) == 1
    assert await listed(database) == {offer.id: clock.now.replace(hour=16, minute=0, second=0)}
    clock.go_on(days=3)
    assert await wake(database) == 1
    assert await listed(database) == {}
    assert await wake(database) == 0


async def test_the_clock_does_not_wake_who_rests(
    database: Database, maker: Maker, clock: SetClock
) -> None:
    offer = await created(database, maker, hours=SUNDAYS)
    async with database.transaction() as tx:
        await service.pause(tx, maker.id, offer.id)
    for _ in range(4):
        clock.go_on(seconds=3600)
        await wake(database)
        assert await listed(database) == {}
        assert (await look(database, offer.id)).state is OfferState.PAUSED


async def test_an_offer_ends_at_its_date(
    api: httpx.AsyncClient, database: Database, maker: Maker, clock: SetClock
) -> None:
    offer = await published(api, maker, closes_at="2026-03-01T12:10:30Z")
    rests = await published(api, maker, closes_at="2026-03-01T12:10:30Z")
    await api.post(f"/v1/offers/{rests['id']}/pause", headers=maker.headers())
    stays = await published(api, maker)
    clock.go_on(seconds=599)
    assert await wake(database) == 0
    clock.go_on(seconds=1)
    seen = await api.get("/v1/my/offers", headers=maker.headers())
    hidden = {own["id"]: own["hidden_because"] for own in seen.json()["data"]}
    assert hidden == {offer["id"]: "closed", rests["id"]: "paused", stays["id"]: None}
    assert await wake(database) == 2
    assert await wake(database) == 0
    assert await found(api, clock) == [stays["id"]]
    for ended in (offer, rests):
        assert (await look(database, UUID(ended["id"]))).state is OfferState.CLOSED
        again = await api.post(f"/v1/offers/{ended['id']}/resume", headers=maker.headers())
        assert again.status_code == 409
    events = (await api.get("/v1/account/events", headers=maker.headers())).json()["data"]
    closed = [one["payload"]["offer_id"] for one in events if one["type"] == "offer.closed"]
    assert sorted(closed) == sorted([offer["id"], rests["id"]])


async def test_an_end_date_that_is_put_off_or_taken_away_does_not_end(
    database: Database, maker: Maker, clock: SetClock
) -> None:
    soon = clock.now + timedelta(minutes=10)
    later, never = [await created(database, maker, closes_at=soon) for _ in range(2)]
    async with database.transaction() as tx:
        change = Changes(closes_at=soon + timedelta(minutes=10))
        await service.edit_offer(tx, maker.id, later.id, 1, change)
        await service.edit_offer(tx, maker.id, never.id, 1, Changes(closes_at=None))
    clock.now = soon
    assert await wake(database) == 0
    clock.now = soon + timedelta(minutes=10)
    assert await wake(database) == 1
    assert await listed(database) == {never.id: None}


async def test_the_job_does_all_that_is_due(
    database: Database, maker: Maker, clock: SetClock
) -> None:
    soon = clock.now + timedelta(minutes=10)
    offers = [await created(database, maker, closes_at=soon) for _ in range(5)]
    queue = App(connector=InMemoryConnector())
    jobs.register(queue, database)
    clock.now = soon
    await queue.tasks["offers.wake"](timestamp=0)
    assert await listed(database) == {}
    for offer in offers:
        assert (await look(database, offer.id)).state is OfferState.CLOSED
