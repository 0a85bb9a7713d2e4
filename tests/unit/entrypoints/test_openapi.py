"""The API's own description: complete, with an example of everything, and without outsiders."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import worlds
from tradepost.entrypoints.http import build

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi.json").read_text()
)
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return found
    return schema


def _has_example(content: dict[str, Any]) -> bool:
    schema = _resolved(content.get("schema", {}))
    parts = [_resolved(part) for part in schema.get("anyOf", schema.get("oneOf", []))]
    return bool(
        content.get("example")
        or content.get("examples")
        or schema.get("examples")
        or (parts and all(part.get("examples") for part in parts))
    )


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_each_operation_is_described_with_examples(name: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert _has_example(content), "request"
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            assert _has_example(content), (status, kind)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield str(inner)
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_every_reference_leads_somewhere() -> None:
    known = {
        f"#/components/{kind}/{name}"
        for kind, named in DOCUMENT["components"].items()
        for name in named
    }
    assert set(_references(DOCUMENT)) <= known


async def test_the_documents_ask_nobody_else() -> None:
    app = build(worlds.settings("postgresql://nowhere"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exchange") as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page.text)
        for path in re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text):
            assert (await client.get(path)).status_code == 200
