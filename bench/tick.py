"""A tick of the market that 100,000 offers follow, against one UPDATE of as many prices.

Floating offers are not rewritten when the market moves: the tick writes the price itself, and of
the offers those whose limit begins or ceases to hold. The floor is what it would cost otherwise.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg

from bench import floor, load, market, search, world
from tradepost.book import service as book
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import DevelopmentPrice, DevelopmentPriceSource, Settings
from tradepost.prices import service as prices
from tradepost.prices.model import Fault, Pair, Told

OFFERS = 100_000
#: How far the market moves from where the rows are right, in hundredths of a percent.
MOVES_BPS = (5, 50, 500)
ROUNDS = 3
_SOURCE = "bench"
_FLOOR = """
CREATE TABLE floor_prices (id bigint PRIMARY KEY, price numeric NOT NULL);
CREATE INDEX floor_prices_price ON floor_prices (price, id);
"""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick cost: milliseconds and rows of the price itself, and of the offers.

    The offers follow in steps, each a transaction of its own: `step_ms` is the longest.
    """

    record_ms: float
    record_rows: int
    follow_ms: float
    follow_rows: int
    steps: int
    step_ms: float

    @property
    def whole_ms(self) -> float:
        """Until everything has followed."""
        return self.record_ms + self.follow_ms

    @classmethod
    def median(cls, ticks: list["Tick"]) -> "Tick":
        """The middle of several, figure by figure."""
        return cls(
            statistics.median(tick.record_ms for tick in ticks),
            int(statistics.median(tick.record_rows for tick in ticks)),
            statistics.median(tick.follow_ms for tick in ticks),
            int(statistics.median(tick.follow_rows for tick in ticks)),
            int(statistics.median(tick.steps for tick in ticks)),
            statistics.median(tick.step_ms for tick in ticks),
        )


def run(*, as_json: bool) -> dict[str, float]:
    """Measures ticks, the floor, and searches right after; prints a table unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        dsn = server.dsn
        migrate(world.settings(dsn))
        tokens = world.add_makers(dsn)
        with floor.serve(search.EXCHANGE, world.environment(dsn)) as exchange:
            document = search.first_document(dsn, exchange.port, tokens)
            makers = [world.maker_id(maker) for maker in range(world.MAKERS)]
            market.fill(dsn, OFFERS, makers, document, floating=100)
            _fill_floor(dsn)
            rounds = []
            floors = []
            for number in range(ROUNDS + 1):
                rewritten = _rewrite(dsn)
                found = asyncio.run(_ticks(dsn, exchange.port))
                if number:  # the first one warms up
                    floors.append(rewritten)
                    rounds.append(found)
    floor_ms = statistics.median(floors)
    ticks = {moved: Tick.median([one[moved] for one, _ in rounds]) for moved in MOVES_BPS}
    p50_ms = {
        moved: statistics.median(one[moved] for _, one in rounds) for moved in (0, *MOVES_BPS)
    }
    if not as_json:
        _show(ticks, floor_ms, p50_ms)
    figures = {"tick_floor_ms": floor_ms, "tick_search_still_p50_ms": p50_ms[0]}
    for moved, tick in ticks.items():
        figures[f"tick_{moved}bps_ms"] = tick.whole_ms
        figures[f"tick_{moved}bps_rows"] = tick.record_rows + tick.follow_rows
        figures[f"tick_{moved}bps_vs_rewrite"] = floor_ms / tick.whole_ms
        figures[f"tick_{moved}bps_search_p50_ms"] = p50_ms[moved]
    return {name: round(figure, 3) for name, figure in figures.items()}


def _show(ticks: Mapping[int, Tick], floor_ms: float, p50_ms: Mapping[int, float]) -> None:
    print(f"{OFFERS:,} offers that follow the market\n{'':<32}{'ms':>10}{'rows':>10}{'ratio':>10}")
    print(f"{'one UPDATE of all prices':<32}{floor_ms:>10.1f}{OFFERS:>10,}")
    for moved, tick in ticks.items():
        name = f"moved by {moved / 100} %"
        print(f"{name + ': price':<32}{tick.record_ms:>10.1f}{tick.record_rows:>10,}")
        print(
            f"{name + ': offers':<32}{tick.follow_ms:>10.1f}{tick.follow_rows:>10,}"
            f"{floor_ms / tick.whole_ms:>10.1f}   {tick.steps} steps, {tick.step_ms:.0f} ms at most"
        )
    print(f"\nsearches, p50\n{'the market stands still':<32}{p50_ms[0]:>10.2f} ms")
    for moved in ticks:
        name = f"moved by {moved / 100} %, not followed"
        print(f"{name:<32}{p50_ms[moved]:>10.2f} ms")


def _settings(dsn: str) -> Settings:
    """The exchange's, with a source whose prices are those that the book was drawn around."""
    told = [
        DevelopmentPrice(base=asset, quote=currency, price=value)
        for asset, value in market.MARKET.items()
        for currency, _ in market.CURRENCIES
    ]
    source = DevelopmentPriceSource(kind="development", name=_SOURCE, prices=tuple(told))
    return world.settings(dsn).model_copy(update={"price_sources": (source,)})


