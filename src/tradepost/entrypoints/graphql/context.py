"""What the fields of one request share: its transaction, its caller, and what is loaded in batches.

Fields of one level ask at once, and what they ask is put together: a page of trades with the
offer and the steps of each costs the same number of statements whatever its length.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from graphql import DocumentNode
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import BaseModel
from starlette.datastructures import State
from strawberry.dataloader import DataLoader
from strawberry.types import Info as _Info

from tradepost.kernel.access import Caller, Scope, ScopeMissing, Unauthenticated
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.database import Transaction
from tradepost.offers import service as offers
from tradepost.offers.http.bodies import OfferAnswer
from tradepost.offers.http.routes import shown_offers
from tradepost.trades import service as trades
from tradepost.trades.http.bodies import TradeBody
from tradepost.trades.http.shown import shown_all
from tradepost.trades.model import HistoryEntry

Model = TypeVar("Model", bound=BaseModel)
#: As many steps of a trade as a page of REST's has.
_STEPS: Final = 100

K = TypeVar("K")
V = TypeVar("V")


@dataclass
class Asked:
    """A document that is run, and what the process has at hand."""

    state: State
    document: DocumentNode


@dataclass
class Context(Asked):
    """One request on its way: all that it asks, it asks in `tx`."""

    tx: Transaction
    caller: Caller | None

    @property
    def cursors(self) -> Cursors:
        """The same as REST's: a cursor of one is good for the other."""
        cursors: Cursors = self.state.cursors
        return cursors

    def allowed(self, scope: Scope) -> Caller:
        """The caller, for a field that needs `scope`; raises `Unauthenticated`, `ScopeMissing`."""
        if self.caller is None:
            raise Unauthenticated
        if scope not in self.caller.scopes:
            raise ScopeMissing(f"The scope is {scope}.", scope=scope)
        return self.caller

    @cached_property
    def offers(self) -> DataLoader[UUID, OfferAnswer | None]:
        """Offers by id; None for one that is not shown to the caller."""

        async def load(ids: Sequence[UUID]) -> list[OfferAnswer]:
            account_id = None if self.caller is None else self.caller.account_id
            return await shown_offers(self.tx, await offers.shown_to(self.tx, account_id, ids))

        return _by_key(load, lambda offer: offer.id)

    @cached_property
    def trades(self) -> DataLoader[UUID, TradeBody | None]:
        """The caller's trades by id; None for one that is none of his."""

        async def load(ids: Sequence[UUID]) -> list[TradeBody]:
            caller = self.allowed(Scope.TRADES_READ)
            return await shown_all(self.tx, await trades.get_many(self.tx, caller, ids))

        return _by_key(load, lambda trade: trade.id)

    @cached_property
    def histories(self) -> DataLoader[UUID, list[HistoryEntry]]:
        """The steps of the caller's trades, by the trade's id."""

        async def load(ids: Sequence[UUID]) -> list[list[HistoryEntry]]:
            caller = self.allowed(Scope.TRADES_READ)
            found = await trades.histories(self.tx, caller, ids, _STEPS)
            return [found[trade_id] for trade_id in ids]

        return DataLoader(load_fn=load)


class _Lease:
    """A connection for as long as the request has it; later it may be somebody else's."""

    def __init__(self, connection: object) -> None:
        self._connection = connection
        self.over = False

    def __getattr__(self, name: str) -> Any:
        if self.over:
            raise LeaseOver
        return getattr(self._connection, name)


class LeaseOver(Exception):
    """A field went on although its request has ended."""


@contextmanager
def lent(tx: Transaction) -> Iterator[Transaction]:
    """The transaction for this block only.

    Where a request is given up, what its fields have begun goes on for a moment by itself: it must
    not ask on a connection that is another's by then.
    """
    lease = _Lease(tx.connection)
    try:
        yield replace(tx, connection=cast("AsyncConnection[DictRow]", lease))
    finally:
        lease.over = True


def _by_key(
    load: Callable[[Sequence[K]], Awaitable[list[V]]], key: Callable[[V], K]
) -> DataLoader[K, V | None]:
    async def loaded(ids: Sequence[K]) -> list[V | None]:
        found = {key(one): one for one in await load(ids)}
        return [found.get(each) for each in ids]

    return DataLoader(load_fn=loaded)


Info = _Info[Context, None]


def asked(model: type[Model], **arguments: Any) -> Model:
    """A field's arguments as the query of REST that they are, with the bounds that it has.

    What was left out is left out there, too. Raises pydantic's `ValidationError`.
    """
    return model.model_validate(
        {name: value for name, value in arguments.items() if value is not None}
    )
