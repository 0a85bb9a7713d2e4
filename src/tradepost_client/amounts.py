"""Whole units and smallest units, and whether an amount, a price and a sum of money agree."""

from decimal import Context, Decimal
from typing import Literal

#: Wide enough for a uint256 amount times a price of 30 digits, exactly.
_EXACT = Context(prec=160)


def to_minor(amount: Decimal, decimals: int) -> int:
    """`amount` in whole units as a number of smallest units.

    Raises:
        ValueError: It is negative, not finite, or finer than the smallest unit.
    """
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{amount} is not an amount")
    minor = _EXACT.scaleb(amount, decimals)
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more than {decimals} decimals")
    return int(minor)


def from_minor(minor: int, decimals: int) -> Decimal:
    """A number of smallest units as an amount in whole units."""
    return _EXACT.scaleb(Decimal(minor), -decimals)


def fiat_follows(
    amount: Decimal,
    fiat: Decimal,
    price: Decimal,
    decimals: int,
    fiat_decimals: int,
    gain: Literal["buyer", "seller"] | None = None,
) -> bool:
    """Whether `fiat` is what `amount` coins cost at `price`, or `amount` what `fiat` buys.

    An exchange computes one from the other and rounds to the smallest unit. Without `gain` either
    neighbour of the exact value is taken; with it, only the one that leaves the fraction to that
    side. More is a changed amount.

    Args:
        amount: In whole coins.
        fiat: In whole units of the currency.
        price: Units of the currency for one whole coin.
        decimals: The coin's.
        fiat_decimals: The currency's.
        gain: Who has to gain by the rounding.
    """
    cost = _EXACT.multiply(amount, price)
    above = _EXACT.subtract(fiat, cost)
    # A buyer who pays more than the exact sum leaves the fraction to the seller.
    if (gain == "seller" and above < 0) or (gain == "buyer" and above > 0):
        return False
    difference = abs(above)
    # The second comparison is |amount - fiat / price| < one smallest unit, without a division.
    return difference < from_minor(1, fiat_decimals) or difference < _EXACT.multiply(
        price, from_minor(1, decimals)
    )