async def _ticks(dsn: str, port: int) -> tuple[dict[int, Tick], dict[int, float]]:
    """A tick of each size, and what a search takes (ms) when the offers have not followed it."""
    settings = _settings(dsn)
    query = load.request("GET", f"/v1/offers?{search.SEARCHES['plain'][0]}")
    ticks, searches = {}, {}
    async with Database(settings, system_clock, {}) as database:
        for moved in MOVES_BPS:
            await _moved(database, settings, 0)
            ticks[moved] = await _moved(database, settings, moved)
            await _moved(database, settings, 0)
            await _moved(database, settings, moved, follow=False)
            held = load.hold(port, [query], status=200, seconds=search.SECONDS)
            searches[moved] = held.rate("").p50_ms
        await _moved(database, settings, 0)
        held = load.hold(port, [query], status=200, seconds=search.SECONDS)
        searches[0] = held.rate("").p50_ms
    return ticks, searches


async def _moved(
    database: Database, settings: Settings, moved_bps: int, *, follow: bool = True
) -> Tick:
    (source,) = settings.price_sources
    told: dict[Pair, Told | Fault] = {
        Pair(asset, currency): Told(value * (10_000 + moved_bps) / Decimal(10_000))
        for asset, value in market.MARKET.items()
        for currency, _ in market.CURRENCIES
    }
    began = time.perf_counter()
    async with database.transaction() as tx:
        rows = await _rows(tx)
        await prices.record(tx, source, tx.now, told)
        record_rows = await _rows(tx) - rows
    record_s = time.perf_counter() - began
    steps: list[float] = []
    follow_rows = 0
    more = follow
    while more:
        began = time.perf_counter()
        async with database.transaction() as tx:
            rows = await _rows(tx)
            more = await book.follow_market(tx)
            follow_rows += await _rows(tx) - rows
        steps.append(time.perf_counter() - began)
    return Tick(
        record_ms=record_s * 1_000,
        record_rows=record_rows,
        follow_ms=sum(steps) * 1_000,
        follow_rows=follow_rows,
        steps=len(steps),
        step_ms=max(steps, default=0) * 1_000,
    )


async def _rows(tx: Transaction) -> int:
    """How many rows this connection has written and told nobody of yet: the start of a count."""
    row = await tx.one(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) AS written FROM pg_stat_xact_user_tables"
    )
    assert row is not None
    return int(row["written"])


def _fill_floor(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_FLOOR)
        connection.execute(
            "INSERT INTO floor_prices SELECT n, 2000 + n * 7919 %% 100000 / 100.0"
            " FROM generate_series(1, %s::bigint) AS n",
            [OFFERS],
        )
        connection.execute("VACUUM ANALYZE floor_prices")


def _rewrite(dsn: str) -> float:
    """Milliseconds of one UPDATE of all prices; what it leaves behind is cleaned up after it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        began = time.perf_counter()
        connection.execute("UPDATE floor_prices SET price = round(price * 1.0005, 2)")
        taken = (time.perf_counter() - began) * 1_000
        connection.execute("VACUUM floor_prices")
    return taken
