import httpx
import pytest
from fastapi import APIRouter, FastAPI

from tradepost.kernel.http import install_problems
from tradepost.kernel.limits.costs import declared
from tradepost.kernel.routing import Directory, add_room


def _room() -> APIRouter:
    inner = APIRouter(tags=["inner"])

    @inner.get("/things/{thing_id}", summary="See a thing")
    async def get_thing(thing_id: str) -> dict[str, str]:
        return {"thing": thing_id}

    @inner.get("/things/best", status_code=202)
    async def best_thing() -> dict[str, str]:
        return {"thing": "the best"}

    @inner.put("/things/{thing_id}")
    async def put_thing(thing_id: str) -> dict[str, str]:
        return {"put": thing_id}

    @inner.post("/things/{thing_id}/use", deprecated=True)
    async def use_thing(thing_id: str) -> dict[str, str]:
        return {"used": thing_id}

    @inner.get("/{kind}/{name}/{part}")
    async def anything(kind: str, name: str, part: str) -> list[str]:
        return [kind, name, part]

    room = APIRouter(tags=["room"])
    room.include_router(inner)
    return room


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    install_problems(app)
    add_room(app.router, _room(), "/v1")
    app.router.routes.insert(0, Directory(app.router.routes))
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("GET", "/v1/things/one", 200, {"thing": "one"}),
        ("GET", "/v1/things/a%2Fb", 200, ["things", "a", "b"]),
        ("GET", "/v1/things/best", 202, {"thing": "the best"}),
        ("POST", "/v1/things/one/use", 200, {"used": "one"}),
        ("GET", "/v1/things/one/use", 200, ["things", "one", "use"]),
        ("GET", "/v1/a/b/c", 200, ["a", "b", "c"]),
        ("DELETE", "/v1/things/one", 405, None),
        ("GET", "/v1/nothing", 404, None),
        ("GET", "/", 404, None),
    ],
)
async def test_each_request_finds_its_operation(
    app: FastAPI, method: str, path: str, status: int, answer: object
) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answered = await client.request(method, path)
    assert answered.status_code == status
    if answer is not None:
        assert answered.json() == answer


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/things/one", "GET, PUT"),
        # A path without a variable is not what others take for one.
        ("PUT", "/v1/things/best", "GET"),
        ("PATCH", "/v1/things/one/use", "POST"),
    ],
)
async def test_another_method_is_told_which_there_are(
    app: FastAPI, method: str, path: str, allowed: str
) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answered = await client.request(method, path)
    assert (answered.status_code, answered.headers["Allow"]) == (405, allowed)


def test_a_head_is_of_the_operation_that_makes_the_answer(app: FastAPI) -> None:
    directory = app.router.routes[0]
    assert isinstance(directory, Directory)
    found = [
        directory.find({"type": "http", "method": method, "path": "/v1/things/one"})
        for method in ("HEAD", "GET")
    ]
    assert found[0] is found[1] is not None


def test_the_document_is_that_of_an_included_router(app: FastAPI) -> None:
    included = FastAPI(generate_unique_id_function=lambda route: route.name)
    included.include_router(_room(), prefix="/v1")
    for operations in included.openapi()["paths"].values():
        for method, operation in operations.items():
            operation.update(declared({method.upper()}, None))
    assert app.openapi() == included.openapi()
