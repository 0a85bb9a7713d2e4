"""The trades' operations: `/v1/trades`."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from tradepost.escrow import service as escrows
from tradepost.escrow.evm.wallet import Call
from tradepost.escrow.model import (
    ChainNotReady,
    LockWayUnsupported,
    Party,
    SignatureInvalid,
)
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import (
    InvalidCursor,
    MalformedRequest,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from tradepost.kernel.http import (
    CursorsOf,
    DecimalString,
    Moment,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
    perhaps_expected,
)
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.kernel.signatures import ContractSignatures
from tradepost.trades import service, taking
from tradepost.trades.export import COLUMNS, Form, Period, lines
from tradepost.trades.http.bodies import (
    CallBody,
    CancelBody,
    ChainTime,
    DisputeBody,
    HistoryBody,
    InstructionsBody,
    LockBody,
    LockInstruction,
    PaymentDetailsBody,
    SettlementBody,
    SettlementOffer,
    SignatureBody,
    TakeOfferBody,
    TradeBody,
    TradePage,
)
from tradepost.trades.http.shown import shown, shown_all, shown_history, signed
from tradepost.trades.model import (
    Action,
    ActionNotAllowed,
    SignatureMissing,
    TradeChanged,
    TradeState,
)
from tradepost.trades.settlements import (
    SettlementLapsed,
    SettlementTooLarge,
    SettlementTooLong,
)

router = APIRouter(prefix="/trades", tags=["trades"], route_class=TransactionRoute)

MayRead = Annotated[Caller, Depends(allowed(Scope.TRADES_READ))]
MayWrite = Annotated[Caller, Depends(allowed_once(Scope.TRADES_WRITE))]


def _stepping(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller of a step, who may say by `If-Match` which trade he saw."""

    async def dependency(
        trade_id: UUID,
        tx: Tx,
        caller: Annotated[Caller, Depends(allowed_once(scope))],
        seen: Annotated[int | None, Depends(perhaps_expected)],
    ) -> Caller:
        if seen is not None:
            await service.expect(tx, caller, trade_id, seen)
        return caller

    return dependency


MayStep = Annotated[Caller, Depends(_stepping(Scope.TRADES_WRITE))]
MayRelease = Annotated[Caller, Depends(_stepping(Scope.ESCROW_RELEASE))]


def _wallets(request: Request) -> ContractSignatures:
    wallets: ContractSignatures = request.app.state.contract_signatures
    return wallets


def _means(request: Request) -> escrows.LockMeans:
    means: escrows.LockMeans = request.app.state.lock_means
    return means


Wallets = Annotated[ContractSignatures, Depends(_wallets)]
Means = Annotated[escrows.LockMeans, Depends(_means)]

_SEEN = problems(*AUTHENTICATED, NotFound, ChainNotReady)
#: What each step of a party can answer.
_STEPS = (
    *ONCE,
    NotFound,
    PreconditionFailed,
    # Of an If-Match that is no version.
    PreconditionRequired,
    ActionNotAllowed,
    TradeChanged,
    ChainNotReady,
)
_STEP = problems(*_STEPS)
_SIGNED = problems(*_STEPS, SignatureInvalid)
_TAKEN = problems(*ONCE, *taking.REFUSALS)


def _bytes(signature: str) -> bytes:
    return bytes.fromhex(signature[2:])


@router.post(
    "",
    status_code=201,
    summary="Take an offer",
    responses=_TAKEN
    | links(
        201,
        to(
            "get_trade",
            "get_instructions",
            "get_history",
            "lock",
            "seal_payment_details",
            "payment_sent",
            "release",
            "refund",
            "cancel",
            "open_dispute",
            "sign_settlement",
            trade_id="id",
        ),
        to("get_offer", offer_id="offer_id"),
    ),
    openapi_extra=costs(20, money=True),
)
async def take_offer(body: TakeOfferBody, tx: Tx, caller: MayWrite) -> TradeBody:
    """Opens a trade: the price is fixed, the offer's amount reserved, the escrow's terms set."""
    wanted = taking.Taking(
        offer_id=body.offer_id,
        amount=body.amount,
        fiat_amount=body.fiat_amount,
        price_limit=Decimal(body.price_limit),
        payment_method=body.payment_method,
        wallet=body.wallet,
        encryption_key=body.encryption_key,
        key_signature=None if body.key_signature is None else _bytes(body.key_signature),
        hold=body.hold,
        link=body.link,
        country=body.country,
    )
    return await shown(tx, await taking.take_offer(tx, caller, wanted))


