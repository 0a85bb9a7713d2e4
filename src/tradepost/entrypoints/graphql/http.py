"""The two operations of GraphQL: any query by POST, a known one by GET."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values
from psycopg import OperationalError
from psycopg import errors as pg
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import to_json
from strawberry.types.execution import ExecutionResult

from tradepost.entrypoints.graphql.context import Context, lent
from tradepost.entrypoints.graphql.errors import told
from tradepost.entrypoints.graphql.known import (
    KnownQueries,
    PersistedQueryNotFound,
    QueryNotKnown,
    digest_of,
    read,
)
from tradepost.entrypoints.graphql.limits import (
    MAX_CHARS,
    MAX_TOKENS,
    MAX_VARIABLES_BYTES,
    QueryTooComplex,
    QueryTooCostly,
    check,
)
from tradepost.entrypoints.graphql.schema import CORE, SCHEMA
from tradepost.kernel.access import Unauthenticated
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import Busy, MalformedRequest, Problem
from tradepost.kernel.http import CHARGE, Bearer, Body, Charged, StrictRoute, perhaps
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import problems
from tradepost.kernel.settings import Settings

router = APIRouter(prefix="/graphql", tags=["graphql"], route_class=StrictRoute)

#: So many points of a query's cost are one unit of the limits.
_POINTS_A_UNIT: Final = 200
_TRIES: Final = 3
_MAX_ERRORS: Final = 10
_JSON: Final = "application/json"
_GRAPHQL_JSON: Final = "application/graphql-response+json"

_QUERY = "query Trades($limit: Int!) { trades(limit: $limit) { data { id state } nextCursor } }"
_ASKED: dict[str, Any] = {"query": _QUERY, "operationName": "Trades", "variables": {"limit": 5}}
_ANSWER: dict[str, Any] = {
    "data": {
        "trades": {
            "data": [{"id": "019ac6d2-9a10-7c55-8f2e-1b2c3d4e5f60", "state": "escrowed"}],
            "nextCursor": None,
        }
    }
}
_KNOWN: Final = '{"persistedQuery":{"version":1,"sha256Hash":"' + digest_of(_QUERY) + '"}}'


class GraphQLBody(Body):
    """A query, or the SHA-256 of one in `extensions.persistedQuery`; with both it is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ASKED]})

    query: Annotated[str | None, Field(max_length=MAX_CHARS)] = None
    operation_name: Annotated[str | None, Field(max_length=100, alias="operationName")] = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


class GraphQLAnswer(BaseModel):
    """What was asked for; `errors` says which fields are null because of what."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    data: dict[str, Any] | None = None
    errors: list[dict[str, Any]] = []


class _Persisted(BaseModel):
    version: Annotated[int, Field(ge=1, le=1)]
    digest: Annotated[str, Field(alias="sha256Hash"), StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Refused(Exception):
    """A query of which nothing is run, with the reasons."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that is within the limits."""

    text: str
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    cost: int
    #: Whether it is to be known by its SHA-256 from now on.
    keep: bool


