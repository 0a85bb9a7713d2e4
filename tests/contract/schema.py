"""The API's document as Schemathesis reads it, and how it makes requests of it."""

import os
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.contract.ground import Bridge, Operation

DOCUMENT = Path(__file__).parents[2] / "docs/openapi.json"
#: Whoever says how much runs longer than a change waits for.
LONGER = "FUZZ_EXAMPLES" in os.environ
#: Random requests of each operation.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
#: Of the requests at the document's bounds (each value too long, each name missing, each method
#: that a path does not have) every so manieth: the seed says which. In a longer run all.
STRIDE = 1 if LONGER else 5
#: The same number makes the same requests.
SEED = int(os.environ.get("FUZZ_SEED", "1"))

_CONFIG: dict[str, Any] = {
    "seed": SEED,
    "base-url": "http://127.0.0.1:8000",
    "generation": {
        "mode": "all",
        "max-examples": EXAMPLES,
        "no-shrink": True,
        # Who asks is decided by the tests.
        "with-security-parameters": False,
    },
    "checks": {
        # A schema cannot say that a wallet is the caller's, that a signature fits, or that a
        # cursor is one of ours. That each operation takes what is good is for test_roles.py.
        "positive_data_acceptance": {"enabled": False},
        # Of a random request it asks as other users, which needs a file of logins; test_roles.py
        # does that for each operation, writes too.
        "object_level_authorization": {"enabled": False},
        "negative_data_rejection": {
            "expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 414, 422, 428, 431]
        },
    },
    # Chains are broken by what is refused; that is tried operation by operation.
    "phases": {"stateful": {"generation": {"mode": "positive"}}},
}

BRIDGE = Bridge()
#: Operations that nobody here asks well, and why.
LEFT_OUT = {
    "GET /v1/stream": "It does not end: tests/integration/notifications listens to it over sockets."
    " That it refuses as the document says is in test_edges.py.",
    "POST /v1/sandbox/clock": "It moves the time of all that the others ask about:"
    " tests/integration/sandbox moves that of exchanges of its own.",
}
#: What the app serves that is no operation of the document, and why.
UNDOCUMENTED = {
    "/openapi.json": "It is the document.",
    "/asyncapi.json": "It is the document of the streams.",
    "/mcp": "It speaks another protocol: tests/integration/agents asks it.",
    "/docs": "A page for people, made of the document.",
    "/docs/oauth2-redirect": "FastAPI's, of that page.",
    "/static-offline-docs": "The files of that page.",
}
WHOLE = schemathesis.openapi.from_path(DOCUMENT, config=schemathesis.Config.from_dict(_CONFIG))
WHOLE.app = BRIDGE
SCHEMA = WHOLE.exclude(name=list(LEFT_OUT))
SCHEMA.app = BRIDGE
#: Nothing is kept between runs and nothing is made smaller: the exchange has moved on meanwhile.
ONCE = settings(
    max_examples=EXAMPLES,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def is_private(operation: Operation) -> bool:
    """Whether the document says that it needs a token."""
    needed = operation.definition.raw.get("security", [])
    return bool(needed) and {} not in needed


@WHOLE.hook
def after_validate(context: Any, case: Any, response: Any, results: list[Any]) -> None:
    """Counts what was checked."""
    BRIDGE.counts["checks"] += len(results)
