"""The routes of confirmations: a program asks, the owner answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tradepost.confirmations import service
from tradepost.confirmations.model import (
    Confirmation,
    ConfirmationAnswered,
    ConfirmationDigestWrong,
    ConfirmationExpired,
    ConfirmationIncomplete,
    ConfirmationOutdated,
    ConfirmationState,
    Need,
    Opening,
    Proof,
    Step,
    TooManyConfirmations,
)
from tradepost.escrow.model import ChainNotReady, SignatureInvalid
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import InvalidCursor, NotFound
from tradepost.kernel.http import (
    Body,
    CountryCode,
    CursorsOf,
    DecimalString,
    EvmAddress,
    HexKey,
    KeySignature,
    Signature,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
)
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.offers.model import (
    AmountOutOfRange,
    HoldInvalid,
    OwnOffer,
)
from tradepost.prices.model import PriceUnavailable
from tradepost.trades import taking
from tradepost.trades.model import (
    ActionNotAllowed,
    DisputeReason,
    MethodNotOffered,
    PriceMoved,
    SignatureMissing,
    TradeChanged,
)

router = APIRouter(prefix="/confirmations", tags=["confirmations"], route_class=TransactionRoute)

_Reader = Annotated[Caller, Depends(allowed(Scope.CONFIRMATIONS_READ))]
_Owner = Annotated[Caller, Depends(allowed_once(Scope.CONFIRMATIONS_WRITE))]

_ID = "019ac6d2-8b10-7a44-9c3d-0a1b2c3d4e5f"
_OPENING: dict[str, Any] = {
    "offer_id": "019ac6d2-7f3e-7b0a-9c1d-5e6f70819203",
    "fiat_amount": "250.00",
    "price_limit": "2540",
    "payment_method": "sepa_instant",
}
_EXAMPLE: dict[str, Any] = {
    "id": _ID,
    "step": "open_trade",
    "summary": "Buy at least 0.098425196850393700 ETH from rosa for 250.00 EUR, by sepa_instant,"
    " at 2540 EUR for one ETH or less.",
    "parameters": _OPENING
    | {
        "side": "buyer",
        "asset": "ETH",
        "currency": "EUR",
        "terms": "From an account in your own name only.",
        "funding_window_s": "1800",
        "payment_window_s": "3600",
    },
    "digest": "9f" * 32,
    "needs": ["wallet", "encryption_key"],
    "state": "pending",
    "token_id": "019ac6d0-3333-7c55-8f2e-1b2c3d4e5f60",
    "trade_id": None,
    "created_at": "2026-11-24T05:00:00Z",
    "expires_at": "2026-11-24T05:15:00Z",
    "decided_at": None,
}


class OpeningBody(Body):
    """The trade to be opened, without what is the wallet's: its owner adds that."""

    offer_id: UUID
    amount: DecimalString | None = None
    fiat_amount: DecimalString | None = None
    price_limit: Annotated[DecimalString, Field(description="The worst price.")]
    payment_method: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    hold: Annotated[
        str | None,
        StringConstraints(max_length=500),
        Field(description="From the offer's quote. The owner has to confirm while it holds."),
    ] = None
    link: Annotated[
        str | None, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$", max_length=64)
    ] = None
    country: CountryCode | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.amount is None) == (self.fiat_amount is None):
            raise ValueError("state either amount or fiat_amount")
        if not self.price_limit.strip("0."):
            raise ValueError("a price is above zero")
        return self


class AskBody(Body):
    """What the owner is asked to let happen: a trade to open, or a step in one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"step": "open_trade", "opening": _OPENING},
                {"step": "release", "trade_id": "019ac6d2-9a10-7c55-8f2e-1b2c3d4e5f60"},
            ]
        }
    )

    step: Step
    opening: Annotated[OpeningBody | None, Field(description="With `open_trade`.")] = None
    trade_id: Annotated[UUID | None, Field(description="With any other step.")] = None
    reason: Annotated[DisputeReason | None, Field(description="With `dispute`.")] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        opens = self.step is Step.OPEN_TRADE
        if (self.opening is not None) != opens or (self.trade_id is None) != opens:
            raise ValueError("open_trade, and nothing else, has an opening and no trade_id")
        if (self.reason is not None) != (self.step is Step.DISPUTE):
            raise ValueError("dispute, and nothing else, has a reason")
        return self


class ConfirmBody(Body):
    """The owner's yes, to exactly what the digest is of, with what his wallet adds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "digest": "9f" * 32,
                    "wallet": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                    "encryption_key": "4f" * 32,
                }
            ]
        }
    )

    digest: HexKey
    wallet: EvmAddress | None = None
    encryption_key: HexKey | None = None
    key_signature: KeySignature = None
    signature: Annotated[
        Signature | None, Field(description="As the trade's own operation of this step takes it.")
    ] = None

    def proof(self) -> Proof:
        """In the service's words."""
        return Proof(
            wallet=self.wallet,
            encryption_key=self.encryption_key,
            key_signature=_bytes(self.key_signature),
            signature=_bytes(self.signature),
        )


