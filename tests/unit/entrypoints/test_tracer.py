"""Spans reach the collector that the settings name, and none is made without one."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import worlds
from tradepost.entrypoints import tracer
from tradepost.kernel import tracing
from tradepost.kernel.settings import Settings


class _Collector(ThreadingHTTPServer):
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: the test reads what came."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Collector]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    with _Collector() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        tracing.stop()
        server.shutdown()
        thread.join()


def _settings(**changed: object) -> Settings:
    return worlds.settings("postgresql://nobody@127.0.0.1:9/none").model_copy(update=changed)


def _told(collector: _Collector, ratio: float) -> list[tuple[str, bytes]]:
    settings = _settings(
        otlp_endpoint=f"http://127.0.0.1:{collector.server_address[1]}/", trace_ratio=ratio
    )
    provider = tracer.start("worker", settings)
    assert provider is not None
    # As if a caller had asked for it to be kept.
    parent = f"00-{'f' * 32}-{'1' * 16}-01"
    with tracing.span("a.piece.of.work", parent=parent):
        pass
    provider.shutdown()
    return collector.got


def test_a_span_reaches_the_collector(collector: _Collector) -> None:
    ((path, body),) = _told(collector, 1.0)
    assert path == "/v1/traces"
    assert b"a.piece.of.work" in body
    assert b"tradepost.process" in body
    assert b"worker" in body


def test_a_caller_cannot_have_a_trace_kept(collector: _Collector) -> None:
    assert _told(collector, 0.0) == []


def test_without_a_collector_nothing_is_traced() -> None:
    assert tracer.start("http", _settings()) is None
    assert not tracing.on()
    with tracing.span("x") as span:
        assert span is None
        assert tracing.current() is None
        assert tracing.trace_id() == ""
