"""What a request may be like at all: the size of its head, and the time that it takes."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel.errors import HeadersTooLarge, Problem, QueryTooLong, TookTooLong
from tradepost.kernel.http import problem_response

#: A search with every payment method named has less.
MAX_TARGET_BYTES = 8 * 1024
#: A browser behind two proxies sends some thirty.
MAX_HEADERS = 64
MAX_HEADER_BYTES = 16 * 1024


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
