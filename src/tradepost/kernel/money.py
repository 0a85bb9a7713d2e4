"""Money as whole minor units, and the one place where fiat and coins are turned into each other.

An `Amount` never loses a unit: it is an integer of the asset's smallest unit. The only division
in the exchange is that of a price, and each such call names who gains by the rounding.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from enum import StrEnum

#: NUMERIC(78, 0) holds every uint256; what the contract locks is bounded by uint128.
MAX_MINOR = 2**128 - 1

#: As it is written in JSON; the bound keeps what follows exact.
_PLAIN = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?")

#: Wide enough for a uint128 amount times a price of 30 digits without rounding in between.
_EXACT = Context(prec=120)


@dataclass(frozen=True, slots=True)
class Asset:
    """A coin, token or currency, with the number of decimals of its minor unit."""

    code: str
    decimals: int

    def amount(self, text: str) -> "Amount":
        """The amount that `text` ("12.50") states in whole units.

        Raises `ValueError` where it is no plain decimal number, is negative or finer than the
        minor unit, or beyond what an escrow can hold.
        """
        if not _PLAIN.fullmatch(text):
            raise ValueError("an amount is a plain decimal number, not negative")
        value = Decimal(text)
        minor = _EXACT.scaleb(value, self.decimals)
        if minor > MAX_MINOR:
            raise ValueError("the amount is too large")
        if minor != minor.to_integral_value():
            raise ValueError(f"{self.code} has {self.decimals} decimals")
        return Amount(self, int(minor))


@dataclass(frozen=True, slots=True)
class Amount:
    """`minor` whole minor units of `asset`; sums and comparisons across assets raise."""

    asset: Asset
    minor: int

    def __post_init__(self) -> None:
        if self.minor < 0:
            raise ValueError("an amount is not negative")

    def __str__(self) -> str:
        """The amount in whole units, as it is written in JSON: `12.50`."""
        return f"{Decimal(self.minor).scaleb(-self.asset.decimals, _EXACT):f}"

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.asset, self.minor + self._same(other))

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.asset, self.minor - self._same(other))

    def __lt__(self, other: "Amount") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Amount") -> bool:
        return self.minor <= self._same(other)

    def _same(self, other: "Amount") -> int:
        if other.asset != self.asset:
            raise ValueError(f"{self.asset.code} and {other.asset.code} do not add up")
        return other.minor


class Gain(StrEnum):
    """Who keeps the fraction of a minor unit that a division leaves: the side that is named."""

    BUYER = "buyer"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Price:
    """What one whole unit of `base` (the coin) costs in whole units of `quote` (the currency)."""

    base: Asset
    quote: Asset
    value: Decimal

    def __post_init__(self) -> None:
        if not self.value.is_finite() or self.value <= 0:
            raise ValueError("a price is a finite number above zero")

    def cost(self, amount: Amount, gain: Gain) -> Amount:
        """What `amount` of the coin costs; rounded up if the seller gains, down if the buyer."""
        if amount.asset != self.base:
            raise ValueError(f"this is a price of {self.base.code}")
        whole = _EXACT.scaleb(Decimal(amount.minor), -self.base.decimals)
        exact = _EXACT.scaleb(_EXACT.multiply(whole, self.value), self.quote.decimals)
        up = gain is Gain.SELLER
        return Amount(
            self.quote, int(exact.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))
        )

    def bought(self, paid: Amount, gain: Gain) -> Amount:
        """How much of the coin `paid` buys; rounded down if the seller gains, up if the buyer."""
        if paid.asset != self.quote:
            raise ValueError(f"this is a price in {self.quote.code}")
        whole = _EXACT.scaleb(Decimal(paid.minor), -self.quote.decimals)
        # The quotient need not end: integers decide the rounding, never a rounded decimal.
        value = self.value.as_integer_ratio()
        part = whole.as_integer_ratio()
        above = part[0] * value[1] * 10**self.base.decimals
        below = part[1] * value[0]
        minor, rest = divmod(above, below)
        return Amount(self.base, minor + (1 if rest and gain is Gain.BUYER else 0))
