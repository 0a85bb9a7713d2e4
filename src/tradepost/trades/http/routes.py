"""The trades' operations: `/v1/trades`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from tradepost.escrow import service as escrows
from tradepost.escrow.evm.wallet import Call
from tradepost.escrow.model import (
    ChainNotReady,
    EscrowImpossible,
    LockWayUnsupported,
    Party,
    SignatureInvalid,
)
from tradepost.identity import service as identity
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.errors import InvalidCursor, MalformedRequest, NotFound, PreconditionFailed
from tradepost.kernel.http import (
    DecimalString,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
    perhaps_expected,
)
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, problems
from tradepost.kernel.signatures import ContractSignatures
from tradepost.offers.model import (
    AmountOutOfRange,
    EncryptionKeyInvalid,
    HoldInvalid,
    OfferAlreadyTaken,
    OfferNotActive,
    OutsideWorkingHours,
    OwnOffer,
    TakerRefused,
    WalletNotProven,
)
from tradepost.payments.model import MethodLimitExceeded
from tradepost.prices.model import PriceUnavailable
from tradepost.trades import service, taking
from tradepost.trades.http.bodies import (
    CallBody,
    CancelBody,
    ChainTime,
    DisputeBody,
    EscrowBody,
    EscrowTermsBody,
    HistoryBody,
    HistoryEntryBody,
    InstructionsBody,
    LockBody,
    LockBroughtBody,
    LockInstruction,
    PartyBody,
    PaymentDetailsBody,
    SettlementBody,
    SettlementOffer,
    SettlementSigned,
    SignatureBody,
    TakeOfferBody,
    TradeBody,
    TradePage,
    ViewerBody,
)
from tradepost.trades.model import (
    Action,
    ActionNotAllowed,
    MethodNotOffered,
    PriceMoved,
    SameWallet,
    SignatureMissing,
    TooManyOpenTrades,
    Trade,
    TradeChanged,
    TradeState,
)
from tradepost.trades.settlements import (
    Settlement,
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
_ANY = (*ONCE, NotFound, PreconditionFailed, ActionNotAllowed, TradeChanged, ChainNotReady)
_STEP = problems(*_ANY)
_SIGNED = problems(*_ANY, SignatureInvalid)
_TAKEN = problems(
    *ONCE,
    NotFound,
    OfferNotActive,
    OfferAlreadyTaken,
    OutsideWorkingHours,
    OwnOffer,
    TakerRefused,
    AmountOutOfRange,
    PriceMoved,
    PriceUnavailable,
    HoldInvalid,
    MethodNotOffered,
    MethodLimitExceeded,
    WalletNotProven,
    SameWallet,
    TooManyOpenTrades,
    EncryptionKeyInvalid,
    EscrowImpossible,
    ChainNotReady,
)


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
            key_signature=_hex(trade.buyer_key_signature),
        ),
        seller=PartyBody(
            id=trade.seller_id,
            name=names[trade.seller_id],
            wallet=terms.seller,
            encryption_key=trade.seller_key,
            key_signature=_hex(trade.seller_key_signature),
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
            tx_hash=_hex(reading.tx_hash),
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
                lane=str(terms.lane),
            ),
            paid_on_chain=reading.paid_on_chain,
            cancel_at=_time(reading.cancel_at),
            lock=None
            if viewer.party is not Party.SELLER or escrow.lock is None
            else LockBroughtBody(
                way=escrow.lock.way, state=escrow.lock.state, reason=escrow.lock.reason
            ),
        ),
        settlements=[_signed(trade, one) for one in trade.settlements],
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


def _signed(trade: Trade, settlement: Settlement) -> SettlementSigned:
    return SettlementSigned(
        role=settlement.party,
        buyer_amount=str(type(trade.amount)(trade.amount.asset, settlement.buyer_amount)),
        valid_until=settlement.valid_until,
    )


async def _one(tx: Tx, seen: service.TradeView) -> TradeBody:
    return (await _shown(tx, [seen]))[0]


def _bytes(signature: str) -> bytes:
    return bytes.fromhex(signature[2:])


def _hex(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()


@router.post("", status_code=201, summary="Take an offer", responses=_TAKEN)
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
    return await _one(tx, await taking.take_offer(tx, caller, wanted))


@router.get(
    "", summary="List your trades", responses=problems(*AUTHENTICATED, InvalidCursor, ChainNotReady)
)
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


@router.get("/{trade_id}", summary="Show a trade", responses=_SEEN)
async def get_trade(trade_id: UUID, tx: Tx, caller: MayRead, response: Response) -> TradeBody:
    """The trade as you see it, with your next action and its deadline."""
    seen = await service.get(tx, caller, trade_id)
    response.headers["ETag"] = etag(seen.trade.version)
    return await _one(tx, seen)


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
            SettlementOffer(**_signed(trade, one).model_dump(), typed_data=shown)
            for one, shown in zip(offers, joined, strict=True)
        ],
    )


def _call(call: Call | None) -> CallBody | None:
    if call is None:
        return None
    return CallBody(to=call.to, data="0x" + call.data.hex(), value=str(call.value))


@router.get("/{trade_id}/history", summary="Show a trade's steps", responses=_SEEN)
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
    "/{trade_id}/lock",
    summary="Hand over a signed lock",
    responses=problems(
        *_ANY,
        SignatureInvalid,
        LockWayUnsupported,
    ),
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
    return await _one(tx, await service.lock(tx, caller, trade_id, body.signed(), wallets, means))


@router.post("/{trade_id}/payment-details", summary="Hand over payment details", responses=_STEP)
async def seal_payment_details(
    trade_id: UUID, body: PaymentDetailsBody, tx: Tx, caller: MayStep
) -> TradeBody:
    """The seller's: sealed on his side, opened only by the buyer."""
    return await _one(tx, await service.seal_payment_details(tx, caller, trade_id, body.sealed))


