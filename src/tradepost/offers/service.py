"""Offers' face: publish and keep one, quote it, and reserve a part of it for a trade."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from math import ceil
from uuid import UUID

from eth_utils.address import to_checksum_address
from itsdangerous import BadSignature, URLSafeSerializer

from tradepost.book.model import Wanted
from tradepost.book.service import RecentMarkets
from tradepost.identity import service as identity
from tradepost.kernel.assets import stated
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import MalformedRequest, NotFound, PreconditionFailed
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount, Price
from tradepost.kernel.outbox import Event
from tradepost.kernel.pricing import Direction, FixedPrice, floating
from tradepost.offers import deposits, model, store
from tradepost.offers.draft import Changes, Draft, changed, understand
from tradepost.offers.model import (
    MAX_SHARING,
    MISSED_TAKES,
    PRICE_HOLD,
    Deposit,
    HoldInvalid,
    NotYourOffer,
    Offer,
    OfferAlreadyTaken,
    OfferClosed,
    OfferCreated,
    OfferEvent,
    OfferInconsistent,
    OfferPaused,
    OfferResumed,
    OfferState,
    OfferUpdated,
    Page,
    PauseReason,
    Position,
    Quoted,
    ReservedByTrades,
    Taker,
    TooManyOffers,
    Visibility,
    WalletNotProven,
    advance,
    check_take,
    check_taker,
)
from tradepost.prices import service as prices
from tradepost.prices.model import INDEX, PriceUnavailable, Quote

_HOLD_SALT = "held price of an offer"


# --- what a maker does ---------------------------------------------------------------------


async def create_offer(tx: Transaction, maker_id: UUID, draft: Draft) -> Offer:
    """Publishes an offer.

    Raises as `draft.understand`, and `WalletNotProven`, `TooManyOffers`; with
    `shares_coins_with` `NotFound`, `NotYourOffer` and `OfferStateConflict`, too.
    """
    checked = understand(tx.settings, draft, tx.now)
    if not await identity.owns_wallet(tx, maker_id, draft.wallet):
        raise WalletNotProven
    offer = Offer(
        id=new_id(),
        version=1,
        state=OfferState.ACTIVE,
        paused_because=None,
        maker_id=maker_id,
        direction=draft.direction,
        asset=checked.asset,
        currency=checked.currency,
        price=checked.price,
        amounts=checked.amounts,
        total=checked.total,
        remaining=checked.total,
        stock_id=None,
        payment_methods=draft.payment_methods,
        country=draft.country,
        terms=draft.terms,
        funding_window_s=draft.funding_window_s,
        payment_window_s=checked.payment_window_s,
        visibility=draft.visibility,
        link=_link(draft.visibility, None),
        rules=checked.rules,
        hours=draft.hours,
        closes_at=draft.closes_at,
        wallet=to_checksum_address(draft.wallet),
        encryption_key=draft.encryption_key,
        key_signature=draft.key_signature,
        created_at=tx.now,
        updated_at=tx.now,
    )
    if draft.shares_coins_with is not None:
        offer = await _joined(tx, maker_id, draft.shares_coins_with, offer)
    if not await store.add(tx, offer):
        raise TooManyOffers
    await tx.publish(OfferCreated(str(offer.id)), [maker_id])
    await deposits.show(tx, [offer], news=True)
    return offer


async def _joined(tx: Transaction, maker_id: UUID, other_id: UUID, offer: Offer) -> Offer:
    """The new offer over the coins of another one, which is held."""
    other = await _own(tx, maker_id, other_id)
    advance(other.state, OfferEvent.EDIT)
    if not (
        offer.direction is other.direction is Direction.SELL
        and offer.unit == other.unit == offer.asset
        and offer.total == other.total
    ):
        raise OfferInconsistent(
            "Offers over the same coins sell one asset, state their amounts in it, and have the"
            " same total_amount."
        )
    stock_id = other.stock_id or other.id
    if other.stock_id is None:
        await deposits.show(tx, [await store.share(tx, other.id, stock_id)], news=False)
    if len(await store.sharing(tx, stock_id)) >= MAX_SHARING:
        raise OfferInconsistent(f"At most {MAX_SHARING} offers are over the same coins.")
    return replace(offer, stock_id=stock_id, remaining=other.remaining)


async def edit_offer(
    tx: Transaction, maker_id: UUID, offer_id: UUID, seen_version: int, changes: Changes
) -> Offer:
    """Changes what an offer says, if it still is what its maker saw.

    What trades have reserved of it stays theirs: the total cannot go below that. A new total is
    that of all offers over the same coins. Raises `NotFound`, `NotYourOffer`,
    `PreconditionFailed`, `OfferStateConflict`, `ReservedByTrades`, and as `create_offer` for what
    is changed.
    """
    offer = await _own(tx, maker_id, offer_id)
    if offer.version != seen_version:
        raise PreconditionFailed(version=offer.version)
    state = advance(offer.state, OfferEvent.EDIT)
    draft = changed(offer, changes)
    checked = understand(tx.settings, draft, tx.now)
    if checked.total.asset != offer.unit:
        if offer.reserved.minor or offer.stock_id is not None:
            raise ReservedByTrades(reserved_amount=str(offer.reserved))
        offer = replace(offer, total=checked.total, remaining=checked.total)
    if checked.total < offer.reserved:
        raise ReservedByTrades(reserved_amount=str(offer.reserved))
    edited = replace(
        offer,
        state=state,
        price=checked.price,
        amounts=checked.amounts,
        total=checked.total,
        remaining=checked.total - offer.reserved,
        payment_methods=draft.payment_methods,
        country=draft.country,
        terms=draft.terms,
        funding_window_s=draft.funding_window_s,
        payment_window_s=checked.payment_window_s,
        visibility=draft.visibility,
        link=_link(draft.visibility, offer.link),
        rules=checked.rules,
        hours=draft.hours,
        closes_at=draft.closes_at,
    )
    others: list[Offer] = []
    if offer.stock_id is not None and edited.total != offer.total:
        for other in await store.sharing(tx, offer.stock_id):
            if other.id != offer.id and edited.total < other.amounts.most:
                raise OfferInconsistent(
                    "Another offer over the same coins has a larger max_amount."
                )
        others = await store.change_total(tx, offer, edited.total.minor - offer.total.minor)
    return await _save(tx, offer, edited, OfferUpdated(str(offer.id)), others)


async def pause(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """Takes an offer out of the book; raises `NotFound`, `NotYourOffer`, `OfferStateConflict`."""
    offer = await _own(tx, maker_id, offer_id)
    return await _pause(tx, offer, PauseReason.MAKER)


async def resume(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """Puts a paused offer back into the book: its maker is there. Raises as `pause`."""
    offer = await _own(tx, maker_id, offer_id)
    state = advance(offer.state, OfferEvent.RESUME)
    await store.forget_missed(tx, maker_id)
    changed = replace(offer, state=state, paused_because=None)
    return await _save(tx, offer, changed, OfferResumed(str(offer_id)))


async def close(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """Ends an offer for good; trades on it go on. Raises as `pause`."""
    return await _close(tx, await _own(tx, maker_id, offer_id))


async def _pause(tx: Transaction, offer: Offer, reason: PauseReason) -> Offer:
    state = advance(offer.state, OfferEvent.PAUSE)
    changed = replace(offer, state=state, paused_because=reason)
    return await _save(tx, offer, changed, OfferPaused(str(offer.id), reason))


async def _close(tx: Transaction, offer: Offer) -> Offer:
    changed = replace(offer, state=advance(offer.state, OfferEvent.CLOSE), paused_because=None)
    return await _save(tx, offer, changed, OfferClosed(str(offer.id)))


async def wake(tx: Transaction) -> bool:
    """Does what the clock asks of one offer: working hours, end date; False where nothing is due.

    It is news: an offer can come into the book by the clock that nobody has heard of.
    """
    offer = await store.due(tx)
    if offer is None:
        return False
    if offer.closes_at is not None and offer.closes_at <= tx.now:
        await _close(tx, offer)
    else:
        await store.next_change(tx, offer.id, offer.next_change(tx.now))
        await deposits.show(tx, [offer], news=True)
    return True


# --- what others see -----------------------------------------------------------------------


async def get(tx: Transaction, offer_id: UUID) -> Offer:
    """The offer, in any state, whoever may see it; raises `NotFound`."""
    offer = await store.get(tx, offer_id)
    if offer is None:
        raise NotFound
    return offer


async def seen_by(
    tx: Transaction, account_id: UUID | None, offer_id: UUID, link: str | None
) -> Offer:
    """The offer, if it is shown to this account; raises `NotFound`."""
    offer = await get(tx, offer_id)
    if not offer.shown_to(account_id, await _trusting(tx, account_id, [offer]), link):
        raise NotFound
    return offer


async def shown_to(tx: Transaction, account_id: UUID | None, ids: Sequence[UUID]) -> list[Offer]:
    """Those of the offers, in any state, that are shown to this account without a link."""
    offers = await store.get_many(tx, ids)
    trusting = await _trusting(tx, account_id, offers)
    return [offer for offer in offers if offer.shown_to(account_id, trusting, None)]


async def _trusting(
    tx: Transaction, account_id: UUID | None, offers: Sequence[Offer]
) -> Collection[UUID]:
    makers = [one.maker_id for one in offers if one.visibility is Visibility.TRUSTED]
    if account_id is None or not makers:
        return ()
    return await identity.trusting(tx, makers, account_id)


async def mine(tx: Transaction, maker_id: UUID, after: Position | None, limit: int) -> Page:
    """The maker's offers in any state, the newest first."""
    before = None if after is None else UUID(str(after[0]))
    return _page(await store.of_maker(tx, maker_id, before, limit + 1), limit)


