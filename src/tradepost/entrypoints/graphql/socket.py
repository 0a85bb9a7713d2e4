"""Subscriptions by WebSocket: the stream of `notifications`, each message run against its query.

One connection is one stream: its channels are those of its subscriptions, and what comes, in which
order, from where it goes on and how a slow reader is left is the stream's business.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, cast

from fastapi import WebSocket
from fastapi.security.utils import get_authorization_scheme_param
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    OperationType,
    create_source_event_stream,
)
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from tradepost.entrypoints.graphql import seen, updates
from tradepost.entrypoints.graphql.context import Asked
from tradepost.entrypoints.graphql.errors import told
from tradepost.entrypoints.graphql.protocol import (
    MAX_CHARS,
    SAID,
    SUBPROTOCOL,
    Begin,
    Closed,
    Complete,
    Credentials,
    Init,
    Ping,
    Pong,
    message,
)
from tradepost.entrypoints.graphql.queries import Prepared, Queries, Refused, execute, run
from tradepost.entrypoints.graphql.schema import CORE
from tradepost.entrypoints.graphql.updates import Taken
from tradepost.identity import service as identity
from tradepost.kernel.access import Unauthenticated
from tradepost.kernel.errors import MalformedRequest, Problem
from tradepost.kernel.http import CHARGE, Charged, problem_response
from tradepost.notifications.http.opening import reader_by
from tradepost.notifications.http.socket import converse
from tradepost.notifications.hub import Hub
from tradepost.notifications.messages import Heartbeat, Welcome
from tradepost.notifications.model import Channel, Closing, Ending, Message, Reader, TicketInvalid
from tradepost.notifications.session import Session, open_session

#: How long a client may take until it begins.
_INIT_S: Final = 10.0
_PAUSE_S: Final = 1.0


async def graphql_socket(websocket: WebSocket) -> None:
    """Lets a client in, and follows for it what it subscribes to until the connection ends.

    Who is refused before the upgrade gets a problem document in its place. As for streams, nothing
    that a browser sends on its own says who its visitor is, so the origin does not matter.
    """
    state = websocket.app.state
    hub: Hub = state.streams
    address = "" if websocket.client is None else websocket.client.host
    try:
        if SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
            raise MalformedRequest(f"The subprotocol is {SUBPROTOCOL}.")
        # Nobody's until it begins: it has its place, and its address's, from the first moment.
        stranger = open_session(hub, state.clock, None, address, {})
    except Problem as problem:
        await websocket.send_denial_response(problem_response(problem))
        return
    begun: Session | Ending = Closing.LEFT
    try:
        await websocket.accept(SUBPROTOCOL)
        begun = await _begun(websocket, stranger)
        if not isinstance(begun, Session):
            await websocket.close(begun.code, begun.reason)
            return
    except WebSocketDisconnect:
        return
    finally:
        hub.leave(stranger)
    talk = _Talk(websocket, hub, begun)
    try:
        await converse(websocket, hub, begun, talk.hear, talk.messages())
    finally:
        talk.leave()


async def _begun(websocket: WebSocket, stranger: Session) -> Session | Ending:
    """The stream of who has begun, or how it ends in its place."""
    try:
        async with asyncio.timeout(_INIT_S):
            while stranger.closing is None:
                said = _understood(stranger, await _received(websocket))
                if isinstance(said, Ping):
                    await websocket.send_text(message("pong").text)
                elif isinstance(said, Init):
                    return await _opened(websocket, stranger, said.payload or Credentials())
                elif said is not None:
                    return Closed.NOT_BEGUN
    except TimeoutError:
        return Closed.TOO_LATE
    return stranger.closing


async def _received(websocket: WebSocket) -> str | None:
    received = await websocket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1006))
    text: str | None = received.get("text")
    return text


def _understood(session: Session, text: str | None) -> Init | Ping | Pong | Begin | Complete | None:
    """What the client has said; None where it ended the stream."""
    admitted = session.admit(text, MAX_CHARS)
    if admitted is None:
        return None
    try:
        return SAID.validate_json(admitted)
    except ValidationError:
        session.end(Closing.MALFORMED)
        return None


async def _opened(websocket: WebSocket, stranger: Session, said: Credentials) -> Session | Ending:
    state = websocket.app.state
    charge: Charged | None = websocket.scope.get(CHARGE)
    scheme, bearer = get_authorization_scheme_param(
        said.authorization or websocket.headers.get("Authorization")
    )
    ticket = said.ticket or websocket.query_params.get("ticket")
    try:
        reader = await reader_by(state.database, scheme, bearer, ticket)
        if charge is not None and reader is not None:
            await charge.account(reader.account_id)
        # Nothing is between: its place is free for itself.
        state.streams.leave(stranger)
        return open_session(state.streams, state.clock, reader, stranger.address, {})
    except (Unauthenticated, TicketInvalid):
        if charge is not None:
            await charge.failed()
        return Closed.FORBIDDEN
    except (Problem, OperationalError, PoolTimeout):
        return Closed.TRY_LATER


class _Talk:
    """A connection that has begun."""

    def __init__(self, websocket: WebSocket, hub: Hub, session: Session) -> None:
        self._state = websocket.app.state
        self._queries: Queries = self._state.graphql
        self._charge: Charged | None = websocket.scope.get(CHARGE)
        self._hub = hub
        self._session = session
        self._open: dict[str, tuple[Channel, Prepared]] = {}

    def leave(self) -> None:
        """Forgets its subscriptions."""
        seen.SUBSCRIPTIONS.dec(len(self._open))
        self._open.clear()

    # --- what the client says ----------------------------------------------------------------

    async def hear(self, text: str | None) -> None:
        """Takes a message of the client, None where it was not text; what is wrong ends it."""
        said = _understood(self._session, text)
        if isinstance(said, Init):
            self._session.end(Closed.BEGUN_TWICE)
        elif isinstance(said, Ping):
            self._session.say(message("pong"))
        elif isinstance(said, Complete):
            self._end(said.id)
        elif isinstance(said, Begin):
            if said.id in self._open:
                self._session.end(Closed.ID_TAKEN)
            else:
                await self._begin(said)

    def _end(self, name: str) -> None:
        self._session.unsubscribe(name)
        if self._open.pop(name, None) is not None:
            seen.SUBSCRIPTIONS.dec()

    async def _begin(self, said: Begin) -> None:
        try:
            # As by HTTP: a unit before it is read, the rest before it is validated.
            await self._charged(1)
            prepared = self._queries.prepare(said.payload, OperationType.SUBSCRIPTION)
            await self._charged(prepared.units - 1)
            self._queries.validate(prepared)
            taken = await _taken(prepared)
            self._session.subscribe(taken.channel, taken.resume_from, said.id)
        except Refused as refused:
            self._refuse(said.id, refused.errors)
        except Problem as problem:
            self._refuse(said.id, [GraphQLError(str(problem), original_error=problem)])
        else:
            self._open[said.id] = taken.channel, prepared
            seen.SUBSCRIPTIONS.inc()
            seen.answered(prepared, failed=False)

    async def _charged(self, units: int) -> None:
        if self._charge is not None and units > 0:
            await self._charge.more(units)

    def _refuse(self, name: str, errors: list[GraphQLError]) -> None:
        seen.refused("subscription")
        self._session.say(message("error", name, [told(error) for error in errors]))

    # --- what it is told ---------------------------------------------------------------------

    async def messages(self) -> AsyncGenerator[Message]:
        """The stream's messages in the protocol's form, until it ends."""
        async with aclosing(self._session.messages()) as messages:
            async for one in messages:
                formed = await self._formed(one)
                if formed is not None:
                    yield formed

    async def _formed(self, one: Message) -> Message | None:
        if one.name:
            return await self._next(one)
        if one.type == "welcome":
            welcome = Welcome.model_validate_json(one.text)
            return message(
                "connection_ack",
                payload={
                    "now": welcome.now,
                    "accountId": welcome.account_id,
                    "heartbeatS": welcome.heartbeat_s,
                    "silenceS": welcome.silence_s,
                },
            )
        if one.type == "heartbeat":
            beat = Heartbeat.model_validate_json(one.text)
            return message("ping", payload={"now": beat.now, "positions": beat.positions})
        return one  # what was said here

    async def _next(self, one: Message) -> Message | None:
        if one.name not in self._open:
            return None  # it was ended meanwhile
        channel, prepared = self._open[one.name]
        root = updates.told(one, channel)
        while root is not None and self._session.closing is None:
            try:
                result = await self._run(prepared, root)
            except (OperationalError, PoolTimeout):
                # The number would be taken for told: it waits for the database, as the stream does.
                await asyncio.sleep(_PAUSE_S)
            except Unauthenticated:
                self._session.end(Closing.TOKEN_ENDED)
            else:
                payload: dict[str, Any] = {"data": result.data}
                if result.errors:
                    payload["errors"] = [told(error) for error in result.errors]
                return message("next", one.name, payload)
        return None

    async def _run(self, prepared: Prepared, root: object) -> Any:
        context = Asked(self._state, prepared.document)
        reader: Reader | None = self._session.reader
        # The channel itself is one.
        if prepared.lookups <= 1 or reader is None:
            return await execute(prepared, context, root)
        async with self._hub.snapshot() as tx:
            caller = await identity.caller_of_token(tx, reader.token_id)
            return await run(prepared, context, tx, caller, root)


async def _taken(prepared: Prepared) -> Taken:
    """The channel that a subscription names; raises `Refused`."""
    executor = Executor.build(
        CORE,
        prepared.document,
        raw_variable_values=dict(prepared.variables),
        operation_name=prepared.name,
    )
    if isinstance(executor, list):
        raise Refused(executor)
    source = create_source_event_stream(executor)
    if not hasattr(source, "__aiter__") and not isinstance(source, ExecutionResult):
        source = await cast("Any", source)
    if isinstance(source, ExecutionResult):
        raise Refused(source.errors or [])
    try:
        async with aclosing(cast("AsyncGenerator[Taken]", source)) as found:
            return await anext(found)
    except (Problem, ValidationError) as error:
        raise Refused([GraphQLError(str(error), original_error=error)]) from None
