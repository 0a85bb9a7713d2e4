"""Completes the OpenAPI document with what holds for every operation, and FastAPI does not know."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tradepost.kernel.errors import (
    BodyTooLarge,
    HeadersTooLarge,
    InternalError,
    Problem,
    QueryTooLong,
    RequestTooSlow,
)
from tradepost.kernel.http import Allowed, Once, ProblemBody, authenticated, perhaps
from tradepost.kernel.openapi import PROBLEM

_SHAPING: dict[str, dict[str, Any]] = {
    "fields": {
        "name": "fields",
        "in": "query",
        "required": False,
        "description": "Only these fields of the answer, or of each entry of a list; `a.b` is the"
        " `b` in `a`.",
        "schema": {"type": "string", "maxLength": 2000},
        "example": "id",
    },
    "if-none-match": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "`ETag`s of answers that you have.",
        "schema": {"type": "string", "maxLength": 1000},
    },
}
_UNCHANGED = {"description": "It is still what `If-None-Match` says."}
_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "What `If-None-Match` takes, and `If-Match` where there is a change of it."
        " It is the same while only clocks (`server_now`, `chain_now`, `age_s`) go on.",
        "schema": {"type": "string", "maxLength": 60},
    },
    "RateLimit-Policy": {
        "description": "The policies that apply: units (`q`) in seconds (`w`).",
        "schema": {"type": "string", "maxLength": 1000},
        "example": '"address";q=3000;w=60, "key";q=1200;w=60',
    },
    "RateLimit": {
        "description": "The tightest of them: units left (`r`), seconds until it is full (`t`).",
        "schema": {"type": "string", "maxLength": 200},
        "example": '"key";r=2;t=15',
    },
    "Retry-After": {
        "description": "Seconds until there is enough again.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 360_000},
        "example": 3,
    },
    "X-Request-Id": {
        "description": "The request's name in the exchange's logs: yours, if you gave a fit one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{8,64}$", "maxLength": 64},
    },
}
#: What is refused before an operation is looked for, or fails behind it. The first two are
#: decided before the limits are asked.
_UNCOUNTED: tuple[type[Problem], ...] = (QueryTooLong, HeadersTooLarge)
_ALWAYS: tuple[type[Problem], ...] = (*_UNCOUNTED, InternalError)
_OF_BODIES: tuple[type[Problem], ...] = (RequestTooSlow, BodyTooLarge)
#: What FastAPI's own schemas do not say: no text of these forms is longer.
_LONGEST = {"uuid": 36, "date-time": 40}
#: A parameter that goes on with a list, and the field that tells it.
_PAGING = (("cursor", "next_cursor"), ("after", "next"))


def complete(document: dict[str, Any], routes: Iterable[BaseRoute]) -> None:
    """Tells what `routes` need and what the server does for each of them; once is enough."""
    components = document.setdefault("components", {})
    if "parameters" in components:
        return
    _name_schemas(document)
    components["parameters"] = _SHAPING
    components["headers"] = {name: dict(header) for name, header in _HEADERS.items()}
    components["responses"] = {kind.__name__: _response(kind) for kind in (*_ALWAYS, *_OF_BODIES)}
    components.setdefault("schemas", {})["Problem"] = ProblemBody.model_json_schema()
    needs = {route.name: _needs(route) for route in routes if isinstance(route, APIRoute)}
    for methods in document["paths"].values():
        for method, operation in methods.items():
            # A route that finds its caller by itself says so itself.
            own = operation.get("security", [])
            operation["security"] = needs[operation["operationId"]] or own
            _tell_shaping(method, operation)
            _tell_limits(method, operation)
            _tell_next_page(operation, components["schemas"])
    for schema in _schemas(document):
        _bound(schema)
    _put_nulls_back(document, components["schemas"])


def _name_schemas(document: dict[str, Any]) -> None:
    """Names what two rooms call alike by their rooms, not by the paths of our files."""
    schemas = document["components"].get("schemas", {})
    names = {}
    for name in [name for name in schemas if "__" in name]:
        _, room, *_, own = name.split("__")
        names[f"#/components/schemas/{name}"] = f"#/components/schemas/{room.title()}{own}"
        schemas[f"{room.title()}{own}"] = schemas.pop(name)
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("$ref") in names:
                value["$ref"] = names[value["$ref"]]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _needs(route: APIRoute) -> list[dict[str, list[str]]]:
    """The operation's `security`: which scope a token has to have, or that none is needed."""
    calls = list(_calls(route.dependant))
    scopes = {call.scope for call in calls if isinstance(call, Allowed | Once)}
    if scopes:
        return [{"HTTPBearer": sorted(scope for scope in scopes if scope is not None)}]
    if perhaps in calls:
        return [{}, {"HTTPBearer": []}]
    return [{"HTTPBearer": []}] if authenticated in calls else []


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _response(kind: type[Problem]) -> dict[str, Any]:
    example = {"summary": kind.title(), "value": kind().body()}
    content = {"schema": PROBLEM, "examples": {kind.slug(): example}}
    told: dict[str, Any] = {
        "description": kind.title(),
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
        "content": {"application/problem+json": content},
    }
    if kind not in _UNCOUNTED:
        told["headers"] |= _counted()
    return told


