"""How an offer says its price, and what that comes to at a price of the market.

A floating price is worked out exactly, and rounded once, for the maker: up where he sells, down
where he buys. The order of the book is that of the exact values.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from enum import StrEnum
from typing import Final

from tradepost.kernel.money import Gain

#: A price has at most this many digits before and after the point.
PRICE_DIGITS: Final = 18
PRICE_DECIMALS: Final = 12
#: From nothing to ten times the market.
MARGIN_BPS: Final = range(-10_000, 90_001)
#: A floating price is rounded to so many digits of the market's price.
_SIGNIFICANT: Final = 8
#: Wide enough for a market price times a margin without rounding in between.
_EXACT: Final = Context(prec=60)


class Direction(StrEnum):
    """What the maker does with the coin."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """What turns a price into a place in the book: the taker wants to pay little, get much."""
        return 1 if self is Direction.SELL else -1

    @property
    def gain(self) -> Gain:
        """Roundings are the maker's: the taker sees both amounts before he takes."""
        return Gain.SELLER if self is Direction.SELL else Gain.BUYER


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """So many units of the currency for one whole coin."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class FloatingPrice:
    """So much above or below the market's price, as one source has it.

    `limit` is the maker's protection: a seller never takes less, a buyer never pays more.
    """

    margin_bps: int
    limit: Decimal | None
    source: str

    def exact(self, direction: Direction, market: Decimal) -> Decimal:
        """The price at a price of the market, before it is rounded."""
        free = _EXACT.multiply(market, self.factor)
        if self.limit is None:
            return free
        return max(free, self.limit) if direction is Direction.SELL else min(free, self.limit)

    @property
    def factor(self) -> Decimal:
        """What the market's price is multiplied by."""
        return Decimal(10_000 + self.margin_bps).scaleb(-4)


PriceSpec = FixedPrice | FloatingPrice


def decimals_of(market: Decimal) -> int:
    """How many decimals a floating price has at this price of the market."""
    return max(0, min(PRICE_DECIMALS, _SIGNIFICANT - 1 - market.adjusted()))


def floating(spec: FloatingPrice, direction: Direction, market: Decimal) -> Decimal | None:
    """The price a taker gets; None where it rounds to nothing. A limit is never rounded."""
    exact = spec.exact(direction, market)
    if exact == spec.limit:
        return exact
    step = Decimal(1).scaleb(-decimals_of(market))
    up = direction is Direction.SELL
    price = exact.quantize(step, ROUND_CEILING if up else ROUND_FLOOR, _EXACT)
    return price if price > 0 else None


def premium_bps(price: Decimal, market: Decimal) -> int:
    """How far a price is above the market's (below: negative), in hundredths of a percent."""
    return round((price - market) * 10_000 / market)