@router.get(
    "",
    summary="List your trades",
    responses=problems(*AUTHENTICATED, InvalidCursor, ChainNotReady)
    | links(200, to("get_trade", trade_id="data/0/id")),
)
async def list_trades(
    tx: Tx,
    cursors: CursorsOf,
    caller: MayRead,
    state: TradeState | None = None,
    role: Party | None = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> TradePage:
    """Newest first. With `role=arbitrator`, an arbitrator sees the disputed ones."""
    purpose = f"trades:{caller.account_id}:{state}:{role}"
    before = UUID(str(cursors.read(purpose, cursor)[0])) if cursor else None
    views = await service.page(tx, caller, role, state, before, limit + 1)
    more = len(views) > limit
    views = views[:limit]
    return TradePage(
        data=await shown_all(tx, views),
        next_cursor=cursors.write(purpose, [str(views[-1].trade.id)]) if more else None,
    )


_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as it is made.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": ",".join(COLUMNS),
            },
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"id":"0193579a-6a10-7d22-8f31-6b7c8d9e0f12","state":"completed"}',
            },
        },
    }
}


@router.get(
    "/export",
    summary="Download your trades",
    response_class=StreamingResponse,
    responses=_FILE | problems(*AUTHENTICATED),
    openapi_extra=costs(20, money=False),
)
async def export_trades(
    request: Request,
    caller: MayRead,
    form: Annotated[Form, Query(alias="format")] = Form.CSV,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
) -> StreamingResponse:
    """The oldest first, one a row, for books and taxes: what was moved and what it cost.

    With `from` or `to`, those that ended in that time; `from` is in it, `to` is not.
    """
    parts = lines(request.app.state.database, caller.account_id, form, Period(since, until))
    kind = "text/csv; charset=utf-8" if form is Form.CSV else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="trades.{form}"'}
    return StreamingResponse(parts, headers=headers, media_type=kind)


@router.get(
    "/{trade_id}",
    summary="Show a trade",
    responses=_SEEN | links(200, to("get_instructions", "get_history", trade_id="id")),
)
async def get_trade(trade_id: UUID, tx: Tx, caller: MayRead, response: Response) -> TradeBody:
    """The trade as you see it, with your next action and its deadline."""
    seen = await service.get(tx, caller, trade_id)
    response.headers["ETag"] = etag(seen.trade.version)
    return await shown(tx, seen)


@router.get(
    "/{trade_id}/instructions",
    summary="What your wallet signs or sends",
    responses=problems(*AUTHENTICATED, NotFound, ChainNotReady, SettlementTooLarge),
)
async def get_instructions(
    trade_id: UUID,
    tx: Tx,
    caller: MayRead,
    means: Means,
    buyer_amount: DecimalString | None = None,
    valid_until: ChainTime | None = None,
) -> InstructionsBody:
    """Typed data and transactions for a wallet driven by hand; check them against the terms.

    With `buyer_amount` and `valid_until`, also what you sign to offer that settlement.
    """
    if (buyer_amount is None) != (valid_until is None):
        raise MalformedRequest("A settlement has a buyer_amount and a valid_until.")
    seen = await service.get(tx, caller, trade_id)
    trade, escrow = seen.trade, seen.escrow
    asked = escrows.instructions(escrow, seen.viewer.party)
    typed_data = dict(asked.typed_data)
    if buyer_amount is not None and valid_until is not None:
        own = service.share_of(trade, buyer_amount).minor, valid_until
        typed_data["Settlement"] = escrows.settlement_instructions(escrow, [own])[0]
    offers = [
        one
        for one in trade.settlements
        if one.party is not seen.viewer.party and not one.lapsed(seen.chain.head_time)
    ]
    joined = escrows.settlement_instructions(escrow, [one.share for one in offers])
    return InstructionsBody(
        approve=_call(asked.approve),
        lock=_call(asked.lock),
        typed_data=typed_data,
        signed_locks=[
            LockInstruction(way=one.way, typed_data=one.typed_data, nonce=one.nonce)
            for one in await escrows.lock_instructions(escrow, means)
        ]
        if Action.LOCK in seen.viewer.allowed
        else [],
        settlements=[
            SettlementOffer(**signed(trade, one).model_dump(), typed_data=typed)
            for one, typed in zip(offers, joined, strict=True)
        ],
    )


def _call(call: Call | None) -> CallBody | None:
    if call is None:
        return None
    return CallBody(to=call.to, data="0x" + call.data.hex(), value=str(call.value))


