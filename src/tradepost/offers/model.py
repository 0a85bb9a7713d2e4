"""An offer: what it may say, its states, what of it can be taken, and what can go wrong."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final
from uuid import UUID

from iso4217 import Currency as IsoCurrency

from tradepost.kernel.errors import Problem
from tradepost.kernel.money import Amount, Asset, Gain, Price
from tradepost.kernel.outbox import Event

#: A price has at most this many digits before and after the point.
PRICE_DIGITS: Final = 18
PRICE_DECIMALS: Final = 12
FUNDING_WINDOW_S: Final = range(600, 36_001)
DEFAULT_FUNDING_WINDOW_S: Final = 1800
PAYMENT_WINDOW_S: Final = range(900, 14 * 86_400 + 1)
MAX_METHODS: Final = 10
MAX_TERMS: Final = 2000
#: Open (active or paused) offers of one maker.
MAX_OPEN_OFFERS: Final = 200


class Direction(StrEnum):
    """What the maker does with the coin."""

    BUY = "buy"
    SELL = "sell"


class OfferState(StrEnum):
    """Where an offer stands; how much of it is left is a fact of its own."""

    ACTIVE = "active"  # can be found and taken
    PAUSED = "paused"  # its maker rests; trades that were begun go on
    CLOSED = "closed"  # for good


class OfferEvent(StrEnum):
    """What its maker does with an offer."""

    EDIT = "edit"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"


TRANSITIONS: Final[Mapping[tuple[OfferState, OfferEvent], OfferState]] = {
    (OfferState.ACTIVE, OfferEvent.EDIT): OfferState.ACTIVE,
    (OfferState.PAUSED, OfferEvent.EDIT): OfferState.PAUSED,
    (OfferState.ACTIVE, OfferEvent.PAUSE): OfferState.PAUSED,
    (OfferState.PAUSED, OfferEvent.RESUME): OfferState.ACTIVE,
    (OfferState.ACTIVE, OfferEvent.CLOSE): OfferState.CLOSED,
    (OfferState.PAUSED, OfferEvent.CLOSE): OfferState.CLOSED,
}


def advance(state: OfferState, event: OfferEvent) -> OfferState:
    """The state after `event`; raises `OfferStateConflict` where the table has no such step."""
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise OfferStateConflict(state=state)
    return after


@dataclass(frozen=True, slots=True)
class AmountSpec:
    """How much of the coin can be taken at once; `least` equals `most` where it is fixed."""

    least: Amount
    most: Amount

    def takeable(self, remaining: Amount) -> tuple[Amount, Amount] | None:
        """The bounds of a take when so much is left; None where less is left than `least`."""
        if remaining < self.least:
            return None
        return self.least, min(self.most, remaining)


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer, with what is left of it."""

    id: UUID
    version: int
    state: OfferState
    maker_id: UUID
    direction: Direction
    price: Price
    amounts: AmountSpec
    total: Amount
    remaining: Amount
    payment_methods: tuple[str, ...]
    country: str | None
    terms: str
    funding_window_s: int
    payment_window_s: int
    wallet: str
    encryption_key: str
    #: The wallet's word that the key is its own; for the other side of a trade to judge.
    key_signature: bytes | None
    created_at: datetime
    updated_at: datetime

    @property
    def asset(self) -> Asset:
        """The coin."""
        return self.price.base

    @property
    def currency(self) -> Asset:
        """The currency it is paid in."""
        return self.price.quote

    @property
    def reserved(self) -> Amount:
        """What trades hold or have taken."""
        return self.total - self.remaining


def gain(direction: Direction) -> Gain:
    """Roundings are the maker's: the taker sees both amounts before he takes."""
    return Gain.SELLER if direction is Direction.SELL else Gain.BUYER


def quote_amount(offer: Offer, amount: Amount) -> tuple[Amount, Amount]:
    """`amount` of the coin, and what it costs; raises `AmountOutOfRange` if either is zero."""
    cost = offer.price.cost(amount, gain(offer.direction))
    return _not_zero(amount, cost)


def quote_fiat(offer: Offer, fiat: Amount) -> tuple[Amount, Amount]:
    """How much of the coin `fiat` buys, and `fiat`; raises `AmountOutOfRange` if either is zero."""
    amount = offer.price.bought(fiat, gain(offer.direction))
    return _not_zero(amount, fiat)


def _not_zero(amount: Amount, fiat: Amount) -> tuple[Amount, Amount]:
    if amount.minor == 0 or fiat.minor == 0:
        raise AmountOutOfRange("It is less than the smallest unit.")
    return amount, fiat


def check_take(offer: Offer, amount: Amount, taker_id: UUID) -> None:
    """Raises the reason why `taker_id` cannot reserve `amount` of `offer`, if there is one.

    In this order: `OwnOffer`, `OfferNotActive`, `AmountOutOfRange`, `OfferAlreadyTaken`.
    """
    if offer.maker_id == taker_id:
        raise OwnOffer
    if offer.state is not OfferState.ACTIVE:
        raise OfferNotActive(state=offer.state)
    if not offer.amounts.least <= amount <= offer.amounts.most:
        raise AmountOutOfRange(
            min_amount=str(offer.amounts.least), max_amount=str(offer.amounts.most)
        )
    if offer.remaining < amount:
        raise OfferAlreadyTaken(remaining_amount=str(offer.remaining))


