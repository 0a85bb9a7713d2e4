"""The stream by WebSocket."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from fastapi import WebSocket
from fastapi.exceptions import RequestValidationError
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.websockets import WebSocketDisconnect

from tradepost.kernel.errors import Busy, MalformedRequest, Problem
from tradepost.kernel.http import problem_response
from tradepost.kernel.reads import read_query
from tradepost.notifications.http.opening import StreamQuery, opened
from tradepost.notifications.hub import Hub
from tradepost.notifications.model import Closing, Ending, Message
from tradepost.notifications.session import Session, log_end, pump

logger = logging.getLogger(__name__)

_GOODBYE_S = 1.0
_LINGER_S = 0.1


async def stream_socket(websocket: WebSocket) -> None:
    """Lets a client in and talks with it until the stream ends.

    Who is refused gets a problem document in the place of the upgrade. A page of another site
    can open a stream, but brings nothing with it that would say who its visitor is: tokens and
    tickets are not sent by browsers on their own. So the origin does not matter.
    """
    try:
        query = read_query(StreamQuery, websocket.scope["query_string"])
        session = await opened(websocket, query, query.resume_from)
    except Problem as problem:
        await websocket.send_denial_response(problem_response(problem))
        return
    except (OperationalError, PoolTimeout):
        await websocket.send_denial_response(problem_response(Busy()))
        return
    except RequestValidationError:
        await websocket.send_denial_response(problem_response(MalformedRequest()))
        return

    async def hear(text: str | None) -> None:
        session.hear(text)

    hub: Hub = websocket.app.state.streams
    try:
        await websocket.accept()
    except WebSocketDisconnect:
        hub.leave(session)
        return
    await converse(websocket, hub, session, hear, session.messages())


async def converse(
    websocket: WebSocket,
    hub: Hub,
    session: Session,
    hear: Callable[[str | None], Awaitable[None]],
    messages: AsyncGenerator[Message],
) -> None:
    """Talks with a client whose upgrade was accepted until the stream ends; closes the socket.

    `messages` are the session's in the form that the client reads; `hear` is handed what it says.
    """
    closing: Ending = Closing.FAILED
    listening = asyncio.create_task(_listen(websocket, session, hear))

    async def send(message: Message) -> None:
        await websocket.send_text(message.text)

    try:
        closing = await pump(session, messages, send, hub.pace.send_s)
    except WebSocketDisconnect:
        closing = Closing.LEFT
    finally:
        session.end(closing)
        hub.leave(session)
        if closing.unusual:
            # What has been sent meanwhile is read: a socket that is closed over it would tell
            # the client nothing of why.
            await asyncio.wait({listening}, timeout=_LINGER_S)
        listening.cancel()
        (failed,) = await asyncio.gather(listening, return_exceptions=True)
        if isinstance(failed, Exception):
            logger.error("what a client of a stream said was a bug", exc_info=failed)
        log_end(session, closing)
        with suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            async with asyncio.timeout(_GOODBYE_S):
                await websocket.close(closing.code, closing.reason)


async def _listen(
    websocket: WebSocket, session: Session, hear: Callable[[str | None], Awaitable[None]]
) -> None:
    """Hands on what the client says; after the end it is only read."""
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                session.end(Closing.LEFT)
                return
            if session.closing is None:
                await hear(message.get("text"))
    finally:
        # Whom nobody listens to is not kept.
        session.end(Closing.FAILED)
