"""The token bucket against one that counts in fractions, and its bounds."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.limits.bucket import MAX_COST, Ask, Policy, Rate, judge
from tradepost.kernel.limits.memory import MemoryStore

RATES = st.builds(
    Rate,
    quota=st.integers(1, 100_000),
    window_s=st.integers(10, 3_600),
    burst=st.integers(MAX_COST, 2_000),
)
#: How long after the one before it each request comes, and what it costs.
REQUESTS = st.lists(
    st.tuples(st.integers(0, 20_000_000), st.integers(1, MAX_COST)), min_size=1, max_size=60
)


class Clock:
    def __init__(self) -> None:
        self.us = 1_000_000

    def __call__(self) -> int:
        return self.us


class Model:
    """A bucket as one would tell it: so many units, and time brings more, exactly."""

    def __init__(self, rate: Rate) -> None:
        self.units = Fraction(rate.burst)
        self.burst = rate.burst
        self.per_us = Fraction(1, rate.interval_us)

    def pass_time(self, us: int) -> None:
        self.units = min(Fraction(self.burst), self.units + us * self.per_us)

    def missing(self, cost: int) -> Fraction:
        return max(Fraction(0), cost - self.units)


@given(RATES, REQUESTS)
def test_a_bucket_is_that_of_the_model(rate: Rate, requests: list[tuple[int, int]]) -> None:
    clock = Clock()
    store, model, policy = MemoryStore(clock), Model(rate), Policy("key", rate)
    for pause_us, cost in requests:
        clock.us += pause_us
        model.pass_time(pause_us)
        ask = [Ask("one", policy, cost * policy.interval_us)]
        verdict = judge(ask, store.take(ask))
        missing = model.missing(cost)
        assert verdict.violated == (("key",) if missing else ())
        if missing:
            assert verdict.wait_us == missing * rate.interval_us
        else:
            model.units -= cost
        assert verdict.left == int(model.units)
        assert verdict.full_us == (rate.burst - model.units) * rate.interval_us


@given(st.lists(RATES, min_size=2, max_size=3), REQUESTS)
def test_all_buckets_of_a_request_are_charged_or_none(
    rates: list[Rate], requests: list[tuple[int, int]]
) -> None:
    clock = Clock()
    store = MemoryStore(clock)
    models = [Model(rate) for rate in rates]
    policies = [Policy(str(number), rate) for number, rate in enumerate(rates)]
    for pause_us, cost in requests:
        clock.us += pause_us
        for model in models:
            model.pass_time(pause_us)
        asks = [Ask(each.name, each, cost * each.interval_us) for each in policies]
        verdict = judge(asks, store.take(asks))
        short = [model.missing(cost) for model in models]
        assert verdict.violated == tuple(
            policy.name for policy, missing in zip(policies, short, strict=True) if missing
        )
        if not any(short):
            for model in models:
                model.units -= cost
        named = [
            int(model.units)
            for policy, model in zip(policies, models, strict=True)
            if not verdict.violated or policy.name in verdict.violated
        ]
        assert verdict.left == min(named)


@given(RATES, REQUESTS)
def test_what_was_refused_is_served_after_the_time_that_was_told(
    rate: Rate, requests: list[tuple[int, int]]
) -> None:
    clock = Clock()
    store, policy = MemoryStore(clock), Policy("key", rate)
    for _, cost in requests:
        ask = [Ask("one", policy, cost * policy.interval_us)]
        verdict = judge(ask, store.take(ask))
        if verdict.violated:
            clock.us += verdict.wait_us - 1
            assert judge(ask, store.take(ask)).violated
            clock.us += 1
            assert not judge(ask, store.take(ask)).violated


@given(RATES, st.integers(1, 64))
def test_shares_never_add_up_to_more(rate: Rate, processes: int) -> None:
    share = rate.share(processes)
    assert share.quota == 1 or share.quota * processes <= rate.quota
    assert share.burst == MAX_COST or share.burst * processes <= rate.burst


def test_a_fine_empties_a_bucket_and_no_more() -> None:
    clock = Clock()
    store, policy = MemoryStore(clock), Policy("address", Rate.parse("60/60 burst 100"))
    for _ in range(5):
        store.fine(Ask("one", policy, 50 * policy.interval_us))
    ask = [Ask("one", policy, policy.interval_us)]
    assert judge(ask, store.take(ask)).wait_us == policy.interval_us


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1200/60 burst 300", Rate(1_200, 60, 300)),
        ("100/1", Rate(100, 1, 100)),
        ("7/3600 burst 100", Rate(7, 3_600, 100)),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1200",
        "1200/60 burst",
        "1200/60 burst 99",
        "99/60",
        "0/60 burst 100",
        "100/0",
        "100/3601",
        "1000001/60",
        "10001/1",
        "-1/60",
        "1200/60 burst 300 ",
        "\u0661200/60",
        "1200/60 burst 1000001",
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|burst"):
        Rate.parse(text)
