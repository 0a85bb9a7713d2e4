"""A page of the book against the same page with no framework, and a large book against a small one.

Both are served by one granian worker, in turn, over the same database server.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import floor, load, world
from bench.figures import HEADER, Rate
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate

EXCHANGE = "tradepost.entrypoints.http:app_from_environment"
SMALL = 1_000
LARGE = 1_000_000
#: Short and often, one after the other: what else the machine does hits all of them.
ROUNDS = 6
SECONDS = 2.0
_SEARCH = load.request("GET", "/v1/offers?direction=sell&asset=ETH&currency=EUR")


def run(*, as_json: bool) -> dict[str, float]:
    """Measures all in turns; prints a table unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(world.settings(server.dsn))
        tokens = world.add_makers(server.dsn)
        floor.fill(server.dsn, SMALL)
        environment = world.environment(server.dsn)
        with floor.serve(EXCHANGE, environment) as port:
            load.hold(port, [_first_offer(tokens)], status=201, seconds=30, once=True)
            world.fill_book(server.dsn, SMALL)
            floors = {}
            for driver in floor.DRIVERS:
                named = environment | {"BENCH_DRIVER": driver}
                with floor.serve("bench.floor:app", named) as bare:
                    pages = {bare: load.request("GET", "/page"), port: _SEARCH}
                    floors[driver] = _measured(
                        pages, f"no framework, {driver}", f"search of {SMALL:,}, beside it"
                    )
            world.fill_book(server.dsn, LARGE)
            large = _measured({port: _SEARCH}, f"search of {LARGE:,}")[0]
    best = max(floors, key=lambda driver: floors[driver][0].per_second)
    page, small = floors[best]
    ratio, size = small.per_second / page.per_second, large.per_second / small.per_second
    if not as_json:
        print(f"{load.CONNECTIONS} connections, pages of 20\n{HEADER}")
        for rate, beside in floors.values():
            print(f"{rate.row()}\n{beside.row()}")
        print(large.row())
        print(f"{'ratio (goal 0.50)':<44}{ratio:>10.2f}")
        print(f"{'large to small book (goal 0.90)':<44}{size:>10.2f}")
        print(f"p99 is {small.p99_ms / small.p50_ms:.1f} times p50 (goal: at most 10)")
    return {
        "search_vs_floor": round(ratio, 3),
        "search_large_vs_small": round(size, 3),
        "search_per_s": round(small.per_second, 1),
        "search_p50_ms": round(small.p50_ms, 3),
        "search_p99_ms": round(small.p99_ms, 3),
        "search_floor_per_s": round(page.per_second, 1),
    }


def _first_offer(tokens: Sequence[str]) -> bytes:
    """The request that makes the first maker's offer."""
    headers = {"Authorization": f"Bearer {tokens[0]}", "Idempotency-Key": "the first"}
    return load.request("POST", "/v1/offers", headers, world.offer(0))


def _measured(requests: Mapping[int, bytes], *names: str) -> list[Rate]:
    """The median run of each port's request, with the runs of all of them in turn."""
    runs: dict[int, list[Rate]] = {port: [] for port in requests}
    for number in range(ROUNDS + 1):
        for port, prepared in requests.items():
            rate = load.hold(port, [prepared], status=200, seconds=SECONDS).rate("")
            if number:  # the first one warms up
                runs[port].append(rate)
    return [Rate.median(name, rates) for name, rates in zip(names, runs.values(), strict=True)]
