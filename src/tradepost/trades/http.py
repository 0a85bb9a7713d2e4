"""The trades' part of the API: `/v1/trades`."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tradepost.escrow.model import EscrowState, Party
from tradepost.escrow.service import ContractSignatures
from tradepost.identity import service as identity
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.http import (
    Body,
    DecimalString,
    EvmAddress,
    HexKey,
    ProblemBody,
    Signature,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
)
from tradepost.trades import service
from tradepost.trades.model import Action, DisputeReason, TradeState

router = APIRouter(prefix="/trades", tags=["trades"], route_class=TransactionRoute)

MayRead = Annotated[Caller, Depends(allowed(Scope.TRADES_READ))]
MayWrite = Annotated[Caller, Depends(allowed_once(Scope.TRADES_WRITE))]
MayRelease = Annotated[Caller, Depends(allowed_once(Scope.ESCROW_RELEASE))]


def _wallets(request: Request) -> ContractSignatures:
    wallets: ContractSignatures = request.app.state.contract_signatures
    return wallets


Wallets = Annotated[ContractSignatures, Depends(_wallets)]

_EXAMPLE_SIGNATURE = "0x" + "1f" * 64 + "1b"
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemBody, "description": text}
    for status, text in {
        401: "no valid token",
        403: "the token lacks the scope, or the signature is another's",
        404: "no such trade of yours",
        409: "the trade does not allow this now",
        422: "malformed",
        503: "database or chain not reachable; try again",
    }.items()
}


class TakeOfferBody(Body):
    """What to take, and at which price at worst."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "offer_id": "019ac6d2-7f3e-7b0a-9c1d-5e6f70819203",
                    "fiat_amount": "250.00",
                    "price_limit": "1.02",
                    "payment_method": "sepa",
                    "wallet": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                    "encryption_key": "4f" * 32,
                }
            ]
        }
    )

    offer_id: UUID
    amount: DecimalString | None = None
    fiat_amount: DecimalString | None = None
    price_limit: DecimalString
    payment_method: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    wallet: EvmAddress
    encryption_key: HexKey

    @model_validator(mode="after")
    def _one_amount(self) -> "TakeOfferBody":
        if (self.amount is None) == (self.fiat_amount is None):
            raise ValueError("state either amount or fiat_amount")
        return self


class SignatureBody(Body):
    """A wallet's EIP-712 signature for this trade's escrow."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"signature": _EXAMPLE_SIGNATURE}]})

    signature: Signature


class CancelBody(Body):
    """The buyer's Refund signature, or the seller's Cancel signature, where one is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"signature": _EXAMPLE_SIGNATURE}]})

    signature: Signature | None = None


class PaymentDetailsBody(Body):
    """The payment details, sealed by NIP-44 v2 to the buyer's key of this trade."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sealed": "Ag" + "bW9k" * 40}]})

    sealed: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{100,8000}={0,2}$")]


class DisputeBody(Body):
    """Why the arbitrator is called."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not_paid"}]})

    reason: DisputeReason


