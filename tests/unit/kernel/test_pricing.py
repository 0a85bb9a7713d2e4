"""Prices that follow the market: exact, rounded once, and for the maker."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.pricing import (
    MARGIN_BPS,
    Direction,
    FloatingPrice,
    decimals_of,
    floating,
    premium_bps,
)

markets = st.decimals(
    min_value=Decimal("0.00000001"), max_value=Decimal(10**15), places=12, allow_nan=False
)
margins = st.integers(MARGIN_BPS.start, MARGIN_BPS.stop - 1)
limits = st.none() | st.decimals(
    min_value=Decimal("0.000000000001"), max_value=Decimal(10**15), places=12, allow_nan=False
)


def spec(margin_bps: int, limit: str | None = None) -> FloatingPrice:
    """A price over the index."""
    return FloatingPrice(margin_bps, None if limit is None else Decimal(limit), "index")


@pytest.mark.parametrize(
    ("direction", "said", "market", "price"),
    [
        (Direction.SELL, spec(150), "2500", "2537.5000"),
        (Direction.SELL, spec(1), "2500.0001", "2500.2502"),  # 2500.25010001 is rounded up
        (Direction.BUY, spec(1), "2500.0001", "2500.2501"),  # and down
        (Direction.SELL, spec(-500, "2400"), "2500", "2400"),
        (Direction.SELL, spec(-500, "2300"), "2500", "2375.0000"),
        (Direction.BUY, spec(500, "2600"), "2500", "2600"),
        (Direction.BUY, spec(500, "2700"), "2500", "2625.0000"),
        (Direction.SELL, spec(-10_000, "2400.5"), "2500", "2400.5"),
        (Direction.SELL, spec(0), "0.92", "0.92000000"),
    ],
)
def test_a_floating_price(
    direction: Direction, said: FloatingPrice, market: str, price: str
) -> None:
    found = floating(said, direction, Decimal(market))
    assert found is not None
    assert f"{found:f}" == price


def test_a_price_that_rounds_to_nothing_is_none() -> None:
    assert floating(spec(-9999), Direction.BUY, Decimal("0.000000001")) is None
    assert floating(spec(-10_000), Direction.BUY, Decimal(2500)) is None


@given(st.sampled_from(Direction), margins, limits, markets)
def test_rounding_never_costs_the_maker_and_never_more_than_a_step(
    direction: Direction, margin_bps: int, limit: Decimal | None, market: Decimal
) -> None:
    said = FloatingPrice(margin_bps, limit, "index")
    exact = Fraction(market) * (10_000 + margin_bps) / 10_000
    if limit is not None:
        bounded = max if direction is Direction.SELL else min
        exact = bounded(exact, Fraction(limit))
    found = floating(said, direction, market)
    if found is None:
        assert exact < Fraction(1, 10 ** decimals_of(market))
        return
    gained = (Fraction(found) - exact) * direction.sign
    assert 0 <= gained < Fraction(1, 10 ** decimals_of(market))
    if limit is not None:
        assert (found - limit) * direction.sign >= 0


@given(st.sampled_from(Direction), margins, margins, markets)
def test_a_higher_margin_is_no_lower_price(
    direction: Direction, one: int, other: int, market: Decimal
) -> None:
    low, high = (floating(spec(each), direction, market) for each in sorted((one, other)))
    assert (low or 0) <= (high or 0)


@given(markets)
def test_a_floating_price_has_eight_digits_of_the_market_or_all_decimals(market: Decimal) -> None:
    decimals = decimals_of(market)
    assert 0 <= decimals <= 12
    if 0 < decimals < 12:
        assert market.adjusted() + 1 + decimals == 8


@pytest.mark.parametrize(
    ("price", "market", "bps"),
    [("2537.5", "2500", 150), ("2475", "2500", -100), ("2500", "2500", 0), ("1", "3", -6667)],
)
def test_the_premium_is_held_against_the_market(price: str, market: str, bps: int) -> None:
    assert premium_bps(Decimal(price), Decimal(market)) == bps
