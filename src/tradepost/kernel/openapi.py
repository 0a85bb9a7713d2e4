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


def to(
    *operations: str, body: Mapping[str, str] | None = None, seen: bool = False, **parameters: str
) -> dict[str, Any]:
    """Links from an answer to the operations that go on with it, by their names.

    Args:
        operations: Each is given the same.
        body: Of members of their body: where its value stands in the answer, as a JSON pointer
            without its first slash (`id`, `data/0/id`), or as an expression of OpenAPI (`$...`).
        seen: They take the answer's `ETag` as their `If-Match`.
        parameters: As `body`, of their parameters.
    """
    said: dict[str, Any] = {"parameters": _where(parameters)}
    if seen:
        said["parameters"]["if-match"] = "$response.header.ETag"
    if body:
        said["requestBody"] = _where(body)
    return {name: {"operationId": name, **said} for name in operations}


def links(status: int, *parts: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """A part of the `responses=` of an operation: what its answer of this status leads to."""
    told = {name: link for part in parts for name, link in part.items()}
    said: dict[str, Any] = {"links": told}
    if any("$response.header.ETag" in link["parameters"].values() for link in told.values()):
        said["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
    return {status: said}


def _where(names: Mapping[str, str]) -> dict[str, str]:
    return {
        name: where if where.startswith("$") else f"$response.body#/{where}"
        for name, where in names.items()
    }
