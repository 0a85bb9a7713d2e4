"""Publishing an offer against one row inserted with no framework.

The exchange authenticates, takes the idempotency key, checks and lists the offer, numbers the
event and keeps its answer, in one transaction; the floor parses, inserts and commits. Each offer
is of the next maker, so that none meets the bound of open offers.
"""

import tempfile
from pathlib import Path

from bench import floor, load, world
from bench.figures import HEADER, Rate
from bench.search import EXCHANGE, ROUNDS, SECONDS
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate

#: More than are answered in one run.
_REQUESTS = 10_000


def run(*, as_json: bool) -> dict[str, float]:
    """Measures both in turns; prints a table unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(world.settings(server.dsn))
        tokens = world.add_makers(server.dsn)
        floor.fill(server.dsn, 0)
        environment = world.environment(server.dsn)
        pairs = {}
        with floor.serve(EXCHANGE, environment) as served:
            for driver in floor.DRIVERS:
                named = environment | {"BENCH_DRIVER": driver}
                with floor.serve("bench.floor:app", named) as bare:
                    pairs[driver] = _measured(bare.port, served.port, tokens, driver)
    best = max(pairs, key=lambda driver: pairs[driver][0].per_second)
    insert, create = pairs[best]
    ratio = create.per_second / insert.per_second
    if not as_json:
        print(f"{load.CONNECTIONS} connections\n{HEADER}")
        for rate, beside in pairs.values():
            print(f"{rate.row()}\n{beside.row()}")
        print(f"{'ratio (goal 0.40)':<44}{ratio:>10.2f}")
        print(f"p99 is {create.p99_ms / create.p50_ms:.1f} times p50 (goal: at most 10)")
    return {
        "create_vs_insert": round(ratio, 3),
        "create_rps": round(create.per_second, 1),
        "create_p50_ms": round(create.p50_ms, 3),
        "create_p99_ms": round(create.p99_ms, 3),
        "create_insert_rps": round(insert.per_second, 1),
    }


def _measured(bare: int, port: int, tokens: list[str], driver: str) -> tuple[Rate, Rate]:
    inserts: list[Rate] = []
    creates: list[Rate] = []
    insert = load.request("POST", "/insert", body=world.offer(0))
    for number in range(ROUNDS + 1):
        inserted = load.hold(bare, [insert], status=201, seconds=SECONDS)
        offers = _offers(tokens, f"{driver}-{number}")
        created = load.hold(port, offers, status=201, seconds=SECONDS, once=True)
        if number:  # the first one warms up
            inserts.append(inserted.rate(""))
            creates.append(created.rate(""))
    return (
        Rate.median(f"one row, no framework, {driver}", inserts),
        Rate.median("offer published, beside it", creates),
    )


def _offers(tokens: list[str], run_name: str) -> list[bytes]:
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
