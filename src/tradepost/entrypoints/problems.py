"""The pages of problems: what each means, what to do about it, and which operations answer so."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict

from tradepost.kernel.errors import NotFound, Problem, registry
from tradepost.kernel.http import StrictRoute
from tradepost.kernel.openapi import problems

router = APIRouter(prefix="/problems", tags=["exchange"], route_class=StrictRoute)

_EXAMPLE: dict[str, Any] = {
    "name": "price-moved",
    "type": "urn:tradepost:problem:price-moved",
    "title": "The offer's price is no longer within the limit you set.",
    "status": 409,
    "retryable": False,
    "advice": "Ask for a quote: it shows the price of now and holds it for a minute.",
    "operations": ["POST /v1/trades"],
}


class ProblemPage(BaseModel):
    """A problem: its `type` is the same on every exchange."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: str
    type: str
    title: str
    status: int
    retryable: bool
    advice: str
    operations: list[str]


class ProblemPages(BaseModel):
    """All of them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_EXAMPLE], "next_cursor": None}]}
    )

    data: list[ProblemPage]
    next_cursor: None = None


@router.get("", summary="List the problems", responses=problems())
async def list_problems(request: Request) -> ProblemPages:
    """Every problem that this exchange can answer with; there are fewer than 200."""
    return ProblemPages(data=list(pages(request.app.openapi()).values()))


@router.get("/{name}", summary="Read a problem's page", responses=problems(NotFound))
async def get_problem(
    request: Request, name: Annotated[str, Path(pattern=r"^[a-z0-9-]{1,60}$", max_length=60)]
) -> ProblemPage:
    """What it means, and what a caller does about it; every problem links to its page."""
    page = pages(request.app.openapi()).get(name)
    if page is None:
        raise NotFound
    return page


def pages(document: Mapping[str, Any]) -> dict[str, ProblemPage]:
    """The pages by name, with the operations that `document` (OpenAPI) says answer so."""
    answered: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for name in _examples(operation):
                answered.setdefault(name, []).append(f"{method.upper()} {path}")
    return {
        problem.slug(): _page(problem, answered.get(problem.slug(), []))
        for problem in registry()
        if problem.slug() in advice()
    }


def _page(problem: type[Problem], operations: list[str]) -> ProblemPage:
    return ProblemPage(
        name=problem.slug(),
        type=problem.type_uri(),
        title=problem.title(),
        status=problem.status,
        retryable=problem.retryable,
        advice=advice()[problem.slug()],
        operations=operations,
    )


def _examples(operation: Mapping[str, Any]) -> set[str]:
    return {
        name
        for response in operation["responses"].values()
        for name in response.get("content", {})
        .get("application/problem+json", {})
        .get("examples", {})
    }


@lru_cache
def advice() -> dict[str, str]:
    """What to do about each problem, by its name."""
    text = files("tradepost.entrypoints").joinpath("problems.toml").read_text(encoding="utf-8")
    return cast("dict[str, str]", tomllib.loads(text))


def markdown(page: ProblemPage) -> str:
    """The page for people, as the documents have it."""
    retry = (
        "The same request can succeed later without a change."
        if page.retryable
        else "The same request fails again: something has to change first."
    )
    lines = [
        f"# `{page.name}`",
        "",
        f"**{page.title}**",
        "",
        f"- Type: `{page.type}`",
        f"- Status: {page.status}",
        f"- Retry: {retry}",
        "",
        "## What to do",
        "",
        page.advice,
    ]
    if page.operations:
        lines += ["", "## Who answers so", "", *(f"- `{one}`" for one in page.operations)]
    return "\n".join(lines) + "\n"
