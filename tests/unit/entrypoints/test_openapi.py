"""The API's own description: complete, with an example of everything, and without outsiders."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
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


#: What needs no token, and what takes one without needing it.
OPEN = {
    "livez", "readyz", "time", "exchange", "list_problems", "get_problem",
    "create_nonce", "create_account", "create_session",
    "search_offers", "count_offers",
    "list_payment_methods", "get_payment_registry", "get_payment_method",
    "list_prices", "get_price", "price_history",
    "list_markets", "get_market", "market_depth", "market_methods", "market_trades",
    "market_candles", "get_push_key", "sandbox_clock",
}  # fmt: skip
HALF_OPEN = {"get_offer", "quote_offer", "follow_stream", "graphql", "graphql_known", "call_node"}
#: What any token may do.
FOR_ANY_TOKEN = {"end_session", "create_stream_ticket"}


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


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
        for kind, content in _resolved(response).get("content", {}).items():
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


def test_only_these_operations_are_open() -> None:
    needs = {operation["operationId"]: operation["security"] for _, operation in OPERATIONS}
    assert {name for name, said in needs.items() if said == []} == OPEN
    assert {name for name, said in needs.items() if {} in said} == HALF_OPEN
    for name in needs.keys() - OPEN - HALF_OPEN:
        (said,) = needs[name]
        assert len(said["HTTPBearer"]) == (name not in FOR_ANY_TOKEN), name


def test_every_problem_is_of_one_schema() -> None:
    for name, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            for kind, content in _resolved(response).get("content", {}).items():
                if kind == "application/problem+json":
                    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, name
                    assert {
                        str(one["value"]["status"]) for one in content["examples"].values()
                    } == {status}, name


def test_examples_are_what_their_schemas_say() -> None:
    seen = 0
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", []):
            whole = {
                "$ref": f"#/components/schemas/{name}",
                "components": DOCUMENT["components"],
            }
            jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(example)
            seen += 1
    assert seen > 60


def test_what_two_rooms_call_alike_is_named_by_room() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {"PricesFault", "OutwardFault"} <= schemas.keys()
    assert not [name for name in schemas if "__" in name]


async def test_the_documents_ask_nobody_else() -> None:
    app = build(worlds.settings("postgresql://nowhere"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exchange") as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page.text)
        for path in re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text):
            assert (await client.get(path)).status_code == 200