class SettlementBody(Body):
    """How much of the trade's amount goes to the buyer, signed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"buyer_amount": "125.5", "signature": _EXAMPLE_SIGNATURE}]}
    )

    buyer_amount: DecimalString
    signature: Signature


class PartyBody(BaseModel):
    """One side of a trade."""

    id: UUID
    name: str | None
    wallet: str
    encryption_key: str


class EscrowTermsBody(BaseModel):
    """The terms as the contract hashes them; amounts in minor units, times in unix seconds."""

    seller: str
    buyer: str
    arbitrator: str
    token: str
    amount: str
    fee: str
    fee_recipient: str
    fund_by: int
    payment_window: int
    challenge_window: int
    salt: str


class EscrowBody(BaseModel):
    """What the chain says; check it yourself against `terms` and the contract."""

    id: str
    chain_id: int
    contract: str
    state: EscrowState
    confirmations: int
    confirmations_needed: int
    tx_hash: str | None
    terms: EscrowTermsBody
    paid_on_chain: bool
    cancel_at: datetime | None


class SettlementSigned(BaseModel):
    """A sum for the buyer that one party has signed."""

    role: Party
    buyer_amount: str


class ViewerBody(BaseModel):
    """What this trade means for you, and what you can do."""

    role: Party
    primary_action: Action | None
    allowed_actions: list[Action]
    deadline_at: datetime | None
    deadline_effect: str | None
    server_now: datetime
    chain_now: datetime


class TradeBody(BaseModel):
    """A trade."""

    id: UUID
    offer_id: UUID
    state: TradeState
    asset: str
    amount: str = Field(description="What the buyer receives, in whole coins.")
    fee: str = Field(description="What the seller locks on top of it.")
    currency: str
    fiat_amount: str
    price: str
    payment_method: str
    maker: Party
    buyer: PartyBody
    seller: PartyBody
    arbitrator: str
    terms: str
    sealed_payment_details: str | None
    dispute_reason: DisputeReason | None
    escrow: EscrowBody
    settlements: list[SettlementSigned]
    created_at: datetime
    updated_at: datetime
    funding_deadline: datetime
    payment_deadline: datetime | None
    viewer: ViewerBody


class TradePage(BaseModel):
    """Some trades, and where to go on."""

    data: list[TradeBody]
    next_cursor: str | None


class HistoryEntryBody(BaseModel):
    """One step of a trade; `by` is null where the clock or the chain took it."""

    model_config = ConfigDict(populate_by_name=True)

    at: datetime
    from_state: TradeState | None = Field(serialization_alias="from")
    to_state: TradeState = Field(serialization_alias="to")
    event: str
    by: Party | None


class HistoryBody(BaseModel):
    """All steps of a trade, in order."""

    data: list[HistoryEntryBody]


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


async def _shown(tx: Tx, views: list[service.TradeView]) -> list[TradeBody]:
    ids = {side for seen in views for side in (seen.trade.buyer_id, seen.trade.seller_id)}
    people = await identity.public_accounts(tx, sorted(ids))
    return [_body(tx, seen, {key: person.name for key, person in people.items()}) for seen in views]


def _body(tx: Tx, seen: service.TradeView, names: dict[UUID, str | None]) -> TradeBody:
    trade, escrow, chain, viewer = seen.trade, seen.escrow, seen.chain, seen.viewer
    terms, reading, asset = escrow.terms, escrow.reading, trade.amount.asset
    confirmations = (
        0 if reading.block_number is None else max(0, chain.head_number - reading.block_number + 1)
    )
    return TradeBody(
        id=trade.id,
        offer_id=trade.offer_id,
        state=trade.state,
        asset=asset.code,
        amount=str(trade.amount),
        fee=str(type(trade.amount)(asset, terms.fee)),
        currency=trade.fiat_amount.asset.code,
        fiat_amount=str(trade.fiat_amount),
        price=f"{trade.price:f}",
        payment_method=trade.payment_method,
        maker=trade.maker,
        buyer=PartyBody(
            id=trade.buyer_id,
            name=names[trade.buyer_id],
            wallet=terms.buyer,
            encryption_key=trade.buyer_key,
        ),
        seller=PartyBody(
            id=trade.seller_id,
            name=names[trade.seller_id],
            wallet=terms.seller,
            encryption_key=trade.seller_key,
        ),
        arbitrator=terms.arbitrator,
        terms=trade.terms,
        sealed_payment_details=None if viewer.party is Party.ARBITRATOR else trade.sealed_details,
        dispute_reason=trade.dispute_reason,
        escrow=EscrowBody(
            id="0x" + escrow.id.hex(),
            chain_id=escrow.chain_id,
            contract=escrow.contract,
            state=escrow.state,
            confirmations=confirmations,
            confirmations_needed=chain.confirmations,
            tx_hash=reading.tx_hash and "0x" + reading.tx_hash.hex(),
            terms=EscrowTermsBody(
                seller=terms.seller,
                buyer=terms.buyer,
                arbitrator=terms.arbitrator,
                token=terms.token,
                amount=str(terms.amount),
                fee=str(terms.fee),
                fee_recipient=terms.fee_recipient,
                fund_by=terms.fund_by,
                payment_window=terms.payment_window,
                challenge_window=terms.challenge_window,
                salt=str(terms.salt),
            ),
            paid_on_chain=reading.paid_on_chain,
            cancel_at=_time(reading.cancel_at),
        ),
        settlements=[
            SettlementSigned(
                role=one.party, buyer_amount=str(type(trade.amount)(asset, one.buyer_amount))
            )
            for one in seen.settlements
        ],
        created_at=trade.created_at,
        updated_at=trade.updated_at,
        funding_deadline=datetime.fromtimestamp(trade.fund_by, UTC),
        payment_deadline=_time(escrow.payment_deadline()),
        viewer=ViewerBody(
            role=viewer.party,
            primary_action=viewer.primary,
            allowed_actions=list(viewer.allowed),
            deadline_at=_time(viewer.deadline_at),
            deadline_effect=viewer.deadline_effect,
            server_now=tx.now,
            chain_now=datetime.fromtimestamp(chain.head_time, UTC),
        ),
    )


async def _one(tx: Tx, seen: service.TradeView) -> TradeBody:
    return (await _shown(tx, [seen]))[0]


def _bytes(signature: str) -> bytes:
    return bytes.fromhex(signature[2:])


@router.post("", status_code=201, summary="Take an offer", responses=_PROBLEMS)
async def take_offer(body: TakeOfferBody, tx: Tx, caller: MayWrite) -> TradeBody:
    """Opens a trade: the price is fixed, the offer's amount reserved, the escrow's terms set."""
    taking = service.Taking(
        offer_id=body.offer_id,
        amount=body.amount,
        fiat_amount=body.fiat_amount,
        price_limit=Decimal(body.price_limit),
        payment_method=body.payment_method,
        wallet=body.wallet,
        encryption_key=body.encryption_key,
    )
    return await _one(tx, await service.take_offer(tx, caller, taking))


@router.get("", summary="List your trades", responses=_PROBLEMS)
async def list_trades(
    request: Request,
    tx: Tx,
    caller: MayRead,
    state: TradeState | None = None,
    role: Party | None = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> TradePage:
    """Newest first. With `role=arbitrator`, an arbitrator sees the disputed ones."""
    cursors: Cursors = request.app.state.cursors
    purpose = f"trades:{caller.account_id}:{state}:{role}"
    before = UUID(str(cursors.read(purpose, cursor)[0])) if cursor else None
    views = await service.page(tx, caller, role, state, before, limit + 1)
    more = len(views) > limit
    views = views[:limit]
    return TradePage(
        data=await _shown(tx, views),
        next_cursor=cursors.write(purpose, [str(views[-1].trade.id)]) if more else None,
    )


@router.get("/{trade_id}", summary="Show a trade", responses=_PROBLEMS)
async def get_trade(trade_id: UUID, tx: Tx, caller: MayRead, response: Response) -> TradeBody:
    """The trade as you see it, with your next action and its deadline."""
    seen = await service.get(tx, caller, trade_id)
    response.headers["ETag"] = etag(seen.trade.version)
    response.headers["Cache-Control"] = "private, no-cache"
    return await _one(tx, seen)


@router.get("/{trade_id}/history", summary="Show a trade's steps", responses=_PROBLEMS)
async def get_history(trade_id: UUID, tx: Tx, caller: MayRead) -> HistoryBody:
    """Each step with its time, and who took it."""
    trade = (await service.get(tx, caller, trade_id)).trade
    entries = await service.history(tx, caller, trade_id)
    sides = {trade.buyer_id: Party.BUYER, trade.seller_id: Party.SELLER}
    return HistoryBody(
        data=[
            HistoryEntryBody(
                at=entry.at,
                from_state=entry.from_state,
                to_state=entry.to_state,
                event=entry.event,
                by=entry.by and sides.get(entry.by, Party.ARBITRATOR),
            )
            for entry in entries
        ]
    )


@router.post(
    "/{trade_id}/payment-details", summary="Hand over payment details", responses=_PROBLEMS
)
async def seal_payment_details(
    trade_id: UUID, body: PaymentDetailsBody, tx: Tx, caller: MayWrite
) -> TradeBody:
    """The seller's: sealed on his side, opened only by the buyer."""
    return await _one(tx, await service.seal_payment_details(tx, caller, trade_id, body.sealed))


