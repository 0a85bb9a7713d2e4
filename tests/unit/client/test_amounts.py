from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost_client.amounts import fiat_follows, from_minor, to_minor


@given(st.integers(0, 2**128 - 1), st.integers(0, 24))
def test_units_convert_without_loss(minor: int, decimals: int) -> None:
    assert to_minor(from_minor(minor, decimals), decimals) == minor


@pytest.mark.parametrize("text", ["0.0000001", "-1", "NaN", "Infinity"])
def test_what_is_no_amount_of_the_coin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        to_minor(Decimal(text), 6)


@given(
    amount=st.integers(1, 10**30),
    price=st.decimals(Decimal("0.00000001"), Decimal(10) ** 9, places=8),
    up=st.booleans(),
)
def test_either_rounding_of_the_cost_is_taken(amount: int, price: Decimal, up: bool) -> None:
    coins = from_minor(amount, 18)
    above, below = amount * int(price * 10**8) * 100, 10**26
    cents, rest = divmod(above, below)
    assert fiat_follows(coins, from_minor(cents + (up and rest > 0), 2), price, 18, 2)


@given(
    cents=st.integers(1, 10**15),
    price=st.decimals(Decimal("0.00000001"), Decimal(10) ** 9, places=8),
    up=st.booleans(),
)
def test_either_rounding_of_what_is_bought_is_taken(cents: int, price: Decimal, up: bool) -> None:
    amount, rest = divmod(cents * 10**24, int(price * 10**8))
    coins = from_minor(amount + (up and rest > 0), 18)
    assert fiat_follows(coins, from_minor(cents, 2), price, 18, 2)


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.sampled_from([-1, 1]))
def test_a_cent_too_much_or_too_little_is_found(coins: int, cents: int, sign: int) -> None:
    price = from_minor(cents, 2)
    cost = coins * price
    assert fiat_follows(Decimal(coins), cost, price, 18, 2)
    assert not fiat_follows(Decimal(coins), cost + sign * Decimal("0.01"), price, 18, 2)
