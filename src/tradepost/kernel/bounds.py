"""What a request may be like at all: the size of its head and its body, and the time it takes."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel.errors import (
    BodyTooLarge,
    HeadersTooLarge,
    Problem,
    QueryTooLong,
    RequestTooSlow,
    TookTooLong,
)
from tradepost.kernel.http import problem_response

#: A search with every payment method named has less.
MAX_TARGET_BYTES = 8 * 1024
#: A browser behind two proxies sends some thirty.
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16 * 1024
#: Larger than any request of this API; a body beyond it is refused while it is read.
MAX_BODY_BYTES = 64 * 1024


class LimitHead:
    """ASGI middleware: refuses a target or headers that no client of this API sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 414 or 431."""
        problem = None if scope["type"] == "lifespan" else _beyond(scope)
        if problem is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await problem_response(problem)(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1009})


def _beyond(scope: Scope) -> Problem | None:
    if len(scope["path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        return QueryTooLong()
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS:
        return HeadersTooLarge()
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return HeadersTooLarge()
    return None


class LimitTime:
    """ASGI middleware: gives a request up whose answer has not begun after `within_s`.

    What it does is cancelled, and with it its transaction. A stream that has begun lasts as long
    as it likes.
    """

    def __init__(self, app: ASGIApp, within_s: float) -> None:
        self._app = app
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 503."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        bound = asyncio.timeout(self._within_s)

        async def begins(message: Message) -> None:
            nonlocal begun
            if not begun:
                if bound.expired():
                    await asyncio.sleep(0)  # which is where this task learns that it is cancelled
                begun = True
                bound.reschedule(None)
            await send(message)

        try:
            async with bound:
                await self._app(scope, receive, begins)
        except TimeoutError:
            if not bound.expired():
                raise
            await problem_response(TookTooLong())(scope, receive, send)


class LimitBody:
    """ASGI middleware: reads the body whole, up to `MAX_BODY_BYTES`, before anything else runs.

    A body beyond that is refused while it is read, whatever its header claims; and a caller who
    sends it slowly holds no database connection meanwhile, and is refused after `within_s`.
    """

    def __init__(self, app: ASGIApp, within_s: float = 10) -> None:
        self._app = app
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with its body at hand."""
        # What reads has no body that anybody would look at.
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._within_s):
                body = await _whole(receive)
        except BodyTooLarge as problem:
            await problem_response(problem)(scope, receive, send)
            return
        except TimeoutError:
            await problem_response(RequestTooSlow())(scope, receive, send)
            return
        if body is None:
            return
        unread = True

        async def at_hand() -> Message:
            nonlocal unread
            if not unread:
                return await receive()
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, at_hand, send)


async def _whole(receive: Receive) -> bytes | None:
    """The body, or None where the caller went away; raises `BodyTooLarge`."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
    return body
