"""Taking an offer: what is asked of it, of the taker and of the price before a trade begins."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from tradepost.escrow import service as escrows
from tradepost.escrow.model import ChainNotReady, EscrowImpossible, Opening, Party
from tradepost.identity import service as identity
from tradepost.kernel.access import Caller
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound, Problem
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount
from tradepost.kernel.pricing import Direction
from tradepost.offers import service as offers
from tradepost.offers.draft import check_encryption_key
from tradepost.offers.model import (
    AmountOutOfRange,
    EncryptionKeyInvalid,
    HoldInvalid,
    Offer,
    OfferAlreadyTaken,
    OfferNotActive,
    OutsideWorkingHours,
    OwnOffer,
    Taker,
    TakerRefused,
    TakerRules,
    WalletNotProven,
    worse,
)
from tradepost.payments import service as payments
from tradepost.payments.model import MethodLimitExceeded
from tradepost.prices.model import PriceUnavailable
from tradepost.trades import store
from tradepost.trades.model import (
    MethodNotOffered,
    PriceMoved,
    SameWallet,
    TooManyOpenTrades,
    Trade,
    TradeOpened,
    TradeState,
)
from tradepost.trades.service import TradeView, view_of

#: What can stand against taking an offer; each operation that takes one answers these.
REFUSALS: Final[tuple[type[Problem], ...]] = (
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
#: Against those who take offers and vanish: each holds a maker's amount for a while.
_MAX_UNFUNDED = 20


@dataclass(frozen=True, slots=True)
class Taking:
    """What a taker asks for: an amount of the coin, or of the currency, at no worse a price."""

    offer_id: UUID
    amount: str | None
    fiat_amount: str | None
    price_limit: Decimal
    payment_method: str
    wallet: str
    encryption_key: str
    key_signature: bytes | None
    #: What holds the price of a quote; None: the price of this moment.
    hold: str | None
    #: What opens an offer that is shown by its link.
    link: str | None
    #: Where the taker says that he is.
    country: str | None


async def take_offer(tx: Transaction, caller: Caller, taking: Taking) -> TradeView:
    """Opens a trade on an offer, at the offer's price of this moment or at one that was held.

    The offer's amount is reserved and the escrow's terms are fixed; nothing is locked yet.
    Raises one of `REFUSALS`.
    """
    if not await identity.owns_wallet(tx, caller.account_id, taking.wallet):
        raise WalletNotProven
    check_encryption_key(taking.encryption_key)
    if await store.count_unfunded(tx, caller.account_id) >= _MAX_UNFUNDED:
        raise TooManyOpenTrades
    seen = await offers.seen_by(tx, caller.account_id, taking.offer_id, taking.link)
    if taking.hold is None:
        price = (await offers.quoted(tx, seen)).price
    else:
        price = offers.held(tx, seen, taking.hold)
    if worse(seen.direction, price.value, taking.price_limit):
        raise PriceMoved(price=f"{price.value:f}")
    amount, fiat_amount = offers.quote(
        seen, price, amount=taking.amount, fiat_amount=taking.fiat_amount
    )
    taker = await _taker(tx, caller.account_id, seen, taking)
    offer = await offers.reserve(tx, seen, taker, amount, fiat_amount)
    if offer.price != seen.price:
        raise PriceMoved
    if taking.payment_method not in offer.payment_methods:
        raise MethodNotOffered(payment_methods=list(offer.payment_methods))
    payments.check_limit(tx.settings, taking.payment_method, fiat_amount)
    if offer.wallet.lower() == taking.wallet.lower():
        raise SameWallet
    trade = await _open(tx, caller.account_id, offer, taking, price.value, (amount, fiat_amount))
    await tx.publish(TradeOpened(str(trade.id), str(offer.id)), [trade.buyer_id, trade.seller_id])
    return await view_of(tx, trade, caller)


async def _taker(tx: Transaction, account_id: UUID, offer: Offer, taking: Taking) -> Taker:
    """What the offer may ask of the taker, looked up only where it asks."""
    completed, since = 0, tx.now
    if offer.rules != TakerRules():
        completed = await store.count_completed(tx, account_id)
        since = (await identity.get(tx, account_id)).created_at
    return Taker(account_id, completed, since, taking.country)


async def _open(
    tx: Transaction,
    taker_id: UUID,
    offer: Offer,
    taking: Taking,
    price: Decimal,
    sums: tuple[Amount, Amount],
) -> Trade:
    amount, fiat_amount = sums
    maker = Party.SELLER if offer.direction is Direction.SELL else Party.BUYER
    sides = [
        (offer.maker_id, offer.wallet, offer.encryption_key, offer.key_signature),
        (taker_id, taking.wallet, taking.encryption_key, taking.key_signature),
    ]
    seller, buyer = sides if maker is Party.SELLER else reversed(sides)
    escrow = await escrows.open_escrow(
        tx,
        Opening(
            amount=amount,
            seller=seller[1],
            buyer=buyer[1],
            funding_window_s=offer.funding_window_s,
            payment_window_s=offer.payment_window_s,
        ),
    )
    trade = Trade(
        id=new_id(),
        offer_id=offer.id,
        buyer_id=buyer[0],
        seller_id=seller[0],
        maker=maker,
        state=TradeState.AWAITING_ESCROW,
        version=1,
        amount=amount,
        fiat_amount=fiat_amount,
        price=price,
        payment_method=taking.payment_method,
        terms=offer.terms,
        buyer_key=buyer[2],
        buyer_key_signature=buyer[3],
        seller_key=seller[2],
        seller_key_signature=seller[3],
        escrow_id=escrow.id,
        fund_by=escrow.terms.fund_by,
        sealed_details=None,
        paid_signature=None,
        payment_sent_at=None,
        release_signature=None,
        refund_signature=None,
        cancel_signature=None,
        given_back=False,
        dispute_reason=None,
        settlements=(),
        created_at=tx.now,
        updated_at=tx.now,
    )
    await store.add(tx, trade)
    return trade
