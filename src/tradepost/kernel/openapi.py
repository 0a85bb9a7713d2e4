"""How an operation tells its problems in the OpenAPI document."""

from typing import Any

from tradepost.kernel.access import ScopeMissing, Unauthenticated
from tradepost.kernel.errors import (
    Busy,
    IdempotencyKeyInFlight,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    MalformedRequest,
    Problem,
)
from tradepost.kernel.http import ProblemBody

#: What any operation that takes a bearer token can answer.
AUTHENTICATED: tuple[type[Problem], ...] = (Unauthenticated, ScopeMissing)
#: What any operation that takes an `Idempotency-Key` can answer.
ONCE: tuple[type[Problem], ...] = (
    *AUTHENTICATED,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    IdempotencyKeyInFlight,
)


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation that can answer `kinds`, each with its example.

    Every operation can also be malformed, or meet a server at its limit.
    """
    found: dict[int | str, dict[str, Any]] = {}
    named: list[type[Problem]] = [*kinds, MalformedRequest, Busy]
    for kind in dict.fromkeys(named):
        response = found.setdefault(
            kind.status,
            {
                "description": "",
                "content": {
                    "application/problem+json": {
                        "schema": ProblemBody.model_json_schema(),
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
    return found
