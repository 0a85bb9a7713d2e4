"""What is kept of a trade, and how intervals and shares are worked out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tradepost.insights.model import (
    AMOUNT_DIGITS,
    Interval,
    PastTrade,
    rough,
    spread_bps,
)
from tradepost.kernel.money import MAX_MINOR, Amount, Asset

ETH = Asset("ETH", 18)

moments = st.datetimes(datetime(2009, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
prices = st.decimals("0.00000001", "1000000000", places=8)


@given(st.integers(1, MAX_MINOR))
def test_a_rough_amount_has_two_digits_and_is_near(minor: int) -> None:
    found = rough(Amount(ETH, minor)).minor
    assert len(str(found).rstrip("0")) <= AMOUNT_DIGITS
    assert abs(found - minor) * 20 <= minor
    assert found > 0


@given(st.integers(1, MAX_MINOR))
def test_what_is_rough_stays_as_it_is(minor: int) -> None:
    once = rough(Amount(ETH, minor))
    assert rough(once) == once


@given(moments)
def test_a_past_trade_has_the_time_of_its_minute(at: datetime) -> None:
    kept = PastTrade.of(at, Decimal(1), Amount(ETH, 1), "sepa").at
    assert kept.second == kept.microsecond == 0
    assert timedelta(0) <= at - kept < timedelta(minutes=1)


@given(moments, st.sampled_from(Interval))
def test_every_moment_is_in_one_interval(at: datetime, interval: Interval) -> None:
    start = interval.start(at)
    assert start <= at < start + interval.length
    assert interval.start(start) == start
    assert interval.start(start + interval.length) == start + interval.length


@given(moments)
def test_intervals_lie_in_each_other(at: datetime) -> None:
    starts = [interval.start(at) for interval in Interval]
    assert starts == sorted(starts, reverse=True)
    assert Interval.DAY.start(at).time() == datetime.min.time()
    assert Interval.WEEK.start(at).weekday() == 0


@given(prices, prices)
def test_the_spread_is_a_share_of_the_middle(bid: Decimal, ask: Decimal) -> None:
    middle = (Fraction(bid) + Fraction(ask)) / 2
    exact = (Fraction(ask) - Fraction(bid)) / middle * 10_000
    found = spread_bps(bid, ask)
    assert found is not None
    assert abs(found - exact) <= Fraction(1, 2)


def test_without_a_side_there_is_no_spread() -> None:
    assert spread_bps(None, Decimal(1)) is None
    assert spread_bps(Decimal(1), None) is None
