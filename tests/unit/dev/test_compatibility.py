"""Breaks of the API: each rule finds its break, and lets what only adds pass."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tradepost.entrypoints.dev import baseline
from tradepost.entrypoints.dev.compatibility import Rule, breaks, schema_breaks

Change = Callable[[dict[str, Any]], object]
ROOT = Path(__file__).parents[3]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
SDL = """
type Query { offers(limit: Int = 20, kind: Kind): [Offer!]! }
enum Kind { sell buy }
union News = Offer | Gone
type Offer { id: ID! kind: Kind terms: String }
type Gone { id: ID! }
type Subscription { news(after: Int): News! }
"""


def document() -> dict[str, Any]:
    """A small API: one thing that can be made and read."""
    problem: dict[str, Any] = {
        "application/problem+json": {"examples": {"busy": {}, "not-found": {}}}
    }
    return {
        "paths": {
            "/things": {
                "post": {
                    "operationId": "make",
                    "security": [{"bearer": ["things:write"]}],
                    "parameters": [
                        {"name": "hint", "in": "query", "schema": {"type": "string"}},
                        {"name": "Key", "in": "header", "required": True, "schema": {}},
                    ],
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/New"}},
                            "text/csv": {"schema": {"type": "string"}},
                        }
                    },
                    "responses": {
                        "201": {
                            "headers": {"ETag": {}},
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/Thing"}
                                },
                                "text/csv": {"schema": {"type": "string"}},
                            },
                        },
                        "503": {"content": problem},
                    },
                },
                "get": {"operationId": "read", "responses": {"200": {}}},
            }
        },
        "components": {
            "schemas": {
                "New": {
                    "type": "object",
                    "properties": {
                        "kind": {"enum": ["a", "b"], "type": "string"},
                        "name": {
                            "type": "string",
                            "maxLength": 10,
                            "minLength": 1,
                            "pattern": "^a",
                        },
                        "free": {"type": "string"},
                        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
                        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
                        "price": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "rest": {"type": "object", "additionalProperties": {"type": "string"}},
                    },
                    "required": ["kind"],
                },
                "Thing": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "state": {"enum": ["open", "shut"], "type": "string"},
                        "note": {"type": "string"},
                        "next": {
                            "anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]
                        },
                        "parts": {"type": "array", "items": {"type": "integer"}},
                    },
                    "required": ["id", "state", "note"],
                },
            }
        },
    }


def _make(of: dict[str, Any]) -> Any:
    return of["paths"]["/things"]["post"]


def _new(of: dict[str, Any]) -> Any:
    return of["components"]["schemas"]["New"]


def _thing(of: dict[str, Any]) -> Any:
    return of["components"]["schemas"]["Thing"]


def _field(name: str, **said: Any) -> Change:
    return lambda of: _new(of)["properties"][name].update(said)


def _shown(name: str, **said: Any) -> Change:
    return lambda of: _thing(of)["properties"][name].update(said)


BREAKING: list[tuple[Rule, str, Change]] = [
    (Rule.OPERATION_REMOVED, "operation", lambda of: of["paths"]["/things"].pop("post")),
    (Rule.OPERATION_RENAMED, "operation", lambda of: _make(of).update(operationId="build")),
    (
        Rule.SCOPE_CHANGED,
        "security",
        lambda of: _make(of).update(security=[{"bearer": ["things:admin"]}]),
    ),
    (
        Rule.SCOPE_CHANGED,
        "security",
        lambda of: of["paths"]["/things"]["get"].update(security=[{"bearer": []}]),
    ),
    (Rule.PARAMETER_REMOVED, "query hint", lambda of: _make(of)["parameters"].pop(0)),
    (
        Rule.PARAMETER_REQUIRED,
        "query hint",
        lambda of: _make(of)["parameters"][0].update(required=True),
    ),
    (
        Rule.PARAMETER_REQUIRED,
        "query more",
        lambda of: _make(of)["parameters"].append(
            {"name": "more", "in": "query", "required": True, "schema": {}}
        ),
    ),
    (
        Rule.BOUND_TIGHTER,
        "query hint",
        lambda of: _make(of)["parameters"][0]["schema"].update(maxLength=3),
    ),
    (Rule.BODY_REMOVED, "body", lambda of: _make(of).pop("requestBody")),
    (Rule.BODY_REQUIRED, "body", lambda of: _make(of)["requestBody"].update(required=True)),
    (
        Rule.BODY_REQUIRED,
        "body",
        lambda of: of["paths"]["/things"]["get"].update(
            requestBody={"required": True, "content": {}}
        ),
    ),
    (
        Rule.KIND_REMOVED,
        "body text/csv",
        lambda of: _make(of)["requestBody"]["content"].pop("text/csv"),
    ),
    (
        Rule.KIND_REMOVED,
        "answer 201 text/csv",
        lambda of: _make(of)["responses"]["201"]["content"].pop("text/csv"),
    ),
    (Rule.STATUS_CHANGED, "answer 201", lambda of: _make(of)["responses"].pop("201")),
    (Rule.STATUS_CHANGED, "answer 202", lambda of: _make(of)["responses"].update({"202": {}})),
    (
        Rule.HEADER_REMOVED,
        "answer 201 etag",
        lambda of: _make(of)["responses"]["201"]["headers"].pop("ETag"),
    ),
    (
        Rule.PROBLEM_REMOVED,
        "busy",
        lambda of: _make(of)["responses"]["503"]["content"]["application/problem+json"][
            "examples"
        ].pop("busy"),
    ),
    (Rule.FIELD_REMOVED, "body.free", lambda of: _new(of)["properties"].pop("free")),
    (Rule.FIELD_REMOVED, "answer 201.note", lambda of: _thing(of)["properties"].pop("note")),
    (Rule.FIELD_REQUIRED, "body.free", lambda of: _new(of)["required"].append("free")),
    (Rule.FIELD_OPTIONAL, "answer 201.note", lambda of: _thing(of)["required"].remove("note")),
    (Rule.TYPE_CHANGED, "body.free", _field("free", type="integer")),
    (Rule.TYPE_CHANGED, "body.price", lambda of: _new(of)["properties"]["price"]["anyOf"].pop()),
    (Rule.TYPE_CHANGED, "body.tags[]", _field("tags", items={"type": "integer"})),
    (
        Rule.TYPE_CHANGED,
        "body.rest.*",
        _field("rest", additionalProperties={"type": "integer"}),
    ),
    (
        Rule.TYPE_CHANGED,
        "header key",
        lambda of: _make(of)["parameters"][1].update(schema={"type": "string"}),
    ),
    (
        Rule.TYPE_CHANGED,
        "answer 201.note",
        lambda of: _thing(of)["properties"].update(
            note={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
    ),
    (Rule.TYPE_CHANGED, "answer 201.parts[]", _shown("parts", items={"type": "string"})),
    (Rule.VALUE_REMOVED, "body.kind", _field("kind", enum=["a"])),
    (Rule.VALUE_REMOVED, "answer 201.state", _shown("state", enum=["open"])),
    (Rule.VALUES_BOUND, "body.free", _field("free", enum=["x"])),
    (
        Rule.VALUES_OPEN,
        "answer 201.state",
        lambda of: _thing(of)["properties"]["state"].pop("enum"),
    ),
    (Rule.BOUND_TIGHTER, "body.name", _field("name", maxLength=9)),
    (Rule.BOUND_TIGHTER, "body.name", _field("name", minLength=2)),
    (Rule.BOUND_TIGHTER, "body.free", _field("free", minLength=1)),
    (Rule.BOUND_TIGHTER, "body.count", _field("count", maximum=8)),
    (Rule.BOUND_TIGHTER, "body.count", _field("count", minimum=2)),
    (Rule.BOUND_TIGHTER, "body.count", _field("count", exclusiveMinimum=1)),
    (Rule.BOUND_TIGHTER, "body.tags", _field("tags", maxItems=4)),
    (Rule.BOUND_TIGHTER, "body.tags", _field("tags", uniqueItems=True)),
    (Rule.FORM_CHANGED, "body.name", _field("name", pattern="^b")),
    (Rule.FORM_CHANGED, "body.free", _field("free", format="uri")),
    (Rule.FORM_CHANGED, "answer 201.id", _shown("id", format="uri")),
    (Rule.FORM_CHANGED, "answer 201.id", lambda of: _thing(of)["properties"]["id"].pop("format")),
    (Rule.CLOSED, "body", lambda of: _new(of).update(additionalProperties=False)),
    (Rule.DEFAULT_CHANGED, "body.count", _field("count", default=4)),
]

ADDING: list[tuple[str, Change]] = [
    ("an operation", lambda of: of["paths"].update({"/more": {"get": {"responses": {}}}})),
    ("an optional parameter", lambda of: _make(of)["parameters"].append(
        {"name": "more", "in": "query", "schema": {}}
    )),
    ("a parameter that may be left out", lambda of: _make(of)["parameters"][1].pop("required")),
    ("a header's case", lambda of: _make(of)["parameters"][1].update(name="key")),
    ("a scope that is enough too", lambda of: _make(of)["security"].append({"bearer": ["all"]})),
    ("no token needed", lambda of: _make(of).pop("security")),
    ("an optional field of a body", lambda of: _new(of)["properties"].update(more={})),
    ("a field that may be left out", lambda of: _new(of)["required"].clear()),
    ("a field of an answer", lambda of: _thing(of)["properties"].update(more={})),
    ("a field that is always there", lambda of: _thing(of)["required"].append("parts")),
    ("a value that is taken", _field("kind", enum=["a", "b", "c"])),
    ("any value that is taken", lambda of: _new(of)["properties"]["kind"].pop("enum")),
    ("a value of an answer", _shown("state", enum=["open", "shut", "lost"])),
    ("only some values of an answer", _shown("note", enum=["x"])),
    ("wider bounds", _field("name", maxLength=11, minLength=0)),
    ("no bound", lambda of: _new(of)["properties"]["tags"].pop("maxItems")),
    ("a bound of an answer", _shown("note", maxLength=5)),
    ("no form that is asked", lambda of: _new(of)["properties"]["name"].pop("pattern")),
    ("a form of an answer", _shown("note", format="uri")),
    ("how wide a number is", _field("count", format="int64")),
    ("another type that is taken", lambda of: _new(of)["properties"].update(
        free={"anyOf": [{"type": "string"}, {"type": "integer"}]}
    )),
    ("no null any more", lambda of: _thing(of)["properties"]["next"]["anyOf"].pop()),
    ("another refusal", lambda of: _make(of)["responses"].update({"409": {}})),
    ("another problem", lambda of: _make(of)["responses"]["503"]["content"][
        "application/problem+json"
    ]["examples"].update(slow={})),
    ("other words", lambda of: _make(of).update(description="Makes it.")),
    ("a schema's name", lambda of: (
        of["components"]["schemas"].update(Fresh=_new(of)),
        _make(of)["requestBody"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Fresh"}
        ),
    )),
]  # fmt: skip


def _changed(change: Change) -> dict[str, Any]:
    new = copy.deepcopy(document())
    change(new)
    return new


@pytest.mark.parametrize(
    ("rule", "where", "change"),
    [pytest.param(*one, id=f"{one[0].name} {one[1]} {i}") for i, one in enumerate(BREAKING)],
)
def test_a_break_is_found(rule: Rule, where: str, change: Change) -> None:
    found = breaks(document(), _changed(change))
    assert [(one.rule, one.where) for one in found if one.rule is rule] == [(rule, where)]
    # What follows from it may be told too, but nothing that is not so.
    assert {one.rule for one in found} <= {rule, Rule.PROBLEM_REMOVED}


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _, _ in BREAKING} == set(Rule)


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in ADDING])
def test_what_adds_breaks_nothing(change: Change) -> None:
    new = _changed(change)
    assert new != document()
    assert breaks(document(), new) == []


def test_the_document_breaks_nothing_of_itself_or_of_its_baseline() -> None:
    assert breaks(DOCUMENT, DOCUMENT) == []
    kept = baseline.essence(DOCUMENT)
    assert breaks(kept, DOCUMENT) == []
    assert breaks(DOCUMENT, kept) == []
    # A field of ours may have the name of a word of OpenAPI.
    named = kept["components"]["schemas"]["NewWebhookBody"]["properties"]
    assert "description" in named
    assert "title" not in named["url"]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        (" terms: String", "", "Offer.terms was removed"),
        ("id: ID! kind", "id: ID kind", "Offer.id changed type from ID! to ID"),
        ("terms: String", "terms: Int", "Offer.terms changed type from String to Int"),
        ("sell buy", "sell", "Kind.buy was removed"),
        ("limit: Int = 20", "limit: Int! = 20", "from Int to Int!"),
        ("limit: Int = 20", "limit: Int = 50", "changed defaultValue from 20 to 50"),
        ("limit: Int = 20", "limit: Int = 20, maker: ID!", "A required argument"),
        ("after: Int", "since: Int", "Subscription.news(after:) was removed"),
        ("Offer | Gone", "Offer", "Gone was removed from union type News"),
        ("type Gone { id: ID! }", "type Left { id: ID! }", "Gone was removed"),
    ],
)
def test_a_break_of_the_schema_of_graphql_is_found(was: str, becomes: str, told: str) -> None:
    new = SDL.replace(was, becomes).replace("| Gone", "" if "Left" in becomes else "| Gone")
    found = schema_breaks(SDL, new)
    assert any(one.startswith("GraphQL: ") and told in one for one in found), found


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("terms: String", "terms: String! price: String"),
        ("sell buy", "sell buy swap"),
        ("kind: Kind)", "kind: Kind, maker: ID)"),
        ("type Gone", '"It is gone." type Gone'),
        ("Offer | Gone", "Offer | Gone | Price"),
    ],
)
def test_what_is_added_to_the_schema_breaks_nothing(was: str, becomes: str) -> None:
    new = SDL.replace(was, becomes) + "type Price { price: String }"
    assert schema_breaks(SDL, new) == []


def test_the_baseline_of_the_schema_is_the_schema_without_its_words() -> None:
    text = (ROOT / "docs" / "schema.graphql").read_text()
    kept = baseline.schema_essence(text)
    assert '"""' not in kept
    assert schema_breaks(text, kept) == schema_breaks(kept, text) == []
    assert schema_breaks((ROOT / "tools" / "openapi" / "baseline.graphql").read_text(), text) == []


