"""What operators see of GraphQL: numbers, traces and lines, and in none a name of a caller's."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests import worlds
from tests.integration.graphql.conftest import ask
from tests.integration.graphql.test_limits import served
from tradepost.entrypoints.graphql.known import digest_of
from tradepost.kernel import tracing
from tradepost.kernel.metrics import REGISTRY
from tradepost.kernel.settings import Settings

LISTED = "query Listed { exchange { name } }"
SECRET = "swordfish_7141"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """All spans that have ended."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.start(provider)
    yield exporter
    tracing.stop()
    provider.shutdown()


def counted() -> dict[tuple[str, str, str], float]:
    """Operations by name, kind and outcome."""
    return {
        (one.labels["operation"], one.labels["kind"], one.labels["outcome"]): one.value
        for family in REGISTRY.collect()
        for one in family.samples
        if one.name == "tradepost_graphql_operations_total"
    }


async def test_names_that_callers_choose_stand_nowhere(
    settings: Settings,
    tmp_path: Path,
    spans: InMemorySpanExporter,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    caplog.set_level(logging.DEBUG)
    listed = tmp_path / "queries.json"
    listed.write_text(json.dumps({digest_of(LISTED): LISTED}))
    before = counted()
    async with served(settings, graphql_queries_file=listed) as (app, client):
        await worlds.pretend_to_follow(app.state.database)
        monkeypatch.setattr("tradepost.prices.http.listed", broken)
        for query in (
            LISTED,
            f"query {SECRET} {{ {SECRET}: exchange {{ name }} }}",
            f"query {SECRET} {{ {SECRET}: prices {{ data {{ price }} }} }}",
            f"query {SECRET} {{ {SECRET} }}",
        ):
            await ask(client, None, query)
    grown = {key: value - before.get(key, 0) for key, value in counted().items()}
    assert {key for key, value in grown.items() if value} == {
        ("Listed", "query", "answered"),
        ("other", "query", "answered"),
        ("other", "query", "with_errors"),
        ("other", "query", "refused"),
    }
    told = [span for span in spans.get_finished_spans() if span.name == "graphql.run"]
    assert [dict(span.attributes or {}) for span in told] == [
        {"operation": "Listed", "type": "query", "points": 51},
        {"operation": "other", "type": "query", "points": 51},
        {"operation": "other", "type": "query", "points": 71},
    ]
    assert SECRET not in "".join(span.to_json() for span in spans.get_finished_spans())
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("tradepost")]
    assert "a field failed: prices" in ours
    assert not [one for one in caplog.records if SECRET in one.getMessage()]