async def for_partner(
    tx: Transaction, account_id: UUID, after: Position | None, limit: int
) -> Page:
    """Offers that makers show to the account as a trusted partner, the newest first."""
    before = None if after is None else UUID(str(after[0]))
    makers = await identity.trusted_by(tx, account_id)
    return _page(await store.for_partner(tx, makers, before, limit + 1), limit)


def _page(offers: list[Offer], limit: int) -> Page:
    more = len(offers) > limit
    return Page(offers[:limit], [str(offers[limit - 1].id)] if more else None)


async def quoted(tx: Transaction, offer: Offer) -> Quoted:
    """The offer's price now; raises `PriceUnavailable` where what it follows is not fresh."""
    (found,) = await quoted_now(tx, [offer])
    if found is None:
        raise PriceUnavailable
    return found


async def quoted_now(
    tx: Transaction, offers: Sequence[Offer], recent: RecentMarkets | None = None
) -> list[Quoted | None]:
    """The prices of the offers now; None for one that follows what is not fresh.

    With `recent` they are those that this process knows: to show, not to trade by.
    """
    markets: dict[tuple[str, str], Mapping[str, Quote]] = {}
    for asset, currency in {(offer.asset, offer.currency) for offer in offers}:
        if recent is None:
            found = await prices.quotes(tx, asset.code, currency.code)
        else:
            market = await recent.of(tx, Wanted(asset=asset, currency=currency))
            found = {quote.source: quote for quote in market.quotes.values()}
        markets[asset.code, currency.code] = found
    return [
        _quoted(offer, markets[offer.asset.code, offer.currency.code], tx.now + PRICE_HOLD)
        for offer in offers
    ]


