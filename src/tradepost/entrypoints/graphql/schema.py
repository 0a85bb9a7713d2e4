"""The schema: the fields of all subjects under one query, and the channels; for readers only."""

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from tradepost.entrypoints.graphql.exchange import ExchangeQuery
from tradepost.entrypoints.graphql.markets import MarketsQuery
from tradepost.entrypoints.graphql.offers import OffersQuery
from tradepost.entrypoints.graphql.shape import SCALARS
from tradepost.entrypoints.graphql.trades import TradesQuery
from tradepost.entrypoints.graphql.updates import Subscription


@strawberry.type(description="All that can be read. A field that cannot be answered is null.")
class Query(ExchangeQuery, OffersQuery, TradesQuery, MarketsQuery):
    """The fields of all subjects."""


class _Prepared(SchemaExtension):
    """Runs the document that `http` has parsed, measured and validated."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.execution_context.context.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], *_: object, **__: object) -> None:
        """Nothing: `errors` tells what is to be told, and to whom."""


SCHEMA = _Schema(
    query=Query,
    subscription=Subscription,
    extensions=[_Prepared],
    config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True),
)
#: The same as graphql-core sees it.
CORE: GraphQLSchema = SCHEMA._schema


def definition(field: Any) -> Any:
    """What strawberry knows of a field of graphql-core's."""
    return field.extensions.get("strawberry-definition")
