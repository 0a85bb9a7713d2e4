"""The routes of offers: the public book, and what a maker does with his own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from tradepost.identity import service as identity
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.errors import (
    InvalidCursor,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from tradepost.kernel.http import (
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
    expected_version,
)
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, problems
from tradepost.offers import service
from tradepost.offers.http.bodies import (
    EditOfferBody,
    NewOfferBody,
    OfferAnswer,
    OffersAnswer,
    OwnOfferAnswer,
    OwnOffersAnswer,
    PageQuery,
    SearchQuery,
)
from tradepost.offers.model import (
    AssetNotTraded,
    CountryUnknown,
    CurrencyUnknown,
    EncryptionKeyInvalid,
    NotYourOffer,
    Offer,
    OfferInconsistent,
    OfferStateConflict,
    PaymentMethodUnfit,
    PaymentMethodUnknown,
    ReservedByTrades,
    TooManyOffers,
    WalletNotProven,
)

router = APIRouter(route_class=TransactionRoute, tags=["offers"])


async def _own(tx: Tx, response: Response, offer: Offer) -> OwnOfferAnswer:
    response.headers["ETag"] = etag(offer.version)
    makers = await identity.public_accounts(tx, [offer.maker_id])
    return OwnOfferAnswer.of(offer, makers[offer.maker_id])


def _cursors(request: Request) -> Cursors:
    cursors: Cursors = request.app.state.cursors
    return cursors


_CursorsOf = Annotated[Cursors, Depends(_cursors)]
_Writer = Annotated[Caller, Depends(allowed_once(Scope.OFFERS_WRITE))]
_SAID = (
    AssetNotTraded,
    CurrencyUnknown,
    CountryUnknown,
    PaymentMethodUnknown,
    PaymentMethodUnfit,
    OfferInconsistent,
)
_STEP = problems(*ONCE, NotFound, NotYourOffer, OfferStateConflict)


@router.post(
    "/offers",
    status_code=201,
    summary="Publish an offer",
    responses=problems(*ONCE, *_SAID, WalletNotProven, EncryptionKeyInvalid, TooManyOffers),
)
async def create_offer(
    tx: Tx, response: Response, caller: _Writer, body: NewOfferBody
) -> OwnOfferAnswer:
    """It is in the book at once.

    `wallet` is the maker's own, used in the escrow of each trade; `encryption_key` (an x-only key
    of secp256k1) is what payment details are sealed to.
    """
    offer = await service.create_offer(tx, caller.account_id, body.draft())
    return await _own(tx, response, offer)


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
    "/offers",
    summary="Search the book",
    responses=problems(AssetNotTraded, CurrencyUnknown, InvalidCursor),
)
async def search_offers(
    tx: Tx, cursors: _CursorsOf, query: Annotated[SearchQuery, Query()]
) -> OffersAnswer:
    """Offers that can be taken now, for everybody to see.

    With a `direction` the best price for the taker comes first (of those who sell the lowest, of
    those who buy the highest), else the newest. `amount` needs `asset`, `fiat_amount` needs
    `currency`.
    """
    purpose = f"offers {query.model_dump_json(exclude={'cursor', 'limit'})}"
    after = None if query.cursor is None else cursors.read(purpose, query.cursor)
    page = await service.search(tx, query.wanted(), after, query.limit)
    makers = await identity.public_accounts(tx, list({offer.maker_id for offer in page.offers}))
    return OffersAnswer(
        data=[OfferAnswer.of(offer, makers[offer.maker_id]) for offer in page.offers],
        next_cursor=None if page.next is None else cursors.write(purpose, page.next),
    )


@router.get(
    "/offers/{offer_id}",
    response_model=OfferAnswer,
    summary="See an offer",
    responses=problems(NotFound) | {304: {"description": "It is still what `If-None-Match` says."}},
)
async def get_offer(
    tx: Tx,
    response: Response,
    offer_id: UUID,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> OfferAnswer | Response:
    """One offer in any state, for everybody to see; its `ETag` is what `If-Match` takes."""
    offer = await service.get(tx, offer_id)
    tag = etag(offer.version)
    if if_none_match and tag in [
        seen.strip().removeprefix("W/") for seen in if_none_match.split(",")
    ]:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    makers = await identity.public_accounts(tx, [offer.maker_id])
    return OfferAnswer.of(offer, makers[offer.maker_id])


@router.get(
    "/my/offers",
    summary="List my offers",
    responses=problems(*AUTHENTICATED, InvalidCursor),
)
async def list_my_offers(
    tx: Tx,
    cursors: _CursorsOf,
    caller: Annotated[Caller, Depends(allowed(Scope.OFFERS_READ))],
    query: Annotated[PageQuery, Query()],
) -> OwnOffersAnswer:
    """All offers of the account, in any state, the newest first."""
    purpose = f"my offers {caller.account_id}"
    after = None if query.cursor is None else cursors.read(purpose, query.cursor)
    page = await service.mine(tx, caller.account_id, after, query.limit)
    makers = await identity.public_accounts(tx, [caller.account_id])
    return OwnOffersAnswer(
        data=[OwnOfferAnswer.of(offer, makers[caller.account_id]) for offer in page.offers],
        next_cursor=None if page.next is None else cursors.write(purpose, page.next),
    )
