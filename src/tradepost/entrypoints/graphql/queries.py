"""A query on its way: found, measured and validated, then run in a transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values
from psycopg import OperationalError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from strawberry.types.execution import ExecutionResult

from tradepost.entrypoints.graphql.context import Asked, Context, lent
from tradepost.entrypoints.graphql.known import MAX_CHARS, KnownQueries, digest_of, read
from tradepost.entrypoints.graphql.limits import (
    MAX_MESSAGE_POINTS,
    MAX_TOKENS,
    MAX_VARIABLES_BYTES,
    QueryTooComplex,
    check,
)
from tradepost.entrypoints.graphql.schema import CORE, SCHEMA
from tradepost.kernel import tracing
from tradepost.kernel.access import Caller
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import MalformedRequest, Problem
from tradepost.kernel.http import Body
from tradepost.kernel.settings import Settings

#: So many points of a query's cost are one unit of the limits.
_POINTS_A_UNIT: Final = 200
_MAX_ERRORS: Final = 10

QUERY: Final = (
    "query Trades($limit: Int!) { trades(limit: $limit) { data { id state } nextCursor } }"
)
_ASKED: dict[str, Any] = {"query": QUERY, "operationName": "Trades", "variables": {"limit": 5}}


class GraphQLBody(Body):
    """A query, or the SHA-256 of one in `extensions.persistedQuery`; with both it is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ASKED]})

    query: Annotated[str | None, Field(max_length=MAX_CHARS)] = None
    operation_name: Annotated[str | None, Field(max_length=100, alias="operationName")] = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


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
    #: How many of its fields look something up.
    lookups: int
    #: Whether it is to be known by its SHA-256 from now on.
    keep: bool
    #: How numbers and traces call it: only names that the operator has listed are told there.
    label: str

    @property
    def kind(self) -> str:
        """`query` or `subscription`."""
        return self.operation.operation.value

    @property
    def name(self) -> str | None:
        """What its caller calls it."""
        return None if self.operation.name is None else self.operation.name.value

    @property
    def units(self) -> int:
        """What it costs of the limits."""
        return -(-self.cost // _POINTS_A_UNIT)


_OTHER: Final = "other"
_WAYS: Final = {
    OperationType.QUERY: "By HTTP it takes a query; subscriptions go by WebSocket.",
    OperationType.SUBSCRIPTION: "By WebSocket it takes a subscription; queries go by HTTP.",
}


class Queries:
    """What one process answers in GraphQL, and within which limits."""

    def __init__(self, settings: Settings) -> None:
        listed = read(settings.graphql_queries_file)
        self._known = KnownQueries(listed, only_listed=settings.graphql_known_only)
        self._shows_schema = settings.graphql_introspection
        self._most = settings.graphql_max_cost
        hidden = () if self._shows_schema else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *hidden)

    def prepare(self, asked: GraphQLBody, kind: OperationType) -> Prepared:
        """The query of this kind, found and measured; raises `Refused`."""
        try:
            return self._prepared(asked, kind)
        except GraphQLError as error:
            raise Refused([error]) from None
        except Problem as problem:
            raise Refused([GraphQLError(str(problem), original_error=problem)]) from None

    def _prepared(self, asked: GraphQLBody, kind: OperationType) -> Prepared:
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
        if operation.operation is not kind:
            raise MalformedRequest(_WAYS[kind])
        most = self._most if kind is OperationType.QUERY else min(self._most, MAX_MESSAGE_POINTS)
        measured = check(document, operation, variables, most)
        name = None if operation.name is None else operation.name.value
        label = name if name is not None and self._known.lists(query) else _OTHER
        return Prepared(
            query,
            document,
            operation,
            variables,
            measured.cost,
            measured.lookups,
            persisted is not None,
            label,
        )

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


async def execute(prepared: Prepared, context: Asked, root: object = None) -> ExecutionResult:
    """Runs it; raises the database's own error: after it the rest of the answer would be none."""
    result = await SCHEMA.execute(
        prepared.text,
        variable_values=dict(prepared.variables),
        operation_name=prepared.name,
        context_value=context,
        root_value=root,
    )
    for error in result.errors or ():
        if isinstance(error.original_error, OperationalError):
            raise error.original_error
    return result


async def run(
    prepared: Prepared, context: Asked, tx: Transaction, caller: Caller | None, root: object = None
) -> ExecutionResult:
    """Runs it in `tx`, which writes nothing from now on; raises as `execute`."""
    await tx.execute("SET TRANSACTION READ ONLY")
    span = tracing.span(
        "graphql.run", operation=prepared.label, type=prepared.kind, points=prepared.cost
    )
    with lent(tx) as lease, span:
        inside = Context(context.state, context.document, lease, caller)
        return await execute(prepared, inside, root)
