"""The routes of offers: what a maker does with his own, and what a taker asks of one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from tradepost.book.http import MarketAnswer
from tradepost.book.model import Market
from tradepost.book.service import RecentMarkets
from tradepost.identity import service as identity
from tradepost.kernel.access import Caller, Scope, Unauthenticated
from tradepost.kernel.assets import AssetNotTraded
from tradepost.kernel.errors import (
    InvalidCursor,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from tradepost.kernel.hours import HoursInvalid
from tradepost.kernel.http import (
    CursorsOf,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
    expected_version,
    perhaps,
)
from tradepost.kernel.iso import CountryUnknown, CurrencyUnknown
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.kernel.pricing import premium_bps
from tradepost.kernel.writes import WriteRoute
from tradepost.offers import deposits, service
from tradepost.offers.http.bodies import (
    EditOfferBody,
    NewOfferBody,
    OfferAnswer,
    OfferPage,
    OwnOfferAnswer,
    OwnOffersAnswer,
    PageQuery,
    QuoteAnswer,
    QuoteQuery,
)
from tradepost.offers.listing import document
from tradepost.offers.model import (
    AmountOutOfRange,
    EncryptionKeyInvalid,
    NotYourOffer,
    Offer,
    OfferInconsistent,
    OfferStateConflict,
    PriceSourceUnknown,
    Quoted,
    ReservedByTrades,
    TooManyOffers,
    WalletNotProven,
    hidden,
)
from tradepost.payments.model import PaymentMethodUnfit, PaymentMethodUnknown
from tradepost.prices.model import PriceUnavailable

router = APIRouter(route_class=TransactionRoute, tags=["offers"])
_writes = APIRouter(route_class=WriteRoute)


_Writer = Annotated[Caller, Depends(allowed_once(Scope.OFFERS_WRITE))]
_Reader = Annotated[Caller, Depends(allowed(Scope.OFFERS_READ))]
_Anybody = Annotated[Caller | None, Depends(perhaps)]
_SAID = (
    AssetNotTraded,
    CurrencyUnknown,
    CountryUnknown,
    PaymentMethodUnknown,
    PaymentMethodUnfit,
    PriceSourceUnknown,
    HoursInvalid,
    OfferInconsistent,
)
_STEP = problems(*ONCE, NotFound, NotYourOffer, OfferStateConflict)
_TAKE = to("take_offer", body={"offer_id": "id"})
_MADE = links(
    201,
    to("get_offer", "pause_offer", "resume_offer", "close_offer", "quote_offer", offer_id="id"),
    to("edit_offer", seen=True, offer_id="id"),
    _TAKE,
)


async def _seen(
    tx: Tx, offers: list[Offer], recent: RecentMarkets | None = None
) -> list[tuple[Offer, Quoted | None, dict[str, Any]]]:
    """The offers with their prices of now, and what of them is shown to everybody."""
    makers = await identity.public_accounts(tx, list({offer.maker_id for offer in offers}))
    priced = await service.quoted_now(tx, offers, recent)
    seen = []
    backed = await deposits.behind(tx, offers)
    for offer, quoted, (deposit, funded) in zip(offers, priced, backed, strict=True):
        shown = document(offer, makers[offer.maker_id].name).model_dump() | {
            "price": None if quoted is None else f"{quoted.price.value:f}",
            "premium_bps": None if quoted is None else _premium(quoted),
            "funded": funded,
            "deposit_block": None if deposit is None else deposit.block_number,
        }
        seen.append((offer, quoted, shown))
    return seen


def _premium(quoted: Quoted) -> int | None:
    if quoted.index is None:
        return None
    return premium_bps(quoted.price.value, quoted.index.value)


async def _own_many(
    tx: Tx, offers: list[Offer], recent: RecentMarkets | None = None
) -> list[OwnOfferAnswer]:
    answers = []
    for offer, quoted, shown in await _seen(tx, offers, recent):
        signature = offer.key_signature
        shown |= {
            "hidden_because": hidden(offer, tx.now, priced=quoted is not None),
            "link": offer.link,
            "wallet": offer.wallet,
            "encryption_key": offer.encryption_key,
            "key_signature": None if signature is None else "0x" + signature.hex(),
        }
        answers.append(OwnOfferAnswer.model_validate(shown))
    return answers


async def _own(tx: Tx, response: Response, offer: Offer) -> OwnOfferAnswer:
    response.headers["ETag"] = etag(offer.version)
    return (await _own_many(tx, [offer]))[0]


@_writes.post(
    "/offers",
    status_code=201,
    response_model=OwnOfferAnswer,
    summary="Publish an offer",
    responses=problems(
        *ONCE,
        *_SAID,
        WalletNotProven,
        EncryptionKeyInvalid,
        TooManyOffers,
        NotFound,
        NotYourOffer,
        OfferStateConflict,
    )
    | _MADE,
    openapi_extra=costs(10, money=True),
)
async def create_offer(request: Request, tx: Tx, caller: _Writer, body: NewOfferBody) -> Response:
    """It is in the book at once, if it is public and its maker works at this hour.

    `wallet` is the maker's own, used in the escrow of each trade; `encryption_key` (an x-only key
    of secp256k1) is what payment details are sealed to.
    """
    offer = await service.create_offer(tx, caller.account_id, body.draft())
    (answer,) = await _own_many(tx, [offer], request.app.state.markets)
    headers = {"ETag": etag(offer.version)}
    return Response(answer.model_dump_json(), 201, headers, media_type="application/json")


router.include_router(_writes)


@router.patch(
    "/offers/{offer_id}",
    summary="Change an offer",
    responses=problems(
        *AUTHENTICATED,
        *_SAID,
        NotFound,
        NotYourOffer,
        OfferStateConflict,
        ReservedByTrades,
        PreconditionRequired,
        PreconditionFailed,
    ),
)
async def edit_offer(
    tx: Tx,
    response: Response,
    caller: Annotated[Caller, Depends(allowed(Scope.OFFERS_WRITE))],
    version: Annotated[int, Depends(expected_version)],
    offer_id: UUID,
    body: EditOfferBody,
) -> OwnOfferAnswer:
    """If it still is what `If-Match` says you saw. Trades that were begun keep their price."""
    offer = await service.edit_offer(tx, caller.account_id, offer_id, version, body.changes())
    return await _own(tx, response, offer)


@router.post("/offers/{offer_id}/pause", summary="Pause an offer", responses=_STEP)
async def pause_offer(
    tx: Tx, response: Response, caller: _Writer, offer_id: UUID
) -> OwnOfferAnswer:
    """Takes it out of the book for a while; trades that were begun go on."""
    return await _own(tx, response, await service.pause(tx, caller.account_id, offer_id))


@router.post("/offers/{offer_id}/resume", summary="Resume an offer", responses=_STEP)
async def resume_offer(
    tx: Tx, response: Response, caller: _Writer, offer_id: UUID
) -> OwnOfferAnswer:
    """Puts a paused one back into the book."""
    return await _own(tx, response, await service.resume(tx, caller.account_id, offer_id))


@router.post("/offers/{offer_id}/close", summary="Close an offer", responses=_STEP)
async def close_offer(
    tx: Tx, response: Response, caller: _Writer, offer_id: UUID
) -> OwnOfferAnswer:
    """Takes it out of the book for good; trades that were begun go on."""
    return await _own(tx, response, await service.close(tx, caller.account_id, offer_id))


@router.get(
    "/offers/{offer_id}",
    response_model=OfferAnswer,
    summary="See an offer",
    responses=problems(NotFound, Unauthenticated)
    | links(
        200, to("quote_offer", offer_id="id"), to("edit_offer", seen=True, offer_id="id"), _TAKE
    ),
)
async def get_offer(
    tx: Tx,
    response: Response,
    caller: _Anybody,
    offer_id: UUID,
    link: Annotated[str | None, Query(max_length=64)] = None,
) -> OfferAnswer:
    """One offer in any state, if it is shown to you; its `ETag` is what `If-Match` takes."""
    account_id = None if caller is None else caller.account_id
    offer = await service.seen_by(tx, account_id, offer_id, link)
    response.headers["ETag"] = etag(offer.version)
    return (await shown_offers(tx, [offer]))[0]


async def shown_offers(tx: Tx, offers: list[Offer]) -> list[OfferAnswer]:
    """Each offer as those see it to whom it is shown."""
    return [OfferAnswer.model_validate(shown) for *_, shown in await _seen(tx, offers)]


@router.get(
    "/offers/{offer_id}/quote",
    summary="Ask what an offer costs",
    responses=problems(NotFound, Unauthenticated, PriceUnavailable, AmountOutOfRange)
    | links(
        200, to("take_offer", body={"amount": "amount", "price_limit": "price", "hold": "hold"})
    ),
)
async def quote_offer(
    tx: Tx, caller: _Anybody, offer_id: UUID, query: Annotated[QuoteQuery, Query()]
) -> QuoteAnswer:
    """The price for an amount, held for you for a minute unless the maker changes the offer.

    It reserves nothing. The fraction of a unit that a division leaves is the maker's.
    """
    account_id = None if caller is None else caller.account_id
    offer = await service.seen_by(tx, account_id, offer_id, query.link)
    quoted = await service.quoted(tx, offer)
    amount, fiat = service.quote(
        offer, quoted.price, amount=query.amount, fiat_amount=query.fiat_amount
    )
    market = Market({})
    if quoted.index is not None:
        key = (offer.asset.code, offer.currency.code, quoted.index.source)
        market = Market({key: quoted.index})
    return QuoteAnswer(
        price=f"{quoted.price.value:f}",
        premium_bps=_premium(quoted),
        amount=str(amount),
        fiat_amount=str(fiat),
        rounded_for=offer.direction.gain.value,
        held_until=quoted.held_until,
        hold=service.hold(tx, offer, quoted),
        market=MarketAnswer.of(market, offer.asset.code, offer.currency.code),
    )


@router.get(
    "/my/offers",
    summary="List my offers",
    responses=problems(*AUTHENTICATED, InvalidCursor)
    | links(200, to("get_offer", "pause_offer", "close_offer", offer_id="data/0/id")),
)
async def list_my_offers(
    tx: Tx, cursors: CursorsOf, caller: _Reader, query: Annotated[PageQuery, Query()]
) -> OwnOffersAnswer:
    """All offers of the account, in any state, the newest first."""
    purpose = f"my offers {caller.account_id}"
    after = None if query.cursor is None else cursors.read(purpose, query.cursor)
    page = await service.mine(tx, caller.account_id, after, query.limit)
    return OwnOffersAnswer(
        data=await _own_many(tx, list(page.offers)),
        next_cursor=None if page.next is None else cursors.write(purpose, page.next),
    )


@router.get(
    "/my/partners/offers",
    summary="List offers for me as a trusted partner",
    responses=problems(*AUTHENTICATED, InvalidCursor),
)
async def list_partners_offers(
    tx: Tx, cursors: CursorsOf, caller: _Reader, query: Annotated[PageQuery, Query()]
) -> OfferPage:
    """Active offers that their makers show to trusted partners only, the newest first."""
    purpose = f"offers for partner {caller.account_id}"
    after = None if query.cursor is None else cursors.read(purpose, query.cursor)
    page = await service.for_partner(tx, caller.account_id, after, query.limit)
    return OfferPage(
        data=await shown_offers(tx, list(page.offers)),
        next_cursor=None if page.next is None else cursors.write(purpose, page.next),
    )
