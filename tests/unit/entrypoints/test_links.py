"""Links of the API's document: each leads to an operation that is there, by what an answer has."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi.json").read_text()
)
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}
LINKS = [
    pytest.param(operation, response, link, id=f"{name} {status} {link_name}")
    for name, operation in OPERATIONS.items()
    for status, response in operation["responses"].items()
    for link_name, link in response.get("links", {}).items()
]


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _asked(operation: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (one["in"], one["name"].lower()): one
        for one in map(_resolved, operation.get("parameters", []))
    }


def _forms(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = _resolved(schema)
    yield schema
    for inner in schema.get("anyOf", []):
        yield from _forms(inner)


def _member(schema: dict[str, Any], pointer: str) -> list[dict[str, Any]]:
    """What stands there in an answer of this schema; empty where nothing can."""
    found = [schema]
    for part in pointer.removeprefix("/").split("/"):
        found = [
            inner
            for one in found
            for form in _forms(one)
            for inner in (
                [form["items"]]
                if part.isdecimal() and "items" in form
                else [form["properties"][part]]
                if part in form.get("properties", {})
                else []
            )
        ]
    return found


def _types(schemas: list[dict[str, Any]]) -> set[str]:
    return {form["type"] for one in schemas for form in _forms(one) if "type" in form} - {"null"}


def _source(operation: dict[str, Any], response: dict[str, Any], said: str) -> set[str]:
    """The types of what an expression finds; fails where it finds nothing."""
    kind, _, name = said.partition("#") if "#" in said else said.rpartition(".")
    if kind == "$response.body":
        ((_, content),) = response["content"].items()
        found = _types(_member(content["schema"], name))
        assert found, said
        return found
    if kind == "$response.header":
        return _types([_resolved(response["headers"][name])["schema"]])
    place = kind.removeprefix("$request.")
    assert place in {"path", "query"}, said
    return _types([_asked(operation)[place, name]["schema"]])


@pytest.mark.parametrize(("operation", "response", "link"), LINKS)
def test_a_link_leads_somewhere(
    operation: dict[str, Any], response: dict[str, Any], link: dict[str, Any]
) -> None:
    target = OPERATIONS[link["operationId"]]
    wanted = _asked(target)
    for name, said in link["parameters"].items():
        (parameter,) = [one for (_, known), one in wanted.items() if known == name]
        assert _types([parameter["schema"]]) == _source(operation, response, said)
    # What names the target's thing is all there: a link can be followed.
    in_path = {name for place, name in wanted if place == "path"}
    assert in_path <= set(link["parameters"])
    for name, said in link.get("requestBody", {}).items():
        content = target["requestBody"]["content"]["application/json"]
        assert _types(_member(content["schema"], name)) == _source(operation, response, said)


def test_what_is_made_can_be_gone_on_with() -> None:
    linked = {
        name: {link for response in one["responses"].values() for link in response.get("links", ())}
        for name, one in OPERATIONS.items()
    }
    assert {"get_offer", "edit_offer", "close_offer", "take_offer"} <= linked["create_offer"]
    assert {"get_trade", "lock", "payment_sent", "release"} <= linked["take_offer"]
    assert {"get_webhook", "edit_webhook", "test_webhook"} <= linked["create_webhook"]
    assert {"get_delivery", "replay_delivery"} <= linked["test_webhook"]
    assert {"end_push_subscription"} <= linked["create_push_subscription"]
    assert {"replace_payment_account"} <= linked["create_payment_account"]
    assert {"hold", "price_limit"} <= set(
        OPERATIONS["quote_offer"]["responses"]["200"]["links"]["take_offer"]["requestBody"]
    )


def test_each_list_that_goes_on_links_to_its_next_page() -> None:
    paged = 0
    for name, operation in OPERATIONS.items():
        if ("query", "cursor") in _asked(operation):
            link = operation["responses"]["200"]["links"]["next_page"]
            assert link["operationId"] == name
            assert link["parameters"]["cursor"] == "$response.body#/next_cursor"
            paged += 1
    assert paged >= 9
