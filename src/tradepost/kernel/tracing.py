"""One trace through all that a request brings about: its jobs, and what goes to the chain for it.

A `traceparent` (W3C Trace Context) stands in an argument of each job and in a column of each
intent: whoever works at it later goes on in the same trace. Spans carry names and numbers, never
what a caller sent and never the text of an error. While tracing is off nothing is stored, and a
span costs a look at one name.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_LIBRARY: Final = "tradepost"
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_NONE: Final[AbstractContextManager[Span | None]] = nullcontext()
_tracer: Tracer | None = None


def start(provider: TracerProvider) -> None:
    """From now on spans go to `provider`. The process-wide one stays unset: see ADR 30."""
    global _tracer  # noqa: PLW0603 - like logging, it is of the process
    _tracer = provider.get_tracer(_LIBRARY)


def stop() -> None:
    """From now on there are no spans."""
    global _tracer  # noqa: PLW0603 - as above
    _tracer = None


def on() -> bool:
    """Whether spans go anywhere; a hot path asks before it prepares one."""
    return _tracer is not None


def span(
    name: str,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: str | int,
) -> AbstractContextManager[Span | None]:
    """What runs in this block, as part of the trace of `parent`, or else of what is around it.

    `parent` is a `traceparent`; one that makes no sense begins a trace of its own. Of an error only
    its type is told.
    """
    if _tracer is None:
        return _NONE
    return _span(_tracer, name, parent, kind, attributes)


@contextmanager
def _span(
    tracer: Tracer, name: str, parent: str | None, kind: SpanKind, attributes: dict[str, str | int]
) -> Iterator[Span]:
    with tracer.start_as_current_span(
        name,
        context=_context(parent),
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        try:
            yield begun
        except BaseException as error:
            begun.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def mark(name: str, parent: str | None, since: datetime, **attributes: str | int) -> None:
    """A span that begins at `since` and ends now, in the trace of `parent`; none without one."""
    if _tracer is None or parent is None:
        return
    began = int(since.timestamp() * 1_000_000) * 1_000
    _tracer.start_span(
        name,
        context=_context(parent),
        kind=SpanKind.PRODUCER,
        attributes=attributes,
        start_time=began,
    ).end()


def current() -> str | None:
    """The `traceparent` of what runs here, for those who work on it later; None without one."""
    if _tracer is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def trace_id() -> str:
    """The number of the trace that runs here, in hexadecimal; empty without one."""
    if _tracer is None:
        return ""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def _context(parent: str | None) -> Context | None:
    return None if parent is None else _PROPAGATOR.extract({"traceparent": parent}, Context())
