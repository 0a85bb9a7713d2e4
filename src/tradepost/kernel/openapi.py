"""How an operation tells its problems, and what its answer leads to, in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from tradepost.kernel.access import ScopeMissing, Unauthenticated
from tradepost.kernel.errors import (
    Busy,
    IdempotencyKeyInFlight,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    MalformedRequest,
    Problem,
    QuotaExceeded,
)

#: What any operation that takes a bearer token can answer.
AUTHENTICATED: tuple[type[Problem], ...] = (Unauthenticated, ScopeMissing)
#: What any operation that takes an `Idempotency-Key` can answer.
ONCE: tuple[type[Problem], ...] = (
    *AUTHENTICATED,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    IdempotencyKeyInFlight,
)

#: The schema of every problem, which `kernel/document.py` puts there.
PROBLEM = {"$ref": "#/components/schemas/Problem"}
RETRY_AFTER = {"$ref": "#/components/headers/Retry-After"}


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation that can answer `kinds`, each with its example.

    Every operation can also be malformed, be over a limit, or meet a server at its own.
    """
    found: dict[int | str, dict[str, Any]] = {}
    named: list[type[Problem]] = [*kinds, MalformedRequest, QuotaExceeded, Busy]
    for kind in dict.fromkeys(named):
        response = found.setdefault(
            kind.status,
            {
                "description": "",
                "content": {
                    "application/problem+json": {
                        "schema": PROBLEM,
                        "examples": {},
                    }
                },
            },
        )
        response["description"] = f"{response['description']} {kind.title()}".strip()
        response["content"]["application/problem+json"]["examples"][kind.slug()] = {
            "summary": kind.title(),
            "value": kind().body(),
        }
    found[QuotaExceeded.status]["headers"] = {"Retry-After": RETRY_AFTER}
    return found


def links(
    status: int,
    parameters: Mapping[str, str],
    *operations: str,
    body: Mapping[str, str] | None = None,
) -> dict[int | str, dict[str, Any]]:
    """A part of the `responses=` of an operation: what can be asked next, by what it answered.

    Args:
        status: Of the answer that has it.
        parameters: Of each of the operations: where its value stands in the answer, as a JSON
            pointer without its first slash (`id`, `data/0/id`).
        operations: Their names.
        body: The same as `parameters`, of members of their body.
    """
    said: dict[str, Any] = {}
    if parameters:
        said["parameters"] = _where(parameters)
    if body:
        said["requestBody"] = _where(body)
    return {status: {"links": {name: {"operationId": name, **said} for name in operations}}}


def _where(names: Mapping[str, str]) -> dict[str, str]:
    return {name: f"$response.body#/{pointer}" for name, pointer in names.items()}
