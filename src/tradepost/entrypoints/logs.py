"""Where the processes' log lines go, our own and those of libraries: to standard error, one a line.

JSON, or text on a terminal. Each says for which request, operation and trace it was, and is free of
secrets and of people (`redaction.py`). An error is told by its type and by the lines of code that
it went through: its text may hold what a caller sent, or a row of the database.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, Processor

from tradepost.entrypoints.redaction import redacted
from tradepost.kernel import tracing
from tradepost.kernel.observing import operation
from tradepost.kernel.requests import request_id

Form = Literal["auto", "json", "text"]

#: What our own lines tell beside their sentence; `escrow_id` is the number of a public thing.
_FACTS: Final = ("operation", "method", "status", "duration_ms", "escrow_id")
_PUBLIC: Final = ("escrow_id", "timestamp", "trace_id")
_FRAMES: Final = 40
_CAUSES: Final = 5

#: The server of the API gets no handlers of its own: its lines are as all others.
SERVER: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {
        "_granian": {"level": "INFO", "propagate": True},
        "granian.access": {"level": "WARNING", "propagate": True},
    },
}

logger = logging.getLogger(__name__)


def configure(form: Form) -> None:
    """For a process of the exchange; libraries speak only of what goes wrong."""
    handler = logging.StreamHandler(sys.stderr)
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler.setFormatter(formatter(text=text))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(capture=True)
    for chatty in ("procrastinate", "httpx", "web3", "alembic", "opentelemetry", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.excepthook = _on_end
    threading.excepthook = _on_thread_end


def formatter(*, text: bool) -> logging.Formatter:
    """Makes a record of the standard library a line, as JSON or as text for a person."""
    last: tuple[Processor, ...] = (structlog.processors.JSONRenderer(),)
    if text:
        last = _readable, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _facts,
        ],
        processors=[
            _error,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _clean,
            *last,
        ],
    )


def _facts(_: Any, __: str, event: EventDict) -> EventDict:
    """What our own record tells, and for what it was written."""
    record: logging.LogRecord = event["_record"]
    own = record.name.partition(".")[0] == "tradepost"
    if own:
        event.update({name: getattr(record, name) for name in _FACTS if hasattr(record, name)})
    else:
        # What a library adds below its sentence is an error's text, or what it was given.
        event["event"] = str(event["event"]).strip().partition("\n")[0]
    for name, value in (
        ("request_id", request_id.get()),
        ("operation", operation()),
        ("trace_id", tracing.trace_id()),
    ):
        if value:
            event.setdefault(name, value)
    return event


def _error(_: Any, __: str, event: EventDict) -> EventDict:
    """The error of a record, if it has one, without its text."""
    given = event.pop("exc_info", None)
    event.pop("exception", None)
    event.pop("stack_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def told(error: BaseException, causes: int = _CAUSES) -> dict[str, Any]:
    """What can be said of an error: its type, the lines it went through, and what caused it."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    said: dict[str, Any] = {
        "type": type(error).__qualname__,
        "at": [f"{_short(one.filename)}:{one.lineno} in {one.name}" for one in frames],
    }
    if isinstance(error, BaseExceptionGroup):
        said["errors"] = [told(one, causes - 1) for one in error.exceptions[:causes]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes > 0:
        said["cause"] = told(cause, causes - 1)
    return said


def _readable(_: Any, __: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = "\n".join(_lines(event["exception"]))
    return event


def _lines(said: dict[str, Any]) -> Iterator[str]:
    yield said["type"]
    yield from (f"  {frame}" for frame in said["at"])
    for inside in (*said.get("errors", ()), *filter(None, [said.get("cause")])):
        yield "because of, or with it:"
        yield from _lines(inside)


def _short(path: str) -> str:
    """Where a file is in its package: the rest tells of the machine."""
    for folder in ("site-packages/", "src/", "lib/python"):
        if folder in path:
            return path.rpartition(folder)[2]
    return path.rpartition("/")[2]


def _clean(_: Any, __: str, event: EventDict) -> EventDict:
    public = {name: event.pop(name) for name in _PUBLIC if name in event}
    error = event.pop("exception", None)
    clean: dict[str, Any] = redacted(event)
    if error is not None:
        clean["exception"] = error
    return {**clean, **public}


def _on_end(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """An error that ends the process."""
    if not isinstance(error, KeyboardInterrupt):
        logger.critical("this process ends by an error", exc_info=error)


def _on_thread_end(arguments: threading.ExceptHookArgs) -> None:
    if not isinstance(arguments.exc_value, SystemExit):
        logger.error("a thread ends by an error", exc_info=arguments.exc_value)
