"""The book, one's own offers, and those for partners: fields of the query."""

from typing import Annotated
from uuid import UUID

import strawberry
from fastapi import Response

from tradepost.book import http as book
from tradepost.book import model as listed
from tradepost.entrypoints.graphql.context import Context, Info, asked
from tradepost.entrypoints.graphql.exchange import (
    Cursor,
    Limit,
    PerhapsAsset,
    PerhapsCurrency,
)
from tradepost.entrypoints.graphql.shape import asks, choice, shaped
from tradepost.kernel.access import Scope
from tradepost.kernel.errors import NotFound
from tradepost.kernel.pricing import Direction
from tradepost.offers.http import bodies, routes

choice(Direction)
shaped(listed.Maker, "Maker")
shaped(listed.WorkingSpan, "WorkingSpan")
shaped(listed.WorkingHours, "WorkingHours")
shaped(book.QuoteAnswer, "ListedQuote")
shaped(book.MarketAnswer, "MarketPrice")
shaped(book.ListedOffer, "ListedOffer")
shaped(book.OffersAnswer, "ListedOfferPage")
shaped(book.FacetsAnswer, "Facets")
shaped(bodies.OfferAnswer, "Offer")
shaped(bodies.OfferPage, "OfferPage")
shaped(bodies.OwnOfferAnswer, "OwnOffer")
shaped(bodies.OwnOffersAnswer, "OwnOfferPage")
shaped(bodies.QuoteAnswer, "OfferQuote")

_Id = Annotated[UUID, strawberry.argument(description="Its id.")]
_Link = Annotated[
    str | None, strawberry.argument(description="For an offer that is shown by its link.")
]
_Amount = Annotated[
    str | None, strawberry.argument(description="Of the coin, in whole coins, as a decimal string.")
]
_FiatAmount = Annotated[
    str | None, strawberry.argument(description="Of the currency, as a decimal string.")
]
_Direction = Annotated[
    Direction | None,
    strawberry.argument(description="What the maker does with the coin."),
]
_Methods = Annotated[
    list[str] | None,
    strawberry.argument(name="paymentMethod", description="Codes; any of them."),
]
_Country = Annotated[
    str | None, strawberry.argument(description="Where the maker is (ISO 3166-1).")
]
_Maker = Annotated[UUID | None, strawberry.argument(description="Only of this account.")]
_Online = Annotated[bool, strawberry.argument(description="Only of makers who are there now.")]
_Funded = Annotated[
    bool, strawberry.argument(description="Only of sellers with the coins in the contract.")
]


async def _shown(context: Context, offer_id: UUID, link: str | None) -> bodies.OfferAnswer:
    if link is not None:
        return await routes.get_offer(context.tx, Response(), context.caller, offer_id, link[:64])
    offer = await context.offers.load(offer_id)
    if offer is None:
        raise NotFound
    return offer


@strawberry.type
class OffersQuery:
    """Fields of the book, and of the caller's own offers."""

    @asks(
        book.OffersAnswer,
        "Search the book: offers that can be taken now. With `direction`, `asset` and"
        " `currency` the best price for the taker comes first, else the newest.",
    )
    async def offers(
        self,
        info: Info,
        direction: _Direction = None,
        asset: PerhapsAsset = None,
        currency: PerhapsCurrency = None,
        amount: _Amount = None,
        fiat_amount: _FiatAmount = None,
        payment_method: _Methods = None,
        country: _Country = None,
        maker: _Maker = None,
        online: _Online = False,
        funded: _Funded = False,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> book.OffersAnswer:
        query = asked(
            book.SearchQuery,
            direction=direction,
            asset=asset,
            currency=currency,
            amount=amount,
            fiat_amount=fiat_amount,
            payment_method=payment_method,
            country=country,
            maker=maker,
            online=online,
            funded=funded,
            cursor=cursor,
            limit=limit,
        )
        found = await book.searched(info.context.tx, info.context.state, query)
        return book.OffersAnswer.model_validate_json(found)

    @asks(
        book.FacetsAnswer,
        "How many of the offers found have which payment method, country, and so on.",
    )
    async def facets(
        self,
        info: Info,
        direction: _Direction = None,
        asset: PerhapsAsset = None,
        currency: PerhapsCurrency = None,
        amount: _Amount = None,
        fiat_amount: _FiatAmount = None,
        payment_method: _Methods = None,
        country: _Country = None,
        maker: _Maker = None,
        online: _Online = False,
        funded: _Funded = False,
    ) -> book.FacetsAnswer:
        query = asked(
            book.FacetsQuery,
            direction=direction,
            asset=asset,
            currency=currency,
            amount=amount,
            fiat_amount=fiat_amount,
            payment_method=payment_method,
            country=country,
            maker=maker,
            online=online,
            funded=funded,
        )
        return await book.counted(info.context.tx, info.context.state, query)

    @asks(bodies.OfferAnswer, "One offer in any state, if it is shown to you.")
    async def offer(self, info: Info, id: _Id, link: _Link = None) -> bodies.OfferAnswer:
        return await _shown(info.context, id, link)

    @asks(
        bodies.QuoteAnswer,
        "What an amount of an offer costs; the price is held for a minute.",
    )
    async def offer_quote(
        self,
        info: Info,
        id: _Id,
        amount: _Amount = None,
        fiat_amount: _FiatAmount = None,
        link: _Link = None,
    ) -> bodies.QuoteAnswer:
        query = asked(bodies.QuoteQuery, amount=amount, fiat_amount=fiat_amount, link=link)
        return await routes.quote_offer(info.context.tx, info.context.caller, id, query)

    @asks(
        bodies.OwnOffersAnswer, "Your offers in any state, the newest first. Scope: `offers:read`."
    )
    async def my_offers(
        self, info: Info, cursor: Cursor = None, limit: Limit = 20
    ) -> bodies.OwnOffersAnswer:
        caller = info.context.allowed(Scope.OFFERS_READ)
        query = asked(bodies.PageQuery, cursor=cursor, limit=limit)
        return await routes.list_my_offers(info.context.tx, info.context.cursors, caller, query)

    @asks(
        bodies.OfferPage,
        "Active offers that makers show to you as a trusted partner, the newest"
        " first. Scope: `offers:read`.",
    )
    async def partners_offers(
        self, info: Info, cursor: Cursor = None, limit: Limit = 20
    ) -> bodies.OfferPage:
        caller = info.context.allowed(Scope.OFFERS_READ)
        query = asked(bodies.PageQuery, cursor=cursor, limit=limit)
        return await routes.list_partners_offers(
            info.context.tx, info.context.cursors, caller, query
        )
