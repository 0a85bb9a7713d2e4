"""Market data: past trades that nobody can be recognised by, and what is made of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Final

from tradepost.kernel.money import Amount, Asset

#: Of an amount, only so many digits are kept. The parties' exact amounts stand in their own books
#: and on the chain: the whole figure would name the escrow, and with it the wallets of both.
AMOUNT_DIGITS: Final = 2
_ROUGH: Final = Context(prec=AMOUNT_DIGITS, rounding=ROUND_HALF_UP)
_WIDE: Final = Context(prec=60)

#: A Monday: weeks begin on one, and all shorter intervals with it.
ORIGIN: Final = datetime(2001, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)


class Interval(StrEnum):
    """How long a candle is."""

    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"

    @property
    def length(self) -> timedelta:
        """From its beginning to that of the next one."""
        return _LENGTHS[self]

    def start(self, at: datetime) -> datetime:
        """Where the candle of this moment begins (UTC)."""
        return at - (at - ORIGIN) % self.length


_LENGTHS: Final = {
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: DAY,
    Interval.WEEK: timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class MarketPair:
    """A coin and the currency it is traded in."""

    asset: Asset
    currency: Asset

    @property
    def codes(self) -> tuple[str, str]:
        """The codes of both."""
        return self.asset.code, self.currency.code


@dataclass(frozen=True, slots=True)
class PastTrade:
    """A completed trade as anybody may see it: its amount is rough, its time the minute's begin."""

    at: datetime
    price: Decimal
    amount: Amount
    payment_method: str

    @classmethod
    def of(cls, at: datetime, price: Decimal, amount: Amount, payment_method: str) -> "PastTrade":
        """What may be seen of a trade that was completed at this moment for this amount.

        An escrow's last step carries its time on the chain, to the second: a minute has many.
        """
        return cls(at.replace(second=0, microsecond=0), price, rough(amount), payment_method)


def rough(amount: Amount) -> Amount:
    """The amount to `AMOUNT_DIGITS` digits, half up; it never becomes nothing."""
    return Amount(amount.asset, int(_ROUGH.create_decimal(amount.minor)))


@dataclass(frozen=True, slots=True)
class Candle:
    """What trades came to in one interval; `volume` is the sum of their rough amounts."""

    starts_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Amount
    trades: int


@dataclass(frozen=True, slots=True)
class LastTrade:
    """The newest trade of a pair."""

    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class Day:
    """What trades came to in the 24 hours before now, to the five minutes."""

    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: int
    trades: int


def spread_bps(bid: Decimal | None, ask: Decimal | None) -> int | None:
    """How far the best seller's price is above the best buyer's, in 1/10,000 of their middle.

    It is negative where somebody pays more than another one asks.
    """
    if bid is None or ask is None:
        return None
    return _share(2 * _WIDE.subtract(ask, bid), _WIDE.add(ask, bid))


def change_bps(day: Day) -> int:
    """How the price went in a day, in 1/10,000 of what it was at first."""
    return _share(_WIDE.subtract(day.close, day.open), day.open)


def _share(part: Decimal, whole: Decimal) -> int:
    share = _WIDE.divide(_WIDE.multiply(part, Decimal(10_000)), whole)
    return int(share.to_integral_value(ROUND_HALF_EVEN, _WIDE))
