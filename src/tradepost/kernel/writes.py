"""The lean way in for what is written most: the same promises, without what FastAPI does for each.

To solve a usual route's dependencies and to read its body takes a quarter of a request that
publishes an offer. The OpenAPI document is the same.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from tradepost.kernel.errors import MalformedRequest
from tradepost.kernel.http import Once, TransactionRoute
from tradepost.kernel.routing import bare


class WriteRoute(TransactionRoute):
    """Runs an operation of `(request: Request, tx: Tx, caller, body)`.

    `caller` is annotated with `Depends(allowed_once(scope))`, `body` with its model. It gives a
    `Response` with its status; `response_model` and `status_code` only document it. There are no
    other parameters: what else it needs stands in `request.app.state`.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **rest: Any) -> None:
        super().__init__(path, endpoint, **rest)
        self.app = bare(self.get_route_handler())

    def operation(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation, with its caller found and its body read."""
        (field,) = self.dependant.body_params
        model = field.field_info.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        (once,) = (one.call for one in self.dependant.dependencies if isinstance(one.call, Once))
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint

        async def run(request: Request) -> Response:
            if request.scope["query_string"]:
                raise MalformedRequest("This operation has no parameters but its body.")
            tx = request.state.transaction
            headers = request.headers
            bearer = _bearer(headers.get("authorization"))
            caller = await once.called(request, tx, bearer, headers.get("idempotency-key"))
            body = _read(model, headers.get("content-type"), await request.body())
            return await endpoint(request=request, tx=tx, caller=caller, body=body)

        return run


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def _read(model: type[BaseModel], content_type: str | None, body: bytes) -> BaseModel:
    kind = (content_type or "").partition(";")[0].strip().lower()
    if not kind.startswith("application/") or not kind.endswith(("/json", "+json")):
        raise _invalid("content_type", "The Content-Type has to be application/json.")
    try:
        said = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise _invalid("json_invalid", str(error)) from None
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise RequestValidationError(
            [fault | {"loc": ("body", *fault["loc"])} for fault in error.errors()]
        ) from None


def _invalid(kind: str, what: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body",), "msg": what, "input": None}])
