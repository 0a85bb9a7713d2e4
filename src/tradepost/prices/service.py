"""What other rooms and the worker ask of prices. A price that is not fresh is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tradepost.kernel import database
from tradepost.kernel.database import Transaction
from tradepost.kernel.settings import PriceSource, Settings
from tradepost.prices import store, table
from tradepost.prices.index import Rule, agreed_value, index, is_fresh, judge, legs, route, toward
from tradepost.prices.model import (
    AHEAD,
    INDEX,
    Fault,
    Index,
    IndexRow,
    Pair,
    PairNotQuoted,
    Point,
    PriceUnavailable,
    Quote,
    Reading,
    Told,
    price_value,
    reading_value,
)

#: More pairs and sources than settings can name for a few assets.
_MOST_FRESH: Final = 20_000
_HISTORY_STEP: Final = timedelta(minutes=1)
#: How wide a step of the history gets at what age, and how much of it is thinned at once.
_THINNED: Final = (
    (timedelta(minutes=1), timedelta(minutes=15), timedelta(days=2), timedelta(hours=1)),
    (timedelta(minutes=15), timedelta(days=1), timedelta(days=60), timedelta(days=1)),
)


def topic(pair: Pair) -> str:
    """What is touched when the index of the pair is made anew."""
    return f"prices:{pair.base}-{pair.quote}"


def source_names(settings: Settings) -> frozenset[str]:
    """The sources that an offer may name: the index, and each one that is configured."""
    return frozenset({INDEX, *(source.name for source in settings.price_sources)})


class RecentQuotes:
    """Fresh quotes as each process asks for them at most once a second: to look, not to trade by.

    A quote that goes stale meanwhile is not handed out.
    """

    _EVERY: Final = timedelta(seconds=1)

    def __init__(self) -> None:
        #: By pair, of which there are as many as an exchange trades; None: all of them.
        self._known: dict[Pair | None, tuple[datetime, list[Quote]]] = {}

    async def quotes(self, asked: database.Reading, pair: tuple[str, str] | None) -> list[Quote]:
        """Those of a pair, or all."""
        key = None if pair is None else Pair(*pair)
        at, known = self._known.get(key, (None, []))
        if at is None or abs(asked.now - at) > self._EVERY:
            if key is None:
                known = await store.fresh(asked, _MOST_FRESH)
            else:
                known = await store.quotes(asked, key)
            self._known[key] = (asked.now, known)
        stale = any(quote.valid_until <= asked.now for quote in known)
        # The same list while nothing changes, so that what is made of it need not be made again.
        return [quote for quote in known if quote.valid_until > asked.now] if stale else known


async def quotes(tx: Transaction, base: str, quote: str) -> dict[str, Quote]:
    """The quotes of the pair that are fresh at `tx.now`, by source; empty where there is none."""
    return {one.source: one for one in await store.quotes(tx, Pair(base, quote))}


async def fresh(tx: Transaction) -> list[Quote]:
    """All quotes that are fresh at `tx.now`, of all pairs and sources, in their order."""
    return await store.fresh(tx, _MOST_FRESH)


async def readings(tx: Transaction) -> list[Reading]:
    """The last word of every source on each of its pairs, and its fault where it has one."""
    return await store.readings(tx)


async def ages(tx: Transaction) -> list[tuple[str, str, float | None]]:
    """Of each pair how old (s) its index is, fresh or not; None where it has no value at all."""
    return await store.index_ages(tx)


async def priced(
    tx: Transaction, asset: str | None, currency: str | None, after: Pair | None, limit: int
) -> list[IndexRow]:
    """Up to `limit` fresh indexes in the order of their pairs, from behind `after`."""
    return await store.fresh_indexes(tx, asset, currency, after, limit)


async def price(tx: Transaction, pair: Pair) -> IndexRow:
    """The fresh index of `pair` and how it came about.

    Raises:
        PairNotQuoted: no source is configured from which it could come.
        PriceUnavailable: there is none now; it tells `reason`, `since` and the `sources`.
    """
    if pair not in Plan.of(tx.settings).routes:
        raise PairNotQuoted
    found = await store.index(tx, pair)
    if found is None:
        raise PriceUnavailable(reason=Fault.NEVER_READ, since=None, sources=[])
    if found.fault is None:
        assert found.as_of is not None
        assert found.valid_until is not None
        if found.valid_until > tx.now and found.as_of <= tx.now + AHEAD:
            return found
    since = found.since or found.valid_until
    raise PriceUnavailable(
        reason=found.fault or Fault.STALE,
        since=None if since is None else since.isoformat().replace("+00:00", "Z"),
        sources=[
            {
                "name": part.source,
                "pair": "/".join(part.pair),
                "why_not": part.fault or Fault.STALE,
            }
            for part in found.parts
        ],
    )


async def history(
    tx: Transaction, pair: Pair, since: datetime, until: datetime, limit: int
) -> list[Point]:
    """Up to `limit` points of the pair's index, the oldest first; raises `PairNotQuoted`."""
    if pair not in Plan.of(tx.settings).routes:
        raise PairNotQuoted
    return await store.history(tx, pair, since, until, limit)


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from the settings: who gives which pairs, and what is made of them.

    `read` maps each source to the pairs it gives, `quoted` to those of them that are traded, the
    traded asset first; `routes` maps each traded pair that can have an index to the currency it
    is crossed over, "" for none.
    """

    read: Mapping[str, tuple[Pair, ...]]
    quoted: Mapping[str, tuple[Pair, ...]]
    routes: Mapping[Pair, str]

    @classmethod
    def of(cls, settings: Settings) -> "Plan":
        """The plan of these settings."""
        read = {source.name: pairs_of(source) for source in settings.price_sources}
        assets = [asset.code for asset in settings.assets]
        every = frozenset(pair for pairs in read.values() for pair in pairs)
        codes = sorted({code for pair in every for code in pair})
        routes = {
            pair: way
            for pair in (Pair(asset, code) for asset in assets for code in codes if code != asset)
            if (way := route(pair, every, settings.price_crosses)) is not None
        }
        quoted = {
            name: tuple(way for pair in pairs for way in (pair, pair.inverse) if way.base in assets)
            for name, pairs in read.items()
        }
        return cls(read, quoted, routes)

    def concerns(self, source: str, pair: Pair) -> bool:
        """True if the index of `pair` is made of what `source` gives."""
        given = {frozenset(one) for one in self.read[source]}
        return any(frozenset(leg) in given for leg in legs(pair, self.routes[pair]))


def pairs_of(source: PriceSource) -> tuple[Pair, ...]:
    """What a source gives."""
    if source.kind == "development":
        return tuple(table.prices(source))
    return tuple(Pair(one.base, one.quote) for one in source.pairs)


async def record(
    tx: Transaction, source: PriceSource, asked_at: datetime, answer: Mapping[Pair, Told | Fault]
) -> None:
    """Keeps what a source answered when it was asked at `asked_at`, and makes all prices anew.

    A pair that is missing in the answer is a `Fault.MISSING`. An answer to an earlier question
    than the last one that was recorded changes nothing.
    """
    rule = _rule(tx.settings)
    plan = Plan.of(tx.settings)
    await store.take_turn(tx)
    known = _Known(await store.readings(tx))
    given = [
        _reading(source, pair, asked_at, answer.get(pair, Fault.MISSING), known, rule)
        for pair in plan.read[source.name]
    ]
    newer = {one.pair for one in known.of_source(source.name) if one.tried_at > asked_at}
    given = [one for one in given if one.pair not in newer]
    await store.put_readings(tx, given)
    for one in given:
        known.put(one)
    await store.put_quotes(
        tx, [made for one in given for made in _own_quotes(one, plan, rule, tx.now)]
    )
    # Other pairs are as they were: the sources that they are made of speak for them.
    made = [
        index(pair, known.of(*legs(pair, over)), over, rule, tx.now)
        for pair, over in plan.routes.items()
        if plan.concerns(source.name, pair)
    ]
    await store.put_indexes(tx, made)
    tx.touched.update(topic(one.pair) for one in made)
    await store.append_history(tx, [one for one in made if isinstance(one, Index)], _HISTORY_STEP)


async def forget_unconfigured(tx: Transaction) -> None:
    """Drops what sources said that are not configured any more, and what was made of it."""
    plan = Plan.of(tx.settings)
    await store.take_turn(tx)
    await store.keep_only(tx, plan.read, {**plan.quoted, INDEX: tuple(plan.routes)})


async def thin_history(tx: Transaction) -> int:
    """Leaves one point of many where the history is old, a bounded part at a time.

    Returns how many points it met: 0 where there is nothing left to do.
    """
    for step, wider, age, window in _THINNED:
        met = await store.thin(tx, step, wider, tx.now - age, window)
        if met:
            return met
    return 0


class _Known:
    """The last readings of all sources, found by their pair, whichever way round it stands."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._by_pair: dict[frozenset[str], dict[str, Reading]] = {}
        for one in readings:
            self.put(one)

    def put(self, reading: Reading) -> None:
        """Takes it in the place of the one before of the same source."""
        self._by_pair.setdefault(frozenset(reading.pair), {})[reading.source] = reading

    def of(self, *pairs: Pair) -> list[Reading]:
        """Those of any of these pairs."""
        return [one for pair in pairs for one in self._by_pair.get(frozenset(pair), {}).values()]

    def of_source(self, source: str) -> list[Reading]:
        """Those of one source."""
        return [of_pair[source] for of_pair in self._by_pair.values() if source in of_pair]


