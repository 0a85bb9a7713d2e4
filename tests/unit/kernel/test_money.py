"""Amounts and prices: nothing is lost, and each rounding goes to whom it names."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.money import MAX_MINOR, Amount, Asset, Gain, Price

ETH, EUR = Asset("ETH", 18), Asset("EUR", 2)

assets = st.builds(Asset, st.sampled_from(["AAA", "BBB"]), st.integers(0, 24))
minors = st.integers(0, MAX_MINOR)
prices = st.decimals(
    min_value=Decimal("1e-12"), max_value=Decimal(10**18 - 1), places=12, allow_nan=False
)


def worth(price: Price, amount: Amount) -> Fraction:
    """What `amount` of the coin costs exactly, in minor units of the currency."""
    coins = Fraction(amount.minor, 10**price.base.decimals)
    exact: Fraction = coins * Fraction(price.value) * 10**price.quote.decimals
    return exact


@given(assets, minors)
def test_an_amount_is_read_as_it_is_written(asset: Asset, minor: int) -> None:
    amount = Amount(asset, minor)
    assert asset.amount(str(amount)) == amount
    assert "E" not in str(amount).upper()


@pytest.mark.parametrize(
    ("text", "minor"),
    [("12.50", 1250), ("12.5", 1250), ("0", 0), ("0.01", 1), ("007", 700), ("1.000", 100)],
)
def test_whole_units_become_minor_ones(text: str, minor: int) -> None:
    assert EUR.amount(text) == Amount(EUR, minor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-1",
        "-0",
        "+1",
        " 1",
        "1.",
        ".5",
        "1_0",
        "1,5",
        "\uff11",
        "0.001",
        "NaN",
        "sNaN",
        "Infinity",
        "1e2",
        "1e999999999",
        "1e-999999999",
        "1" * 41,
        "1." + "0" * 41,
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        EUR.amount(text)


def test_an_amount_is_bounded_by_what_an_escrow_can_hold() -> None:
    assert ETH.amount(str(Amount(ETH, MAX_MINOR))).minor == MAX_MINOR
    with pytest.raises(ValueError, match="too large"):
        ETH.amount(str(Amount(ETH, MAX_MINOR + 1)))


def test_amounts_of_two_assets_never_meet() -> None:
    one, other = ETH.amount("1"), EUR.amount("1")
    for meeting in (
        lambda: one + other,
        lambda: one - other,
        lambda: one < other,
        lambda: one <= other,
    ):
        with pytest.raises(ValueError, match="do not add up"):
            meeting()
    assert one != other


def test_an_asset_with_other_decimals_is_another_asset() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Asset("USDT", 6).amount("1") + Asset("USDT", 18).amount("1")


@given(minors, minors)
def test_what_is_taken_off_was_there(first: int, second: int) -> None:
    one, other = Amount(ETH, first), Amount(ETH, second)
    assert (one + other) - other == one
    if first < second:
        with pytest.raises(ValueError, match="not negative"):
            one - other


@given(assets, assets, prices, minors)
def test_a_cost_is_off_by_less_than_a_unit_and_for_whom_it_names(
    base: Asset, quote: Asset, value: Decimal, minor: int
) -> None:
    price, amount = Price(base, quote, value), Amount(base, minor)
    exact = worth(price, amount)
    up, down = price.cost(amount, Gain.SELLER), price.cost(amount, Gain.BUYER)
    assert up.asset == down.asset == quote
    assert down.minor <= exact <= up.minor
    assert up.minor - down.minor == (exact.denominator != 1)


@given(assets, assets, prices, minors)
def test_what_is_bought_is_off_by_less_than_a_unit_and_for_whom_it_names(
    base: Asset, quote: Asset, value: Decimal, minor: int
) -> None:
    price, paid = Price(base, quote, value), Amount(quote, minor)
    exact = minor / worth(price, Amount(base, 1))
    down, up = price.bought(paid, Gain.SELLER), price.bought(paid, Gain.BUYER)
    assert up.asset == down.asset == base
    assert down.minor <= exact <= up.minor
    assert up.minor - down.minor == (exact.denominator != 1)


@given(assets, assets, prices, minors)
def test_going_there_and_back_never_makes_money(
    base: Asset, quote: Asset, value: Decimal, minor: int
) -> None:
    price, amount = Price(base, quote, value), Amount(base, minor)
    # The seller takes the fraction both times: what his buyer gets for it is no more than before.
    assert price.bought(price.cost(amount, Gain.BUYER), Gain.SELLER) <= amount
    assert amount <= price.bought(price.cost(amount, Gain.SELLER), Gain.BUYER)


@given(prices, st.lists(st.integers(0, 10**24), min_size=1, max_size=10))
def test_many_small_costs_are_the_large_one_but_for_a_unit_each(
    value: Decimal, parts: list[int]
) -> None:
    price = Price(ETH, EUR, value)
    whole = price.cost(Amount(ETH, sum(parts)), Gain.SELLER)
    pieces = sum(price.cost(Amount(ETH, part), Gain.SELLER).minor for part in parts)
    assert whole.minor <= pieces < whole.minor + len(parts)


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
def test_a_price_is_above_zero(value: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Price(ETH, EUR, Decimal(value))


def test_a_price_is_asked_about_its_own_pair_only() -> None:
    price = Price(ETH, EUR, Decimal(2500))
    with pytest.raises(ValueError, match="ETH"):
        price.cost(EUR.amount("1"), Gain.SELLER)
    with pytest.raises(ValueError, match="EUR"):
        price.bought(ETH.amount("1"), Gain.SELLER)
