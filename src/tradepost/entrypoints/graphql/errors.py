"""What went wrong with a query or a field of it, as a caller is told."""

import logging
from typing import Any, Final

from graphql import GraphQLError
from pydantic import ValidationError

from tradepost.kernel.errors import InternalError, MalformedRequest, Problem
from tradepost.kernel.requests import request_id

logger = logging.getLogger(__name__)

_MOST_CHARS: Final = 500


def told(error: GraphQLError) -> dict[str, Any]:
    """An error for the answer's `errors`: its `extensions` are the members of the problem.

    What is no problem of ours, nor the caller's fault, is a bug: it is logged, and not told.
    """
    problem = _problem(error)
    document: dict[str, Any] = {"message": problem.detail or problem.title()}
    if error.locations:
        document["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        document["path"] = error.path
    extensions = {name: value for name, value in problem.body().items() if name != "detail"}
    return document | {"extensions": extensions}


def _problem(error: GraphQLError) -> Problem:
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if isinstance(cause, Problem):
        return cause
    if isinstance(cause, ValidationError):
        # The rejected input is left out: it may hold a secret.
        faults = [
            {"at": ".".join(str(part) for part in fault["loc"]), "what": str(fault["msg"])}
            for fault in cause.errors()[:20]
        ]
        return MalformedRequest(errors=faults)
    if error.path is None and isinstance(cause, ValueError | TypeError | None):
        # The document or a variable of it, before anything was run.
        return MalformedRequest(error.message[:_MOST_CHARS])
    if cause is None and error.message.startswith("Argument "):
        # A variable that may be missing, where the field takes none that is.
        return MalformedRequest(error.message[:_MOST_CHARS])
    # Its name in the schema: the path has names that the caller chose.
    name = error.nodes[0].name.value if error.nodes and hasattr(error.nodes[0], "name") else "?"
    logger.error("a field failed: %s", name, exc_info=cause or error)
    return InternalError(request_id=request_id.get())
