"""Errors as facts: each a class that knows its type, status and whether a retry can help.

`docs/errors.md` is made from `registry()`; the HTTP edge turns each into RFC 9457's
`application/problem+json`. A bug is not a problem: it is an assertion and a 500.
"""

import inspect
import re
from collections.abc import Sequence
from typing import ClassVar

#: What a problem may tell beside its sentence: plain JSON values, never a secret.
Fact = str | int | bool | None | Sequence[str] | Sequence[int] | Sequence[dict[str, str]]


class Problem(Exception):
    """Base of all problems; the docstring of a subclass is its sentence for the caller."""

    status: ClassVar[int]
    #: True where the same request can succeed later without a change.
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, **facts: Fact) -> None:
        super().__init__(detail or self.title())
        self.detail = detail
        self.facts = facts

    @classmethod
    def slug(cls) -> str:
        """The stable last part of the type URI: `OfferAlreadyTaken` is `offer-already-taken`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def type_uri(cls) -> str:
        """The same on every exchange, so that a bot can compare it."""
        return f"urn:tradepost:problem:{cls.slug()}"

    @classmethod
    def title(cls) -> str:
        """The class's sentence, on one line."""
        return " ".join((inspect.getdoc(cls) or "").split())

    def body(self) -> dict[str, Fact]:
        """The members of the problem document."""
        detail = {} if self.detail is None else {"detail": self.detail}
        return {
            "type": self.type_uri(),
            "title": self.title(),
            "status": self.status,
            "retryable": self.retryable,
            **detail,
            **self.facts,
        }


def registry() -> list[type[Problem]]:
    """Every problem of the modules that are imported, by its slug."""
    found: dict[str, type[Problem]] = {}
    waiting = [Problem]
    while waiting:
        for problem in waiting.pop().__subclasses__():
            waiting.append(problem)
            if hasattr(problem, "status"):
                assert found.setdefault(problem.slug(), problem) is problem, problem
    return [found[slug] for slug in sorted(found)]


class MalformedRequest(Problem):
    """The request does not have the form this operation takes."""

    status = 422


class NotFound(Problem):
    """There is no such thing, or it is not yours to see."""

    status = 404


class BodyTooLarge(Problem):
    """The request's body is larger than this server reads."""

    status = 413


class RequestTooSlow(Problem):
    """The request's body did not come in the time that this server waits for one."""

    status = 408
    retryable = True


class QueryTooLong(Problem):
    """The request's path and query are longer than this server reads."""

    status = 414


class HeadersTooLarge(Problem):
    """The request has more headers, or larger ones, than this server reads."""

    status = 431


class TookTooLong(Problem):
    """The request took longer than this server works on one, and was given up.

    A POST that has an Idempotency-Key can be sent again with the same key.
    """

    status = 503
    retryable = True


class QuotaExceeded(Problem):
    """You asked for more than a limit permits; try again after the seconds in Retry-After."""

    status = 429
    retryable = True


class LimitsUnavailable(Problem):
    """The limits cannot be checked at present, and this operation is not served without."""

    status = 503
    retryable = True


class MethodNotAllowed(Problem):
    """This resource does not know that method."""

    status = 405


class InternalError(Problem):
    """Something failed on our side; nothing was changed by this request."""

    status = 500
    retryable = True


class Busy(Problem):
    """The server is at its limit for this kind of work; try again in a moment."""

    status = 503
    retryable = True


class InvalidCursor(Problem):
    """The cursor is not one that this exchange issued for this list."""

    status = 400


class IdempotencyKeyMissing(Problem):
    """This operation needs an Idempotency-Key header, so that a retry cannot act twice."""

    status = 400


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key has been used for another request."""

    status = 422


class IdempotencyKeyInFlight(Problem):
    """A request with this Idempotency-Key is still being carried out."""

    status = 409
    retryable = True


class PreconditionRequired(Problem):
    """This change needs an If-Match header with the ETag of what you saw."""

    status = 428


class PreconditionFailed(Problem):
    """It has changed since you saw it; read it again and decide anew."""

    status = 412
