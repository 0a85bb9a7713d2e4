"""Offers' face: publish and keep one, find those of others, and reserve a part for a trade."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from coincurve import PublicKeyXOnly

from tradepost.identity import service as identity
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import MalformedRequest, NotFound, PreconditionFailed
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount, Asset, Price
from tradepost.kernel.outbox import Event
from tradepost.kernel.settings import Settings
from tradepost.offers import model, store
from tradepost.offers.model import (
    DEFAULT_FUNDING_WINDOW_S,
    MAX_OPEN_OFFERS,
    AmountSpec,
    AssetNotTraded,
    CountryUnknown,
    CurrencyUnknown,
    Direction,
    EncryptionKeyInvalid,
    NotYourOffer,
    Offer,
    OfferAlreadyTaken,
    OfferClosed,
    OfferCreated,
    OfferEvent,
    OfferPaused,
    OfferResumed,
    OfferState,
    OfferUpdated,
    PaymentMethod,
    ReservedByTrades,
    TooManyOffers,
    WalletNotProven,
    advance,
    check_amounts,
    check_methods,
    check_take,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a maker says of an offer; amounts are decimal strings in whole coins."""

    direction: Direction
    asset: str
    currency: str
    price: Decimal
    min_amount: str
    max_amount: str
    total_amount: str
    payment_methods: tuple[str, ...]
    wallet: str
    encryption_key: str
    country: str | None = None
    terms: str = ""
    funding_window_s: int = DEFAULT_FUNDING_WINDOW_S
    #: None: the longest of the payment methods' own.
    payment_window_s: int | None = None
    key_signature: bytes | None = None


class Changes(TypedDict, total=False):
    """What a maker changes of an offer: what is missing stays as it is."""

    price: Decimal
    min_amount: str
    max_amount: str
    total_amount: str
    payment_methods: tuple[str, ...]
    country: str | None
    terms: str
    funding_window_s: int
    payment_window_s: int


@dataclass(frozen=True, slots=True)
class Search:
    """What a taker looks for; amounts are decimal strings in whole units.

    An `amount` needs an `asset`, a `fiat_amount` a `currency`: else they say nothing.
    """

    direction: Direction | None = None
    asset: str | None = None
    currency: str | None = None
    amount: str | None = None
    fiat_amount: str | None = None
    payment_methods: tuple[str, ...] = ()
    country: str | None = None
    maker_id: UUID | None = None


#: A place in a list, as a cursor holds it.
Position = list[str | int]


@dataclass(frozen=True, slots=True)
class Page:
    """Offers in their order, and where the next page begins; None at the end."""

    offers: Sequence[Offer]
    next: Position | None


@dataclass(frozen=True, slots=True)
class _Checked:
    """The parts of a draft that had to be understood."""

    price: Price
    amounts: AmountSpec
    total: Amount
    payment_window_s: int


def currencies() -> Iterable[tuple[str, str, int]]:
    """Code, name and decimals of every currency."""
    for code, (name, asset) in model.currencies().items():
        yield code, name, asset.decimals


def payment_methods() -> Iterable[PaymentMethod]:
    """Every payment method."""
    return model.payment_methods().values()


async def create_offer(tx: Transaction, maker_id: UUID, draft: Draft) -> Offer:
    """Publishes an offer.

    Raises `AssetNotTraded`, `CurrencyUnknown`, `CountryUnknown`, `PaymentMethodUnknown`,
    `PaymentMethodUnfit`, `OfferInconsistent`, `WalletNotProven`, `EncryptionKeyInvalid`,
    `TooManyOffers`, and `MalformedRequest` for an amount finer than its asset.
    """
    checked = _check(tx.settings, draft)
    check_encryption_key(draft.encryption_key)
    if not await identity.owns_wallet(tx, maker_id, draft.wallet):
        raise WalletNotProven
    if await store.count_open(tx, maker_id) >= MAX_OPEN_OFFERS:
        raise TooManyOffers
    offer = Offer(
        id=new_id(),
        version=1,
        state=OfferState.ACTIVE,
        maker_id=maker_id,
        direction=draft.direction,
        price=checked.price,
        amounts=checked.amounts,
        total=checked.total,
        remaining=checked.total,
        payment_methods=draft.payment_methods,
        country=draft.country,
        terms=draft.terms,
        funding_window_s=draft.funding_window_s,
        payment_window_s=checked.payment_window_s,
        wallet=draft.wallet,
        encryption_key=draft.encryption_key,
        key_signature=draft.key_signature,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await store.add(tx, offer)
    await tx.publish(OfferCreated(str(offer.id)), [maker_id])
    return await get(tx, offer.id)


def check_encryption_key(key: str) -> None:
    """Raises `EncryptionKeyInvalid` unless `key` (64 hex digits) is an x-only public key."""
    try:
        PublicKeyXOnly(bytes.fromhex(key))
    except ValueError:
        raise EncryptionKeyInvalid from None


async def edit_offer(
    tx: Transaction, maker_id: UUID, offer_id: UUID, seen_version: int, changes: Changes
) -> Offer:
    """Changes what an offer says, if it still is what its maker saw.

    What trades have reserved of it stays theirs: the total cannot go below that.
    Raises `NotFound`, `NotYourOffer`, `PreconditionFailed`, `OfferStateConflict`,
    `ReservedByTrades`, and as `create_offer` for what is changed.
    """
    offer = await _own(tx, maker_id, offer_id)
    if offer.version != seen_version:
        raise PreconditionFailed(version=offer.version)
    state = advance(offer.state, OfferEvent.EDIT)
    draft = replace(_draft(offer), **changes)
    checked = _check(tx.settings, draft)
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
    )
    return await _save(tx, offer, edited, OfferUpdated(str(offer.id)))