def _quoted(offer: Offer, quotes: Mapping[str, Quote], until: datetime) -> Quoted | None:
    index = quotes.get(INDEX)
    if isinstance(offer.price, FixedPrice):
        return Quoted(_price(offer, offer.price.value), index, until)
    follows = quotes.get(offer.price.source)
    value = None if follows is None else floating(offer.price, offer.direction, follows.value)
    return None if value is None else Quoted(_price(offer, value), index, until)


def _price(offer: Offer, value: Decimal) -> Price:
    return Price(offer.asset, offer.currency, value)


def hold(tx: Transaction, offer: Offer, quoted: Quoted) -> str:
    """A token by which the quoted price is held for a taker of this offer, until its maker edits.

    Nothing is stored for it.
    """
    # A whole second that is not before the moment that the taker is told.
    until = ceil(quoted.held_until.timestamp())
    said = [_hold_of(offer), f"{quoted.price.value:f}", until]
    return str(_holds(tx).dumps(said))


def held(tx: Transaction, offer: Offer, token: str) -> Price:
    """The price that a token of `hold` holds; raises `HoldInvalid`."""
    try:
        said, value, until = _holds(tx).loads(token)
    except BadSignature:
        raise HoldInvalid from None
    if said != _hold_of(offer) or tx.now.timestamp() > until:
        raise HoldInvalid
    return _price(offer, Decimal(value))


def _holds(tx: Transaction) -> URLSafeSerializer:
    return URLSafeSerializer(tx.settings.secret.get_secret_value(), salt=_HOLD_SALT)


def _hold_of(offer: Offer) -> str:
    return f"{offer.id} {offer.price}"


def quote(
    offer: Offer, price: Price, *, amount: str | None = None, fiat_amount: str | None = None
) -> tuple[Amount, Amount]:
    """What is taken of the coin and what it costs, for exactly one of both as a decimal string.

    The other is rounded in favour of the maker. Raises `AmountOutOfRange` where either is zero,
    and `MalformedRequest` for an amount finer than its asset, or for none or two of them.
    """
    if (amount is None) == (fiat_amount is None):
        raise MalformedRequest("It takes either amount or fiat_amount.")
    if amount is not None:
        coins = stated(offer.asset, "amount", amount)
        return model.quote_amount(offer.direction, price, coins)
    assert fiat_amount is not None
    money = stated(offer.currency, "fiat_amount", fiat_amount)
    return model.quote_fiat(offer.direction, price, money)


# --- what a trade does ---------------------------------------------------------------------