def _rule(settings: Settings) -> Rule:
    return Rule(
        timedelta(seconds=settings.price_max_age_s),
        settings.price_outlier_bps,
        settings.price_min_sources,
    )


def _reading(
    source: PriceSource,
    pair: Pair,
    asked_at: datetime,
    told: Told | Fault,
    known: "_Known",
    rule: Rule,
) -> Reading:
    """The source's reading of the pair after it was asked."""
    of_pair = [toward(one, pair) for one in known.of(pair)]
    before = next((one for one in of_pair if one.source == source.name), None)
    good = told
    if isinstance(told, Told):
        others = [
            one.told
            for one in of_pair
            if one.source != source.name
            and one.told is not None
            and one.tried_at > asked_at - rule.max_age
        ]
        last = agreed_value(pair, of_pair, rule, asked_at)
        good = judge(told, before, others, last, asked_at)
    if isinstance(good, Told):
        return Reading(
            source=source.name,
            pair=pair,
            value=good.value,
            as_of=good.at,
            told=good.value,
            tried_at=asked_at,
            fault=None,
            since=None,
            development=source.kind == "development",
        )
    word = reading_value(told.value) if isinstance(told, Told) else good
    return Reading(
        source=source.name,
        pair=pair,
        value=None if before is None else before.value,
        as_of=None if before is None else before.as_of,
        told=None if isinstance(word, Fault) else word,
        tried_at=asked_at,
        fault=good,
        since=asked_at if before is None or before.since is None else before.since,
        development=source.kind == "development",
    )


def _own_quotes(reading: Reading, plan: "Plan", rule: Rule, now: datetime) -> list[Quote]:
    """The source's own prices that come of its reading: of the traded side, or of both."""
    if not is_fresh(reading, rule.max_age, now):
        return []
    found = []
    for pair in plan.quoted[reading.source]:
        if pair in (reading.pair, reading.pair.inverse):
            turned = toward(reading, pair)
            assert turned.value is not None
            assert turned.as_of is not None
            value = price_value(turned.value)
            if value is not None:
                found.append(
                    Quote(
                        base=pair.base,
                        quote=pair.quote,
                        source=turned.source,
                        value=value,
                        as_of=turned.as_of,
                        valid_until=turned.as_of + rule.max_age,
                        development=turned.development,
                    )
                )
    return found