def _clone(path: Path, new: dict[str, Any], declared: str) -> Path:
    (path / "docs").mkdir()
    (path / "tools" / "openapi").mkdir(parents=True)
    (path / "docs" / "openapi.json").write_text(json.dumps(new))
    (path / "tools" / "openapi" / "baseline.json").write_text(json.dumps(document()))
    (path / "tools" / "openapi" / "breaking.toml").write_text(declared)
    (path / "docs" / "schema.graphql").write_text(SDL.replace(" terms: String", ""))
    (path / "tools" / "openapi" / "baseline.graphql").write_text(SDL)
    return path


_WHAT = "POST /things: body.name: the bound is tighter (maxLength)"
_DECLARED = f'[[change]]\nwhat = "{_WHAT}"\nwhy = "Nobody had a longer one."\n'
#: Of the schema in `_clone`.
_GONE = "GraphQL: Field Offer.terms was removed"
_GONE_DECLARED = f'[[change]]\nwhat = "{_GONE}"\nwhy = "Nobody wrote any terms."\n'


def test_a_break_has_to_be_declared_with_its_reason(tmp_path: Path) -> None:
    new = _changed(_field("name", maxLength=9))
    for name, declared, faults in [
        ("neither", "", [f"breaks docs/versions.md: {one}" for one in (_GONE, _WHAT)]),
        ("not", _GONE_DECLARED, [f"breaks docs/versions.md: {_WHAT}"]),
        ("declared", _DECLARED + _GONE_DECLARED, []),
        (
            "without",
            _GONE_DECLARED + f'[[change]]\nwhat = "{_WHAT}"\n',
            [f"tools/openapi/breaking.toml: say why: {_WHAT}"],
        ),
    ]:
        (tmp_path / name).mkdir()
        assert baseline.undeclared_breaks(_clone(tmp_path / name, new, declared)) == faults


def test_a_declaration_of_what_is_not_so_is_told(tmp_path: Path) -> None:
    faults = baseline.undeclared_breaks(_clone(tmp_path, document(), _DECLARED + _GONE_DECLARED))
    assert faults == [f"tools/openapi/breaking.toml: is not so: {_WHAT}"]
