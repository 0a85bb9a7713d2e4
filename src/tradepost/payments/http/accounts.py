"""The routes of payment accounts, for their owners."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from tradepost.kernel.http import (
    Body,
    MethodCode,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
    expected_version,
)
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.payments import service
from tradepost.payments.model import (
    MAX_SEALED,
    MIN_SEALED,
    PaymentAccount,
    PaymentMethodUnknown,
    TooManyPaymentAccounts,
)

router = APIRouter(route_class=TransactionRoute, tags=["payment accounts"])

_ID = "0193579a-5a10-7d22-8f31-6b7c8d9e0f12"
_AT = "2026-11-24T05:00:00Z"
_SEALED = "Ag" + "dGhlIG93bmVyIGFsb25lIG9wZW5zIHRoaXM" * 4 + "AAAA"
_NEW_ACCOUNT = {"method": "sepa", "sealed": _SEALED}
_ACCOUNT = _NEW_ACCOUNT | {"id": _ID, "version": 1, "created_at": _AT, "updated_at": _AT}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


Sealed = Annotated[
    str,
    StringConstraints(
        min_length=MIN_SEALED, max_length=MAX_SEALED, pattern=r"^[A-Za-z0-9+/]+={0,2}$"
    ),
    Field(
        description="The account's fields, sealed by NIP-44 v2 to the owner's own key, in base64."
        " The exchange cannot open it."
    ),
]


class NewPaymentAccountBody(Body):
    """A new payment account; its method stays the same."""

    model_config = _example(_NEW_ACCOUNT)

    method: MethodCode
    sealed: Sealed


class PaymentAccountBody(Body):
    """What a payment account says from now on."""

    model_config = _example({"sealed": _SEALED})

    sealed: Sealed


class PaymentAccountAnswer(BaseModel):
    """A payment account as its owner gets it back."""

    model_config = _example(_ACCOUNT)

    id: UUID
    version: int
    method: str
    sealed: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, account: PaymentAccount) -> Self:
        """The answer for `account`."""
        return cls(
            id=account.id,
            version=account.version,
            method=account.method,
            sealed=account.sealed,
            created_at=account.created_at,
            updated_at=account.updated_at,
        )


class PaymentAccountsAnswer(BaseModel):
    """All payment accounts of a trader, the oldest first."""

    model_config = _example({"data": [_ACCOUNT], "next_cursor": None})

    data: list[PaymentAccountAnswer]
    next_cursor: None = None


_Reader = Annotated[Caller, Depends(allowed(Scope.OFFERS_READ))]
_Writer = Annotated[Caller, Depends(allowed(Scope.OFFERS_WRITE))]
_Version = Annotated[int, Depends(expected_version)]


def _own(response: Response, account: PaymentAccount) -> PaymentAccountAnswer:
    response.headers["ETag"] = etag(account.version)
    return PaymentAccountAnswer.of(account)


_CHANGE = to("replace_payment_account", "delete_payment_account", seen=True, account_id="id")


@router.post(
    "/payment-accounts",
    status_code=201,
    summary="Keep a payment account",
    responses=problems(*ONCE, PaymentMethodUnknown, TooManyPaymentAccounts)
    | links(201, to("get_payment_account", account_id="id"), _CHANGE),
)
async def create_payment_account(
    tx: Tx,
    response: Response,
    caller: Annotated[Caller, Depends(allowed_once(Scope.OFFERS_WRITE))],
    body: NewPaymentAccountBody,
) -> PaymentAccountAnswer:
    """Sealed by the client: the exchange keeps it and cannot read it. At most 50 a trader."""
    account = await service.keep_account(tx, caller.account_id, body.method, body.sealed)
    return _own(response, account)


@router.get(
    "/payment-accounts",
    summary="List my payment accounts",
    responses=problems(*AUTHENTICATED),
)
async def list_payment_accounts(tx: Tx, caller: _Reader) -> PaymentAccountsAnswer:
    """All of them: there are never more than 50."""
    found = await service.accounts_of(tx, caller.account_id)
    return PaymentAccountsAnswer(data=list(map(PaymentAccountAnswer.of, found)))


@router.get(
    "/payment-accounts/{account_id}",
    summary="See one of my payment accounts",
    responses=problems(*AUTHENTICATED, NotFound) | links(200, _CHANGE),
)
async def get_payment_account(
    tx: Tx, response: Response, caller: _Reader, account_id: UUID
) -> PaymentAccountAnswer:
    """Its `ETag` is what `If-Match` takes."""
    return _own(response, await service.get_account(tx, caller.account_id, account_id))


@router.put(
    "/payment-accounts/{account_id}",
    summary="Seal a payment account anew",
    responses=problems(*AUTHENTICATED, NotFound, PreconditionRequired, PreconditionFailed),
)
async def replace_payment_account(
    tx: Tx,
    response: Response,
    caller: _Writer,
    version: _Version,
    account_id: UUID,
    body: PaymentAccountBody,
) -> PaymentAccountAnswer:
    """If it still is what `If-Match` says you saw. Trades that were told of it keep what it was."""
    account = await service.reseal_account(tx, caller.account_id, account_id, version, body.sealed)
    return _own(response, account)


@router.delete(
    "/payment-accounts/{account_id}",
    status_code=204,
    summary="Delete a payment account",
    responses=problems(*AUTHENTICATED, NotFound, PreconditionRequired, PreconditionFailed),
)
async def delete_payment_account(
    tx: Tx, caller: _Writer, version: _Version, account_id: UUID
) -> None:
    """If it still is what `If-Match` says you saw."""
    await service.forget_account(tx, caller.account_id, account_id, version)