@router.post("/{trade_id}/payment-sent", summary="Say that you paid", responses=_SIGNED)
async def payment_sent(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayStep, wallets: Wallets
) -> TradeBody:
    """The buyer's, with his signed `Paid`: the seller can no longer take the coins back alone."""
    seen = await service.say_payment_sent(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await _one(tx, seen)


@router.post("/{trade_id}/release", summary="Release the coins", responses=_SIGNED)
async def release(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayRelease, wallets: Wallets
) -> TradeBody:
    """The seller's, with his signed `Release`: the exchange brings it to the chain."""
    seen = await service.release(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await _one(tx, seen)


@router.post("/{trade_id}/refund", summary="Give the coins back", responses=_SIGNED)
async def refund(
    trade_id: UUID, body: SignatureBody, tx: Tx, caller: MayStep, wallets: Wallets
) -> TradeBody:
    """The buyer's, with his signed `Refund`: he gives up."""
    seen = await service.refund(tx, caller, trade_id, _bytes(body.signature), wallets)
    return await _one(tx, seen)


@router.post(
    "/{trade_id}/cancel",
    summary="Cancel a trade",
    responses=problems(
        *_ANY,
        SignatureInvalid,
        SignatureMissing,
    ),
)
async def cancel(
    trade_id: UUID, body: CancelBody, tx: Tx, caller: MayStep, wallets: Wallets
) -> TradeBody:
    """Before the escrow: either side. After the payment deadline: the seller, signed."""
    signature = None if body.signature is None else _bytes(body.signature)
    return await _one(tx, await service.cancel(tx, caller, trade_id, signature, wallets))


@router.post("/{trade_id}/dispute", summary="Call the arbitrator", responses=_STEP)
async def open_dispute(trade_id: UUID, body: DisputeBody, tx: Tx, caller: MayStep) -> TradeBody:
    """Either side's: from now on two of three signatures decide."""
    return await _one(tx, await service.open_dispute(tx, caller, trade_id, body.reason))


@router.post(
    "/{trade_id}/settlement",
    summary="Sign a settlement",
    responses=problems(
        *_ANY,
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
    return await _one(tx, seen)
