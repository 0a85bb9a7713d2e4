"""Where a process's traces go: to a collector, by OTLP over HTTP, if the settings name one."""

from typing import TYPE_CHECKING

from tradepost import __version__
from tradepost.kernel import tracing
from tradepost.kernel.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


def start(process: str, settings: Settings) -> "TracerProvider | None":
    """Has this process traced, as one of the service `tradepost`; None without a collector.

    Whether a trace is kept is decided by its number alone, the same in each process, and not by
    what a caller asks for. What waits to be sent is bounded, and lost when the process dies.
    """
    if settings.otlp_endpoint is None:
        return None
    # Half a second of imports that few exchanges need.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    provider = TracerProvider(
        sampler=TraceIdRatioBased(settings.trace_ratio),
        resource=Resource.create(
            {
                "service.name": "tradepost",
                "service.version": __version__,
                "tradepost.process": process,
            }
        ),
    )
    endpoint = f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    tracing.start(provider)
    return provider
