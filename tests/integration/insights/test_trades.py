"""Past trades and candles against naive lists, whatever comes late, twice or is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tradepost.insights import service, store
from tradepost.insights.model import Candle, Day, Interval, LastTrade, MarketPair, PastTrade
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.money import Amount, Asset

ETH = Asset("ETH", 18)
PAIR = MarketPair(ETH, Asset("EUR", 2))
#: Shortly before midnight of a Sunday, so that all intervals end soon.
NOW = datetime(2026, 11, 22, 23, 52, 30, tzinfo=UTC)
_BEGINNING, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)

#: Within minutes, hours, days and weeks of each other.
_distances = st.one_of(
    st.integers(-900, 900), st.integers(-100_000, 2_000), st.integers(-3_000_000, 0)
)


@dataclass(frozen=True, slots=True)
class Step:
    """That a trade is completed, or, without a past trade, that it is not any more."""

    number: int
    trade: PastTrade | None


@st.composite
def steps(draw: st.DrawFn) -> Step:
    number = draw(st.integers(0, 7))
    if draw(st.integers(0, 3)) == 0:
        return Step(number, None)
    return Step(
        number,
        PastTrade.of(
            NOW + timedelta(seconds=draw(_distances)),
            draw(st.sampled_from([Decimal(text) for text in ("99.5", "100", "100.25", "102")])),
            Amount(ETH, draw(st.integers(1, 10**24))),
            draw(st.sampled_from(["sepa", "pix"])),
        ),
    )


def naive_candles(trades: Sequence[PastTrade], interval: Interval) -> list[Candle]:
    """What trades in their order come to, worked out from all of them."""
    found = []
    for start in sorted({interval.start(trade.at) for trade in trades}):
        some = [trade for trade in trades if interval.start(trade.at) == start]
        prices = [trade.price for trade in some]
        volume = Amount(ETH, sum(trade.amount.minor for trade in some))
        found.append(
            Candle(start, prices[0], max(prices), min(prices), prices[-1], volume, len(some))
        )
    return found


def naive_day(trades: Sequence[PastTrade]) -> Day | None:
    """The same of the last day, to five minutes."""
    five = Interval.FIVE_MINUTES
    some = [trade for trade in trades if five.start(trade.at) > NOW - timedelta(days=1)]
    if not some:
        return None
    prices = [trade.price for trade in some]
    volume = sum(trade.amount.minor for trade in some)
    return Day(prices[0], prices[-1], max(prices), min(prices), volume, len(some))


@hypothesis_settings(
    max_examples=150,
    # The rows are dropped by each example itself.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps(), max_size=20), st.integers(1, 4))
async def test_candles_and_the_tape_are_what_the_trades_come_to(
    database: Database, taken: list[Step], limit: int
) -> None:
    kept: dict[int, PastTrade] = {}
    async with database.transaction() as opened:
        tx = replace(opened, now=NOW)
        await tx.execute("TRUNCATE market_trades, market_candles")
        await store.hold(tx, PAIR)
        for step in taken:
            await service.put(tx, PAIR, UUID(int=step.number), step.trade)
            if kept.get(step.number) != step.trade:
                # What has changed stands behind those of the same minute.
                kept.pop(step.number, None)
                if step.trade is not None:
                    kept[step.number] = step.trade
        trades = sorted(kept.values(), key=lambda trade: trade.at)
        for interval in Interval:
            found = await service.candles(tx, PAIR, interval, _BEGINNING, _END, 1000)
            assert found == naive_candles(trades, interval)
        assert await tape(tx, limit) == trades[::-1]
        day = naive_day(trades)
        assert await store.days(tx, [PAIR.codes]) == ({} if day is None else {PAIR.codes: day})
        last = {PAIR.codes: LastTrade(trades[-1].at, trades[-1].price)} if trades else {}
        assert await store.last_trades(tx, [PAIR.codes]) == last
        assert await store.pairs(tx, None, 10) == ([PAIR.codes] if trades else [])


async def tape(tx: Transaction, limit: int) -> list[PastTrade]:
    """All past trades, page by page."""
    found: list[PastTrade] = []
    before = None
    while page := await service.tape(tx, PAIR, before, limit):
        assert len(page) <= limit
        found += [trade for _, trade in page]
        before = page[-1][0]
    return found


async def test_trades_of_two_pairs_stay_apart(database: Database) -> None:
    other = MarketPair(ETH, Asset("USD", 2))
    async with database.transaction() as tx:
        for number, pair in enumerate([PAIR, other, PAIR]):
            await store.hold(tx, pair)
            trade = PastTrade.of(NOW, Decimal(100 + number), Amount(ETH, 10**18), "sepa")
            await service.put(tx, pair, UUID(int=number), trade)
        assert await store.pairs(tx, None, 10) == [PAIR.codes, other.codes]
        assert await store.pairs(tx, PAIR.codes, 10) == [other.codes]
        for pair, prices in ((PAIR, ["100", "102"]), (other, ["101"])):
            found = await service.candles(tx, pair, Interval.WEEK, _BEGINNING, _END, 10)
            assert [(str(one.open), str(one.close), one.trades) for one in found] == [
                (prices[0], prices[-1], len(prices))
            ]
