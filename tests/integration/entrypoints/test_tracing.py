"""One trace id from a request through what it brings to the chain, and to what comes of that."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from tests import worlds
from tests.stage import Stage, Trade, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.kernel import tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
#: Longer than a payment may take.
PAYMENT_WINDOW_S = 15 * 86_400
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Traces:
    """All spans that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans() if span.name == name]

    def trace_of(self, operation: str) -> list[ReadableSpan]:
        """All spans of the trace that the one call of this operation began, by their start."""
        (begun,) = self.named(operation)
        found = [span for span in self.spans() if _trace(span) == _trace(begun)]
        return sorted(found, key=lambda span: span.start_time or 0)


def _trace(span: ReadableSpan) -> int:
    assert span.context is not None
    number: int = span.context.trace_id
    return number


@pytest.fixture
def traces() -> Iterator[Traces]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.start(provider)
    yield Traces(exporter)
    tracing.stop()
    provider.shutdown()


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened


async def test_a_release_is_one_trace_from_the_request_to_its_end(
    stage: Stage, traces: Traces
) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    await trade.pay()
    await trade.seller.release(trade.id)
    await stage.confirm()
    assert await trade.state() == "completed"
    spans = traces.trace_of("release")
    names = [span.name for span in spans]
    # The request and its transaction, what was signed for it and mined, what the watcher saw of
    # it, and the jobs of that: the trade is completed, and market data told.
    assert names[0] == "release"
    order = ["relay.sign", "relay.mined", "watch.escrow", "trades.follow_escrow"]
    assert [name for name in dict.fromkeys(names) if name in order[2:]] == order[2:]
    assert {*order, "transaction", "insights.follow_trade"} <= set(names)
    (signed,) = [span for span in spans if span.name == "relay.sign"]
    (mined,) = [span for span in spans if span.name == "relay.mined"]
    assert signed.attributes is not None
    assert mined.attributes is not None
    assert signed.attributes["tradepost.intent"] == "release"
    assert signed.attributes["tradepost.transaction"] == mined.attributes["tradepost.transaction"]
    receipt = stage.node.rpc("eth_getTransactionReceipt", mined.attributes["tradepost.transaction"])
    assert int(receipt["blockNumber"], 16) == mined.attributes["block"]


async def test_a_job_that_brings_something_to_the_chain_is_of_the_trace_too(
    stage: Stage, traces: Traces
) -> None:
    """The seller asks to cancel; once the chain shows it, a job answers for the silent buyer."""
    trade = await Trade.open(stage)
    await trade.lock()
    await stage.pass_time(PAYMENT_WINDOW_S)
    await trade.seller.cancel(trade.id)
    await stage.confirm()
    await stage.pass_time(stage.settings.challenge_window_s + 1)
    await stage.confirm()
    assert await trade.state() == "refunded"
    signed = [
        span.attributes["tradepost.intent"]
        for span in traces.trace_of("cancel")
        if span.name == "relay.sign" and span.attributes
    ]
    assert signed == ["request_cancel", "finish_cancel"]


async def test_two_at_once_stay_two_traces(stage: Stage, traces: Traces) -> None:
    """One transaction carries both: each trace has it."""
    first, second = await Trade.open(stage), await Trade.open(stage)
    for trade in (first, second):
        await trade.lock()
        await trade.pay()
    for trade in (first, second):
        await trade.seller.release(trade.id)
    await stage.confirm()
    signed = traces.named("relay.sign")
    assert [span.attributes and span.attributes["carried"] for span in signed] == [2, 2]
    assert len({_trace(span) for span in signed}) == 2
    assert {_trace(span) for span in signed} == {_trace(one) for one in traces.named("release")}


async def test_a_callers_trace_goes_on(api: httpx.AsyncClient, traces: Traces) -> None:
    answer = await api.get("/v1/exchange", headers={"traceparent": PARENT})
    (span,) = traces.named("exchange")
    assert _trace(span) == int(TRACE, 16)
    assert answer.headers["traceresponse"].split("-")[1] == TRACE
    assert span.context is not None
    assert answer.headers["traceresponse"].split("-")[2] == f"{span.context.span_id:016x}"
    (transaction,) = traces.named("transaction")
    assert _trace(transaction) == int(TRACE, 16)


@pytest.mark.parametrize(
    "parent", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x" * 5000]
)
async def test_a_trace_that_makes_no_sense_is_not_taken_on(
    api: httpx.AsyncClient, traces: Traces, parent: str
) -> None:
    answer = await api.get("/v1/time", headers={"traceparent": parent})
    assert answer.status_code == 200
    (span,) = traces.named("time")
    assert span.parent is None


async def test_spans_hold_no_path_and_no_text_of_an_error(
    api: httpx.AsyncClient, traces: Traces
) -> None:
    await api.get("/v1/offers/0193e5a0-0000-7000-8000-00000000beef?secret=hush")
    told = [
        f"{span.name} {span.attributes} {span.status.description} {span.events}"
        for span in traces.spans()
    ]
    assert not [line for line in told if "beef" in line or "hush" in line]
    with pytest.raises(ValueError, match="hush"), tracing.span("broken"):
        raise ValueError("hush")
    (broken,) = traces.named("broken")
    assert broken.status.status_code is StatusCode.ERROR
    assert broken.status.description == "ValueError"
    assert not broken.events


async def test_nothing_is_stored_or_told_while_tracing_is_off(stage: Stage) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    await trade.pay()
    await trade.seller.release(trade.id)
    async with stage.database.transaction() as tx:
        rows = await tx.all("SELECT traceparent FROM escrow_intents")
        assert [row["traceparent"] for row in rows] == [None]
        jobs = await tx.all("SELECT 1 FROM procrastinate_jobs WHERE args ? 'traceparent'")
        assert not jobs
