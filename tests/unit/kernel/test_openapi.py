"""The API's document: every operation of identity and offers tells itself with examples."""

from typing import Any

import pytest

from tests import worlds
from tradepost.entrypoints.http import build

DOCUMENT = build(worlds.settings("postgresql://nobody@127.0.0.1:9/none")).openapi()
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if {"identity", "offers"} & set(operation.get("tags", []))
]


def has_example(content: dict[str, Any]) -> bool:
    """True where the media type or the schema it stands for holds an example."""
    if "example" in content or "examples" in content:
        return True
    schema = content.get("schema", {})
    schemas = [schema, *schema.get("anyOf", [])]
    named = [
        DOCUMENT["components"]["schemas"][each["$ref"].rsplit("/", 1)[1]]
        for each in schemas
        if "$ref" in each
    ]
    return bool(named) and all("examples" in each for each in named)


def test_the_rooms_are_there() -> None:
    assert len(OPERATIONS) >= 18


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_told_whole(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    if "requestBody" in operation:
        assert has_example(operation["requestBody"]["content"]["application/json"])
    shared = DOCUMENT["components"]["responses"]
    for status, told in operation["responses"].items():
        response = shared[told["$ref"].rsplit("/", 1)[1]] if "$ref" in told else told
        if int(status) >= 400:
            assert set(response["content"]) == {"application/problem+json"}
            assert has_example(response["content"]["application/problem+json"])
        elif "content" in response:
            assert has_example(response["content"]["application/json"])
    if operation.get("security"):
        assert "401" in operation["responses"]
