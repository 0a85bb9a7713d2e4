"""The token bucket, as pure rules.

A bucket is one number: its backlog, the microseconds until it is full again (the form is known as
the generic cell rate algorithm). A unit that is taken adds the time in which one comes back; more
than `capacity_us` never fits. All of it is in integers, so every store decides alike.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

#: No operation costs more, so every bucket has to hold as much.
MAX_COST = 100
_MOST = 1_000_000
_LONGEST_S = 3_600
#: Units in a second: a unit's time is told in whole microseconds, to one in a hundred at least.
_FASTEST = 10_000
_FORM = re.compile(r"([0-9]{1,7})/([0-9]{1,4})(?: burst ([0-9]{1,7}))?", re.ASCII)


@dataclass(frozen=True)
class Rate:
    """`quota` units come back in each `window_s` seconds; `burst` of them fit in the bucket."""

    quota: int
    window_s: int
    burst: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `1200/60 burst 300`; without a burst, it is the quota.

        Raises:
            ValueError: it is no rate, or one that cannot be kept.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("a limit is written as units/seconds, such as `1200/60 burst 300`")
        quota, window_s = int(found[1]), int(found[2])
        rate = cls(quota, window_s, int(found[3] or quota))
        if not (1 <= quota <= _MOST and 1 <= window_s <= _LONGEST_S):
            raise ValueError(f"a limit has 1 to {_MOST:,} units in 1 to {_LONGEST_S:,} seconds")
        if not MAX_COST <= rate.burst <= _MOST:
            raise ValueError(
                f"a burst is {MAX_COST} (which one request can cost) to {_MOST:,} units"
            )
        if quota > _FASTEST * window_s:
            raise ValueError(f"a limit has at most {_FASTEST:,} units in a second")
        return rate

    def share(self, of: int) -> "Rate":
        """What each of so many processes may give where none knows of the others."""
        return Rate(max(1, self.quota // of), self.window_s, max(MAX_COST, self.burst // of))

    @cached_property
    def interval_us(self) -> int:
        """The time in which one unit comes back; rounded up, so that it is never too short."""
        return -(-self.window_s * 1_000_000 // self.quota)

    @cached_property
    def capacity_us(self) -> int:
        """The backlog of an empty bucket."""
        return self.burst * self.interval_us


class Policy:
    """A rate by its name, as answers tell it (draft-ietf-httpapi-ratelimit-headers-10)."""

    __slots__ = ("capacity_us", "header", "interval_us", "name")

    def __init__(self, name: str, rate: Rate) -> None:
        self.name = name
        self.interval_us = rate.interval_us
        self.capacity_us = rate.capacity_us
        self.header = f'"{name}";q={rate.quota};w={rate.window_s}'


class Ask(NamedTuple):
    """A request for `cost_us` (units times the policy's interval) of the bucket `key`."""

    key: str
    policy: Policy
    cost_us: int


class Verdict(NamedTuple):
    """What became of a request's asks: all were charged, or none.

    `tightest` is the policy with the fewest units left, `left` their number, `full_us` when that
    bucket is full again. Where buckets are short, `violated` names their policies, `tightest` is
    one of them, and `wait_us` is how long the longest of them takes.
    """

    tightest: Policy
    left: int
    full_us: int
    violated: tuple[str, ...]
    wait_us: int


def judge(asks: Sequence[Ask], backlogs: Sequence[int]) -> Verdict:
    """The verdict, from what the backlogs (0 to the capacity) were before the request."""
    violated: list[str] = []
    tightest, least, full_us, wait_us = asks[0].policy, _MOST, 0, 0
    for (_, policy, cost_us), backlog in zip(asks, backlogs, strict=True):
        after = backlog + cost_us
        room_us = policy.capacity_us - after
        if room_us < 0:
            violated.append(policy.name)
            wait_us = max(wait_us, -room_us)
        left = room_us // policy.interval_us
        if left < least:
            tightest, least, full_us = policy, left, after
    if violated:
        return _refused(asks, backlogs, tuple(violated), wait_us)
    return Verdict(tightest, least, full_us, (), 0)


def _refused(
    asks: Sequence[Ask], backlogs: Sequence[int], violated: tuple[str, ...], wait_us: int
) -> Verdict:
    """Nothing was charged: what is left is what was there before."""
    left, tightest, full_us = min(
        (
            ((ask.policy.capacity_us - backlog) // ask.policy.interval_us, ask.policy, backlog)
            for ask, backlog in zip(asks, backlogs, strict=True)
            if ask.policy.name in violated
        ),
        key=lambda bucket: bucket[0],
    )
    return Verdict(tightest, left, full_us, violated, wait_us)
