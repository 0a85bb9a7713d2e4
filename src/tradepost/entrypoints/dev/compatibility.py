"""What in a new OpenAPI document would break a careful program that was written for the old one.

The rules are those of `docs/versions.md`, each with a name and a test of its own. They are pure:
two documents go in, a list of breaks comes out. References are followed, so how a schema is called
makes no difference. The schema of GraphQL is judged by graphql-core, which has the same rules.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple

from graphql import BreakingChange, DangerousChangeType, build_schema, find_schema_changes

Part = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch")
#: What a value must not exceed, and what it must not be below.
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")


class Rule(StrEnum):
    """What is promised; the value is how a break of it is told."""

    OPERATION_REMOVED = "the operation is gone"
    OPERATION_RENAMED = "the operation has another name"
    SCOPE_CHANGED = "a token that was enough is not"
    PARAMETER_REMOVED = "the parameter is gone"
    PARAMETER_REQUIRED = "the parameter is required"
    BODY_REMOVED = "the body is not taken"
    BODY_REQUIRED = "the body is required"
    KIND_REMOVED = "the media type is gone"
    STATUS_CHANGED = "success has another status"
    HEADER_REMOVED = "the header is gone"
    PROBLEM_REMOVED = "the problem type is gone"
    FIELD_REMOVED = "the field is gone"
    FIELD_REQUIRED = "the field is required"
    FIELD_OPTIONAL = "the field can be missing"
    TYPE_CHANGED = "the type is another"
    VALUE_REMOVED = "a value is gone"
    VALUES_BOUND = "only some values are left"
    VALUES_OPEN = "any value is possible"
    BOUND_TIGHTER = "the bound is tighter"
    FORM_CHANGED = "the form is another"
    CLOSED = "other fields are refused"
    DEFAULT_CHANGED = "what is meant by leaving it out is another"


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """One break: of which rule, and where."""

    operation: str
    where: str
    rule: Rule
    what: str = ""

    def __str__(self) -> str:
        """As a declaration names it."""
        return f"{self.operation}: {self.where}: {self.rule.value}" + (
            f" ({self.what})" if self.what else ""
        )


def schema_breaks(old: str, new: str) -> list[str]:
    """All that the schema `new` breaks of what `old` (both SDL) promised, sorted.

    What is meant by leaving an argument out is promised, too.
    """
    changes = find_schema_changes(build_schema(old), build_schema(new))
    return sorted(
        f"GraphQL: {change.description.removesuffix('.')}"
        for change in changes
        if isinstance(change, BreakingChange)
        or change.type is DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE
    )


class _Way(Enum):
    ASKED = auto()
    ANSWERED = auto()


class _Pair(NamedTuple):
    """The two documents, whose references are followed."""

    old: Part
    new: Part


def breaks(old: Part, new: Part) -> list[Break]:
    """All that `new` breaks of what `old` (both OpenAPI 3.1) promised, sorted."""
    pair = _Pair(old, new)
    now = dict(_operations(new))
    found: set[Break] = set()
    for name, before in _operations(old):
        if name in now:
            found |= {
                Break(name, where, rule, what)
                for where, rule, what in _operation(pair, before, now[name])
            }
        else:
            found.add(Break(name, "operation", Rule.OPERATION_REMOVED))
    for problem in _problems(old) - _problems(new):
        found.add(Break("any operation", problem, Rule.PROBLEM_REMOVED))
    return sorted(found, key=str)


_Found = tuple[str, Rule, str]
#: The pairs of schemas that are being compared.
_Within = frozenset[tuple[int, int]]


def _operations(document: Part) -> Iterator[tuple[str, Part]]:
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method]


def _resolved(document: Part, part: Part) -> Part:
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def _problems(document: Part) -> set[str]:
    return {
        name
        for _, operation in _operations(document)
        for told in operation["responses"].values()
        for kind, content in _resolved(document, told).get("content", {}).items()
        if kind == "application/problem+json"
        for name in content.get("examples", {})
    }


def _operation(pair: _Pair, old: Part, new: Part) -> Iterator[_Found]:
    if old.get("operationId") != new.get("operationId"):
        yield "operation", Rule.OPERATION_RENAMED, ""
    for needed in old.get("security", []) or [{}]:
        if not any(_enough(needed, asked) for asked in new.get("security", []) or [{}]):
            yield "security", Rule.SCOPE_CHANGED, ""
            break
    yield from _parameters(pair, old, new)
    yield from _body(pair, old.get("requestBody"), new.get("requestBody"))
    yield from _answers(pair, old["responses"], new["responses"])


def _enough(had: Part, asked: Part) -> bool:
    """Whether who has these schemes, with these scopes, has what is asked."""
    return all(name in had and set(scopes) <= set(had[name]) for name, scopes in asked.items())


def _parameters(pair: _Pair, old: Part, new: Part) -> Iterator[_Found]:
    before = _by_place(pair.old, old)
    now = _by_place(pair.new, new)
    for key, one in before.items():
        where = " ".join(key)
        if key not in now:
            yield where, Rule.PARAMETER_REMOVED, ""
            continue
        other = now[key]
        if other.get("required") and not one.get("required"):
            yield where, Rule.PARAMETER_REQUIRED, ""
        yield from _schemas(pair, one["schema"], other["schema"], _Way.ASKED, where)
    for key in now.keys() - before.keys():
        if now[key].get("required"):
            yield " ".join(key), Rule.PARAMETER_REQUIRED, ""


def _by_place(document: Part, operation: Part) -> dict[tuple[str, str], Part]:
    told = (_resolved(document, one) for one in operation.get("parameters", []))
    # The names of headers are the same in any case.
    return {
        (one["in"], one["name"].lower() if one["in"] == "header" else one["name"]): one
        for one in told
    }


def _body(pair: _Pair, old: Part | None, new: Part | None) -> Iterator[_Found]:
    if old is None:
        if new is not None and new.get("required"):
            yield "body", Rule.BODY_REQUIRED, ""
    elif new is None:
        yield "body", Rule.BODY_REMOVED, ""
    else:
        if new.get("required") and not old.get("required"):
            yield "body", Rule.BODY_REQUIRED, ""
        yield from _contents(pair, old, new, _Way.ASKED, "body")


def _answers(pair: _Pair, old: Part, new: Part) -> Iterator[_Found]:
    before, now = ({code for code in told if code.startswith("2")} for told in (old, new))
    for code in sorted(before ^ now):
        yield f"answer {code}", Rule.STATUS_CHANGED, ""
    for code in sorted(old.keys() & new.keys()):
        was, is_ = _resolved(pair.old, old[code]), _resolved(pair.new, new[code])
        where = f"answer {code}"
        for name in {name.lower() for name in was.get("headers", {})} - {
            name.lower() for name in is_.get("headers", {})
        }:
            yield f"{where} {name}", Rule.HEADER_REMOVED, ""
        yield from _contents(pair, was, is_, _Way.ANSWERED, where)


def _contents(pair: _Pair, old: Part, new: Part, way: _Way, where: str) -> Iterator[_Found]:
    now = new.get("content", {})
    for kind, content in old.get("content", {}).items():
        if kind not in now:
            yield f"{where} {kind}", Rule.KIND_REMOVED, ""
        elif "schema" in content and "schema" in now[kind]:
            yield from _schemas(pair, content["schema"], now[kind]["schema"], way, where)


def _schemas(
    pair: _Pair,
    old: Part,
    new: Part,
    way: _Way,
    where: str,
    within: _Within = frozenset(),
) -> Iterator[_Found]:
    """What can be sent must still be taken; what is answered must be what was known."""
    old, new = _resolved(pair.old, old), _resolved(pair.new, new)
    if way is _Way.ASKED and "default" in old and old["default"] != new.get("default"):
        yield where, Rule.DEFAULT_CHANGED, ""
    before, now = list(_forms(pair.old, old)), list(_forms(pair.new, new))
    for one in before if way is _Way.ASKED else now:
        attempts = [
            list(_form(pair, one, other, way, where, within))
            if way is _Way.ASKED
            else list(_form(pair, other, one, way, where, within))
            for other in (now if way is _Way.ASKED else before)
        ]
        yield from min(attempts, key=_badness)


def _badness(found: Iterable[_Found]) -> tuple[bool, int]:
    """Two forms of different types are the worst match."""
    listed = list(found)
    return any(rule is Rule.TYPE_CHANGED for _, rule, _ in listed), len(listed)


def _forms(document: Part, schema: Part) -> Iterator[Part]:
    schema = _resolved(document, schema)
    inner = schema.get("anyOf") or schema.get("oneOf")
    if inner is None:
        yield schema
        return
    for one in inner:
        yield from _forms(document, one)


def _form(
    pair: _Pair,
    old: Part,
    new: Part,
    way: _Way,
    where: str,
    within: _Within,
) -> Iterator[_Found]:
    # A thing may hold things of its own kind: each two are compared once.
    if (id(old), id(new)) in within:
        return
    within |= {(id(old), id(new))}
    wide, narrow = (new, old) if way is _Way.ASKED else (old, new)
    if "type" in wide and wide["type"] != narrow.get("type"):
        yield where, Rule.TYPE_CHANGED, f"{old.get('type', 'any')} to {new.get('type', 'any')}"
        return
    yield from _values(old, new, way, where)
    if way is _Way.ASKED:
        yield from _bounds(old, new, where)
    for name in ("pattern", "format"):
        # How wide an integer is told to be is no form: its bounds count.
        if old.get("type") == "integer" or old.get(name) == new.get(name):
            continue
        if name in wide:
            yield where, Rule.FORM_CHANGED, name
    if "items" in old and "items" in new:
        yield from _schemas(pair, old["items"], new["items"], way, f"{where}[]", within)
    yield from _fields(pair, old, new, way, where, within)


def _values(old: Part, new: Part, way: _Way, where: str) -> Iterator[_Found]:
    before, now = _listed(old), _listed(new)
    if before is None:
        if now is not None and way is _Way.ASKED:
            yield where, Rule.VALUES_BOUND, ""
    elif now is None:
        if way is _Way.ANSWERED:
            yield where, Rule.VALUES_OPEN, ""
    else:
        # A new value of an answer is one that a program bears.
        for value in sorted(before - now):
            yield where, Rule.VALUE_REMOVED, value


def _listed(schema: Part) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(value) for value in schema["enum"]} if "enum" in schema else None


def _bounds(old: Part, new: Part, where: str) -> Iterator[_Found]:
    for name in _UPPER:
        if name in new and (name not in old or new[name] < old[name]):
            yield where, Rule.BOUND_TIGHTER, name
    for name in _LOWER:
        if name in new and new[name] > old.get(name, _floor(name)):
            yield where, Rule.BOUND_TIGHTER, name
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield where, Rule.BOUND_TIGHTER, "uniqueItems"


def _floor(name: str) -> float:
    """What holds without a word: a length is never below 0."""
    return float("-inf") if name.lower().endswith("minimum") else 0


def _fields(
    pair: _Pair,
    old: Part,
    new: Part,
    way: _Way,
    where: str,
    within: _Within,
) -> Iterator[_Found]:
    before, now = old.get("properties", {}), new.get("properties", {})
    had, has = set(old.get("required", [])), set(new.get("required", []))
    for name, schema in before.items():
        at = f"{where}.{name}"
        if name not in now:
            yield at, Rule.FIELD_REMOVED, ""
        else:
            yield from _schemas(pair, schema, now[name], way, at, within)
    if way is _Way.ASKED:
        for name in has - had:
            yield f"{where}.{name}", Rule.FIELD_REQUIRED, ""
        if (
            new.get("additionalProperties") is False
            and old.get("additionalProperties") is not False
        ):
            yield where, Rule.CLOSED, ""
    else:
        for name in (had - has) & now.keys():
            yield f"{where}.{name}", Rule.FIELD_OPTIONAL, ""
    inner = [one.get("additionalProperties") for one in (old, new)]
    if isinstance(inner[0], Mapping) and isinstance(inner[1], Mapping):
        yield from _schemas(pair, inner[0], inner[1], way, f"{where}.*", within)
