"""An offer: what it may say, its states, whom it lets take it, and what can go wrong."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from tradepost.kernel.errors import Problem
from tradepost.kernel.hours import WeeklyHours
from tradepost.kernel.money import Amount, Asset, Gain, Price
from tradepost.kernel.outbox import Event
from tradepost.kernel.pricing import Direction, FixedPrice, PriceSpec
from tradepost.prices.model import Quote

FUNDING_WINDOW_S: Final = range(600, 36_001)
DEFAULT_FUNDING_WINDOW_S: Final = 1800
PAYMENT_WINDOW_S: Final = range(900, 14 * 86_400 + 1)
MAX_METHODS: Final = 10
MAX_TERMS: Final = 2000
MAX_COUNTRIES: Final = 60
#: Open (active or paused) offers of one maker.
MAX_OPEN_OFFERS: Final = 200
#: Offers over the same coins.
MAX_SHARING: Final = 20
#: A taker who was quoted a price has it for so long, whatever the market does.
PRICE_HOLD: Final = timedelta(seconds=60)
#: A maker who lets so many takes in a row lapse is away: his offers are paused.
MISSED_TAKES: Final = 2


class OfferState(StrEnum):
    """Where an offer stands; how much of it is left is a fact of its own."""

    ACTIVE = "active"  # can be found and taken
    PAUSED = "paused"  # its maker rests; trades that were begun go on
    CLOSED = "closed"  # for good


class OfferEvent(StrEnum):
    """What moves an offer: its maker, or the clock."""

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


class Visibility(StrEnum):
    """Who can see an offer, and so take it."""

    PUBLIC = "public"  # everybody: it is in the book
    LINK = "link"  # whoever has its link
    TRUSTED = "trusted"  # whom its maker has named as partners


class PauseReason(StrEnum):
    """Why an offer is paused."""

    MAKER = "maker"
    AWAY = "away"  # its maker let takes lapse


class Hidden(StrEnum):
    """Why nobody finds an offer in the book."""

    CLOSED = "closed"
    PAUSED = "paused"
    AWAY = "away"
    OUTSIDE_WORKING_HOURS = "outside_working_hours"
    NOT_PUBLIC = "not_public"
    TOO_LITTLE_LEFT = "too_little_left"
    NO_MARKET_PRICE = "no_market_price"


@dataclass(frozen=True, slots=True)
class AmountSpec:
    """How much can be taken at once, of the coin or of the currency; fixed where both are equal."""

    least: Amount
    most: Amount

    def takeable(self, remaining: Amount) -> tuple[Amount, Amount] | None:
        """The bounds of a take when so much is left; None where less is left than `least`."""
        if remaining < self.least:
            return None
        return self.least, min(self.most, remaining)


@dataclass(frozen=True, slots=True)
class TakerRules:
    """Whom an offer lets take it."""

    #: Trades that the taker has completed.
    min_trades: int = 0
    min_account_age_days: int = 0
    #: The most for a taker who has completed none yet, in the offer's unit.
    first_trade_limit: Amount | None = None
    #: Where the taker has to say that he is; empty: anywhere.
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taker:
    """Who wants to take, as far as an offer may ask."""

    account_id: UUID
    completed_trades: int
    since: datetime
    #: Where he says that he is.
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer, with what is left of it; all its amounts are of one unit, coin or currency."""

    id: UUID
    version: int
    state: OfferState
    paused_because: PauseReason | None
    maker_id: UUID
    direction: Direction
    asset: Asset
    currency: Asset
    price: PriceSpec
    amounts: AmountSpec
    total: Amount
    remaining: Amount
    #: Offers with the same one are over the same coins: what one loses, all lose.
    stock_id: UUID | None
    payment_methods: tuple[str, ...]
    country: str | None
    terms: str
    funding_window_s: int
    payment_window_s: int
    visibility: Visibility
    #: What opens an offer of visibility `link`.
    link: str | None
    rules: TakerRules
    hours: WeeklyHours | None
    closes_at: datetime | None
    wallet: str
    encryption_key: str
    #: The wallet's word that the key is its own; for the other side of a trade to judge.
    key_signature: bytes | None
    created_at: datetime
    updated_at: datetime

    @property
    def unit(self) -> Asset:
        """What its amounts are of."""
        return self.total.asset

    @property
    def reserved(self) -> Amount:
        """What trades hold or have taken."""
        return self.total - self.remaining

    def open_at(self, now: datetime) -> bool:
        """Whether it can be taken at this moment, as far as its maker's clock goes."""
        ended = self.closes_at is not None and self.closes_at <= now
        resting = self.hours is not None and not self.hours.open_at(now)
        return self.state is OfferState.ACTIVE and not ended and not resting

    def next_change(self, now: datetime) -> datetime | None:
        """When the clock next opens or ends it."""
        if self.state is OfferState.CLOSED:
            return None
        turn = None if self.hours is None else self.hours.next_change(now)
        return min((at for at in (turn, self.closes_at) if at is not None), default=None)

    def shown_to(
        self, account_id: UUID | None, trusting: Collection[UUID], link: str | None
    ) -> bool:
        """Whether an account sees it; `trusting` are makers who trust that account."""
        if self.visibility is Visibility.PUBLIC or self.maker_id == account_id:
            return True
        if self.visibility is Visibility.LINK:
            return secrets.compare_digest((link or "").encode(), (self.link or "").encode())
        return account_id is not None and self.maker_id in trusting


