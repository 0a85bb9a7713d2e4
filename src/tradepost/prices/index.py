"""How one price comes of many readings: pure rules, told in docs/adr/0016."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from statistics import median
from typing import Final

from tradepost.prices.model import (
    AHEAD,
    Fault,
    Index,
    NoIndex,
    Pair,
    Part,
    Reading,
    Told,
    crossed,
    inverted,
    price_value,
    reading_value,
)

_BPS: Final = 10_000
#: More than this in one step is a fault of the source until somebody confirms it.
JUMP: Final = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """What an operator asks of a price."""

    max_age: timedelta
    outlier_bps: int
    min_sources: int


def toward(reading: Reading, pair: Pair) -> Reading:
    """The reading as one of `pair`, which is its own or the other way round."""
    if reading.pair == pair:
        return reading
    assert reading.pair.inverse == pair
    return Reading(
        source=reading.source,
        pair=pair,
        value=None if reading.value is None else inverted(reading.value),
        as_of=reading.as_of,
        told=None if reading.told is None else inverted(reading.told),
        tried_at=reading.tried_at,
        fault=reading.fault,
        since=reading.since,
        development=reading.development,
    )


def is_fresh(reading: Reading, max_age: timedelta, now: datetime) -> bool:
    """True if its last usable word still counts."""
    return reading.as_of is not None and now - max_age < reading.as_of <= now + AHEAD


def judge(
    told: Told,
    before: Reading | None,
    others: Sequence[Decimal],
    last: Decimal | None,
    now: datetime,
) -> Told | Fault:
    """What a source told at `now`, made fit to be kept, or why it cannot be used.

    Args:
        told: what it said, with a time if it gave one.
        before: the last reading of the same source and pair.
        others: what the other sources told of the pair lately, the same way round.
        last: what the readings before this one come to, None where they do not count any more.
        now: when it was asked; a time that it gives counts only if it is earlier.
    """
    value = reading_value(told.value)
    if isinstance(value, Fault):
        return value
    if told.at is not None and told.at > now + AHEAD:
        return Fault.FROM_THE_FUTURE
    at = now if told.at is None else min(told.at, now)
    if before is not None and before.as_of is not None and at < before.as_of <= now:
        return Fault.OLDER
    if last is not None and _far(value, last):
        confirmed = sum(not _far(value, word) for word in others)
        # A source alone has to wait until its last word is stale: then nothing contradicts it.
        if not others or 2 * confirmed < len(others):
            return Fault.JUMP
    return Told(value, at)


def _far(one: Decimal, other: Decimal) -> bool:
    low, high = sorted([one, other])
    return high > JUMP * low


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What the readings of one pair come to, before it is rounded."""

    pair: Pair
    value: Decimal
    as_of: datetime
    valid_until: datetime
    spread: Decimal
    development: bool
    parts: tuple[Part, ...]


def _agree(pair: Pair, readings: Sequence[Reading], rule: Rule, now: datetime) -> _Agreed | NoIndex:
    """The median of the fresh readings of `pair`, if enough of them are near it."""
    readings = sorted((toward(one, pair) for one in readings), key=lambda one: one.source)
    fresh = {one.source: one for one in readings if is_fresh(one, rule.max_age, now)}
    values = {source: one.value for source, one in fresh.items() if one.value is not None}
    middle = median(values.values()) if values else Decimal(0)
    used = {
        source: value
        for source, value in values.items()
        if abs(value - middle) * _BPS <= rule.outlier_bps * middle
    }

    def fault(one: Reading) -> Fault | None:
        if one.source in used:
            return None
        if one.source in values:
            return Fault.OUTLIER
        return one.fault or (Fault.NEVER_READ if one.value is None else Fault.STALE)

    parts = tuple(Part(one.source, one.pair, one.value, one.as_of, fault(one)) for one in readings)
    # More than half, lest two halves have a price each.
    needed = max(rule.min_sources, len(values) // 2 + 1)
    if len(used) < needed:
        if len(values) < rule.min_sources:
            return NoIndex(pair, _why_too_few(readings, values), None, parts)
        return NoIndex(pair, Fault.DISAGREEMENT, None, parts)
    times = sorted(
        (one.as_of for source, one in fresh.items() if source in used and one.as_of is not None),
        reverse=True,
    )
    return _Agreed(
        pair=pair,
        value=middle,
        as_of=times[-1],
        valid_until=times[needed - 1] + rule.max_age,
        spread=(max(used.values()) - min(used.values())) / middle,
        development=any(fresh[source].development for source in used),
        parts=parts,
    )


def _why_too_few(readings: Sequence[Reading], values: Mapping[str, Decimal]) -> Fault:
    if values:
        return Fault.TOO_FEW_SOURCES
    known = any(one.value is not None for one in readings)
    return Fault.STALE if known else Fault.NEVER_READ


def agreed_value(
    pair: Pair, readings: Sequence[Reading], rule: Rule, now: datetime
) -> Decimal | None:
    """What the readings of `pair` (its own, either way round) come to at `now`, unrounded."""
    agreed = _agree(pair, readings, rule, now)
    return agreed.value if isinstance(agreed, _Agreed) else None


def route(pair: Pair, quoted: frozenset[Pair], crosses: Sequence[str]) -> str | None:
    """The currency to cross over, "" where `pair` is quoted itself, None where there is no way.

    `quoted` is what sources are configured to give, either way round. That alone decides, never
    who answers at the moment: else whoever can silence a source could choose how a price is made.
    """

    def has(one: Pair) -> bool:
        return one in quoted or one.inverse in quoted

    if has(pair):
        return ""
    for third in crosses:
        if third not in pair and has(Pair(pair.base, third)) and has(Pair(third, pair.quote)):
            return third
    return None


def legs(pair: Pair, over: str) -> tuple[Pair, ...]:
    """What `pair` is made of over a third currency, or itself where `over` is ""."""
    return (Pair(pair.base, over), Pair(over, pair.quote)) if over else (pair,)


def index(
    pair: Pair, readings: Sequence[Reading], over: str, rule: Rule, now: datetime
) -> Index | NoIndex:
    """The index of `pair` at `now`.

    The index is the median of the fresh readings. Those farther than `outlier_bps` from it are
    left out; more than half, and `min_sources`, must remain. Over a third currency it is the
    product of two such medians, as fresh as the older one.

    Args:
        pair: what is wanted.
        readings: of any pairs, one for each source and pair; others than needed are passed over.
        over: the third currency, "" for none.
        rule: what is asked of it.
        now: the moment at which readings must be fresh.
    """
    agreed = [
        _agree(leg, [one for one in readings if one.pair in (leg, leg.inverse)], rule, now)
        for leg in legs(pair, over)
    ]
    parts = tuple(part for one in agreed for part in one.parts)
    good = [one for one in agreed if isinstance(one, _Agreed)]
    bad = [one.fault for one in agreed if isinstance(one, NoIndex)]
    if bad:
        return NoIndex(pair, bad[0], over or None, parts)
    exact = good[0].value if not over else crossed(good[0].value, good[1].value)
    value = price_value(exact)
    if value is None:
        return NoIndex(pair, Fault.OUT_OF_RANGE, over or None, parts)
    spread = (sum((one.spread for one in good), Decimal(0)) * _BPS).to_integral_value(ROUND_CEILING)
    return Index(
        pair=pair,
        value=value,
        as_of=min(one.as_of for one in good),
        valid_until=min(one.valid_until for one in good),
        spread_bps=int(spread),
        crossed_over=over or None,
        development=any(one.development for one in good),
        parts=parts,
    )
