"""Sees each request: how long, how it ended, in which trace; and tells the log of what went wrong.

An operation is known by the name of its route. A path is told nowhere: it holds ids of people.
"""

import logging
from contextvars import ContextVar
from functools import cache
from time import perf_counter
from typing import Final, Literal, NamedTuple

from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel import tracing
from tradepost.kernel.metrics import REGISTRY, WAITS

logger = logging.getLogger(__name__)

REQUESTS = Counter(
    "tradepost_http_requests",
    "Requests answered, by operation, method and class of status.",
    ["operation", "method", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "tradepost_http_request_seconds",
    "How long requests took, streams left out.",
    ["operation"],
    buckets=WAITS,
    registry=REGISTRY,
)
OPEN = Gauge(
    "tradepost_http_open",
    "What is being answered, by kind: request, or the streams websocket and sse.",
    ["kind"],
    registry=REGISTRY,
    multiprocess_mode="livesum",
)


@cache
def _open(kind: str) -> Gauge:
    # Looked up once: the library takes a lock for it each time.
    return OPEN.labels(kind)


#: Which requests get a line in the log: those that failed, those that were slow too, or all.
Told = Literal["failed", "slow", "all"]
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_OPERATION: Final = "none"
_REQUEST: Final = "request"
_TRACEPARENT: Final = b"traceparent"

#: Where a request's scope says that it waits for something to happen: its time tells nothing.
WAITING: Final = "tradepost.waiting"

_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def operation() -> str:
    """The operation that this task works for; empty where that is none, or not known yet."""
    scope = _scope.get()
    return "" if scope is None else getattr(scope.get("route"), "name", "")


class _Numbers(NamedTuple):
    requests: Counter
    seconds: Histogram


class Observe:
    """ASGI middleware over all operations.

    Args:
        app: what it stands around.
        told: which requests get a line.
        slow_s: from how many seconds on one is slow.
    """

    def __init__(self, app: ASGIApp, told: Told, slow_s: float) -> None:
        self._app = app
        self._told = told
        self._slow_s = slow_s
        self._numbers: dict[tuple[str, str, int], _Numbers] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the request, and writes down how it went."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        # What lies within may read HEAD as GET.
        kind = "websocket" if scope["type"] == "websocket" else _REQUEST
        seen = _Seen(scope.get("method", "WEBSOCKET"), kind, send)
        token = _scope.set(scope)
        began = perf_counter()
        try:
            if tracing.on():
                await self._traced(scope, receive, seen)
            else:
                await self._app(scope, receive, seen.send)
        except Exception as bug:
            seen.status = seen.status or 500
            logger.error("unhandled", exc_info=bug)
            raise
        finally:
            self._close(scope, seen, perf_counter() - began)
            _scope.reset(token)

    async def _traced(self, scope: Scope, receive: Receive, seen: "_Seen") -> None:
        parents = [value for name, value in scope["headers"] if name == _TRACEPARENT]
        parent = parents[0].decode("latin-1") if len(parents) == 1 else None
        with tracing.span(seen.method, parent=parent, kind=SpanKind.SERVER) as span:
            assert span is not None, "tracing is on"
            seen.traceparent = tracing.current()
            try:
                await self._app(scope, receive, seen.send)
            finally:
                _describe(span, scope, seen)

    def _close(self, scope: Scope, seen: "_Seen", seconds: float) -> None:
        _open(seen.kind).dec()
        name = getattr(scope.get("route"), "name", _NO_OPERATION)
        method = seen.method if seen.method in _METHODS else "other"
        # A caller who has gone away before the answer gets none.
        key = name, method, seen.status // 100
        numbers = self._numbers.get(key)
        if numbers is None:
            status = f"{seen.status // 100}xx" if seen.status else "none"
            counted = REQUESTS.labels(name, method, status)
            numbers = self._numbers[key] = _Numbers(counted, SECONDS.labels(name))
        numbers.requests.inc()
        timed = seen.kind == _REQUEST and WAITING not in scope
        if timed:
            numbers.seconds.observe(seconds)
        slow = timed and seconds >= self._slow_s and self._told != "failed"
        self._tell(name, seen, seconds, slow=slow)

    def _tell(self, name: str, seen: "_Seen", seconds: float, *, slow: bool) -> None:
        if seen.status < 500 and not slow and self._told != "all":
            return
        logger.log(
            logging.WARNING if slow or seen.status >= 500 else logging.INFO,
            "slow" if slow else "answered",
            extra={
                "operation": name,
                "method": seen.method,
                "status": seen.status,
                "duration_ms": round(seconds * 1000, 1),
            },
        )


class _Seen:
    """One request on its way: what its answer says of it."""

    __slots__ = ("_send", "kind", "method", "status", "traceparent")

    def __init__(self, method: str, kind: str, send: Send) -> None:
        self.method = method
        self.kind = kind
        self._send = send
        self.status = 0
        self.traceparent: str | None = None
        _open(kind).inc()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.traceparent is not None:
                # W3C Trace Context, level 2: the caller finds the trace by it.
                message["headers"] = [
                    *message["headers"],
                    (b"traceresponse", self.traceparent.encode()),
                ]
            for name, value in message["headers"]:
                if name == b"content-type" and value.startswith(b"text/event-stream"):
                    _open(self.kind).dec()
                    self.kind = "sse"
                    _open(self.kind).inc()
        await self._send(message)


def _describe(span: Span, scope: Scope, seen: _Seen) -> None:
    route = scope.get("route")
    name = getattr(route, "name", _NO_OPERATION)
    span.update_name(name)
    span.set_attribute("http.request.method", seen.method)
    span.set_attribute("http.route", getattr(route, "path", ""))
    if request_id := scope.get("request_id"):
        span.set_attribute("tradepost.request_id", request_id)
    if seen.status:
        span.set_attribute("http.response.status_code", seen.status)
    if seen.status >= 500:
        span.set_status(Status(StatusCode.ERROR))
