"""Gives each request a name, which its answer carries and its log lines tell."""

import re
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel.ids import new_id

_FIT = re.compile(r"[A-Za-z0-9._~-]{8,64}")
HEADER = "X-Request-Id"

#: The name of the request that this task works for; empty where it is for none.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class NameRequests:
    """ASGI middleware: a caller's own `X-Request-Id` is kept where it is fit for a log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the request under its name."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get(HEADER, "")
        name = asked if _FIT.fullmatch(asked) else str(new_id())
        # For the answer to a bug, which is made further out.
        scope["request_id"] = name

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"])[HEADER] = name
            await send(message)

        token = request_id.set(name)
        try:
            await self._app(scope, receive, tell)
        finally:
            request_id.reset(token)
