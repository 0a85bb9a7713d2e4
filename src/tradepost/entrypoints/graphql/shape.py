"""The answers of REST as types of GraphQL: the same names in camel case, the same values.

A type is made from the body that REST answers with, and a field of it resolves to that body's own
value: there is no second place where a name, a unit or a form of writing could differ.
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache, reduce
from importlib.resources import files
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, cast, get_args, get_origin
from uuid import UUID

import strawberry
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

F = TypeVar("F", bound=Callable[..., Any])

#: A moment, and a whole number that 32 bits may be too few for: unix seconds, blocks, premiums.
Time = NewType("Time", str)
Long = NewType("Long", int)


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("a time is a string of ISO 8601")
    return datetime.fromisoformat(value)


def _id(value: object) -> UUID:
    if not isinstance(value, str) or len(value) != 36:
        raise ValueError("an id is a string of 36 characters")
    return UUID(value)


def _long(value: object) -> int:
    assert isinstance(value, int)
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    Time: strawberry.scalar(
        name="Time",
        description="A moment in UTC, as ISO 8601 has it: `2026-11-23T05:00:00Z`.",
        serialize=to_jsonable_python,
        parse_value=_moment,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="An id, as RFC 9562 writes it.",
        serialize=str,
        parse_value=_id,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of up to 53 bits.",
        serialize=_long,
    ),
}

_TYPES: dict[type[BaseModel], type] = {}
_ENUMS: dict[type[Enum], type[Enum]] = {}


def shaped(model: type[BaseModel], name: str, more: Mapping[str, Any] | None = None) -> type[Any]:
    """The type `name` of GraphQL for what REST answers with, or a stream tells.

    `more` are fields of its own. Models inside have to be shaped before, so that each has a name
    of its own.
    """
    assert model not in _TYPES, model
    fields: dict[str, Any] = {}
    for key, info in model.model_fields.items():
        fields[key] = strawberry.field(
            name=info.serialization_alias,
            description=_described(name, info.serialization_alias or key, info),
            graphql_type=_of(info.annotation),
        )
    fields |= more or {}
    kind = {"is_type_of": lambda value, _: isinstance(value, model)}
    made = type(name, (), {"__doc__": model.__doc__, **kind, **fields})
    words = " ".join((model.__doc__ or "").split())
    _TYPES[model] = strawberry.type(made, name=name, description=words)
    return _TYPES[model]


def shape_of(model: type[BaseModel], *, many: bool = False) -> Any:
    """The type that `shaped` has made of a model, or a list of it, which can be null."""
    made = _TYPES[model]
    return list[made] | None if many else made | None  # type: ignore[valid-type]


def one_of(name: str, words: str, *models: type[BaseModel]) -> Any:
    """The union `name` of the types that were made of these models."""
    types = reduce(or_, (_TYPES[model] for model in models))
    return Annotated[types, strawberry.union(name, description=words)]


def asks(gives: type[Any], words: str) -> Callable[[F], F]:
    """A field whose function asks a room: null, with an error, where it cannot be answered.

    It gives what REST answers with, or a type of GraphQL's own; `words` describe it.
    """
    made = shape_of(gives) if gives in _TYPES else gives | None
    return cast("Callable[[F], F]", strawberry.field(description=words, graphql_type=made))


def follows(gives: Any, words: str) -> Callable[[F], F]:
    """A field that can be followed; its messages are what `gives` is."""
    return cast("Callable[[F], F]", strawberry.subscription(description=words, graphql_type=gives))


def choice(kind: type[Enum]) -> Any:
    """An enumeration with the values that REST has as the names of GraphQL."""
    if kind not in _ENUMS:
        words = " ".join((kind.__doc__ or "").split())
        _ENUMS[kind] = strawberry.enum(kind, description=words, graphql_name_from="value")
    return _ENUMS[kind]


def _of(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _of(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        (inside,) = (part for part in get_args(annotation) if part is not NoneType)
        return _of(inside) | None
    if origin in {list, tuple}:
        return list[_of(get_args(annotation)[0])]  # type: ignore[misc]
    if annotation is NoneType:
        return str | None  # the cursor of a list that has one page
    if origin is dict or annotation is Any:
        return JSON
    if origin is Literal:
        return str
    return _plain(annotation)


def _plain(annotation: Any) -> Any:
    known = {str: str, bool: bool, int: Long, UUID: UUID, datetime: Time}
    if annotation in known:
        return known[annotation]
    if issubclass(annotation, Enum):
        fit = all(str(one.value).isidentifier() for one in annotation)
        return choice(annotation) if fit else str
    return _TYPES[annotation]


def _described(type_name: str, key: str, info: FieldInfo) -> str:
    words = info.description or _words().get(f"{type_name}.{key}") or _words().get(key)
    assert words is not None, f"{type_name}.{key} needs its words in fields.toml"
    return words


@lru_cache
def _words() -> Mapping[str, str]:
    """What a field is, by its name in REST, where its body does not say it."""
    text = files("tradepost.entrypoints.graphql").joinpath("fields.toml").read_text("utf-8")
    return cast("Mapping[str, str]", tomllib.loads(text)["fields"])
