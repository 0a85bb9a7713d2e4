"""The stream by WebSocket."""

import asyncio
import logging
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
from tradepost.notifications.model import Closing, Message
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
    hub: Hub = websocket.app.state.streams
    closing = Closing.FAILED
    listening = None
    try:
        await websocket.accept()
        listening = asyncio.create_task(_listen(websocket, session))

        async def send(message: Message) -> None:
            await websocket.send_text(message.text)

        closing = await pump(session, send, hub.pace.send_s)
    except WebSocketDisconnect:
        closing = Closing.LEFT
    finally:
        hub.leave(session)
        if listening is not None:
            if closing.unusual:
                # What has been sent meanwhile is read: a socket that is closed over it would tell
                # the client nothing of why.
                await asyncio.wait({listening}, timeout=_LINGER_S)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        log_end(session, closing)
        with suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            async with asyncio.timeout(_GOODBYE_S):
                await websocket.close(closing.code, closing.reason)


async def _listen(websocket: WebSocket, session: Session) -> None:
    """Hands on what the client says; after the end it is only read."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            session.end(Closing.LEFT)
            return
        if session.closing is None:
            session.hear(message.get("text"))
