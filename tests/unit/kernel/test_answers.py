"""What stands around every answer: its validator, chosen fields, HEAD, and what may be cached."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI, Response
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from tradepost.kernel.answers import ShapeAnswers
from tradepost.kernel.http import StrictRoute, etag, install_problems


class Lid(BaseModel):
    size: int
    colour: str | None = None


class Cup(BaseModel):
    id: int
    lid: Lid | None
    lids: list[Lid]
    server_now: datetime


class Cups(BaseModel):
    data: list[Cup]
    next_cursor: str | None


NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shelf:
    """What the routes below tell."""

    def __init__(self) -> None:
        self.cup = Cup(
            id=1, lid=Lid(size=2), lids=[Lid(size=3)], server_now=datetime(2026, 1, 1, tzinfo=UTC)
        )


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def client(shelf: Shelf) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.router.route_class = StrictRoute
    install_problems(app)
    app.add_middleware(ShapeAnswers)

    @app.get("/cup")
    async def cup(response: Response) -> Cup:
        response.headers["ETag"] = etag(7)
        return shelf.cup

    @app.get("/cups")
    async def cups(limit: int = 2) -> Cups:
        return Cups(data=[shelf.cup] * limit, next_cursor="more")

    @app.post("/cups")
    async def pour() -> Cup:
        return shelf.cup

    @app.get("/text", response_model=None)
    async def text() -> Response:
        return Response("cup", media_type="text/plain")

    @app.get("/drops", response_model=None)
    async def drops() -> StreamingResponse:
        return StreamingResponse(iter([b"{", b"}"]), media_type="application/json")

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def test_an_answer_has_a_validator_and_is_not_sent_twice(client: httpx.AsyncClient) -> None:
    first = await client.get("/cups")
    tag = first.headers["ETag"]
    for seen in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = await client.get("/cups", headers={"If-None-Match": seen})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert "Content-Type" not in again.headers
    other = await client.get("/cups", headers={"If-None-Match": '"other"'})
    assert other.content == first.content


async def test_a_validator_changes_with_the_answer_and_not_with_the_clock(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    tag = (await client.get("/cup")).headers["ETag"]
    assert tag.startswith('W/"7.')
    shelf.cup = shelf.cup.model_copy(update={"server_now": datetime(2026, 1, 2, tzinfo=UTC)})
    assert (await client.get("/cup")).headers["ETag"] == tag
    shelf.cup = shelf.cup.model_copy(update={"lid": None})
    changed = await client.get("/cup", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


async def test_what_looks_like_a_clock_in_a_text_is_part_of_the_answer(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    texts = ['","server_now":"1"', '","server_now":"2"']
    tags = set()
    for text in texts:
        shelf.cup = shelf.cup.model_copy(update={"lid": Lid(size=1, colour=text)})
        tags.add((await client.get("/cup")).headers["ETag"])
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ("id", {"id": 1}),
        ("lid", {"lid": {"size": 2, "colour": None}}),
        ("lid.size", {"lid": {"size": 2}}),
        ("lid.size,lid", {"lid": {"size": 2, "colour": None}}),
        ("lids.size,id", {"lids": [{"size": 3}], "id": 1}),
        ("id%2Clid.size", {"id": 1, "lid": {"size": 2}}),
    ],
)
async def test_only_the_fields_that_are_asked_for_are_sent(
    client: httpx.AsyncClient, fields: str, wanted: dict[str, object]
) -> None:
    one = await client.get(f"/cup?fields={fields}")
    assert one.json() == wanted
    assert int(one.headers["Content-Length"]) == len(one.content)
    page = await client.get(f"/cups?limit=3&fields={fields}")
    assert page.json() == {"data": [wanted] * 3, "next_cursor": "more"}


@pytest.mark.parametrize(
    "query",
    [
        "fields=",
        "fields=colour",
        "fields=id.size",
        "fields=lid.nothing",
        "fields=server_now.year",
        "fields=id&fields=lid",
        "fields=" + ",".join(["id"] * 51),
        "fields=Id",
        "fields=a.b.c.d.e.f",
        "fields=%00",
        "fields=data",
    ],
)
async def test_fields_that_are_not_there_are_refused(client: httpx.AsyncClient, query: str) -> None:
    for path in ("/cup", "/cups"):
        refused = await client.get(f"{path}?{query}")
        assert refused.status_code == 422, refused.text
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert "ETag" not in refused.headers


async def test_what_is_no_document_has_no_fields(client: httpx.AsyncClient) -> None:
    assert (await client.get("/text?fields=id")).text == "cup"
    assert (await client.get("/drops?fields=id")).text == "{}"


async def test_a_parameter_that_nobody_knows_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/cups?limit=1&page=2")).status_code == 422
    assert (await client.get("/cups?Fields=id")).status_code == 422


async def test_head_is_a_get_without_its_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/cup"), await client.head("/cup")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


async def test_nothing_is_cached_that_no_route_allows(client: httpx.AsyncClient) -> None:
    assert (await client.get("/cup")).headers["Cache-Control"] == "no-cache"
    own = await client.get("/cup", headers={"Authorization": "Bearer x"})
    assert own.headers["Cache-Control"] == "private, no-cache"
    assert (await client.post("/cups")).headers["Cache-Control"] == "no-store"


async def test_a_method_that_is_not_there_is_told_which_are(client: httpx.AsyncClient) -> None:
    refused = await client.delete("/cup")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")


async def test_what_was_seen_is_bounded(client: httpx.AsyncClient) -> None:
    seen = {"If-None-Match": ", ".join(['W/"a"'] * 142)}
    assert (await client.get("/cup", headers=seen)).status_code == 200
    seen = {"If-None-Match": ", ".join(['W/"a"'] * 144)}
    assert (await client.get("/cup", headers=seen)).status_code == 422