class Queries:
    """What one process answers in GraphQL, and within which limits."""

    def __init__(self, settings: Settings) -> None:
        listed = read(settings.graphql_queries_file)
        self._known = KnownQueries(listed, only_listed=settings.graphql_known_only)
        self._shows_schema = settings.graphql_introspection
        self._most = settings.graphql_max_cost
        hidden = () if self._shows_schema else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *hidden)

    def prepare(self, asked: GraphQLBody) -> Prepared:
        """The query, found and measured; raises `Refused`."""
        try:
            return self._prepared(asked)
        except GraphQLError as error:
            raise Refused([error]) from None
        except Problem as problem:
            raise Refused([GraphQLError(str(problem), original_error=problem)]) from None

    def _prepared(self, asked: GraphQLBody) -> Prepared:
        variables = asked.variables or {}
        if len(json.dumps(variables)) > MAX_VARIABLES_BYTES:
            raise QueryTooComplex(measure="variables", limit=MAX_VARIABLES_BYTES)
        persisted = _persisted(asked.extensions)
        query = asked.query
        if query is None:
            if persisted is None:
                raise MalformedRequest("It takes a query, or the SHA-256 of one.")
            query = self._known.of(persisted.digest)
        elif persisted is not None and digest_of(query) != persisted.digest:
            raise MalformedRequest("sha256Hash is not that of the query.")
        self._known.admit(query)
        document = parse(query, max_tokens=MAX_TOKENS)
        operation = get_operation_ast(document, asked.operation_name)
        if operation is None:
            raise MalformedRequest("operationName does not name one operation of the query.")
        cost = check(document, operation, variables, self._most)
        return Prepared(query, document, operation, variables, cost, persisted is not None)

    def validate(self, prepared: Prepared) -> None:
        """Raises `Refused` where the schema does not know what a query asks for.

        It takes longer than to measure it: who asks has been charged by then.
        """
        hide = not self._shows_schema
        errors = validate(CORE, prepared.document, self._rules, _MAX_ERRORS, hide_suggestions=hide)
        if errors:
            raise Refused(errors)
        coerced = get_variable_values(
            CORE,
            prepared.operation.variable_definitions or (),
            dict(prepared.variables),
            max_errors=_MAX_ERRORS,
            hide_suggestions=hide,
        )
        if isinstance(coerced, list):
            raise Refused(coerced)
        if prepared.keep:
            self._known.keep(prepared.text)


def _persisted(extensions: Mapping[str, Any] | None) -> _Persisted | None:
    said = None if extensions is None else extensions.get("persistedQuery")
    if said is None:
        return None
    try:
        return _Persisted.model_validate(said)
    except ValidationError:
        raise MalformedRequest(
            "persistedQuery has version 1, and a sha256Hash of 64 small hexadecimal digits."
        ) from None


_DESCRIBED: dict[int | str, dict[str, Any]] = problems(
    Unauthenticated, QueryTooComplex, QueryTooCostly, QueryNotKnown, PersistedQueryNotFound
)

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
        prepared = queries.prepare(body)
        further = -(-prepared.cost // _POINTS_A_UNIT) - 1
        if charge is not None and further > 0:
            await charge.more(further)
        queries.validate(prepared)
    except Refused as refused:
        errors = [told(error) for error in refused.errors]
        status: int = errors[0]["extensions"]["status"]
        headers = {"Cache-Control": "no-store"}
        return Response(to_json({"errors": errors}), status, headers, media_type=kind)
    result = await _run(request, credentials, prepared)
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [told(error) for error in result.errors]
    return Response(to_json(answer), media_type=kind)


async def _run(
    request: Request, credentials: HTTPAuthorizationCredentials | None, prepared: Prepared
) -> ExecutionResult:
    database: Database = request.app.state.database
    for _ in range(_TRIES):
        tx: Transaction | None = None
        try:
            async with database.snapshot() as tx:
                caller = await perhaps(request, tx, credentials)
                # The note that the token was used is the last that is written.
                await tx.execute("SET TRANSACTION READ ONLY")
                with lent(tx) as lease:
                    result = await SCHEMA.execute(
                        prepared.text,
                        variable_values=dict(prepared.variables),
                        operation_name=None
                        if prepared.operation.name is None
                        else prepared.operation.name.value,
                        context_value=Context(request, prepared.document, lease, caller),
                    )
                _check(result)
                return result
        except (pg.DeadlockDetected, pg.SerializationFailure):
            continue
        except OperationalError:
            if tx is None or not tx.connection.broken:
                raise
            # The database was restarted under us: what only reads can be tried again.
            await database.pool.check()
    raise Busy


def _check(result: ExecutionResult) -> None:
    """Raises the database's own error: after it the rest of the answer would be none."""
    for error in result.errors or ():
        if isinstance(error.original_error, OperationalError):
            raise error.original_error
