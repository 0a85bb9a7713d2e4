"""What the exchange is, who asks, how one pays, and what the market says: fields of the query."""

from typing import Annotated

import strawberry
from fastapi import Response

from tradepost.entrypoints import meta
from tradepost.entrypoints.graphql.context import Info, asked
from tradepost.entrypoints.graphql.shape import Time, asks, choice, shaped
from tradepost.identity import service as identity
from tradepost.identity.http.bodies import AccountAnswer
from tradepost.kernel.access import Scope
from tradepost.payments import service as registry
from tradepost.payments.http import methods as payments
from tradepost.prices import http as indexes
from tradepost.prices.model import Pair, PriceAnswer
from tradepost_payments.model import Category

choice(Category)
shaped(meta.ChainBody, "Chain")
shaped(meta.AssetBody, "Asset")
shaped(meta.CurrencyBody, "Currency")
shaped(meta.ExchangeBody, "Exchange")
shaped(AccountAnswer, "Account")
shaped(payments.OptionAnswer, "PaymentOption")
shaped(payments.FieldAnswer, "PaymentField")
shaped(payments.MethodAnswer, "PaymentMethod")
shaped(payments.SignedAnswer, "RegistrySignature")
shaped(payments.MethodsAnswer, "PaymentMethods")
shaped(PriceAnswer, "Price")
shaped(indexes.PricesAnswer, "PricePage")
shaped(indexes.SourceAnswer, "PriceSource")
shaped(indexes.PriceDetailAnswer, "PriceDetail")
shaped(indexes.PointAnswer, "PricePoint")
shaped(indexes.HistoryAnswer, "PriceHistoryPage")

Code = Annotated[str, strawberry.argument(description="Its code.")]
Asset = Annotated[str, strawberry.argument(description="The coin's code.")]
Currency = Annotated[str, strawberry.argument(description="The currency's code (ISO 4217).")]
PerhapsAsset = Annotated[str | None, strawberry.argument(description="The coin's code.")]
PerhapsCurrency = Annotated[
    str | None, strawberry.argument(description="The currency's code (ISO 4217).")
]
Cursor = Annotated[
    str | None, strawberry.argument(description="The `nextCursor` of the page before.")
]
Limit = Annotated[int, strawberry.argument(description="How many entries a page has at most.")]
Since = Annotated[
    Time | None, strawberry.argument(name="from", description="From then on; it is in it.")
]
Until = Annotated[
    Time | None, strawberry.argument(name="to", description="Until then; it is not in it.")
]


@strawberry.type
class ExchangeQuery:
    """Fields that everybody can ask, and `account`."""

    @asks(meta.ExchangeBody, "What this exchange trades, and how.")
    async def exchange(self, info: Info) -> meta.ExchangeBody:
        return await meta.exchange(info.context.tx, Response())

    @asks(AccountAnswer, "The account of the token. Scope: `account:read`.")
    async def account(self, info: Info) -> AccountAnswer:
        caller = info.context.allowed(Scope.ACCOUNT_READ)
        return AccountAnswer.of(await identity.get(info.context.tx, caller.account_id))

    @asks(payments.MethodsAnswer, "Payment methods, in the order of their codes.")
    async def payment_methods(
        self,
        info: Info,
        currency: Annotated[
            str | None, strawberry.argument(description="That carry this currency.")
        ] = None,
        country: Annotated[
            str | None, strawberry.argument(description="That are served in this country.")
        ] = None,
        category: Annotated[
            Category | None,
            strawberry.argument(description="That are of this category."),
        ] = None,
        language: Annotated[
            str | None, strawberry.argument(description="Of the texts; English if left out.")
        ] = None,
        q: Annotated[str, strawberry.argument(description="Sought in codes and names.")] = "",
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> payments.MethodsAnswer:
        query = asked(
            payments.MethodsQuery,
            currency=currency,
            country=country,
            category=category,
            language=language,
            q=q,
            cursor=cursor,
            limit=limit,
        )
        context = info.context
        known = registry.registry(context.state.settings)
        page = payments.page(known, context.cursors, query, query.language or "en")
        return payments.MethodsAnswer.model_validate_json(page)

    @asks(
        indexes.PricesAnswer,
        "The market's prices, of every traded pair that has a fresh one.",
    )
    async def prices(
        self,
        info: Info,
        asset: PerhapsAsset = None,
        currency: PerhapsCurrency = None,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> indexes.PricesAnswer:
        context = info.context
        query = asked(
            indexes.PricesQuery, asset=asset, currency=currency, cursor=cursor, limit=limit
        )
        return await indexes.listed(context.tx, context.cursors, query)

    @asks(indexes.PriceDetailAnswer, "The fresh price of one pair, and how it came about.")
    async def price(
        self, info: Info, asset: Asset, currency: Currency
    ) -> indexes.PriceDetailAnswer:
        asked(indexes.PricesQuery, asset=asset, currency=currency)
        return await indexes.detailed(info.context.tx, Pair(asset, currency))

    @asks(
        indexes.HistoryAnswer,
        "A pair's past prices, the oldest first; of the last day if no time is said.",
    )
    async def price_history(
        self,
        info: Info,
        asset: Asset,
        currency: Currency,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> indexes.HistoryAnswer:
        context = info.context
        asked(indexes.PricesQuery, asset=asset, currency=currency)
        query = asked(
            indexes.HistoryQuery, cursor=cursor, limit=limit, **{"from": since, "to": until}
        )
        return await indexes.past(context.tx, context.cursors, Pair(asset, currency), query)
