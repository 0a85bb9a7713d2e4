"""The rules of the index, for whatever sources say."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.prices.index import JUMP, Rule, index, judge, route
from tradepost.prices.model import (
    PRICE_DECIMALS,
    PRICE_DIGITS,
    Fault,
    Index,
    NoIndex,
    Pair,
    Reading,
    Told,
    inverted,
    price_value,
    reading_value,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule(max_age=timedelta(seconds=120), outlier_bps=300, min_sources=1)
PAIR = Pair("ETH", "EUR")

VALUES = st.decimals("0.001", "1000000", places=3, allow_nan=False).map(Decimal)
#: Honest sources differ by less than what the rule allows from the median.
NEAR = st.integers(9_900, 10_100).map(lambda part: Decimal(part) / 10_000)
AGES = st.integers(0, 240)


def reading(
    source: str,
    value: Decimal | str,
    age: float = 0,
    pair: Pair = PAIR,
    *,
    development: bool = False,
) -> Reading:
    at = NOW - timedelta(seconds=age)
    worth = Decimal(value)
    return Reading(source, pair, worth, at, worth, at, None, None, development)


def made(values: Sequence[Decimal | str], rule: Rule = RULE) -> Index | NoIndex:
    return index(PAIR, [reading(f"s{n}", value) for n, value in enumerate(values)], "", rule, NOW)


def price(values: Sequence[Decimal | str], rule: Rule = RULE) -> Decimal | Fault:
    found = made(values, rule)
    return found.value if isinstance(found, Index) else found.fault


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2000"], Decimal(2000)),
        (["2000", "2001"], Decimal("2000.5")),
        (["2000", "2200"], Fault.DISAGREEMENT),
        (["2000", "2010", "1"], Decimal(2000)),
        (["2000", "2010", "1e9"], Decimal(2010)),
        (["2000", "2001", "2200", "2201"], Fault.DISAGREEMENT),
        (["2000", "2100", "2200"], Fault.DISAGREEMENT),
        (["2000", "2060"], Decimal(2030)),
        ([], Fault.NEVER_READ),
    ],
)
def test_what_some_readings_come_to(values: list[str], expected: Decimal | Fault) -> None:
    assert price(values) == expected


@given(st.lists(VALUES, min_size=1, max_size=9))
def test_it_is_never_outside_of_what_is_used(values: list[Decimal]) -> None:
    found = made(values)
    if isinstance(found, Index):
        used = [part.value for part in found.parts if part.used and part.value is not None]
        assert min(used) <= found.value <= max(used)
        assert 2 * len(used) > len(values)


@given(VALUES, VALUES, VALUES)
def test_one_liar_of_three_cannot_move_it_beyond_the_honest(
    one: Decimal, other: Decimal, lie: Decimal
) -> None:
    found = made([one, other, lie])
    if isinstance(found, Index):
        assert min(one, other) <= found.value <= max(one, other)


@given(VALUES, st.lists(NEAR, min_size=3, max_size=7), st.lists(VALUES, max_size=3))
def test_fewer_liars_than_honest_can_neither_move_nor_stop_it(
    value: Decimal, parts: list[Decimal], lies: list[Decimal]
) -> None:
    honest = [value * part for part in parts]
    found = made(honest + lies[: len(honest) - 1])
    assert isinstance(found, Index)
    assert price_value(min(honest)) <= found.value <= price_value(max(honest))  # type: ignore[operator]


@given(st.lists(VALUES, min_size=1, max_size=5), st.data())
def test_the_order_of_the_readings_does_not_matter(
    values: list[Decimal], data: st.DataObject
) -> None:
    readings = [reading(f"s{n}", value) for n, value in enumerate(values)]
    mixed = data.draw(st.permutations(readings))
    assert index(PAIR, readings, "", RULE, NOW) == index(PAIR, mixed, "", RULE, NOW)


@given(st.lists(st.tuples(VALUES, AGES), min_size=1, max_size=6), st.integers(1, 3))
def test_only_what_is_fresh_counts_and_it_ends_when_too_little_is(
    told: list[tuple[Decimal, int]], min_sources: int
) -> None:
    rule = Rule(RULE.max_age, RULE.outlier_bps, min_sources)
    readings = [reading(f"s{n}", value, age) for n, (value, age) in enumerate(told)]
    fresh = [one for one in readings if one.as_of is not None and one.as_of > NOW - RULE.max_age]
    found = index(PAIR, readings, "", rule, NOW)
    if not isinstance(found, Index):
        return
    alone = index(PAIR, fresh, "", rule, NOW)
    assert isinstance(alone, Index)
    assert found.value == alone.value
    used = [part.as_of for part in found.parts if part.used and part.as_of is not None]
    assert found.as_of == min(used)
    assert NOW < found.valid_until <= max(used) + RULE.max_age
    left = [at for at in used if at + RULE.max_age > found.valid_until]
    assert len(left) < max(min_sources, len(fresh) // 2 + 1)


def test_stale_is_none() -> None:
    assert isinstance(index(PAIR, [reading("s", "2000", 119)], "", RULE, NOW), Index)
    found = index(PAIR, [reading("s", "2000", 120)], "", RULE, NOW)
    assert isinstance(found, NoIndex)
    assert found.fault is Fault.STALE


def test_a_reading_of_the_future_does_not_count() -> None:
    assert isinstance(index(PAIR, [reading("s", "2000", -6)], "", RULE, NOW), NoIndex)


def test_too_few_sources_are_none() -> None:
    assert price(["2000"], Rule(RULE.max_age, 300, 2)) is Fault.TOO_FEW_SOURCES
    assert price(["2000", "2001"], Rule(RULE.max_age, 300, 2)) == Decimal("2000.5")


def test_one_made_up_reading_marks_the_price() -> None:
    readings = [reading("a", "2000"), reading("b", "2000", development=True)]
    found = index(PAIR, readings, "", RULE, NOW)
    assert isinstance(found, Index)
    assert found.development
    # But not where it is left out.
    readings = [*readings[:1], reading("b", "3000", development=True), reading("c", "2000")]
    found = index(PAIR, readings, "", RULE, NOW)
    assert isinstance(found, Index)
    assert not found.development


@given(VALUES, VALUES, AGES, AGES)
def test_a_cross_is_the_product_within_its_rounding(
    first: Decimal, second: Decimal, age: int, other_age: int
) -> None:
    readings = [
        reading("s", first, age, Pair("ETH", "USD")),
        reading("t", second, other_age, Pair("USD", "KES")),
    ]
    found = index(Pair("ETH", "KES"), readings, "USD", RULE, NOW)
    if max(age, other_age) >= 120:
        assert isinstance(found, NoIndex)
        return
    assert isinstance(found, Index)
    product = first * second
    step = max(Decimal(1).scaleb(-PRICE_DECIMALS), product * Decimal("1e-14"))
    assert abs(found.value - product) <= step
    assert found.crossed_over == "USD"
    assert found.as_of == NOW - timedelta(seconds=max(age, other_age))
    assert found.valid_until == found.as_of + RULE.max_age


@given(VALUES)
def test_a_leg_may_be_given_the_other_way_round(value: Decimal) -> None:
    readings = [
        reading("s", "2000", 0, Pair("ETH", "USD")),
        reading("t", inverted(value), 0, Pair("KES", "USD")),
    ]
    found = index(Pair("ETH", "KES"), readings, "USD", RULE, NOW)
    assert isinstance(found, Index)
    assert abs(found.value - 2000 * value) <= 2000 * value * Decimal("1e-13")


def test_the_way_is_chosen_by_what_is_configured_alone() -> None:
    quoted = frozenset(
        {Pair("ETH", "USD"), Pair("ETH", "EUR"), Pair("EUR", "KES"), Pair("KES", "USD")}
    )
    assert route(Pair("ETH", "EUR"), quoted, ("USD", "EUR")) == ""
    assert route(Pair("USD", "ETH"), quoted, ("USD", "EUR")) == ""
    assert route(Pair("ETH", "KES"), quoted, ("USD", "EUR")) == "USD"
    assert route(Pair("ETH", "KES"), quoted, ("EUR", "USD")) == "EUR"
    assert route(Pair("ETH", "KES"), quoted, ()) is None
    assert route(Pair("ETH", "JPY"), quoted, ("USD", "EUR")) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("NaN", Fault.NOT_A_NUMBER),
        ("Infinity", Fault.NOT_A_NUMBER),
        ("-Infinity", Fault.NOT_A_NUMBER),
        ("0", Fault.NOT_POSITIVE),
        ("-1", Fault.NOT_POSITIVE),
        ("1e999999", Fault.OUT_OF_RANGE),
        ("1e-999999", Fault.OUT_OF_RANGE),
        ("1e18", Fault.OUT_OF_RANGE),
        ("1e-13", Fault.OUT_OF_RANGE),
        ("999999999999999999", Decimal(999999999999999999)),
    ],
)
def test_what_can_be_a_reading(value: str, expected: Decimal | Fault) -> None:
    assert reading_value(Decimal(value)) == expected


@given(st.decimals("1e-8", "999999999999999", allow_nan=False))
def test_a_price_fits_and_is_near_its_value(value: Decimal) -> None:
    found = price_value(value)
    assert found is not None
    exponent = found.as_tuple().exponent
    assert isinstance(exponent, int)
    assert exponent >= -PRICE_DECIMALS
    assert found.adjusted() < PRICE_DIGITS
    error = max(Decimal("0.5e-12"), value * Decimal("0.5e-14"))
    assert abs(found - value) <= error


@pytest.mark.parametrize("value", ["1e18", "999999999999999999.9", "9.99e-9", "0"])
def test_what_does_not_fit_is_no_price(value: str) -> None:
    assert price_value(Decimal(value)) is None


@pytest.mark.parametrize(
    ("value", "even"), [("1.0000000000005", "1"), ("1.0000000000015", "1.000000000002")]
)
def test_a_price_is_rounded_to_the_even(value: str, even: str) -> None:
    assert price_value(Decimal(value)) == Decimal(even)


def told(value: str, at: datetime | None = None) -> Told:
    return Told(Decimal(value), at)


def test_a_word_without_a_time_is_as_old_as_the_question() -> None:
    assert judge(told("2000"), None, [], None, NOW) == told("2000", NOW)


def test_a_word_from_the_future_is_refused_but_for_a_clock_a_little_ahead() -> None:
    ahead = NOW + timedelta(seconds=6)
    assert judge(told("2000", ahead), None, [], None, NOW) is Fault.FROM_THE_FUTURE
    ahead = NOW + timedelta(seconds=5)
    assert judge(told("2000", ahead), None, [], None, NOW) == told("2000", NOW)


def test_a_source_cannot_go_back_in_time() -> None:
    before = reading("s", "2000", 10)
    old = NOW - timedelta(seconds=11)
    assert judge(told("2000", old), before, [], None, NOW) is Fault.OLDER


@pytest.mark.parametrize(
    ("value", "others", "last", "good"),
    [
        ("4000", [], "2000", True),
        ("4001", [], "2000", False),
        ("999", [], "2000", False),
        ("4001", [], None, True),
        ("4001", ["2000"], "2000", False),
        ("4001", ["4002"], "2000", True),
        ("4001", ["2000", "4002"], "2000", True),
        ("4001", ["2000", "2000", "4002"], "2000", False),
    ],
)
def test_a_jump_needs_half_of_the_others(
    value: str, others: list[str], last: str | None, *, good: bool
) -> None:
    assert JUMP == 2
    found = judge(
        told(value),
        None,
        [Decimal(one) for one in others],
        None if last is None else Decimal(last),
        NOW,
    )
    assert found == (told(value, NOW) if good else Fault.JUMP)


def test_every_order_of_liars_and_honest_gives_one_price() -> None:
    assert {price(list(order)) for order in permutations(["1", "2000", "2001", "2002", "9e9"])} == {
        Decimal(2001)
    }