#: A place in a list, as a cursor holds it.
Position = list[str | int]


@dataclass(frozen=True, slots=True)
class Page:
    """Offers in their order, and where the next page begins; None at the end."""

    offers: Sequence[Offer]
    next: Position | None


@dataclass(frozen=True, slots=True)
class Deposit:
    """What a maker's wallet had in the escrow contract at a confirmed block (minor units)."""

    amount: int
    block_number: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """The price of an offer for a taker, held until then.

    `index` is what it is held against, where there is one.
    """

    price: Price
    index: Quote | None
    held_until: datetime


def quote_amount(direction: Direction, price: Price, amount: Amount) -> tuple[Amount, Amount]:
    """`amount` of the coin, and what it costs; raises `AmountOutOfRange` if either is zero."""
    return _not_zero(amount, price.cost(amount, direction.gain))


def quote_fiat(direction: Direction, price: Price, fiat: Amount) -> tuple[Amount, Amount]:
    """How much of the coin `fiat` buys, and `fiat`; raises `AmountOutOfRange` if either is zero."""
    return _not_zero(price.bought(fiat, direction.gain), fiat)


def _not_zero(amount: Amount, fiat: Amount) -> tuple[Amount, Amount]:
    if amount.minor == 0 or fiat.minor == 0:
        raise AmountOutOfRange("It is less than the smallest unit.")
    return amount, fiat


def check_take(offer: Offer, taken: Amount, taker_id: UUID, now: datetime) -> None:
    """Raises the reason why `taken` cannot be reserved of `offer`, if there is one.

    In this order: `OwnOffer`, `OfferNotActive`, `OutsideWorkingHours`, `AmountOutOfRange`,
    `OfferAlreadyTaken`.
    """
    if offer.maker_id == taker_id:
        raise OwnOffer
    ended = offer.closes_at is not None and offer.closes_at <= now
    if offer.state is not OfferState.ACTIVE or ended:
        raise OfferNotActive(state=OfferState.CLOSED if ended else offer.state)
    if not offer.open_at(now):
        assert offer.hours is not None
        opens = offer.hours.next_change(now)
        raise OutsideWorkingHours(opens_at=None if opens is None else opens.isoformat())
    # Its maker may state his amounts in another unit since the taker looked.
    same_unit = taken.asset == offer.unit
    if not (same_unit and offer.amounts.least <= taken <= offer.amounts.most):
        raise AmountOutOfRange(
            min_amount=str(offer.amounts.least), max_amount=str(offer.amounts.most)
        )
    if offer.remaining < taken:
        raise OfferAlreadyTaken(remaining_amount=str(offer.remaining))


def check_taker(offer: Offer, taken: Amount, taker: Taker, now: datetime) -> None:
    """Raises `TakerRefused` with the first rule of the offer that the taker does not meet."""
    rules = offer.rules
    if rules.countries and taker.country not in rules.countries:
        raise TakerRefused(rule="countries", needed=list(rules.countries), yours=taker.country)
    if taker.completed_trades < rules.min_trades:
        raise TakerRefused(rule="min_trades", needed=rules.min_trades, yours=taker.completed_trades)
    age_days = (now - taker.since).days
    if age_days < rules.min_account_age_days:
        raise TakerRefused(
            rule="min_account_age_days", needed=rules.min_account_age_days, yours=age_days
        )
    limit = rules.first_trade_limit
    if limit is not None and taker.completed_trades == 0 and limit < taken:
        raise TakerRefused(rule="first_trade_limit", needed=str(limit), yours=str(taken))