class ConfirmationBody(BaseModel):
    """What a program asked for, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    step: Step
    summary: Annotated[str, Field(description="What happens, in plain words, by the exchange.")]
    parameters: Annotated[
        dict[str, str],
        Field(description="All that decides what happens. `terms` are the maker's words."),
    ]
    digest: Annotated[
        str,
        Field(
            description="SHA-256 of the JSON list of id, step and parameters: no spaces, members"
            " in order, UTF-8. Make it yourself of what you have seen."
        ),
    ]
    needs: Annotated[list[Need], Field(description="What your wallet adds when you confirm.")]
    state: ConfirmationState
    token_id: Annotated[UUID, Field(description="Of the token by which it was asked for.")]
    trade_id: Annotated[UUID | None, Field(description="Once confirmed: which trade it is.")]
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, one: Confirmation, now: datetime) -> Self:
        """The answer for `one`."""
        return cls(
            id=one.id,
            step=one.step,
            summary=one.summary,
            parameters=dict(one.parameters),
            digest=one.digest,
            needs=list(one.needs),
            state=one.state_at(now),
            token_id=one.token_id,
            trade_id=one.trade_id,
            created_at=one.created_at,
            expires_at=one.expires_at,
            decided_at=one.decided_at,
        )


class ConfirmationPage(BaseModel):
    """Some confirmations, and where to go on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"data": [_EXAMPLE], "next_cursor": None}]}
    )

    data: list[ConfirmationBody]
    next_cursor: str | None


_ANSWER = to("confirm", "refuse_confirmation", "get_confirmation", confirmation_id="id")


def _bytes(hexadecimal: str | None) -> bytes | None:
    return None if hexadecimal is None else bytes.fromhex(hexadecimal[2:])


@router.post(
    "",
    status_code=201,
    summary="Ask the owner to confirm",
    responses=problems(
        *ONCE,
        NotFound,
        OwnOffer,
        AmountOutOfRange,
        PriceMoved,
        PriceUnavailable,
        HoldInvalid,
        MethodNotOffered,
        ActionNotAllowed,
        TooManyConfirmations,
        ChainNotReady,
    )
    | links(201, _ANSWER),
    openapi_extra=costs(10, money=True),
)
async def ask_confirmation(
    body: AskBody,
    tx: Tx,
    caller: Annotated[Caller, Depends(allowed_once(Scope.CONFIRMATIONS_ASK))],
) -> ConfirmationBody:
    """For a program that must not act for its owner: nothing happens until he confirms.

    He has 15 minutes. What is asked for twice waits once.
    """
    if body.opening is not None:
        opening = Opening(**body.opening.model_dump())
        asked = await service.ask_to_open(tx, caller, opening)
    else:
        assert body.trade_id is not None
        asked = await service.ask_for_step(tx, caller, body.step, body.trade_id, body.reason)
    return ConfirmationBody.of(asked, tx.now)


@router.get(
    "",
    summary="List what waits to be confirmed",
    responses=problems(*AUTHENTICATED, InvalidCursor)
    | links(
        200,
        to("confirm", "refuse_confirmation", "get_confirmation", confirmation_id="data/0/id"),
    ),
)
async def list_confirmations(
    tx: Tx,
    cursors: CursorsOf,
    caller: _Reader,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ConfirmationPage:
    """The newest first, with those of the last days that have their answer or have lapsed."""
    purpose = f"confirmations {caller.account_id}"
    before = UUID(str(cursors.read(purpose, cursor)[0])) if cursor else None
    found = await service.page(tx, caller.account_id, before, limit + 1)
    more, found = len(found) > limit, found[:limit]
    return ConfirmationPage(
        data=[ConfirmationBody.of(one, tx.now) for one in found],
        next_cursor=cursors.write(purpose, [str(found[-1].id)]) if more else None,
    )


@router.get(
    "/{confirmation_id}",
    summary="Look at a confirmation",
    responses=problems(*AUTHENTICATED, NotFound)
    | links(200, to("confirm", "refuse_confirmation", confirmation_id="id")),
)
async def get_confirmation(confirmation_id: UUID, tx: Tx, caller: _Reader) -> ConfirmationBody:
    """What was asked for, and whether its owner has answered."""
    found = await service.get(tx, caller.account_id, confirmation_id)
    return ConfirmationBody.of(found, tx.now)


@router.post(
    "/{confirmation_id}/confirm",
    summary="Confirm what a program asked for",
    responses=problems(
        *ONCE,
        *taking.REFUSALS,
        ConfirmationAnswered,
        ConfirmationExpired,
        ConfirmationDigestWrong,
        ConfirmationIncomplete,
        ConfirmationOutdated,
        ActionNotAllowed,
        TradeChanged,
        SignatureInvalid,
        SignatureMissing,
    )
    | links(200, to("get_trade", trade_id="trade_id")),
    openapi_extra=costs(40, money=True),
)
async def confirm(
    request: Request, confirmation_id: UUID, body: ConfirmBody, tx: Tx, caller: _Owner
) -> ConfirmationBody:
    """It is done at once, and once: by the same rules as if you had asked for it yourself.

    The token needs the scope of what is done, too. Where that fails, the confirmation waits on.
    """
    wallets = request.app.state.contract_signatures
    done = await service.confirm(tx, caller, confirmation_id, body.digest, body.proof(), wallets)
    return ConfirmationBody.of(done, tx.now)


@router.post(
    "/{confirmation_id}/refuse",
    summary="Refuse what a program asked for",
    responses=problems(*ONCE, NotFound, ConfirmationAnswered, ConfirmationExpired),
)
async def refuse_confirmation(confirmation_id: UUID, tx: Tx, caller: _Owner) -> ConfirmationBody:
    """Nothing is done, and it cannot be confirmed any more."""
    refused = await service.refuse(tx, caller, confirmation_id)
    return ConfirmationBody.of(refused, tx.now)
