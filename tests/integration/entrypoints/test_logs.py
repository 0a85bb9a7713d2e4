"""No log line of any part holds a secret or tells of a person, whatever goes wrong."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests import worlds
from tests.stage import DETAILS, Stage, Trade, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.exchange import RELAYER_KEY
from tradepost.entrypoints.logs import formatter
from tradepost.trades import service as trades

PASSPHRASE = "correct horse battery staple 7141"
CALLER = "203.0.113.77"


class Lines:
    """All that was logged, by whatever logger at whatever level, as lines of JSON."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == event]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything from DEBUG on: more than an exchange writes, and still without secrets."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(text=False))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield Lines(stream)
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
async def stage(database_url: str, chain: DevChain, lines: Lines) -> AsyncIterator[Stage]:
    settings = worlds.settings(database_url, chain.url).model_copy(update={"log_requests": "all"})
    async with open_stage(chain, settings) as opened:
        yield opened


def _client(stage: Stage, *, hides_bugs: bool = False) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(
        stage.app, raise_app_exceptions=not hides_bugs, client=(CALLER, 4711)
    )
    return httpx.AsyncClient(transport=transport, base_url=stage.settings.public_url)


async def test_whole_flows_with_their_errors_leave_no_secret(
    stage: Stage, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets: dict[str, str] = {
        "the exchange's secret": stage.settings.secret.get_secret_value(),
        "the relayer's key": RELAYER_KEY[2:],
        "a passphrase": PASSPHRASE,
        "an account number": DETAILS["iban"],
        "a person's name": DETAILS["name"],
        "a caller's address": CALLER,
    }
    # With a name and a passphrase, right and wrong, and with what makes no sense.
    async with _client(stage, hides_bugs=True) as client:
        made = await client.post(
            "/v1/accounts", json={"name": "rosa_example", "passphrase": PASSPHRASE}
        )
        assert made.status_code == 201
        secrets["a token"] = token = made.json()["token"]["token"]
        secrets["an account's name"] = "rosa_example"
        for wrong in (PASSPHRASE + "!", ""):
            body = {"name": "rosa_example", "passphrase": wrong}
            assert (await client.post("/v1/sessions", json=body)).status_code >= 400
        session = await client.post(
            "/v1/sessions", json={"name": "rosa_example", "passphrase": PASSPHRASE}
        )
        secrets["a session's token"] = token = session.json()["token"]["token"]
        authorized = {"Authorization": f"Bearer {token}"}
        await client.get("/v1/account", headers=authorized)
        await client.get("/v1/account", headers={"Authorization": f"Bearer {token[:-1]}x"})
        secrets["a vault"] = sealed = "vaultAAABBBCCC7141"
        first = authorized | {"If-None-Match": "*"}
        for vault in (f'{{"sealed":"{sealed}"', f'{{"sealed":"{sealed}"}}'):
            await client.put("/v1/account/backup", headers=first, json={"vault": vault})
        kept = await client.get("/v1/account/backup", headers=authorized)
        assert sealed in kept.text
        await client.get(f"/v1/offers/{token}?passphrase={PASSPHRASE}", headers=authorized)
        await client.post("/v1/offers", headers=authorized, content=f'{{"iban": "{PASSPHRASE}"')

        # A whole trade, whose sealed details and signatures pass through all parts.
        trade = await Trade.open(stage)
        await trade.lock()
        await trade.pay()
        await trade.seller.release(trade.id)
        await stage.confirm()
        assert await trade.state() == "completed"
        for name, trader in (("maker", trade.maker), ("taker", trade.taker)):
            secrets[f"the {name}'s wallet"] = trader.wallet.address[2:]
            secrets[f"the {name}'s key"] = trader.wallet.key.hex().removeprefix("0x")
            secrets[f"the {name}'s token"] = str(trader.client.token)

        # A bug whose error holds all of it, in a request and in a job.
        everything = " ".join(secrets.values())

        async def broken(*_: object, **__: object) -> None:
            try:
                raise LookupError(everything)
            except LookupError as error:
                raise ValueError(f"row {everything}") from error

        monkeypatch.setattr("tradepost.entrypoints.meta.escrows.chain", broken)
        failed = await client.get("/v1/exchange", headers=authorized)
        assert failed.status_code == 500
        name = failed.headers["X-Request-Id"]
        monkeypatch.undo()
        monkeypatch.setattr(trades, "follow", broken)
        other = await Trade.open(stage)
        await other.lock()

    (bug,) = lines.said("unhandled")
    assert (bug["request_id"], bug["operation"], bug["level"]) == (name, "exchange", "error")
    assert bug["exception"]["type"] == "ValueError"
    assert bug["exception"]["cause"]["type"] == "LookupError"
    assert any("in broken" in frame for frame in bug["exception"]["at"])
    # The job went to its next try, and the queue told its error.
    jobs = [line for line in lines.all() if line["logger"].startswith("procrastinate")]
    assert "ValueError" in {line.get("exception", {}).get("type") for line in jobs}
    assert [line for line in lines.said("answered") if line["operation"] == "release"]
    found = {
        what: line
        for what, secret in secrets.items()
        for line in lines.text.splitlines()
        if secret.lower() in line.lower()
    }
    assert found == {}


async def test_a_task_that_nobody_waits_for_tells_no_text_of_its_error(lines: Lines) -> None:
    """The loop writes the error itself, text and all, into the sentence."""

    async def fail() -> None:
        raise ValueError(PASSPHRASE)

    loop = asyncio.get_running_loop()
    task = loop.create_task(fail())
    await asyncio.wait({task})
    loop.default_exception_handler(
        {
            "message": "Task exception was never retrieved",
            "exception": task.exception(),
            "future": task,
        }
    )
    (line,) = [
        line for line in lines.all() if line["logger"] == "asyncio" and "Task" in line["event"]
    ]
    assert line["event"] == "Task exception was never retrieved"
    assert line["exception"]["type"] == "ValueError"
    assert PASSPHRASE not in lines.text


async def test_a_library_that_logs_what_it_was_given_is_cleaned(lines: Lines) -> None:
    """Whatever a library's sentence holds, the net takes out what looks like a secret."""
    sentences = {
        "token": "tp_mX3Jc0tq5V1sR8yZk2uA7wBnE4hGfLdQ9iToP6xCvYa",
        "dsn": "postgresql://rosa:hunter2-hunter2@db/x",
        "node": "https://node.example/v3/0123456789abcdef0123456789abcdef",
        "key": RELAYER_KEY,
        "iban": "DE89 3704 0044 0532 0130 00",
        "mail": "rosa@example.org",
        "phone": "+49 170 1234567",
        "ip": CALLER,
        "ipv6": "2001:db8::8a2e:370:7334",
        "sealed": "A1b2" * 12 + "==",
    }
    logging.getLogger("httpx").warning("sent %s", sentences)
    for sentence in sentences.values():
        logging.getLogger("some.library").error("given %s", sentence)
        logging.getLogger("tradepost.x").error("passphrase=%s, key: %s", sentence, sentence)
    for sentence in ("hunter2", "0123456789abcdef", *list(sentences.values())):
        assert sentence not in lines.text
    told = [line for line in lines.all() if line["logger"] != "asyncio"]
    assert len(told) == 1 + 2 * len(sentences)


def test_what_is_no_secret_stays(lines: Lines) -> None:
    logging.getLogger("tradepost.x").warning(
        "Listening at %s, block %d, at 12:34:56, %s",
        "http://127.0.0.1:8000",
        21_000_000,
        "0193e5a0-8c11-7a52-8f06-0c3a1b2c3d4e",
        extra={"escrow_id": "0x" + "ab" * 32, "other": PASSPHRASE},
    )
    (line,) = lines.all()
    assert line["event"] == (
        "Listening at http://127.0.0.1:8000, block 21000000, at 12:34:56,"
        " 0193e5a0-8c11-7a52-8f06-0c3a1b2c3d4e"
    )
    assert line["escrow_id"] == "0x" + "ab" * 32
    assert line.keys() == {"event", "level", "logger", "timestamp", "escrow_id"}


async def test_by_default_only_what_failed_or_was_slow_is_told(
    api: httpx.AsyncClient, lines: Lines
) -> None:
    assert (await api.get("/v1/exchange")).status_code == 200
    assert (await api.get("/v1/nowhere")).status_code == 404
    assert not [line for line in lines.all() if line["logger"] == "tradepost.kernel.observing"]


async def test_a_slow_request_is_told(database_url: str, lines: Lines) -> None:
    from tradepost.entrypoints.http import build

    settings = worlds.settings(database_url).model_copy(update={"slow_request_s": 0.0})
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client,
    ):
        named = {"X-Request-Id": "slow-one-1"}
        assert (await client.get("/v1/time", headers=named)).status_code == 200
    (line,) = lines.said("slow")
    assert (line["operation"], line["method"], line["status"]) == ("time", "GET", 200)
    assert line["request_id"] == "slow-one-1"
    assert line["duration_ms"] >= 0


def test_text_for_a_person_holds_no_more() -> None:
    made = formatter(text=True)
    try:
        raise ValueError(PASSPHRASE)
    except ValueError:
        record = logging.LogRecord(
            "tradepost.x", logging.ERROR, "x.py", 1, "password='%s'", (PASSPHRASE,), sys.exc_info()
        )
    said = made.format(record)
    assert "ValueError\n" in said
    assert "test_text_for_a_person_holds_no_more" in said
    assert PASSPHRASE not in said
