"""An operation that goes: announced, then refused, never gone without a word."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request

from tradepost.kernel.errors import Problem
from tradepost.kernel.http import StrictRoute, install_problems
from tradepost.kernel.retiring import NOTICE, Retirement
from tradepost.kernel.routing import Directory, add_room

ANNOUNCED = date(2026, 1, 15)
ENDS = date(2026, 8, 1)
RETIREMENT = Retirement(ANNOUNCED, ENDS, "/v2/cups")


class CupBroken(Problem):
    """The cup is broken."""

    status = 409


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install_problems(app)
    room = APIRouter(route_class=StrictRoute)

    @room.get("/cups", **RETIREMENT.of_route())
    async def cups() -> list[str]:
        return ["blue"]

    @room.post("/cups/broken", **Retirement(ANNOUNCED, ENDS).of_route())
    async def broken() -> None:
        raise CupBroken

    @room.get("/plates")
    async def plates(request: Request) -> list[str]:
        return ["white"]

    add_room(app.router, room, "/v1")
    app.router.routes.insert(0, Directory(app.router.routes))
    app.state.clock = lambda: datetime(2026, 7, 31, 23, 59, 59, tzinfo=UTC)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def test_it_answers_with_its_dates_until_its_last_day(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/cups")
    assert answer.json() == ["blue"]
    assert answer.headers["Deprecation"] == "@1768435200"
    assert answer.headers["Sunset"] == "Sat, 01 Aug 2026 00:00:00 GMT"
    assert answer.headers["Link"] == '</v2/cups>; rel="successor-version"'


async def test_afterwards_it_is_refused_with_its_successor(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    app.state.clock = lambda: datetime(2026, 8, 1, tzinfo=UTC)
    answer = await client.get("/v1/cups")
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:tradepost:problem:operation-retired"
    assert answer.json()["successor"] == "/v2/cups"
    assert (await client.get("/v1/plates")).status_code == 200


async def test_what_stays_says_nothing(client: httpx.AsyncClient) -> None:
    assert not {"Deprecation", "Sunset", "Link"} & set((await client.get("/v1/plates")).headers)


def test_the_document_tells_it(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/v1/cups"]["get"]
    assert operation["deprecated"] is True
    assert Retirement.told_by(operation) == RETIREMENT
    assert Retirement.told_by(app.openapi()["paths"]["/v1/plates"]["get"]) is None


def test_callers_have_half_a_year() -> None:
    with pytest.raises(AssertionError):
        Retirement(ANNOUNCED, ANNOUNCED + NOTICE - timedelta(days=1))