def _counted() -> dict[str, Any]:
    return {
        name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit-Policy", "RateLimit")
    }


def _tell_shaping(method: str, operation: dict[str, Any]) -> None:
    """Tells of a GET what `kernel/answers.py` does for it."""
    if method != "get" or "application/json" not in operation["responses"]["200"]["content"]:
        return
    operation.setdefault("parameters", []).extend(
        {"$ref": f"#/components/parameters/{name}"} for name in _SHAPING
    )
    answer = operation["responses"]["200"]
    answer["headers"] = answer.get("headers", {}) | {"ETag": {"$ref": "#/components/headers/ETag"}}
    operation["responses"]["304"] = dict(_UNCHANGED)


def _tell_limits(method: str, operation: dict[str, Any]) -> None:
    """Tells which headers each answer has, and what any request can be refused with."""
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if operation["x-rate-limit-cost"]:
        headers |= _counted()
    for response in operation["responses"].values():
        response["headers"] = response.get("headers", {}) | headers
    kinds = _ALWAYS if method == "get" else (*_ALWAYS, *_OF_BODIES)
    for kind in kinds:
        told = {"$ref": f"#/components/responses/{kind.__name__}"}
        operation["responses"].setdefault(str(kind.status), told)


def _tell_next_page(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Links a list to its own next page, with everything else that was asked."""
    answer = operation["responses"].get("200", {})
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    fields = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})
    asked = [one for one in operation.get("parameters", []) if "$ref" not in one]
    for parameter, field in _PAGING:
        if field in fields and any(one["name"] == parameter for one in asked):
            said = {
                one["name"]: f"$request.{one['in']}.{one['name']}"
                for one in asked
                if one["in"] in {"path", "query"}
            }
            said[parameter] = f"$response.body#/{field}"
            link = {"operationId": operation["operationId"], "parameters": said}
            answer.setdefault("links", {})["next_page"] = link


def _schemas(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema of the document, inner ones too."""
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if isinstance(value.get("type"), str):
                yield value
            # What looks like a schema in there is somebody's value.
            waiting += [inner for key, inner in value.items() if key not in {"example", "examples"}]


def _bound(schema: dict[str, Any]) -> None:
    """Says how wide a number is, and how long a text of a known form is at most."""
    if schema["type"] == "string" and schema.get("format") in _LONGEST:
        schema.setdefault("maxLength", _LONGEST[schema["format"]])
    if schema["type"] == "integer" and "format" not in schema:
        narrow = "maximum" in schema and schema["maximum"] < 2**31 and "minimum" in schema
        schema["format"] = "int32" if narrow else "int64"


def _put_nulls_back(value: Any, schemas: dict[str, Any]) -> None:
    """FastAPI leaves out what is null, in examples too; there it is part of the answer."""
    if isinstance(value, list):
        for inner in value:
            _put_nulls_back(inner, schemas)
    elif isinstance(value, dict):
        examples = value.get("examples")
        if isinstance(examples, list) and "properties" in value:
            for example in examples:
                _complete_example(example, value, schemas)
        for inner in value.values():
            _put_nulls_back(inner, schemas)


def _complete_example(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    kinds = schema.get("anyOf", [])
    if isinstance(example, list):
        for inner in example:
            for kind in [schema, *kinds]:
                _complete_example(inner, kind.get("items", {}), schemas)
    elif isinstance(example, dict):
        for kind in kinds:
            _complete_example(example, kind, schemas)
        inner_schemas = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in example and _nullable(inner_schemas[name]):
                example[name] = None
        for name, inner in example.items():
            _complete_example(inner, inner_schemas.get(name, {}), schemas)


def _nullable(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "null" or {"type": "null"} in schema.get("anyOf", [])
