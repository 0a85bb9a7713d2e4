"""The operations on the market: the book, one's own offers, prices, partners, saved searches."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Unpack

from tradepost_client._async.transport import AsyncTransport, Query
from tradepost_client.answers import answer, given, items
from tradepost_client.insights import (
    Candle,
    Depth,
    Interval,
    MarketOverview,
    MethodMarkets,
    PastTrade,
)
from tradepost_client.markets import (
    Criteria,
    Facets,
    OfferPage,
    OfferQuote,
    Price,
    PriceDetail,
    PricePoint,
    SavedSearch,
    Sought,
)
from tradepost_client.models import Offer, Person

#: Pairs come in smaller pages.
_MARKETS = 20


class AsyncMarket(AsyncTransport):
    """What a client asks of the market; the errors are those of `AsyncClient`."""

    # --- the book --------------------------------------------------------------------------

    async def search(
        self, *, cursor: str | None = None, limit: int = 20, **sought: Unpack[Sought]
    ) -> OfferPage:
        """One page of the book, with the market's price where the search is for one pair.

        Args:
            cursor: Where to go on, from the page before.
            limit: At most so many, 1 to 100.
            sought: What is looked for; the rest is left open.
        """
        query = {**_query(sought), "cursor": cursor, "limit": limit}
        content = await self.get("/v1/offers", query)
        return answer(OfferPage, content)

    async def offers(self, **sought: Unpack[Sought]) -> AsyncIterator[Offer]:
        """All that `search` finds, page by page."""
        async for item in self._pages("/v1/offers", _query(sought)):
            yield answer(Offer, item)

    async def facets(self, **sought: Unpack[Sought]) -> Facets:
        """How many of the offers that `search` finds have what."""
        return answer(Facets, await self.get("/v1/offers/facets", _query(sought)))

    async def offer(self, offer_id: str, *, link: str | None = None) -> Offer:
        """One offer; `link` opens one that is shown by its link."""
        return answer(Offer, await self.get(f"/v1/offers/{offer_id}", {"link": link}))

    async def quote_offer(
        self,
        offer_id: str,
        *,
        amount: Decimal | None = None,
        fiat_amount: Decimal | None = None,
        link: str | None = None,
    ) -> OfferQuote:
        """What an amount of the coin costs, or a sum of money buys; the price is held a while."""
        query = {"amount": _text(amount), "fiat_amount": _text(fiat_amount), "link": link}
        return answer(OfferQuote, await self.get(f"/v1/offers/{offer_id}/quote", query))

    async def offers_for_partner(self) -> AsyncIterator[Offer]:
        """Offers that makers show to this account as a trusted partner."""
        async for item in self._pages("/v1/my/partners/offers", {}):
            yield answer(Offer, item)

    # --- one's own offers ------------------------------------------------------------------

    async def create_offer(self, offer: Mapping[str, Any], *, key: str | None = None) -> Offer:
        """Publishes an offer; `offer` has the members of the API's body, amounts as strings."""
        return answer(Offer, await self.post_once("/v1/offers", dict(offer), key))

    async def edit_offer(self, offer_id: str, version: int, changes: Mapping[str, Any]) -> Offer:
        """Changes an offer; a `ProblemError` of status 412 if it is not at `version` any more."""
        headers = {"If-Match": f'"{version}"'}
        content = await self.send("PATCH", f"/v1/offers/{offer_id}", dict(changes), headers)
        return answer(Offer, content)

    async def pause_offer(self, offer_id: str, *, key: str | None = None) -> Offer:
        """Takes an offer out of the book."""
        return answer(Offer, await self.post_once(f"/v1/offers/{offer_id}/pause", None, key))

    async def resume_offer(self, offer_id: str, *, key: str | None = None) -> Offer:
        """Puts a paused offer back into the book."""
        return answer(Offer, await self.post_once(f"/v1/offers/{offer_id}/resume", None, key))

    async def close_offer(self, offer_id: str, *, key: str | None = None) -> Offer:
        """Ends an offer."""
        return answer(Offer, await self.post_once(f"/v1/offers/{offer_id}/close", None, key))

    async def my_offers(self) -> AsyncIterator[Offer]:
        """All offers of the account."""
        async for item in self._pages("/v1/my/offers", {}):
            yield answer(Offer, item)

    # --- saved searches and partners -------------------------------------------------------

    async def save_search(
        self, name: str, *, key: str | None = None, **criteria: Unpack[Criteria]
    ) -> SavedSearch:
        """Waits for offers: each new one that a search would find is an event, once."""
        body = {"name": name, **_query(criteria)}
        content = await self.post_once("/v1/saved-searches", body, key)
        return answer(SavedSearch, content)

    async def saved_searches(self) -> tuple[SavedSearch, ...]:
        """What the account waits for, the newest first."""
        content = await self.get("/v1/saved-searches")
        return tuple(answer(SavedSearch, item) for item in items(content))

    async def forget_search(self, search_id: str) -> None:
        """Ends a saved search."""
        await self.send("DELETE", f"/v1/saved-searches/{search_id}")

    async def partners(self) -> tuple[Person, ...]:
        """Whom the account trusts; nobody else is told."""
        content = await self.get("/v1/my/partners")
        return tuple(answer(Person, item) for item in items(content))

    async def trust_partner(self, account_id: str) -> None:
        """Shows somebody the own offers of visibility `trusted`."""
        await self.send("PUT", f"/v1/my/partners/{account_id}")

    async def distrust_partner(self, account_id: str) -> None:
        """Shows them to him no longer."""
        await self.send("DELETE", f"/v1/my/partners/{account_id}")

    # --- prices ----------------------------------------------------------------------------

    async def prices(
        self, *, asset: str | None = None, currency: str | None = None
    ) -> AsyncIterator[Price]:
        """The index of every pair that has a fresh one."""
        async for item in self._pages("/v1/prices", {"asset": asset, "currency": currency}):
            yield answer(Price, item)

    async def price(self, asset: str, currency: str) -> PriceDetail:
        """The index of one pair, and what each source said."""
        return answer(PriceDetail, await self.get(f"/v1/prices/{asset}/{currency}"))

    async def price_history(
        self,
        asset: str,
        currency: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncIterator[PricePoint]:
        """Past prices of a pair, the oldest first; by default those of the last day."""
        query: Query = {"from": _iso(since), "to": _iso(until)}
        async for item in self._pages(f"/v1/prices/{asset}/{currency}/history", query):
            yield answer(PricePoint, item)

    # --- the exchange's own markets --------------------------------------------------------

    async def markets(self) -> AsyncIterator[MarketOverview]:
        """Every pair that has offers or had trades."""
        async for item in self._pages("/v1/markets", {}, page=_MARKETS):
            yield answer(MarketOverview, item)

    async def market(self, asset: str, currency: str) -> MarketOverview:
        """One pair: best prices, the index, the last trade and the last day."""
        return answer(MarketOverview, await self.get(f"/v1/markets/{asset}/{currency}"))

    async def depth(
        self, asset: str, currency: str, *, step_bps: int = 50, levels: int = 20
    ) -> Depth:
        """How much can be taken, by premium over the index in steps of `step_bps` (by fives)."""
        query: Query = {"step_bps": step_bps, "levels": levels}
        return answer(Depth, await self.get(f"/v1/markets/{asset}/{currency}/depth", query))

    async def method_markets(self, asset: str, currency: str) -> MethodMarkets:
        """The best prices of a pair by each payment method."""
        content = await self.get(f"/v1/markets/{asset}/{currency}/methods")
        return answer(MethodMarkets, content)

    async def past_trades(self, asset: str, currency: str) -> AsyncIterator[PastTrade]:
        """The completed trades of a pair, the newest first."""
        async for item in self._pages(f"/v1/markets/{asset}/{currency}/trades", {}):
            yield answer(PastTrade, item)

    async def candles(
        self,
        asset: str,
        currency: str,
        interval: Interval,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncIterator[Candle]:
        """The candles of a pair, the oldest first; by default the last hundred intervals'."""
        query = {"interval": interval, "from": _iso(since), "to": _iso(until)}
        async for item in self._pages(f"/v1/markets/{asset}/{currency}/candles", query):
            yield answer(Candle, item)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _query(sought: Mapping[str, Any]) -> dict[str, Any]:
    """What is looked for in the API's words, as a query or as members of a body."""
    methods = list(sought.get("payment_methods") or ())
    said = {name: value for name, value in sought.items() if name != "payment_methods"}
    for name in ("amount", "fiat_amount"):
        said[name] = _text(sought.get(name))
    for name in ("online", "funded"):
        if name in said:
            said[name] = "true" if said[name] else None
    return given(**said, payment_method=methods or None)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
