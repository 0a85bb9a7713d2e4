"""The routes of trusted partners."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from tradepost.identity import service
from tradepost.identity.model import TooManyPartners
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import NotFound
from tradepost.kernel.http import TransactionRoute, Tx, allowed
from tradepost.kernel.openapi import AUTHENTICATED, problems

router = APIRouter(prefix="/my/partners", route_class=TransactionRoute)

_Writer = Annotated[Caller, Depends(allowed(Scope.ACCOUNT_WRITE))]
_EXAMPLE: dict[str, Any] = {"id": "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10", "name": "rosa"}


class PartnerAnswer(BaseModel):
    """Somebody whom the account trusts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    name: str | None


class PartnersAnswer(BaseModel):
    """All whom the account trusts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_EXAMPLE], "next_cursor": None}]}
    )

    data: list[PartnerAnswer]
    next_cursor: None = None


@router.get("", summary="List my trusted partners", responses=problems(*AUTHENTICATED))
async def list_partners(
    tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.ACCOUNT_READ))]
) -> PartnersAnswer:
    """In the order in which you named them; at most 500. Nobody else is told."""
    found = await service.partners(tx, caller.account_id)
    return PartnersAnswer(data=[PartnerAnswer(id=one.id, name=one.name) for one in found])


@router.put(
    "/{account_id}",
    status_code=204,
    summary="Trust a partner",
    responses=problems(*AUTHENTICATED, NotFound, TooManyPartners),
)
async def trust_partner(tx: Tx, caller: _Writer, account_id: UUID) -> None:
    """He is shown your offers of visibility `trusted`. To do it twice changes nothing."""
    await service.trust(tx, caller.account_id, account_id)


@router.delete(
    "/{account_id}",
    status_code=204,
    summary="Trust a partner no longer",
    responses=problems(*AUTHENTICATED, NotFound),
)
async def distrust_partner(tx: Tx, caller: _Writer, account_id: UUID) -> None:
    """Trades that were begun go on."""
    await service.distrust(tx, caller.account_id, account_id)
