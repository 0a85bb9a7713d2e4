"""What is said on a WebSocket of GraphQL (graphql-transport-ws), and how one ends."""

from enum import Enum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import to_json

from tradepost.entrypoints.graphql.queries import GraphQLBody
from tradepost.notifications.model import Message

#: Its name, as the upgrade asks for it.
SUBPROTOCOL: Final = "graphql-transport-ws"
#: The longest message that a client has a reason for: a query with its variables, escaped.
MAX_CHARS: Final = 40_000


class _Said(BaseModel):
    """Base of what a client says; members that nobody knows are left alone, as the protocol has it.

    The query inside is read as strictly as by HTTP.
    """

    model_config = ConfigDict(frozen=True)


class Credentials(_Said):
    """Who begins the connection: a header as HTTP has it, or a ticket; neither is nobody."""

    authorization: Annotated[str | None, Field(max_length=300, alias="Authorization")] = None
    ticket: Annotated[str | None, Field(max_length=60)] = None


class Init(_Said):
    """Begins; the server acknowledges it."""

    type: Literal["connection_init"]
    payload: Credentials | None = None


class Ping(_Said):
    """Asks whether the server is there."""

    type: Literal["ping"]


class Pong(_Said):
    """The answer to the server's ping."""

    type: Literal["pong"]


class Begin(_Said):
    """Begins a subscription under an id of the client's."""

    type: Literal["subscribe"]
    id: Annotated[str, Field(min_length=1, max_length=64)]
    payload: GraphQLBody


class Complete(_Said):
    """Ends it."""

    type: Literal["complete"]
    id: Annotated[str, Field(min_length=1, max_length=64)]


Said = Init | Ping | Pong | Begin | Complete
SAID: Final[TypeAdapter[Said]] = TypeAdapter(Annotated[Said, Field(discriminator="type")])


class Closed(Enum):
    """Ends that only this protocol knows; the others are `Closing`'s."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        self.unusual = False

    NOT_BEGUN = 4401, "begin with connection_init"
    FORBIDDEN = 4403, "this token or ticket is not valid"
    TOO_LATE = 4408, "connection_init did not come in time"
    ID_TAKEN = 4409, "a subscription with this id is open"
    BEGUN_TWICE = 4429, "connection_init came twice"
    #: Too many streams or requests, or a database that is away.
    TRY_LATER = 1013, "too much is asked: try again later"


def message(kind: str, of: str | None = None, payload: Any = None) -> Message:
    """What the server says, ready to be sent; `of` is the id of a subscription."""
    said: dict[str, Any] = {"type": kind}
    if of is not None:
        said["id"] = of
    if payload is not None:
        said["payload"] = payload
    return Message(kind, to_json(said).decode())
