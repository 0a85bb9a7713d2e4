"""The caller's trades, each with its escrow, its steps and its offer: fields of the query."""

from typing import Annotated
from uuid import UUID

import strawberry

from tradepost.entrypoints.graphql.context import Info, asked
from tradepost.entrypoints.graphql.exchange import Cursor, Limit
from tradepost.entrypoints.graphql.shape import asks, choice, shape_of, shaped
from tradepost.escrow.model import Party
from tradepost.kernel.access import Scope
from tradepost.kernel.errors import NotFound
from tradepost.offers.http.bodies import OfferAnswer, PageQuery
from tradepost.trades.http import bodies, routes
from tradepost.trades.http.shown import shown_history
from tradepost.trades.model import TradeState


async def _steps(root: bodies.TradeBody, info: Info) -> list[bodies.HistoryEntryBody]:
    entries = await info.context.histories.load(root.id)
    return shown_history(root.buyer.id, root.seller.id, entries)


async def _offer(root: bodies.TradeBody, info: Info) -> OfferAnswer | None:
    return await info.context.offers.load(root.offer_id)


choice(TradeState)
choice(Party)
shaped(bodies.PartyBody, "Trader")
shaped(bodies.EscrowTermsBody, "EscrowTerms")
shaped(bodies.LockBroughtBody, "BroughtLock")
shaped(bodies.EscrowBody, "Escrow")
shaped(bodies.SettlementSigned, "SignedSettlement")
shaped(bodies.ViewerBody, "Viewer")
shaped(bodies.HistoryEntryBody, "TradeStep")
shaped(
    bodies.TradeBody,
    "Trade",
    {
        "history": strawberry.field(
            resolver=_steps,
            description="The first 100 steps of the trade, in order.",
            graphql_type=shape_of(bodies.HistoryEntryBody, many=True),
        ),
        "offer": strawberry.field(
            resolver=_offer,
            description="The offer as it is now; null where it is no longer shown to you.",
            graphql_type=shape_of(OfferAnswer),
        ),
    },
)
shaped(bodies.TradePage, "TradePage")


@strawberry.type
class TradesQuery:
    """Fields of the caller's trades."""

    @asks(
        bodies.TradeBody,
        "A trade as you see it, with your next action and its deadline. Scope: `trades:read`.",
    )
    async def trade(
        self,
        info: Info,
        id: Annotated[UUID, strawberry.argument(description="Its id.")],
    ) -> bodies.TradeBody:
        info.context.allowed(Scope.TRADES_READ)
        trade = await info.context.trades.load(id)
        if trade is None:
            raise NotFound
        return trade

    @asks(
        bodies.TradePage,
        "Your trades, the newest first; with `role: arbitrator`, an arbitrator's"
        " disputed ones. Scope: `trades:read`.",
    )
    async def trades(
        self,
        info: Info,
        state: Annotated[
            TradeState | None,
            strawberry.argument(description="Only those in this state."),
        ] = None,
        role: Annotated[
            Party | None,
            strawberry.argument(description="Only those where you are on this side."),
        ] = None,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> bodies.TradePage:
        caller = info.context.allowed(Scope.TRADES_READ)
        page = asked(PageQuery, cursor=cursor, limit=limit)
        context = info.context
        return await routes.list_trades(
            context.tx, context.cursors, caller, state, role, page.cursor, page.limit
        )
