"""What every answer has, whoever makes it: a validator, a word about caches, chosen fields.

A route says what is so. Around it stands one piece that gives a GET its `ETag` and answers 304,
leaves out the fields that were not asked for, answers HEAD, and sees that nothing is cached that a
route does not allow.
"""

import hashlib
import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import from_json, to_json
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel.errors import MalformedRequest
from tradepost.kernel.http import problem_response

#: By name what is wanted of it; nothing where all of it is.
Selection: TypeAlias = Mapping[str, "Selection"]

_MAX_FIELDS = 50
#: Characters of an `If-None-Match`: some twenty validators.
MAX_SEEN = 1_000
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,49}(\.[a-z][a-z0-9_]{0,49}){0,4}")
_FIELDS_PART = re.compile(rb"(?:^|&)fields=([^&]*)")
#: What tells the moment of the answer and no more: a validator must not change with it.
_MOMENT = re.compile(rb'"(?:server_?[nN]ow|chain_?[nN]ow|age_?[sS])":(?:"[^"]*"|[0-9]+)')
_VERSION = re.compile(r'"[0-9]+"')


class ShapeAnswers:
    """ASGI middleware over all operations; it holds back one answer at most, a page long.

    An answer that comes in parts is passed on as it comes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the request, and shapes what it answers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method not in {"GET", "HEAD"}:
            await self._app(scope, receive, _uncached(send))
            return
        try:
            fields = _take_fields(scope)
            if len(Headers(scope=scope).get("If-None-Match", "")) > MAX_SEEN:
                raise MalformedRequest(f"If-None-Match has up to {MAX_SEEN} characters.")
        except MalformedRequest as problem:
            await problem_response(problem)(scope, receive, send)
            return
        scope["method"] = "GET"
        await self._app(scope, receive, _Shaped(scope, fields, send, method == "HEAD").send)


def _uncached(send: Send) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(raw=message["headers"]).setdefault("Cache-Control", "no-store")
        await send(message)

    return tell


class _Shaped:
    """The answer to one GET, on its way out."""

    def __init__(
        self, scope: Scope, fields: list[str] | None, send: Send, headers_only: bool
    ) -> None:
        self._scope = scope
        self._fields = fields
        self._send = send
        self._headers_only = headers_only
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """What the app sends, and what goes on."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            private = any(name == b"authorization" for name, _ in self._scope["headers"])
            headers.setdefault("Cache-Control", "private, no-cache" if private else "no-cache")
            if message["status"] == 200 and _is_json(headers):
                self._start = message
            else:
                await self._send(message)
            return
        if message["type"] == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body", False):
                message = self._shape(start, message)
            await self._send(start)
        if self._headers_only and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    def _shape(self, start: Message, message: Message) -> Message:
        headers = MutableHeaders(raw=start["headers"])
        body = message["body"]
        tag = _validator(headers.get("ETag"), body)
        headers["ETag"] = tag
        seen = Headers(scope=self._scope).get("If-None-Match")
        if seen is not None and _matches(seen, tag):
            start["status"] = 304
            del headers["Content-Type"], headers["Content-Length"]
            return {**message, "body": b""}
        if self._fields is not None:
            try:
                body = _chosen(self._scope.get("route"), self._fields, body)
            except MalformedRequest as problem:
                refusal = problem_response(problem)
                start["status"] = refusal.status_code
                start["headers"] = refusal.raw_headers
                return {**message, "body": refusal.body}
            headers["Content-Length"] = str(len(body))
        return {**message, "body": body}


def _is_json(headers: Headers) -> bool:
    return headers.get("Content-Type", "").startswith("application/json")


def _validator(given: str | None, body: bytes) -> str:
    """The `ETag`: what the route says, with what the answer is; `If-Match` reads the first."""
    if given is not None and not _VERSION.fullmatch(given):
        return given
    digest = hashlib.blake2b(_MOMENT.sub(b"", body), digest_size=12).hexdigest()
    version = "" if given is None else given.strip('"') + "."
    # A weak one: the same for every content coding, and from one second to the next.
    return f'W/"{version}{digest}"'


def _matches(seen: str, tag: str) -> bool:
    """As RFC 9110 compares for `If-None-Match`: weakly."""
    if seen.strip() == "*":
        return True
    return tag.removeprefix("W/") in {part.strip().removeprefix("W/") for part in seen.split(",")}


# --- chosen fields ----------------------------------------------------------------------------


def _take_fields(scope: Scope) -> list[str] | None:
    """The names in `fields`, taken out of the query: routes do not know of it.

    Raises `MalformedRequest`.
    """
    query: bytes = scope["query_string"]
    if b"fields=" not in query:
        return None
    found: list[bytes] = _FIELDS_PART.findall(query)
    if not found:
        return None
    names = found[0].replace(b"%2C", b",").replace(b"%2c", b",").decode("latin-1").split(",")
    if (
        len(found) > 1
        or len(names) > _MAX_FIELDS
        or not all(_FIELD.fullmatch(name) for name in names)
    ):
        raise MalformedRequest(
            f"fields is once a list of up to {_MAX_FIELDS} names, as id,viewer.role."
        )
    scope["query_string"] = _FIELDS_PART.sub(b"", query).lstrip(b"&")
    return names


def _chosen(route: Any, names: list[str], body: bytes) -> bytes:
    model = _model(getattr(route, "response_model", None))
    if model is None:
        raise MalformedRequest("This answer has no fields to choose from.")
    page = model.model_fields.get("data")
    item = None if page is None else _model(page.annotation)
    wanted = select(model if item is None else item, names)
    answer = from_json(body)
    if item is None:
        answer = _only(wanted, answer)
    else:
        answer["data"] = [_only(wanted, each) for each in answer["data"]]
    return to_json(answer)


def select(model: type[BaseModel], names: list[str]) -> Selection:
    """What `names` choose of `model`; `a.b` is the `b` in `a`, also where `a` is a list.

    Raises `MalformedRequest` for a name that the model does not have.
    """
    chosen: dict[str, Any] = {}
    for name in names:
        parts = name.split(".")
        if any(".".join(parts[:length]) in names for length in range(1, len(parts))):
            continue  # all of what it is in is asked for
        at, inside = chosen, model
        for position, part in enumerate(parts):
            named = {info.alias or key: info for key, info in inside.model_fields.items()}
            if part not in named:
                raise MalformedRequest(f"There is no field {name}.", fields=sorted(named))
            at = at.setdefault(part, {})
            if position + 1 < len(parts):
                found = _model(named[part].annotation)
                if found is None:
                    raise MalformedRequest(f"{part} has no fields of its own.")
                inside = found
    return chosen


def _model(annotation: Any) -> type[BaseModel] | None:
    """The one model in an annotation: itself, in a list, or where it may be missing."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType, list, tuple, Annotated}:
        models = [found for part in get_args(annotation) if (found := _model(part)) is not None]
        return models[0] if len(models) == 1 else None
    return None


def _only(wanted: Selection, value: Any) -> Any:
    if not wanted or value is None:
        return value
    if isinstance(value, list):
        return [_only(wanted, each) for each in value]
    return {name: _only(inside, value[name]) for name, inside in wanted.items() if name in value}
