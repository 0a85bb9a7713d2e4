"""What one process counts of GraphQL; names that callers choose stand nowhere."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from tradepost.entrypoints.graphql.queries import Prepared
from tradepost.kernel.metrics import REGISTRY

OPERATIONS: Final = Counter(
    "tradepost_graphql_operations",
    "Queries and subscriptions, by how they ended.",
    ["operation", "kind", "outcome"],
    registry=REGISTRY,
)
POINTS: Final = Histogram(
    "tradepost_graphql_points",
    "What queries and subscriptions cost, in points.",
    ["kind"],
    buckets=(50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000),
    registry=REGISTRY,
)
SUBSCRIPTIONS: Final = Gauge(
    "tradepost_graphql_subscriptions",
    "Subscriptions that are open.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)


def refused(kind: str) -> None:
    """One of which nothing was run."""
    OPERATIONS.labels("other", kind, "refused").inc()


def answered(prepared: Prepared, *, failed: bool) -> None:
    """One that was run, or taken; `failed` where a field of it was."""
    outcome = "with_errors" if failed else "answered"
    OPERATIONS.labels(prepared.label, prepared.kind, outcome).inc()
    POINTS.labels(prepared.kind).observe(prepared.cost)
