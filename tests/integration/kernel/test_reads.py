from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import psycopg
import pytest
from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import Field
from pydantic_core import to_json

from tradepost.kernel.database import Database
from tradepost.kernel.http import Body, install_problems
from tradepost.kernel.reads import ReadRoute
from tradepost.kernel.routing import add_room


class WordsQuery(Body):
    word: Annotated[list[str], Field(default_factory=list, max_length=3)]
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class WordsAnswer(Body):
    words: list[str]
    limit: int


router = APIRouter(route_class=ReadRoute)


@router.get("/words", response_model=WordsAnswer, summary="Say the words")
async def say_words(request: Request, query: Annotated[WordsQuery, Query()]) -> Response:
    database: Database = request.app.state.database
    async with database.reading() as reading:
        rows = await reading.rows("SELECT unnest(%s::text[])", [query.word])
    answer = {"words": [word for (word,) in rows], "limit": query.limit}
    return Response(to_json(answer), media_type="application/json")


@router.get("/slow", response_model=WordsAnswer)
async def say_slowly(request: Request, query: Annotated[WordsQuery, Query()]) -> Response:
    request.app.state.tries += 1
    async with request.app.state.database.reading() as reading:
        await reading.one("SELECT set_config('statement_timeout', '50ms', false)")
        await reading.one("SELECT pg_sleep(30)")
    raise AssertionError(query)


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.database = database
    app.state.tries = 0
    install_problems(app)
    add_room(app.router, router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def test_a_read_takes_lists_and_the_last_of_a_single_value(client: httpx.AsyncClient) -> None:
    answer = await client.get("/words?word=a&limit=5&word=b&limit=7")
    assert answer.json() == {"words": ["a", "b"], "limit": 7}
    assert answer.headers["content-type"] == "application/json"


async def test_a_read_without_a_query_has_its_defaults(client: httpx.AsyncClient) -> None:
    assert (await client.get("/words")).json() == {"words": [], "limit": 20}


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("limit=0", "query.limit"),
        ("limit=", "query.limit"),
        ("pages=2", "query.pages"),
        ("word=a&word=b&word=c&word=d", "query.word"),
    ],
)
async def test_a_query_that_makes_no_sense_is_named(
    client: httpx.AsyncClient, query: str, at: str
) -> None:
    answer = await client.get(f"/words?{query}")
    assert answer.status_code == 422
    assert [error["at"] for error in answer.json()["errors"]] == [at]


@pytest.mark.parametrize("query", ["&".join(["word=a"] * 101), "limit=%FF"])
async def test_a_query_of_no_bounds_or_letters_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/words?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("malformed-request")


async def test_a_read_outlives_the_restart_of_the_database(
    client: httpx.AsyncClient, database: Database, database_url: str
) -> None:
    async with database.reading() as reading:
        row = await reading.one("SELECT pg_backend_pid() AS pid")
    assert row is not None
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [row["pid"]])
    assert (await client.get("/words?word=still")).json()["words"] == ["still"]


async def test_a_read_that_takes_too_long_is_not_tried_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await client.get("/slow")
    assert answer.status_code == 503
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    app = transport.app
    assert isinstance(app, FastAPI)
    assert app.state.tries == 1


async def test_the_document_shows_query_and_answer(client: httpx.AsyncClient) -> None:
    operation = (await client.get("/openapi.json")).json()["paths"]["/words"]["get"]
    assert [each["name"] for each in operation["parameters"]] == ["word", "limit"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/WordsAnswer"
    }