async def reserve(
    tx: Transaction, offer: Offer, taker: Taker, amount: Amount, fiat_amount: Amount
) -> Offer:
    """Takes what a trade is about out of what remains of the offer; the offer as it is then.

    One statement decides, so that of two takers of the last piece one gets it; where several
    offers are over the same coins, all of them are held first. Raises `NotFound`, `OwnOffer`,
    `OfferNotActive`, `OutsideWorkingHours`, `AmountOutOfRange`, `OfferAlreadyTaken`,
    `TakerRefused`.
    """
    taken = amount if offer.unit == amount.asset else fiat_amount
    if offer.stock_id is None:
        reserved = await store.reserve(tx, offer.id, taken, taker.account_id)
        changed = [] if reserved is None else [reserved]
    else:
        held_offers = {one.id: one for one in await store.sharing(tx, offer.stock_id)}
        check_take(held_offers[offer.id], taken, taker.account_id, tx.now)
        changed = await store.change_remaining(tx, offer, -taken.minor)
        # One that came while these were waited for is over the same coins, too.
        assert {one.id for one in changed} >= held_offers.keys(), "they are over the same coins"
    after = next((one for one in changed if one.id == offer.id), None)
    if after is None:
        by_now = await get(tx, offer.id)
        check_take(by_now, taken, taker.account_id, tx.now)
        if by_now.stock_id != offer.stock_id:
            return await reserve(tx, by_now, taker, amount, fiat_amount)
        # It could not be reserved a moment ago, and by now it could: the next try will tell.
        raise OfferAlreadyTaken(remaining_amount=str(offer.remaining))
    check_take(replace(after, remaining=after.remaining + taken), taken, taker.account_id, tx.now)
    check_taker(after, taken, taker, tx.now)
    await deposits.show(tx, changed, news=False)
    return after


async def give_back(tx: Transaction, offer_id: UUID, amount: Amount, fiat_amount: Amount) -> None:
    """Returns what `reserve` took, once, when its trade came to nothing.

    A closed offer stays closed, and a paused one paused.
    """
    changed = await _returned(tx, offer_id, amount, fiat_amount)
    if not changed:
        # Others may have come to be over the same coins while it waited for the row.
        changed = await _returned(tx, offer_id, amount, fiat_amount)
    assert changed, "no more is given back than was reserved"
    # They may have been taken before anybody heard of them.
    await deposits.show(tx, changed, news=True)


async def _returned(
    tx: Transaction, offer_id: UUID, amount: Amount, fiat_amount: Amount
) -> list[Offer]:
    offer = await get(tx, offer_id)
    if offer.stock_id is not None:
        await store.sharing(tx, offer.stock_id)
    taken = amount if offer.unit == amount.asset else fiat_amount
    return await store.change_remaining(tx, offer, taken.minor)


async def missed(tx: Transaction, maker_id: UUID) -> None:
    """The maker let a take lapse; after some in a row he is away, and all his offers pause."""
    # Held before the maker's row, as by every step that takes both.
    offers = await store.open_of(tx, maker_id)
    if await store.count_missed(tx, maker_id) >= MISSED_TAKES:
        for offer in offers:
            if offer.state is OfferState.ACTIVE:
                await _pause(tx, offer, PauseReason.AWAY)


async def met(tx: Transaction, maker_id: UUID) -> None:
    """The maker did his part of a take: what he missed before does not count any more."""
    await store.forget_missed(tx, maker_id)


# --- what escrow says of deposits ----------------------------------------------------------


async def deposit_read(tx: Transaction, wallet: str, asset_code: str, deposit: Deposit) -> None:
    """A wallet's deposit was read: offers that it covers now are funded, others are not."""
    await deposits.follow(tx, wallet, asset_code, deposit)


async def unread_deposits(tx: Transaction, limit: int) -> list[tuple[str, str]]:
    """Wallets whose deposits are not known yet, each with an asset that is traded."""
    return await store.unread_deposits(tx, [one.code for one in tx.settings.assets], limit)


# --- inside --------------------------------------------------------------------------------


async def _own(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """The maker's own offer, held until the transaction ends with all over the same coins."""
    offer = await get(tx, offer_id)
    if offer.maker_id != maker_id:
        raise NotYourOffer
    if offer.stock_id is not None:
        await store.sharing(tx, offer.stock_id)
    held_offer = await store.get(tx, offer_id, lock=True)
    assert held_offer is not None, "offers are never deleted"
    return held_offer


async def _save(
    tx: Transaction, seen: Offer, changed: Offer, told: Event, others: Sequence[Offer] = ()
) -> Offer:
    """Writes it and tells it; the book shows it, and `others` that have changed with it."""
    changed = replace(changed, version=seen.version + 1, updated_at=tx.now)
    saved = await store.replace(tx, changed, seen.version)
    assert saved, "the row is held since it was read"
    await tx.publish(told, [changed.maker_id])
    await deposits.show(tx, [changed, *others], news=True)
    return changed


def _link(visibility: Visibility, link: str | None) -> str | None:
    if visibility is not Visibility.LINK:
        return None
    return link or secrets.token_urlsafe(16)
