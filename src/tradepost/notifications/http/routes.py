"""The routes of tickets and events, and the stream as server-sent events."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from tradepost.kernel import outbox
from tradepost.kernel.access import Caller, Scope, ScopeMissing, Unauthenticated
from tradepost.kernel.http import TransactionRoute, Tx, allowed, allowed_once
from tradepost.kernel.limits.costs import HANDSHAKE, costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, problems
from tradepost.kernel.reads import ReadRoute
from tradepost.notifications import service
from tradepost.notifications.http.opening import StreamQuery, opened
from tradepost.notifications.hub import Hub
from tradepost.notifications.messages import EVENT_EXAMPLE, Closed, EventAnswer
from tradepost.notifications.model import (
    ChannelUnknown,
    Closing,
    Ending,
    Message,
    PositionsMalformed,
    TicketInvalid,
    TooManyChannels,
    TooManyStreams,
)
from tradepost.notifications.session import Session, log_end, pump

router = APIRouter(route_class=TransactionRoute)
streams = APIRouter(route_class=ReadRoute, tags=["streams"])

EXAMPLE = (
    "id: trades=42\nevent: event\n"
    'data: {"type":"event","channel":"trades","seq":42,"after":41,"event":{}}\n\n'
)


class EventsAnswer(BaseModel):
    """Events in order: the numbers of one account have no gap."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"data": [EVENT_EXAMPLE]}]})

    data: list[EventAnswer]


class TicketAnswer(BaseModel):
    """A ticket, this once: it opens one stream."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ticket": "ts_mX3Jc0tq5V1sR8yZk2uA7wBnE4hGfLdQ9iToP6xCvYa",
                    "expires_at": "2026-11-24T05:01:00Z",
                }
            ]
        }
    )

    ticket: str
    expires_at: datetime


@router.get(
    "/account/events",
    tags=["identity"],
    summary="What happened to this account",
    responses=problems(*AUTHENTICATED),
)
async def list_events(
    tx: Tx,
    caller: Annotated[Caller, Depends(allowed(Scope.ACCOUNT_READ))],
    after: Annotated[int, Query(ge=0, lt=2**63, description="The last number seen.")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> EventsAnswer:
    """The account's events with a number above `after`, in order.

    The numbers have no gap, so a reader who goes on from the last one misses nothing.
    """
    events = await outbox.read(tx.connection, caller.account_id, after, limit)
    return EventsAnswer(data=[EventAnswer.model_validate(event) for event in events])


@router.post(
    "/stream/tickets",
    status_code=201,
    tags=["streams"],
    summary="Get a ticket for a stream",
    responses=problems(*ONCE),
    openapi_extra=costs(2, money=False),
)
async def create_stream_ticket(
    tx: Tx, caller: Annotated[Caller, Depends(allowed_once(None, secret=True))]
) -> TicketAnswer:
    """For a browser, which can send no header with a WebSocket.

    It opens one stream within a minute, in the place of the token, and as long as that is valid.
    """
    ticket, expires_at = await service.issue_ticket(tx, caller)
    return TicketAnswer(ticket=ticket, expires_at=expires_at)


class EventStream(Response):
    """Sends a stream in the form of server-sent events, and has the hub forget it in the end."""

    media_type = "text/event-stream"

    def __init__(self, session: Session, hub: Hub) -> None:
        # No proxy keeps it back, and none keeps it.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._session = session
        self._hub = hub

    async def __call__(
        self,
        scope: AsgiScope,  # noqa: ARG002 - the server hands it in
        receive: Receive,
        send: Send,
    ) -> None:
        """Sends it until it ends, or the client has left."""
        session = self._session

        async def leave() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            session.end(Closing.LEFT)

        async def chunk(message: Message, *, more: bool = True) -> None:
            where = ",".join(f"{name}={seq}" for name, seq in session.positions().items())
            text = f"id: {where}\nevent: {message.type}\ndata: {message.text}\n\n"
            await send({"type": "http.response.body", "body": text.encode(), "more_body": more})

        closing: Ending = Closing.FAILED
        leaving = asyncio.create_task(leave())
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            closing = await pump(session, session.messages(), chunk, self._hub.pace.send_s)
            if closing not in (Closing.LEFT, Closing.TOO_SLOW):
                last = Closed(code=closing.code, reason=closing.reason).message()
                await chunk(last, more=False)
        except OSError:
            closing = Closing.LEFT
        finally:
            self._hub.leave(session)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            log_end(session, closing)


@streams.get(
    "/stream",
    summary="Follow what happens",
    response_class=EventStream,
    status_code=200,
    responses=problems(
        ChannelUnknown,
        PositionsMalformed,
        Unauthenticated,
        ScopeMissing,
        TicketInvalid,
        TooManyChannels,
        TooManyStreams,
    )
    | {
        200: {
            "description": "Server-sent events, until the client leaves or the stream is old.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}},
        }
    },
    openapi_extra={"security": [{}, {"HTTPBearer": []}]} | costs(HANDSHAKE.units, money=False),
)
async def follow_stream(request: Request, query: Annotated[StreamQuery, Query()]) -> Response:
    """The channels as server-sent events; by an upgrade to a WebSocket, the same and more.

    The data of each event is a message as `/asyncapi.json` describes them, its type stands in
    `event` too, and `id` is what `Last-Event-ID` or `resume_from` goes on from. `trades` needs the
    scope `trades:read`, `notifications` needs `account:read`; the others are for everybody.
    """
    hub: Hub = request.app.state.streams
    resume_from = request.headers.get("Last-Event-ID") or query.resume_from
    session = await opened(request, query, resume_from, life_s=hub.pace.life_s)
    return EventStream(session, hub)