@router.post("/{trade_id}/payment-sent", summary="Say that you paid", responses=_PROBLEMS)
async def payment_sent(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayWrite, wallets: Wallets
) -> TradeBody:
    """The buyer's, with his signed `Paid`: the seller can no longer take the coins back alone."""
    seen = await service.say_payment_sent(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await _one(tx, seen)


@router.post("/{trade_id}/release", summary="Release the coins", responses=_PROBLEMS)
async def release(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayRelease, wallets: Wallets
) -> TradeBody:
    """The seller's, with his signed `Release`: the exchange brings it to the chain."""
    seen = await service.release(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await _one(tx, seen)


@router.post("/{trade_id}/refund", summary="Give the coins back", responses=_PROBLEMS)
async def refund(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayWrite, wallets: Wallets
) -> TradeBody:
    """The buyer's, with his signed `Refund`: he gives up."""
    seen = await service.refund(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await _one(tx, seen)


@router.post("/{trade_id}/cancel", summary="Cancel a trade", responses=_PROBLEMS)
async def cancel(
    trade_id: UUID, body: CancelBody, tx: Tx, caller: MayWrite, wallets: Wallets
) -> TradeBody:
    """Before the escrow: either side. After the payment deadline: the seller, signed."""
    signature = None if body.signature is None else _bytes(body.signature)
    return await _one(tx, await service.cancel(tx, caller, trade_id, signature, wallets))


@router.post("/{trade_id}/dispute", summary="Call the arbitrator", responses=_PROBLEMS)
async def open_dispute(trade_id: UUID, body: DisputeBody, tx: Tx, caller: MayWrite) -> TradeBody:
    """Either side's: from now on two of three signatures decide."""
    return await _one(tx, await service.open_dispute(tx, caller, trade_id, body.reason))


@router.post("/{trade_id}/settlement", summary="Sign a settlement", responses=_PROBLEMS)
async def sign_settlement(
    trade_id: UUID, body: SettlementBody, tx: Tx, caller: MayRelease, wallets: Wallets
) -> TradeBody:
    """A party's, or the arbitrator's in a dispute: two equal ones are brought to the chain."""
    seen = await service.sign_settlement(
        tx, caller, trade_id, body.buyer_amount, _bytes(body.signature), wallets
    )
    return await _one(tx, seen)