@router.get(
    "/{trade_id}/history",
    summary="Show a trade's steps",
    responses=problems(*AUTHENTICATED, NotFound, InvalidCursor, ChainNotReady),
)
async def get_history(
    trade_id: UUID,
    tx: Tx,
    cursors: CursorsOf,
    caller: MayRead,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> HistoryBody:
    """Each step with its time and who took it, from the first on."""
    purpose = f"trade history {trade_id}"
    after = int(cursors.read(purpose, cursor)[0]) if cursor else 0
    trade, entries = await service.history(tx, caller, trade_id, after, limit + 1)
    more = len(entries) > limit
    entries = entries[:limit]
    return HistoryBody(
        data=shown_history(trade.buyer_id, trade.seller_id, entries),
        next_cursor=cursors.write(purpose, [entries[-1].version]) if more else None,
    )


@router.post(
    "/{trade_id}/lock",
    summary="Hand over a signed lock",
    responses=problems(*_STEPS, SignatureInvalid, LockWayUnsupported),
    openapi_extra=costs(40, money=True),
)
async def lock(
    trade_id: UUID, body: LockBody, tx: Tx, caller: MayStep, wallets: Wallets, means: Means
) -> TradeBody:
    """The seller's, instead of a transaction of his own: the exchange brings it and pays its gas.

    It is tried until the funding deadline; `escrow.lock` tells how far it is, and why the chain
    refuses it. As long as no transaction carries it, another one takes its place, and a cancel
    withdraws it. A signature itself cannot be called back: whoever has it could bring it until the
    deadline, unless you use up what it draws on, or its nonce.
    """
    return await shown(tx, await service.lock(tx, caller, trade_id, body.signed(), wallets, means))


@router.post("/{trade_id}/payment-details", summary="Hand over payment details", responses=_STEP)
async def seal_payment_details(
    trade_id: UUID, body: PaymentDetailsBody, tx: Tx, caller: MayStep
) -> TradeBody:
    """The seller's: sealed on his side, opened only by the buyer."""
    return await shown(tx, await service.seal_payment_details(tx, caller, trade_id, body.sealed))


@router.post("/{trade_id}/payment-sent", summary="Say that you paid", responses=_SIGNED)
async def payment_sent(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayStep, wallets: Wallets
) -> TradeBody:
    """The buyer's, with his signed `Paid`: the seller can no longer take the coins back alone."""
    seen = await service.say_payment_sent(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await shown(tx, seen)


@router.post("/{trade_id}/release", summary="Release the coins", responses=_SIGNED)
async def release(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayRelease, wallets: Wallets
) -> TradeBody:
    """The seller's, with his signed `Release`: the exchange brings it to the chain."""
    seen = await service.release(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await shown(tx, seen)


@router.post("/{trade_id}/refund", summary="Give the coins back", responses=_SIGNED)
async def refund(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayStep, wallets: Wallets
) -> TradeBody:
    """The buyer's, with his signed `Refund`: he gives up."""
    seen = await service.refund(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await shown(tx, seen)


@router.post(
    "/{trade_id}/cancel",
    summary="Cancel a trade",
    responses=problems(
        *_STEPS,
        SignatureInvalid,
        SignatureMissing,
    ),
)
async def cancel(
    trade_id: UUID, body: CancelBody, tx: Tx, caller: MayStep, wallets: Wallets
) -> TradeBody:
    """Before the escrow: either side. After the payment deadline: the seller, signed."""
    signature = None if body.signature is None else _bytes(body.signature)
    return await shown(tx, await service.cancel(tx, caller, trade_id, signature, wallets))


@router.post("/{trade_id}/dispute", summary="Call the arbitrator", responses=_STEP)
async def open_dispute(trade_id: UUID, body: DisputeBody, tx: Tx, caller: MayStep) -> TradeBody:
    """Either side's: from now on two of three signatures decide."""
    return await shown(tx, await service.open_dispute(tx, caller, trade_id, body.reason))


@router.post(
    "/{trade_id}/settlement",
    summary="Sign a settlement",
    responses=problems(
        *_STEPS,
        SignatureInvalid,
        SettlementTooLarge,
        SettlementTooLong,
        SettlementLapsed,
    ),
)
async def sign_settlement(
    trade_id: UUID, body: SettlementBody, tx: Tx, caller: MayRelease, wallets: Wallets
) -> TradeBody:
    """A party's, or the arbitrator's in a dispute: two equal ones are brought to the chain.

    Whoever is first chooses `valid_until`, up to 30 days ahead; whoever joins signs the same sum
    and the same time. What you sign takes the place of what you signed before.
    """
    seen = await service.sign_settlement(
        tx,
        caller,
        trade_id,
        body.buyer_amount,
        body.valid_until,
        _bytes(body.signature),
        wallets,
    )
    return await shown(tx, seen)
