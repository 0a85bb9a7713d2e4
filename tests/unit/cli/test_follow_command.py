"""`tradepost trade follow`: what happens, a line each, over a stream that ends in between."""

import json

import httpx

from tests.unit.cli.conftest import Run
from tests.unit.client.stage import AT, OFFER, FakeExchange
from tradepost.entrypoints.cli.desk import ExitCode


def said(**content: object) -> str:
    return f"event: {content['type']}\ndata: {json.dumps(content)}\n\n"


def happened(seq: int, after: int, **payload: str) -> str:
    """An event of a trade; its words may be anything."""
    event = {
        "seq": seq,
        "id": OFFER["id"],
        "type": "trade.advanced",
        "payload": payload,
        "created_at": AT,
    }
    return said(type="event", channel="trades", seq=seq, after=after, event=event)


def speaks(exchange: FakeExchange, *streams: str) -> list[str | None]:
    """Has each connection be told one of these; then the token has ended. Who asked for what."""
    waiting, asked, whole = list(streams), list[str | None](), exchange.answer

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/stream":
            return whole(request)
        asked.append(request.url.params.get("resume_from"))
        if not waiting:
            ended = {"type": "urn:tradepost:problem:unauthenticated", "title": "It has ended."}
            return httpx.Response(401, json=ended)
        return httpx.Response(200, text=waiting.pop(0))

    exchange.answer = answer  # type: ignore[method-assign]  # this exchange has a stream
    return asked


def test_trades_are_followed(run: Run, exchange: FakeExchange) -> None:
    asked = speaks(
        exchange,
        said(type="subscribed", channel="trades", seq=4) + happened(5, 4, state="escrowed"),
        happened(9, 5, state="completed\u202e", event="released"),
        said(type="resync_required", channel="trades", seq=3, why="unknown"),
    )
    done = run("trade", "follow")
    assert done.exit_code == ExitCode.REFUSED
    first, second, missed = done.stdout.splitlines()
    assert first.split()[0] == "5"
    assert first.endswith("trade.advanced  escrowed")
    assert "released completed" in second
    assert "\u202e" not in second
    assert "trade list" in missed
    assert asked == [None, "trades=5", "trades=9", "trades=3"]


def test_programs_get_a_line_each(run: Run, exchange: FakeExchange) -> None:
    asked = speaks(exchange, happened(8, 7, state="escrowed"))
    done = run("trade", "follow", "--after", "7", "--json")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["payload"] == {"state": "escrowed"}
    assert asked == ["trades=7", "trades=8"]