async def pause(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """Takes an offer out of the book; raises `NotFound`, `NotYourOffer`, `OfferStateConflict`."""
    return await _advance(tx, maker_id, offer_id, OfferEvent.PAUSE, OfferPaused(str(offer_id)))


async def resume(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """Puts a paused offer back into the book; raises as `pause`."""
    return await _advance(tx, maker_id, offer_id, OfferEvent.RESUME, OfferResumed(str(offer_id)))


async def close(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """Ends an offer for good; trades on it go on. Raises as `pause`."""
    return await _advance(tx, maker_id, offer_id, OfferEvent.CLOSE, OfferClosed(str(offer_id)))


async def get(tx: Transaction, offer_id: UUID) -> Offer:
    """The offer, in any state; raises `NotFound`."""
    offer = await store.get(tx, offer_id)
    if offer is None:
        raise NotFound
    return offer


async def mine(tx: Transaction, maker_id: UUID, after: Position | None, limit: int) -> Page:
    """The maker's offers in any state, the newest first."""
    before = None if after is None else UUID(str(after[0]))
    offers = await store.of_maker(tx, maker_id, before, limit + 1)
    more = len(offers) > limit
    return Page(offers[:limit], [str(offers[limit - 1].id)] if more else None)


async def search(tx: Transaction, wanted: Search, after: Position | None, limit: int) -> Page:
    """Offers that can be taken now.

    With a direction the best price for the taker comes first, and of equal prices the older
    offer; without one the newest comes first. Raises `AssetNotTraded`, `CurrencyUnknown`, and
    `MalformedRequest` for an amount that says nothing.
    """
    by_price = wanted.direction is not None
    position: tuple[Decimal, UUID] | UUID | None = None
    if after is not None:
        last = UUID(str(after[-1]))
        position = (Decimal(after[0]), last) if by_price else last
    found = await store.search(tx, _wanted(tx.settings, wanted), position, limit + 1)
    more = len(found) > limit
    found = found[:limit]
    following: Position | None = None
    if more:
        last_found = found[-1]
        following = [str(last_found.offer.id)]
        if by_price:
            following.insert(0, f"{last_found.rank:f}")
    return Page([each.offer for each in found], following)


def quote(
    offer: Offer, *, amount: str | None = None, fiat_amount: str | None = None
) -> tuple[Amount, Amount]:
    """What is taken of the coin and what it costs, for exactly one of both as a decimal string.

    The other is rounded in favour of the maker. Raises `AmountOutOfRange` where either is zero,
    and `MalformedRequest` for an amount finer than its asset, or for none or two of them.
    """
    if (amount is None) == (fiat_amount is None):
        raise MalformedRequest("It takes either amount or fiat_amount.")
    if amount is not None:
        return model.quote_amount(offer, _parse(offer.asset, "amount", amount))
    assert fiat_amount is not None
    return model.quote_fiat(offer, _parse(offer.currency, "fiat_amount", fiat_amount))


async def reserve(tx: Transaction, offer_id: UUID, amount: Amount, taker_id: UUID) -> Offer:
    """Takes `amount` out of what remains of the offer; the offer as it is then.

    One statement decides, so that of two takers of the last piece one gets it.
    Raises `NotFound`, `OwnOffer`, `OfferNotActive`, `AmountOutOfRange`, `OfferAlreadyTaken`.
    """
    reserved = await store.reserve(tx, offer_id, amount, taker_id)
    if reserved is not None:
        return reserved
    offer = await get(tx, offer_id)
    assert offer.asset == amount.asset, "the amount is quoted from the offer"
    check_take(offer, amount, taker_id)
    # It could not be reserved a moment ago, and by now it could: the next try will tell.
    raise OfferAlreadyTaken(remaining_amount=str(offer.remaining))


async def give_back(tx: Transaction, offer_id: UUID, amount: Amount) -> None:
    """Returns what `reserve` took, once, when its trade came to nothing.

    A closed offer stays closed, and a paused one paused.
    """
    given = await store.give_back(tx, offer_id, amount)
    assert given, "no more is given back than was reserved"


async def _own(tx: Transaction, maker_id: UUID, offer_id: UUID) -> Offer:
    """The maker's own offer, held until the transaction ends."""
    offer = await store.get(tx, offer_id, lock=True)
    if offer is None:
        raise NotFound
    if offer.maker_id != maker_id:
        raise NotYourOffer
    return offer


async def _advance(
    tx: Transaction, maker_id: UUID, offer_id: UUID, event: OfferEvent, told: Event
) -> Offer:
    offer = await _own(tx, maker_id, offer_id)
    return await _save(tx, offer, replace(offer, state=advance(offer.state, event)), told)


async def _save(tx: Transaction, seen: Offer, changed: Offer, told: Event) -> Offer:
    changed = replace(changed, version=seen.version + 1, updated_at=tx.now)
    saved = await store.replace(tx, changed, seen.version)
    assert saved, "the row is held since it was read"
    await tx.publish(told, [changed.maker_id])
    return changed


def _draft(offer: Offer) -> Draft:
    """What the maker would say to get this very offer."""
    return Draft(
        direction=offer.direction,
        asset=offer.asset.code,
        currency=offer.currency.code,
        price=offer.price.value,
        min_amount=str(offer.amounts.least),
        max_amount=str(offer.amounts.most),
        total_amount=str(offer.total),
        payment_methods=offer.payment_methods,
        wallet=offer.wallet,
        encryption_key=offer.encryption_key,
        country=offer.country,
        terms=offer.terms,
        funding_window_s=offer.funding_window_s,
        payment_window_s=offer.payment_window_s,
        key_signature=offer.key_signature,
    )


def _check(settings: Settings, draft: Draft) -> _Checked:
    asset, currency = _asset(settings, draft.asset), _currency(draft.currency)
    if draft.country is not None and draft.country not in model.countries():
        raise CountryUnknown
    methods = check_methods(draft.payment_methods, draft.currency)
    price = Price(asset, currency, draft.price)
    amounts = AmountSpec(
        _parse(asset, "min_amount", draft.min_amount),
        _parse(asset, "max_amount", draft.max_amount),
    )
    total = _parse(asset, "total_amount", draft.total_amount)
    check_amounts(draft.direction, price, amounts, total)
    window_s = draft.payment_window_s
    if window_s is None:
        window_s = max(method.payment_window_s for method in methods)
    return _Checked(price, amounts, total, window_s)


def _wanted(settings: Settings, search: Search) -> store.Wanted:
    asset = None if search.asset is None else _asset(settings, search.asset)
    currency = None if search.currency is None else _currency(search.currency)
    amount = fiat_amount = None
    if search.amount is not None:
        if asset is None:
            raise MalformedRequest("An amount needs an asset.")
        amount = _parse(asset, "amount", search.amount).minor
    if search.fiat_amount is not None:
        if currency is None:
            raise MalformedRequest("A fiat_amount needs a currency.")
        fiat_amount = _parse(currency, "fiat_amount", search.fiat_amount).minor
    return store.Wanted(
        direction=search.direction,
        asset=search.asset,
        currency=search.currency,
        amount=amount,
        fiat_amount=fiat_amount,
        payment_methods=search.payment_methods,
        country=search.country,
        maker_id=search.maker_id,
    )


def _asset(settings: Settings, code: str) -> Asset:
    for setting in settings.assets:
        if setting.code == code:
            return Asset(setting.code, setting.decimals)
    raise AssetNotTraded(f"The assets are {', '.join(item.code for item in settings.assets)}.")


def _currency(code: str) -> Asset:
    found = model.currencies().get(code)
    if found is None:
        raise CurrencyUnknown
    return found[1]


def _parse(asset: Asset, name: str, text: str) -> Amount:
    try:
        return asset.amount(text)
    except ValueError as error:
        raise MalformedRequest(errors=[{"at": name, "what": str(error)}]) from None
