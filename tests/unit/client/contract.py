"""An exchange that is only the API's document: it judges requests, and answers with examples."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi.json").read_text()
)
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
#: Every request may have these; the document need not say so.
_USUAL = {
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "host",
    "pragma",
    "sec-fetch-mode",
    "user-agent",
}


class Unfit(AssertionError):
    """A request that the document does not permit."""


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """The part itself, or what it refers to."""
    if "$ref" not in part:
        return part
    found: dict[str, Any] = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def check(schema: dict[str, Any], value: object, where: str) -> None:
    """Raises `Unfit` where the value is not what the schema says."""
    whole = {**schema, "components": DOCUMENT["components"]}
    judge = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    for error in judge.iter_errors(value):
        raise Unfit(f"{where}: {error.message}")


def examples(operation: dict[str, Any]) -> list[Any]:
    """What the document shows of an operation's success; `[None]` where it answers nothing."""
    response = next(one for code, one in operation["responses"].items() if code.startswith("2"))
    contents = response.get("content", {})
    if "application/json" in contents:
        found: list[Any] = resolved(contents["application/json"]["schema"]).get("examples", [])
        return found
    return [content["example"] for content in contents.values()] or [None]


class Exchange:
    """Answers a client by the document; what was asked for is kept by its operation's name."""

    def __init__(self, example: int = 0, genuine: Mapping[str, Any] | None = None) -> None:
        """Where there is a `genuine` answer of an operation, it is given for the example."""
        self.asked: list[str] = []
        self._example = example
        self._genuine = genuine or {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """The answer; raises `Unfit`."""
        name, path_values = _operation(request)
        _, _, operation = OPERATIONS[name]
        self.asked.append(name)
        asked = {
            (one["in"], one["name"].lower()): one
            for one in map(resolved, operation.get("parameters", []))
        }
        _check_parameters(asked, request, path_values)
        needed = bool(operation["security"]) and {} not in operation["security"]
        if needed and not request.headers.get("authorization", "").startswith("Bearer "):
            raise Unfit(f"{name} needs a token")
        _check_body(operation, request)
        status = next(int(code) for code in operation["responses"] if code.startswith("2"))
        shown = examples(operation)
        body = shown[self._example % len(shown)]
        if name in self._genuine:
            body = self._genuine[name]
            told = operation["responses"][str(status)]["content"]["application/json"]
            check(told["schema"], body, name)
        if body is None:
            return httpx.Response(status)
        if isinstance(body, str):
            return httpx.Response(status, text=body)
        return httpx.Response(status, json=body)


def _operation(request: httpx.Request) -> tuple[str, dict[str, str]]:
    found = []
    for name, (method, path, _) in OPERATIONS.items():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        match = re.fullmatch(pattern, request.url.path)
        if method == request.method and match is not None:
            found.append((len(match.groupdict()), name, match.groupdict()))
    if not found:
        raise Unfit(f"There is no {request.method} {request.url.path}")
    # A path without a variable wins.
    _, name, values = min(found, key=lambda one: one[0])
    return name, values


def _check_parameters(
    asked: Mapping[tuple[str, str], dict[str, Any]],
    request: httpx.Request,
    path_values: Mapping[str, str],
) -> None:
    given: dict[tuple[str, str], list[str]] = {}
    for name, value in path_values.items():
        given["path", name] = [value]
    for name, value in request.url.params.multi_items():
        given.setdefault(("query", name), []).append(value)
    for name, value in request.headers.items():
        if name not in _USUAL:
            given["header", name] = [value]
    for key, values in given.items():
        if key not in asked:
            raise Unfit(f"There is no {key}")
        check(asked[key]["schema"], _typed(asked[key]["schema"], values), str(key))
    for key, parameter in asked.items():
        # The document cannot say that a key or a version is needed: 400 and 428 tell that.
        needed = parameter.get("required") or key[1] in {"if-match", "idempotency-key"}
        # A step can do without, and what is the first of its kind says that instead.
        seen = request.method == "POST" or ("header", "if-none-match") in given
        if needed and key not in given and not (key[1] == "if-match" and seen):
            raise Unfit(f"{key} is missing")


def _typed(schema: dict[str, Any], values: list[str]) -> object:
    """What a text of a query stands for."""
    kinds = {form.get("type") for form in (schema, *schema.get("anyOf", []))}
    if "array" in kinds:
        return values
    (value,) = values
    if "integer" in kinds:
        return int(value)
    if "boolean" in kinds:
        return {"true": True, "false": False}[value]
    return value


def _check_body(operation: dict[str, Any], request: httpx.Request) -> None:
    told = operation.get("requestBody")
    if told is None:
        if request.content:
            raise Unfit("There is no body")
        return
    if request.content:
        schema = told["content"]["application/json"]["schema"]
        check(schema, json.loads(request.content), "body")
    elif told.get("required"):
        raise Unfit("The body is missing")