def check_amounts(
    direction: Direction, price: Price | None, amounts: AmountSpec, total: Amount
) -> None:
    """Raises `OfferInconsistent` unless the amounts make sense together and at this price."""
    if not amounts.least <= amounts.most <= total:
        raise OfferInconsistent("It has to be min_amount <= max_amount <= total_amount.")
    if amounts.least.minor == 0:
        raise OfferInconsistent("The min_amount has to be above zero.")
    if price is None:
        return
    if amounts.least.asset == price.base:
        other = price.cost(amounts.least, direction.gain)
    else:
        other = price.bought(amounts.least, direction.gain)
    if other.minor == 0:
        raise OfferInconsistent("The min_amount has to be worth something.")


def check_price(spec: PriceSpec, direction: Direction) -> None:
    """Raises `OfferInconsistent` where a price could come to nothing."""
    if isinstance(spec, FixedPrice) or spec.factor > 0:
        return
    if direction is Direction.BUY or spec.limit is None:
        raise OfferInconsistent("A margin of -100 % needs a seller's limit_price.")


def funded(offer: Offer, deposit: Deposit | None, fee_bps: int) -> bool:
    """Whether a seller's deposit covers all that remains of this offer, with the fee.

    Each offer is held against the whole deposit: what several offers of one wallet promise may be
    more than that. Of sums of the currency the price decides how many coins they are; where the
    market does, without a limit, no deposit covers them for sure.
    """
    if offer.direction is Direction.BUY or deposit is None:
        return False
    spec, remaining = offer.price, offer.remaining
    if offer.unit != offer.asset:
        least = spec.value if isinstance(spec, FixedPrice) else spec.limit
        if least is None:
            return False
        # Rounded down, as every take is: they do not come to more than that together.
        remaining = Price(offer.asset, offer.currency, least).bought(remaining, Gain.SELLER)
    # The fee of each trade is rounded down, too.
    needed = remaining.minor + remaining.minor * fee_bps // 10_000
    return 0 < needed <= deposit.amount


def worse(direction: Direction, price: Decimal, limit: Decimal) -> bool:
    """Whether `price` is worse for the taker than his `limit`."""
    return price > limit if direction is Direction.SELL else price < limit


def hidden(offer: Offer, now: datetime, *, priced: bool) -> Hidden | None:
    """Why an offer is not in the book; None where it is. `priced`: it has a price now."""
    if offer.state is OfferState.PAUSED:
        return Hidden.AWAY if offer.paused_because is PauseReason.AWAY else Hidden.PAUSED
    if offer.state is OfferState.CLOSED or (offer.closes_at and offer.closes_at <= now):
        return Hidden.CLOSED
    if not offer.open_at(now):
        return Hidden.OUTSIDE_WORKING_HOURS
    if offer.visibility is not Visibility.PUBLIC:
        return Hidden.NOT_PUBLIC
    if offer.amounts.takeable(offer.remaining) is None:
        return Hidden.TOO_LITTLE_LEFT
    return None if priced else Hidden.NO_MARKET_PRICE


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
    """An offer is out of the book for a while; the reason is `maker` or `away`."""

    offer_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfferResumed(Event):
    """Its maker put an offer back into the book."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferClosed(Event):
    """An offer is out of the book for good, by its maker or at its end date."""

    offer_id: str


class OfferNotActive(Problem):
    """The offer is paused or closed: it cannot be taken now."""

    status = 409


class OutsideWorkingHours(Problem):
    """The maker does not work at this hour; `opens_at` says when he does again."""

    status = 409
    retryable = True


class TakerRefused(Problem):
    """The maker has a rule that you do not meet; `rule` says which."""

    status = 403


class HoldInvalid(Problem):
    """The price is not held any more, or was held for another offer: ask for a quote again."""

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
    """What the offer says does not make sense together."""

    status = 400


class ReservedByTrades(Problem):
    """Trades have taken more of this offer than the new total amount."""

    status = 409


class PriceSourceUnknown(Problem):
    """This exchange does not have that source of prices."""

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
