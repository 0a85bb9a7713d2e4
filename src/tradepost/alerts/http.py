"""The routes of saved searches."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from tradepost.alerts import service
from tradepost.alerts.model import (
    MAX_SAVED_SEARCHES,
    SavedSearch,
    SearchTooWide,
    TooManySavedSearches,
)
from tradepost.book.criteria import Criteria
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.assets import AssetNotTraded
from tradepost.kernel.errors import NotFound
from tradepost.kernel.http import TransactionRoute, Tx, allowed, allowed_once
from tradepost.kernel.iso import CurrencyUnknown
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.kernel.pricing import Direction
from tradepost.kernel.text import Label

router = APIRouter(prefix="/saved-searches", route_class=TransactionRoute, tags=["offers"])

_Writer = Annotated[Caller, Depends(allowed_once(Scope.OFFERS_WRITE))]
_NEW: dict[str, Any] = {
    "name": "Coins for 250 euros",
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "fiat_amount": "250.00",
    "payment_method": ["sepa_instant"],
}
_SAVED = _NEW | {
    "id": "0193579a-4c21-7b55-9d10-8e7f60514233",
    "amount": None,
    "country": None,
    "maker": None,
    "created_at": "2026-11-24T05:00:00Z",
}


class NewSavedSearchBody(Criteria):
    """What to wait for: it names an asset or a currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    name: Label


class SavedSearchAnswer(BaseModel):
    """What the account waits for."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SAVED]})

    id: UUID
    name: str
    direction: Direction | None
    asset: str | None
    currency: str | None
    amount: str | None
    fiat_amount: str | None
    payment_method: list[str]
    country: str | None
    maker: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, search: SavedSearch) -> Self:
        """The answer for `search`."""
        wanted = search.wanted
        return cls(
            id=search.id,
            name=search.name,
            direction=wanted.direction,
            asset=wanted.asset and wanted.asset.code,
            currency=wanted.currency and wanted.currency.code,
            amount=None if wanted.amount is None else str(wanted.amount),
            fiat_amount=None if wanted.fiat_amount is None else str(wanted.fiat_amount),
            payment_method=list(wanted.payment_methods),
            country=wanted.country,
            maker=wanted.maker_id,
            created_at=search.created_at,
        )


class SavedSearchesAnswer(BaseModel):
    """All saved searches of the account."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_SAVED], "next_cursor": None}]}
    )

    data: Annotated[list[SavedSearchAnswer], Field(max_length=MAX_SAVED_SEARCHES)]
    next_cursor: None = None


@router.post(
    "",
    status_code=201,
    summary="Save a search",
    responses=problems(*ONCE, AssetNotTraded, CurrencyUnknown, SearchTooWide, TooManySavedSearches)
    | links(201, to("forget_search", search_id="id")),
)
async def save_search(tx: Tx, caller: _Writer, body: NewSavedSearchBody) -> SavedSearchAnswer:
    """Each new offer of others that it finds is an event `saved.search_matched`, once."""
    wanted = body.wanted(tx.settings)
    search = await service.save_search(tx, caller.account_id, body.name, wanted)
    return SavedSearchAnswer.of(search)


@router.get(
    "",
    summary="List my saved searches",
    responses=problems(*AUTHENTICATED) | links(200, to("forget_search", search_id="data/0/id")),
)
async def list_saved_searches(
    tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.OFFERS_READ))]
) -> SavedSearchesAnswer:
    """The newest first."""
    searches = await service.saved_searches(tx, caller.account_id)
    return SavedSearchesAnswer(data=[SavedSearchAnswer.of(search) for search in searches])


@router.delete(
    "/{search_id}",
    status_code=204,
    summary="Forget a saved search",
    responses=problems(*AUTHENTICATED, NotFound),
)
async def forget_search(
    tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.OFFERS_WRITE))], search_id: UUID
) -> None:
    """Ends it."""
    await service.forget_search(tx, caller.account_id, search_id)
