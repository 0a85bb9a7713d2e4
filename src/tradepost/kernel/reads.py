"""The lean way in for what is read most: no transaction, no model of the answer at run time.

A usual route reads a query model field by field and keeps stacks for dependencies that a public
read does not have; that costs more than the database does. The OpenAPI document is the same.
"""

from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ValidationError

from tradepost.kernel.errors import MalformedRequest
from tradepost.kernel.routing import bare

#: More than any query of ours has; each of them costs time before it is judged.
_MAX_PARTS = 100


Model = TypeVar("Model", bound=BaseModel)


class ReadRoute(APIRoute):
    """Runs an operation of `(request: Request, query: Annotated[Model, Query()])`.

    It gives a `Response`; `response_model` only documents it. There are no other parameters: what
    else it needs stands in `request.app.state`. Every field of the model is a name in the query;
    a field that is a list takes each of its values, any other the last one.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **rest: Any) -> None:
        super().__init__(path, endpoint, **rest)
        self.app = bare(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation, with its query read by one model."""
        (field,) = self.dependant.query_params
        model = field.field_info.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        operation: Callable[[Request, BaseModel], Coroutine[Any, Any, Response]] = self.endpoint

        async def handle(request: Request) -> Response:
            query = read_query(model, request.scope["query_string"])
            try:
                return await operation(request, query)
            except OperationalError as error:
                if not _cut_off(error):
                    raise
                # The database was restarted under us: a read can be tried again.
                await request.app.state.database.pool.check()
                return await operation(request, query)

        return handle


def _cut_off(error: OperationalError) -> bool:
    """True if the connection is gone, rather than the statement refused or the pool empty."""
    if isinstance(error, PoolTimeout):
        return False
    return error.sqlstate is None or error.sqlstate.startswith("57P")


def read_query(model: type[Model], query: bytes) -> Model:
    """What a query says, as `model`; raises `MalformedRequest` or `RequestValidationError`.

    A field that is a list takes each of its values, any other the last one.
    """
    lists = _lists(model)
    try:
        parts = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=_MAX_PARTS)
    except ValueError:
        raise MalformedRequest(f"A query is UTF-8 with at most {_MAX_PARTS} parts.") from None
    said: dict[str, Any] = {}
    for name, value in parts:
        if name in lists:
            said.setdefault(name, []).append(value)
        else:
            said[name] = value
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise RequestValidationError(
            [fault | {"loc": ("query", *fault["loc"])} for fault in error.errors()]
        ) from None


@cache
def _lists(model: type[BaseModel]) -> frozenset[str]:
    """The fields of `model` that are lists."""
    return frozenset(
        name
        for name, info in model.model_fields.items()
        if get_origin(info.annotation) in (list, tuple)
    )
