"""A market price: what sources said, what is made of it, and what can be wrong with either."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from tradepost.kernel.errors import Problem

#: The source that is made of all others.
INDEX: Final = "index"

#: A price that is handed out has at most this many digits before and after the point.
PRICE_DIGITS: Final = 18
PRICE_DECIMALS: Final = 12
PRICE_SIGNIFICANT: Final = 15
#: Below it, those decimals would leave too few digits to trade by.
LEAST_PRICE: Final = Decimal("1e-8")
#: A source's clock may be ahead of ours by this much.
AHEAD: Final = timedelta(seconds=5)

#: Readings keep more digits than prices: they are inverted and multiplied before they are rounded.
_READING: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Pair(NamedTuple):
    """What is priced, and in what: `ETH` in `EUR`."""

    base: str
    quote: str

    @property
    def inverse(self) -> "Pair":
        """The same two the other way round."""
        return Pair(self.quote, self.base)


class Fault(StrEnum):
    """Why a reading is not used, or why a pair has no price."""

    # What a source did not give.
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED = "refused"  # it answered, but with an error
    REDIRECTED = "redirected"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"  # no JSON, or not in the form that was configured
    MISSING = "missing"  # the place in the answer is empty, or the market is unknown there
    FAILED = "failed"
    # What it gave, and cannot be used.
    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    OUT_OF_RANGE = "out_of_range"
    FROM_THE_FUTURE = "from_the_future"
    OLDER = "older"  # than what it said before
    JUMP = "jump"  # far from the last price, and nobody confirms it
    NOT_DEVELOPMENT = "not_development"  # a made-up price, where coins are worth something
    # What the index makes of it.
    STALE = "stale"
    OUTLIER = "outlier"
    TOO_FEW_SOURCES = "too_few_sources"
    DISAGREEMENT = "disagreement"
    NEVER_READ = "never_read"


@dataclass(frozen=True, slots=True)
class Told:
    """What a source said of a pair; `at` is None where it does not say when that was so."""

    value: Decimal
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The last usable word of one source on one pair, and how its last try went.

    `value` and `as_of` are None before its first usable word. `told` is what it said last, usable
    or not, at `tried_at`; `fault` is None where that try was good, and began at `since`.
    """

    source: str
    pair: Pair
    value: Decimal | None
    as_of: datetime | None
    told: Decimal | None
    tried_at: datetime
    fault: Fault | None
    since: datetime | None
    development: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What one whole unit of `base` costs in `quote` now.

    `source` is `INDEX` or a configured source's name. `as_of` is the time of the oldest reading
    in it; it is no price any more at `valid_until`. `development` prices are made up.
    """

    base: str
    quote: str
    source: str
    value: Decimal
    as_of: datetime
    valid_until: datetime
    development: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One source's part in an index, or why it has none."""

    source: str
    pair: Pair
    value: Decimal | None
    as_of: datetime | None
    fault: Fault | None

    @property
    def used(self) -> bool:
        """True if the index is made of it, too."""
        return self.fault is None


@dataclass(frozen=True, slots=True)
class Index:
    """The price of a pair that its sources agree on, and how it came about.

    `spread_bps` is what lies between the lowest and the highest used reading, in 1/10,000 of the
    price. `crossed_over` is the third currency where no source has the pair itself.
    """

    pair: Pair
    value: Decimal
    as_of: datetime
    valid_until: datetime
    spread_bps: int
    crossed_over: str | None
    development: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class NoIndex:
    """That a pair has no price, and why."""

    pair: Pair
    fault: Fault
    crossed_over: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A pair's index at one moment of the past, for a chart."""

    at: datetime
    value: Decimal
    development: bool


@dataclass(frozen=True, slots=True)
class IndexRow:
    """The index of a pair as it was computed last; the value is the last good one."""

    pair: Pair
    value: Decimal | None
    as_of: datetime | None
    valid_until: datetime | None
    development: bool
    spread_bps: int | None
    crossed_over: str | None
    parts: tuple[Part, ...]
    fault: Fault | None
    since: datetime | None


PRICE_EXAMPLE: Final[dict[str, Any]] = {
    "asset": "ETH",
    "currency": "EUR",
    "price": "2250.25",
    "as_of": "2026-11-23T04:59:52Z",
    "valid_until": "2026-11-23T05:01:52Z",
    "spread_bps": 7,
    "crossed_over": None,
    "development": False,
}


class PriceAnswer(BaseModel):
    """What one whole coin costs in the currency, as most sources have it.

    It is a price until `valid_until`. `crossed_over` names the third currency where no source has
    the pair itself; a `development` price is made up.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [PRICE_EXAMPLE]})

    asset: str
    currency: str
    price: str
    as_of: datetime
    valid_until: datetime
    spread_bps: int
    crossed_over: str | None
    development: bool

    @classmethod
    def of(cls, row: IndexRow) -> "PriceAnswer":
        """The answer for an index that is fresh."""
        return cls(**price_members(row))


def price_members(row: IndexRow) -> dict[str, Any]:
    """What is told of an index that is fresh, by the names of `PriceAnswer`."""
    assert row.value is not None
    return {
        "asset": row.pair.base,
        "currency": row.pair.quote,
        "price": plain(row.value),
        "as_of": row.as_of,
        "valid_until": row.valid_until,
        "spread_bps": row.spread_bps,
        "crossed_over": row.crossed_over,
        "development": row.development,
    }


def plain(value: Decimal) -> str:
    """`value` without an exponent, and without zeros at the end of a fraction."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def reading_value(value: Decimal) -> Decimal | Fault:
    """`value` as a reading keeps it, to 28 digits, or why it cannot be one."""
    if not value.is_finite():
        return Fault.NOT_A_NUMBER
    if value <= 0:
        return Fault.NOT_POSITIVE
    # Compared by magnitude first: rounding a number like 1e999999 would already be work.
    if not -PRICE_DECIMALS <= value.adjusted() < PRICE_DIGITS:
        return Fault.OUT_OF_RANGE
    return _READING.plus(value)


def inverted(value: Decimal) -> Decimal:
    """What one unit of the quote costs in the base, to 28 digits."""
    return _READING.divide(Decimal(1), value)


def crossed(first: Decimal, second: Decimal) -> Decimal:
    """The price over a third currency, exactly."""
    return _WIDE.multiply(first, second)


def price_value(value: Decimal) -> Decimal | None:
    """`value` as a price is told: 15 digits, 12 of them behind the point at most, to the even.

    None where it is too small or too large for a price.
    """
    if not LEAST_PRICE <= value < Decimal(10) ** PRICE_DIGITS:
        return None
    # Rounded once: to the coarser of the two bounds.
    last = max(value.adjusted() - PRICE_SIGNIFICANT + 1, -PRICE_DECIMALS)
    cut = _WIDE.quantize(value, Decimal(1).scaleb(last)).normalize(_WIDE)
    # It can have been rounded up to one digit more before the point.
    return cut if cut < Decimal(10) ** PRICE_DIGITS else None


class PriceUnavailable(Problem):
    """There is no fresh market price for this pair now."""

    status = 503
    retryable = True


class PairNotQuoted(Problem):
    """No price source of this exchange quotes this pair."""

    status = 404
