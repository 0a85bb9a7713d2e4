"""The two operations of GraphQL: any query by POST, a known one by GET."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from graphql import OperationType
from psycopg import OperationalError
from psycopg import errors as pg
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from strawberry.types.execution import ExecutionResult

from tradepost.entrypoints.graphql import seen
from tradepost.entrypoints.graphql.context import Asked
from tradepost.entrypoints.graphql.errors import told
from tradepost.entrypoints.graphql.known import (
    PersistedQueryNotFound,
    QueryNotKnown,
    digest_of,
)
from tradepost.entrypoints.graphql.limits import QueryTooComplex, QueryTooCostly
from tradepost.entrypoints.graphql.queries import (
    QUERY,
    GraphQLBody,
    Prepared,
    Queries,
    Refused,
    run,
)
from tradepost.kernel.access import Unauthenticated
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import Busy, MalformedRequest
from tradepost.kernel.http import CHARGE, Bearer, Charged, StrictRoute, perhaps
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import problems

router = APIRouter(prefix="/graphql", tags=["graphql"], route_class=StrictRoute)

_TRIES: Final = 3
_JSON: Final = "application/json"
_GRAPHQL_JSON: Final = "application/graphql-response+json"

_ANSWER: dict[str, Any] = {
    "data": {
        "trades": {
            "data": [{"id": "019ac6d2-9a10-7c55-8f2e-1b2c3d4e5f60", "state": "escrowed"}],
            "nextCursor": None,
        }
    }
}
_KNOWN: Final = '{"persistedQuery":{"version":1,"sha256Hash":"' + digest_of(QUERY) + '"}}'


class GraphQLAnswer(BaseModel):
    """What was asked for; `errors` says which fields are null because of what."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    data: dict[str, Any] | None = None
    errors: list[dict[str, Any]] = []


_ANSWERED: Final = {"schema": {"$ref": "#/components/schemas/GraphQLAnswer"}}
_REFUSALS: Final = (QueryTooComplex, QueryTooCostly, QueryNotKnown, PersistedQueryNotFound)


def _described() -> dict[int | str, dict[str, Any]]:
    """What is refused before it is read is a problem; a query that is refused has `errors`."""
    described: dict[int | str, dict[str, Any]] = problems(Unauthenticated, *_REFUSALS)
    described[200] = {"content": {_GRAPHQL_JSON: _ANSWERED}}
    for refusal in _REFUSALS:
        described[refusal.status]["content"] |= {_JSON: _ANSWERED, _GRAPHQL_JSON: _ANSWERED}
    return described


_DESCRIBED: Final = _described()

#: Without a token there is what everybody can see.
_OPEN: Final = {"security": [{}, {"HTTPBearer": []}]} | costs(1, money=False)


@router.post(
    "",
    response_model=GraphQLAnswer,
    summary="Ask in GraphQL",
    responses=_DESCRIBED,
    openapi_extra=_OPEN,
)
async def graphql(request: Request, credentials: Bearer, body: GraphQLBody) -> Response:
    """Reads what a query names, in one snapshot; `docs/schema.graphql` is what there is.

    A query that is refused has `errors`, whose `extensions` are the problem, and its status.
    It costs a unit of the limits for each 200 points of the query's own cost, and one at least.
    By WebSocket (graphql-transport-ws) the same address takes subscriptions: `docs/graphql.md`.
    """
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _JSON:
        raise MalformedRequest("A query comes as application/json.")
    return await _answer(request, credentials, body)


@router.get(
    "",
    response_model=GraphQLAnswer,
    summary="Ask a known query in GraphQL",
    responses=_DESCRIBED,
    openapi_extra=_OPEN,
)
async def graphql_known(
    request: Request,
    credentials: Bearer,
    extensions: Annotated[str, Query(max_length=500, examples=[_KNOWN])],
    variables: Annotated[str | None, Query(max_length=4000)] = None,
    operation_name: Annotated[str | None, Query(max_length=100, alias="operationName")] = None,
) -> Response:
    """As by POST, of a query that is known by its SHA-256: caches can keep the answer."""
    try:
        body = GraphQLBody.model_validate(
            {
                "operationName": operation_name,
                "variables": None if variables is None else json.loads(variables),
                "extensions": json.loads(extensions),
            }
        )
    except (ValueError, RecursionError):
        raise MalformedRequest("extensions and variables are JSON objects.") from None
    response = await _answer(request, credentials, body)
    if credentials is None and response.status_code == 200 and b'"errors"' not in response.body:
        response.headers["Cache-Control"] = "public, max-age=1"
    return response


async def _answer(
    request: Request, credentials: HTTPAuthorizationCredentials | None, body: GraphQLBody
) -> Response:
    queries: Queries = request.app.state.graphql
    accepted = request.headers.get("Accept", "")
    kind = _GRAPHQL_JSON if _GRAPHQL_JSON in accepted else _JSON
    charge: Charged | None = request.scope.get(CHARGE)
    try:
        prepared = queries.prepare(body, OperationType.QUERY)
        if charge is not None and prepared.units > 1:
            await charge.more(prepared.units - 1)
        queries.validate(prepared)
    except Refused as refused:
        seen.refused("query")
        errors = [told(error) for error in refused.errors]
        status: int = errors[0]["extensions"]["status"]
        headers = {"Cache-Control": "no-store"}
        return Response(to_json({"errors": errors}), status, headers, media_type=kind)
    result = await _run(request, credentials, prepared)
    seen.answered(prepared, failed=bool(result.errors))
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [told(error) for error in result.errors]
    return Response(to_json(answer), media_type=kind)


async def _run(
    request: Request, credentials: HTTPAuthorizationCredentials | None, prepared: Prepared
) -> ExecutionResult:
    database: Database = request.app.state.database
    context = Asked(request.app.state, prepared.document)
    for _ in range(_TRIES):
        tx: Transaction | None = None
        try:
            async with database.snapshot() as tx:
                # The note that the token was used is the last that is written.
                caller = await perhaps(request, tx, credentials)
                return await run(prepared, context, tx, caller)
        except (pg.DeadlockDetected, pg.SerializationFailure):
            continue
        except OperationalError:
            if tx is None or not tx.connection.broken:
                raise
            # The database was restarted under us: what only reads can be tried again.
            await database.pool.check()
    raise Busy
