"""How a stream is opened, in both of its forms: who reads, and which channels."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Request, WebSocket
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, ConfigDict, Field

from tradepost.kernel.access import Unauthenticated
from tradepost.kernel.database import Database
from tradepost.notifications import service
from tradepost.notifications.model import (
    MAX_CHANNELS,
    Channel,
    PositionsMalformed,
    Reader,
    TooManyChannels,
    positions,
)
from tradepost.notifications.session import Session, open_session


class StreamQuery(BaseModel):
    """What a stream begins with."""

    model_config = ConfigDict(extra="forbid")

    channels: Annotated[
        list[Annotated[str, Field(max_length=30)]],
        Field(
            max_length=MAX_CHANNELS,
            description="May be repeated: `trades`, `notifications`, `prices:ETH-EUR`,"
            " `offers:ETH-EUR`.",
        ),
    ] = []
    resume_from: Annotated[
        str,
        Field(
            max_length=2000,
            description="The last number that you have of each channel, as `trades=41,"
            "offers:ETH-EUR=7`; a channel that is missing begins now.",
        ),
    ] = ""
    ticket: Annotated[
        str | None,
        Field(max_length=60, description="Of `POST /v1/stream/tickets`, for who has no header."),
    ] = None


async def reader_by(
    database: Database, scheme: str, bearer: str, ticket: str | None
) -> Reader | None:
    """Whom an `Authorization` (its scheme and the rest) or a ticket lets in; None for neither.

    Raises `Unauthenticated`, `TicketInvalid`.
    """
    if ticket is not None:
        async with database.transaction() as tx:
            return await service.reader_of_ticket(tx, ticket)
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise Unauthenticated
    async with database.transaction() as tx:
        return await service.reader_of_token(tx, bearer)


def wanted(query: StreamQuery, resume_from: str) -> Mapping[Channel, int | None]:
    """The channels of a query with the numbers from which they go on.

    Raises `ChannelUnknown`, `PositionsMalformed`, `TooManyChannels`.
    """
    known = positions(resume_from)
    channels = {Channel.parse(name): known.pop(name, None) for name in query.channels}
    if len(channels) > MAX_CHANNELS:
        raise TooManyChannels
    if known:
        raise PositionsMalformed("It names a channel that is not asked for.")
    return channels


async def opened(
    asked: Request | WebSocket,
    query: StreamQuery,
    resume_from: str,
    *,
    life_s: float | None = None,
) -> Session:
    """The stream that was asked for; raises what the API answers in its place."""
    channels = wanted(query, resume_from)
    state = asked.app.state
    scheme, bearer = get_authorization_scheme_param(asked.headers.get("Authorization"))
    reader = await reader_by(state.database, scheme, bearer, query.ticket)
    address = "" if asked.client is None else asked.client.host
    return open_session(state.streams, state.clock, reader, address, channels, life_s=life_s)
