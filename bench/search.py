"""Pages of the book against a page with no framework, in books of three sizes.

All are served by one granian worker each, in turn, over the same database server. The smallest
book is of one currency, so that there, too, every search of the mix finds a whole page.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psycopg

from bench import floor, load, market, world
from bench.cpu import Meter
from bench.figures import COST_HEADER, Cost
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate

EXCHANGE = "tradepost.entrypoints.http:app_from_environment"
SIZES = (1_000, 100_000, 1_000_000)
SMALL, LARGE = SIZES[0], SIZES[-1]
#: What the smallest book is drawn from.
ONE_CURRENCY = (("EUR", 100),)
#: The market has moved a little since the rows were last made to follow it.
MOVED_BPS = 5
#: Short and often, one after the other: what else the machine does hits all of them.
ROUNDS = 5
SECONDS = 1.2
_PAGE = 20
_PLAIN = ("direction=sell&asset=ETH&currency=EUR",)
_MIX = (
    "direction=sell&asset=ETH&currency=EUR",
    "direction=buy&asset=USDT&currency=EUR",
    "direction=sell&asset=USDT&currency=EUR&fiat_amount=250",
    "direction=sell&asset=ETH&currency=EUR&payment_method=method_2&payment_method=method_3",
    "direction=sell&asset=USDT&currency=EUR&country=DE",
    "direction=buy&asset=ETH&currency=EUR&fiat_amount=100",
)
SEARCHES: Mapping[str, Sequence[str]] = {"plain": _PLAIN, "mix": _MIX}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is measured in turn with others."""

    served: floor.Served
    requests: Sequence[bytes]


def run(*, as_json: bool) -> dict[str, float]:
    """Measures all in turns; prints tables unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        sizes = dict(_sizes(server, as_json=as_json))
    figures: dict[str, float] = {}
    names = {SMALL: "1k", 100_000: "100k", LARGE: "1m"}
    for size, found in sizes.items():
        base = max(found[driver].rate.per_second for driver in floor.DRIVERS)
        for search in SEARCHES:
            key = "search" if search == "plain" else f"search_{search}"
            figures[f"{key}_vs_raw_{names[size]}"] = found[search].rate.per_second / base
    for search in SEARCHES:
        key = "search" if search == "plain" else f"search_{search}"
        small, large = sizes[SMALL][search].rate, sizes[LARGE][search].rate
        # Minutes lie between them: by the floor, which is the same, the machine's part cancels.
        figures[f"{key}_1m_vs_1k"] = figures[f"{key}_vs_raw_1m"] / figures[f"{key}_vs_raw_1k"]
        figures[f"{key}_rps"] = small.per_second
        figures[f"{key}_p50_ms"] = small.p50_ms
        figures[f"{key}_p99_ms"] = small.p99_ms
        figures[f"{key}_1m_rps"] = large.per_second
        figures[f"{key}_1m_p50_ms"] = large.p50_ms
        figures[f"{key}_1m_p99_ms"] = large.p99_ms
    if not as_json:
        print(f"{'search of 1,000 to floor (goal 0.50)':<44}{figures['search_vs_raw_1k']:>10.2f}")
        print(f"{'the same of 1,000,000':<44}{figures['search_vs_raw_1m']:>10.2f}")
        print(f"{'1,000,000 to 1,000 (goal 0.90)':<44}{figures['search_1m_vs_1k']:>10.2f}")
        print(f"{'1,000,000 to 1,000, mix':<44}{figures['search_mix_1m_vs_1k']:>10.2f}")
        tail = figures["search_p99_ms"] / figures["search_p50_ms"]
        print(f"p99 is {tail:.1f} times p50 (goal: at most 10)")
    return {name: round(figure, 3) for name, figure in figures.items()}


def _sizes(server: EmbeddedPostgres, *, as_json: bool) -> Iterator[tuple[int, dict[str, Cost]]]:
    """Each size with what was found at it, by search and by the floor's driver."""
    migrate(world.settings(server.dsn))
    tokens = world.add_makers(server.dsn)
    floor.fill(server.dsn, SMALL)
    market.quote(server.dsn, MOVED_BPS)
    environment = world.environment(server.dsn)
    asyncpg, psycopg_ = (environment | {"BENCH_DRIVER": driver} for driver in floor.DRIVERS)
    with (
        floor.serve(EXCHANGE, environment) as exchange,
        floor.serve("bench.floor:app", asyncpg) as first,
        floor.serve("bench.floor:app", psycopg_) as second,
    ):
        document = first_document(server.dsn, exchange.port, tokens)
        page = [load.request("GET", "/page")]
        subjects = {
            driver: _Subject(bare, page)
            for driver, bare in zip(floor.DRIVERS, (first, second), strict=True)
        }
        for name, queries in SEARCHES.items():
            prepared = [load.request("GET", f"/v1/offers?{query}") for query in queries]
            subjects[name] = _Subject(exchange, prepared)
        if not as_json:
            print(f"{load.CONNECTIONS} connections, pages of {_PAGE}; microseconds of processor")
        for size in SIZES:
            fill(server.dsn, size, document)
            for query in {query for queries in SEARCHES.values() for query in queries}:
                _check(exchange.port, query)
            found = _measured(server, subjects)
            if not as_json:
                print(f"{size:,} offers\n{COST_HEADER}")
                print("\n".join(one.row() for one in found.values()))
            yield size, found


def fill(dsn: str, size: int, document: str) -> None:
    """Fills the book to `size` listings; its first thousand are of one currency."""
    makers = [world.maker_id(maker) for maker in range(world.MAKERS)]
    market.fill(dsn, SMALL, makers, document, shares=ONE_CURRENCY)
    if size > SMALL:
        market.fill(dsn, size, makers, document)


def first_document(dsn: str, port: int, tokens: Sequence[str]) -> str:
    """The document of an offer made through the API, with no id of its own.

    The offer itself leaves the book again.
    """
    headers = {"Authorization": f"Bearer {tokens[0]}", "Idempotency-Key": "the first"}
    prepared = load.request("POST", "/v1/offers", headers, world.offer(0))
    load.hold(port, [prepared], status=201, seconds=30, once=True)
    with psycopg.connect(dsn) as connection:
        row = connection.execute("DELETE FROM listings RETURNING id::text, document").fetchone()
    assert row is not None
    return str(row[1]).replace(row[0], str(market.NO_ID))


def _check(port: int, query: str) -> None:
    """Sizes are compared like with like: each search finds a whole page in each."""
    with urlopen(f"http://127.0.0.1:{port}/v1/offers?{query}", timeout=10) as answer:
        found = len(json.load(answer)["data"])
    if found != _PAGE:
        raise RuntimeError(f"{query} finds {found} offers: no whole page")


def _measured(server: EmbeddedPostgres, subjects: Mapping[str, _Subject]) -> dict[str, Cost]:
    """The median run of each."""
    runs: dict[str, list[Cost]] = {name: [] for name in subjects}
    for number in range(ROUNDS + 1):
        for name, subject in subjects.items():
            with Meter(subject.served.pid, server) as meter:
                held = load.hold(subject.served.port, subject.requests, status=200, seconds=SECONDS)
            if number:  # the first one warms up
                runs[name].append(meter.cost(held))
    shown = {driver: f"no framework, {driver}" for driver in floor.DRIVERS}
    return {name: Cost.median(shown.get(name, name), of_one) for name, of_one in runs.items()}
