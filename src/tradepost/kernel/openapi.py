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
    QuotaExceeded,
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

_RATE_LIMIT_HEADERS = {
    "Retry-After": {
        "description": "Seconds until there is enough again.",
        "schema": {"type": "integer"},
        "example": 3,
    },
    "RateLimit-Policy": {
        "description": "The policies that apply: units (`q`) in seconds (`w`). On every answer.",
        "schema": {"type": "string"},
        "example": '"address";q=3000;w=60, "key";q=1200;w=60',
    },
    "RateLimit": {
        "description": "The tightest of them: units left (`r`), seconds until it is full (`t`)."
        " On every answer.",
        "schema": {"type": "string"},
        "example": '"key";r=2;t=15',
    },
}


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
    found[QuotaExceeded.status]["headers"] = _RATE_LIMIT_HEADERS
    return found


_SHAPING: dict[str, dict[str, Any]] = {
    "fields": {
        "name": "fields",
        "in": "query",
        "required": False,
        "description": "Only these fields of the answer, or of each entry of a list; `a.b` is the"
        " `b` in `a`.",
        "schema": {"type": "string", "maxLength": 2000},
        "example": "id",
    },
    "if-none-match": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "`ETag`s of answers that you have.",
        "schema": {"type": "string", "maxLength": 1000},
    },
}
_UNCHANGED = {"description": "It is still what `If-None-Match` says."}
_VALIDATOR = {
    "ETag": {
        "description": "What `If-None-Match` takes, and `If-Match` where there is a change of it."
        " It is the same while only clocks (`server_now`, `chain_now`, `age_s`) go on.",
        "schema": {"type": "string"},
    }
}


def complete(document: dict[str, Any]) -> None:
    """Tells of each GET what `kernel/answers.py` does for it; once is enough."""
    components = document.setdefault("components", {})
    if "parameters" in components:
        return
    components["parameters"] = _SHAPING
    for methods in document["paths"].values():
        operation = methods.get("get")
        if operation is None or "application/json" not in operation["responses"]["200"]["content"]:
            continue
        operation.setdefault("parameters", []).extend(
            {"$ref": f"#/components/parameters/{name}"} for name in _SHAPING
        )
        operation["responses"]["200"]["headers"] = _VALIDATOR
        operation["responses"]["304"] = _UNCHANGED
