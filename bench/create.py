"""Publishing an offer against one row inserted with no framework.

The exchange authenticates, takes the idempotency key, checks and lists the offer, numbers the
event and keeps its answer, in one transaction; the floor parses, inserts and commits. Each offer
is of the next maker, so that none meets the bound of open offers.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import floor, load, world
from bench.cpu import Meter
from bench.figures import COST_HEADER, Cost
from bench.search import EXCHANGE, ROUNDS, SECONDS
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate

#: More than are answered in one run.
_REQUESTS = 10_000
_CREATE = "offer published"


def run(*, as_json: bool) -> dict[str, float]:
    """Measures both in turns; prints a table unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(world.settings(server.dsn))
        tokens = world.add_makers(server.dsn)
        floor.fill(server.dsn, 0)
        environment = world.environment(server.dsn)
        asyncpg, psycopg = (environment | {"BENCH_DRIVER": driver} for driver in floor.DRIVERS)
        with (
            floor.serve(EXCHANGE, environment) as exchange,
            floor.serve("bench.floor:app", asyncpg) as first,
            floor.serve("bench.floor:app", psycopg) as second,
        ):
            bare = dict(zip(floor.DRIVERS, (first, second), strict=True))
            found = _measured(server, bare, exchange, tokens)
    create = found.pop(_CREATE)
    insert = max(found.values(), key=lambda one: one.rate.per_second).rate
    ratio = create.rate.per_second / insert.per_second
    tail = create.rate.p99_ms / create.rate.p50_ms
    if not as_json:
        print(f"{load.CONNECTIONS} connections; microseconds of processor\n{COST_HEADER}")
        print("\n".join(one.row() for one in (*found.values(), create)))
        print(f"{'ratio (goal 0.40)':<44}{ratio:>10.2f}")
        print(f"p99 is {tail:.1f} times p50 (goal: at most 10)")
    return {
        "create_vs_insert": round(ratio, 3),
        "create_rps": round(create.rate.per_second, 1),
        "create_p50_ms": round(create.rate.p50_ms, 3),
        "create_p99_ms": round(create.rate.p99_ms, 3),
        "create_web_us": round(create.web_us),
        "create_database_us": round(create.database_us),
        "create_insert_rps": round(insert.per_second, 1),
    }


def _measured(
    server: EmbeddedPostgres,
    bare: Mapping[str, floor.Served],
    exchange: floor.Served,
    tokens: Sequence[str],
) -> dict[str, Cost]:
    """The median run of each, by the floor's driver and `_CREATE`."""
    runs: dict[str, list[Cost]] = {name: [] for name in (*bare, _CREATE)}
    insert = load.request("POST", "/insert", body=world.offer(0))
    for number in range(ROUNDS + 1):
        for name, of_one in runs.items():
            created = name == _CREATE
            requests = _offers(tokens, str(number)) if created else [insert]
            served = exchange if created else bare[name]
            with Meter(served.pid, server) as meter:
                held = load.hold(served.port, requests, status=201, seconds=SECONDS, once=created)
            if number:  # the first one warms up
                of_one.append(meter.cost(held))
    shown = {name: f"one row, no framework, {name}" for name in bare}
    return {name: Cost.median(shown.get(name, name), costs) for name, costs in runs.items()}


def _offers(tokens: Sequence[str], run_name: str) -> list[bytes]:
    return [
        load.request(
            "POST",
            "/v1/offers",
            {
                "Authorization": f"Bearer {tokens[number % world.MAKERS]}",
                "Idempotency-Key": f"{run_name}-{number}",
            },
            world.offer(number % world.MAKERS),
        )
        for number in range(_REQUESTS)
    ]