def check_amounts(direction: Direction, price: Price, amounts: AmountSpec, total: Amount) -> None:
    """Raises `OfferInconsistent` unless the amounts make sense together and at this price."""
    if not amounts.least <= amounts.most <= total:
        raise OfferInconsistent("It has to be min_amount <= max_amount <= total_amount.")
    if amounts.least.minor == 0 or price.cost(amounts.least, gain(direction)).minor == 0:
        raise OfferInconsistent("The min_amount has to cost something.")


class Category(StrEnum):
    """How a payment method moves money."""

    BANK = "bank"
    INSTANT_BANK = "instant_bank"
    WALLET = "wallet"
    MOBILE_MONEY = "mobile_money"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay; `currencies` is None where it takes any."""

    code: str
    name: str
    category: Category
    currencies: tuple[str, ...] | None
    payment_window_s: int

    def __post_init__(self) -> None:
        assert self.code.replace("_", "").isalnum()
        assert self.code == self.code.lower()
        assert self.payment_window_s in PAYMENT_WINDOW_S, self.code
        assert set(self.currencies or ()) <= currencies().keys(), self.code


#: Codes of ISO 4217 that are units of account or funds: nobody can pay in them.
_FUNDS: Final = frozenset({"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW", "XAD"})


@cache
def currencies() -> Mapping[str, tuple[str, Asset]]:
    """Name and asset of every currency of ISO 4217 that has a minor unit, by code."""
    return {
        found.code: (found.currency_name, Asset(found.code, found.exponent))
        for found in sorted(IsoCurrency, key=lambda currency: currency.code)
        # Metals, test codes and baskets such as the SDR have no minor unit.
        if found.exponent is not None and found.code not in _FUNDS
    }


@cache
def payment_methods() -> Mapping[str, PaymentMethod]:
    """Every payment method, by code; `payment_methods.json` is checked as it is read."""
    found = {}
    for entry in json.loads(_data("payment_methods.json")):
        allowed = entry["currencies"]
        method = PaymentMethod(
            code=entry["code"],
            name=entry["name"],
            category=Category(entry["category"]),
            currencies=None if allowed is None else tuple(sorted(allowed)),
            payment_window_s=entry["payment_window_s"],
        )
        assert method.code not in found, method.code
        found[method.code] = method
    return found


def check_methods(codes: Sequence[str], currency: str) -> tuple[PaymentMethod, ...]:
    """The methods with these codes.

    Raises `PaymentMethodUnknown`, or `PaymentMethodUnfit` where one does not take the currency.
    """
    known = payment_methods()
    if unknown := [code for code in codes if code not in known]:
        raise PaymentMethodUnknown(payment_methods=unknown)
    methods = tuple(known[code] for code in codes)
    unfit = [
        method.code
        for method in methods
        if method.currencies is not None and currency not in method.currencies
    ]
    if unfit:
        raise PaymentMethodUnfit(payment_methods=unfit)
    return methods


@cache
def countries() -> frozenset[str]:
    """The two-letter codes of ISO 3166-1."""
    return frozenset(json.loads(_data("countries.json")))


def _data(name: str) -> str:
    return (resources.files("tradepost.offers") / name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class OfferCreated(Event):
    """A maker published an offer."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferUpdated(Event):
    """Its maker changed what an offer says."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferPaused(Event):
    """Its maker took an offer out of the book for a while."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferResumed(Event):
    """Its maker put an offer back into the book."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferClosed(Event):
    """Its maker took an offer out of the book for good."""

    offer_id: str


class OfferNotActive(Problem):
    """The offer is paused or closed: it cannot be taken now."""

    status = 409


class OfferStateConflict(Problem):
    """The offer's state does not allow this."""

    status = 409


class OfferAlreadyTaken(Problem):
    """Others have taken so much of this offer that not enough is left."""

    status = 409


class OwnOffer(Problem):
    """This offer is your own: nobody trades with himself."""

    status = 409


class NotYourOffer(Problem):
    """Only its maker changes an offer."""

    status = 403


class AmountOutOfRange(Problem):
    """The amount is not one that this offer can be taken for."""

    status = 400


class OfferInconsistent(Problem):
    """The offer's amounts and price do not make sense together."""

    status = 400


class ReservedByTrades(Problem):
    """Trades have taken more of this offer than the new total amount."""

    status = 409


class AssetNotTraded(Problem):
    """This exchange does not trade that asset."""

    status = 400


class CurrencyUnknown(Problem):
    """There is no such currency in ISO 4217."""

    status = 400


class CountryUnknown(Problem):
    """There is no such country in ISO 3166."""

    status = 400


class PaymentMethodUnknown(Problem):
    """This exchange does not know that payment method."""

    status = 400


class PaymentMethodUnfit(Problem):
    """That payment method does not take this currency."""

    status = 400


class WalletNotProven(Problem):
    """This wallet is not one that you have proven to control."""

    status = 403


class EncryptionKeyInvalid(Problem):
    """The encryption key is not a point of secp256k1."""

    status = 400


class TooManyOffers(Problem):
    """You have as many open offers as one maker can have."""

    status = 409
