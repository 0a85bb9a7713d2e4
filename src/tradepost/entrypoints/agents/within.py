"""Asks the API's operations from within, in the name of the request that is being served.

So a tool has no rule of its own: its call is found, charged, let in, bounded, counted and answered
as if the caller had sent it by itself.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message, Scope

from tradepost.kernel.ids import new_id
from tradepost.kernel.observing import WAITING

#: What of the outer request an inner one has, too: who asks, and from where.
_KEPT: Final = frozenset({b"authorization", b"host", b"x-forwarded-for", b"forwarded"})
#: How long a stream may take to end once nobody reads it any more.
_LAST_WORDS_S: Final = 5.0

Query = Mapping[str, str | int | bool | list[str] | None]


class Refused(Exception):
    """The operation answered with a problem document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("type"))
        self.problem = problem


class Within:
    """The API, as the caller of one request sees it."""

    def __init__(self, app: ASGIApp, scope: Scope, within_s: float) -> None:
        self._app = app
        self._outer = scope
        #: How long a tool can wait and still be answered, where a request may take `within_s`.
        self.patience_s = max(0.0, within_s - _LAST_WORDS_S)

    async def ask(
        self, method: str, path: str, *, query: Query | None = None, body: Any = None
    ) -> Any:
        """What an operation answers; raises `Refused`.

        A command has a key of its own: what is asked for twice is the operation's to find out.
        """
        said = b"" if body is None else json.dumps(body).encode()
        answer = _Answer()
        unread = True

        async def receive() -> Message:
            nonlocal unread
            if unread:
                unread = False
                return {"type": "http.request", "body": said, "more_body": False}
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

        await self._app(self._scope(method, path, query), receive, answer.send)
        return answer.content()

    async def follow(self, path: str, query: Query) -> AsyncGenerator[dict[str, Any]]:
        """The messages of a stream, as they come, until its reader has had enough.

        Raises `Refused`. To be closed by its reader (`aclosing`).
        """
        answer = _Answer()
        told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        left = asyncio.Event()

        async def receive() -> Message:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            await answer.send(message)
            if answer.status == 200 and message["type"] == "http.response.body":
                for line in message.get("body", b"").decode().splitlines():
                    if line.startswith("data: "):
                        told.put_nowait(json.loads(line.removeprefix("data: ")))
                answer.body.clear()

        async def run() -> None:
            try:
                await self._app(self._scope("GET", path, query), receive, send)
            finally:
                told.put_nowait(None)

        running = asyncio.create_task(run())
        # Whoever reads it may have left before it fails.
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            while (message := await told.get()) is not None:
                yield message
            await running
            if answer.status != 200:
                answer.content()
        finally:
            left.set()
            if not running.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(running, _LAST_WORDS_S)

    def waits(self) -> None:
        """Says that the request takes as long as nothing happens."""
        self._outer[WAITING] = True

    def _scope(self, method: str, path: str, query: Query | None) -> Scope:
        outer = self._outer
        headers = [(name, value) for name, value in outer["headers"] if name in _KEPT]
        headers.append((b"x-request-id", outer.get("request_id", "").encode()))
        if method != "GET":
            headers.append((b"content-type", b"application/json"))
            headers.append((b"idempotency-key", str(new_id()).encode()))
        given = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in (query or {}).items()
            if value is not None
        }
        return {
            "type": "http",
            "asgi": outer["asgi"],
            "http_version": outer.get("http_version", "1.1"),
            "scheme": outer.get("scheme", "http"),
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(given, doseq=True).encode(),
            "root_path": "",
            "headers": headers,
            "client": outer.get("client"),
            "server": outer.get("server"),
            "state": {},
        }


class _Answer:
    """What an operation has answered."""

    def __init__(self) -> None:
        self.status = 0
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def content(self) -> Any:
        """The JSON of it; raises `Refused`."""
        content = json.loads(bytes(self.body))
        if self.status >= 400:
            raise Refused(content)
        return content


_within: ContextVar[Within] = ContextVar("within")


def enter(within: Within) -> None:
    """From now on this task, and those that it starts, work for that request."""
    _within.set(within)


def api() -> Within:
    """The API as the caller of this tool sees it."""
    return _within.get()
