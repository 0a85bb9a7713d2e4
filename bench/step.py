"""A trade step against pgbench's TPC-B, on the same server, with as many connections.

The step is what every action of a party is: the trade under a row lock, its escrow and the
chain's position read, the state moved by compare and set with its history row, the event numbered
for both parties, one commit. It runs in two processes, as the server would on two cores.
"""

import asyncio
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

from bench import world
from bench.figures import HEADER, Rate
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres, binaries
from tradepost.entrypoints.migrate import migrate
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.kernel.access import Caller, Role, Scope
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.trades import service
from tradepost.trades.model import DisputeReason

CONNECTIONS = 8
PROCESSES = 2
SECONDS = 8
TRADES = 24_000


def run(*, as_json: bool) -> dict[str, float]:
    """Measures both in turn; prints a table unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        floor = _pgbench(server.dsn, Path(folder))
        migrate(world.settings(server.dsn))
        world.fill_trades(server.dsn, TRADES)
        step = _steps(server.dsn)
        profile = "" if as_json else _profile(server.dsn)
    ratio = step.per_second / floor.per_second
    if not as_json:
        print(f"{CONNECTIONS} connections, {SECONDS} s each\n{HEADER}")
        print(f"{floor.row()}\n{step.row()}\n{'ratio (goal 0.30)':<44}{ratio:>10.2f}")
        print(f"p99 is {step.p99_ms / step.p50_ms:.1f} times p50 (goal: at most 10)\n\n{profile}")
    return {
        "step_vs_tpcb": round(ratio, 3),
        "step_per_s": round(step.per_second, 1),
        "step_p50_ms": round(step.p50_ms, 3),
        "step_p99_ms": round(step.p99_ms, 3),
        "tpcb_per_s": round(floor.per_second, 1),
        "tpcb_p50_ms": round(floor.p50_ms, 3),
        "tpcb_p99_ms": round(floor.p99_ms, 3),
    }


def _pgbench(dsn: str, folder: Path) -> Rate:
    program = binaries() / "pgbench"
    subprocess.run([program, "-i", "-q", "-s", "10", dsn], check=True, capture_output=True)
    log = folder / "pgbench"
    command = [str(program), "-n", "-c", str(CONNECTIONS), "-j", str(PROCESSES), "-T", str(SECONDS)]
    subprocess.run([*command, "--log", f"--log-prefix={log}", dsn], check=True, capture_output=True)
    # A line for each transaction; its third column is how long it took, in microseconds.
    times = [
        int(line.split()[2]) / 1_000_000
        for part in folder.glob("pgbench.*")
        for line in part.read_text().splitlines()
    ]
    return Rate.of("pgbench TPC-B", times, SECONDS)


def _steps(dsn: str) -> Rate:
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.step", str(number)],
            env={**os.environ, "BENCH_DATABASE_URL": dsn},
            stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    results = [json.loads(worker.communicate()[0]) for worker in workers]
    times = [latency for result in results for latency in result["latencies"]]
    return Rate.of("trade step", times, max(result["seconds"] for result in results))


async def _work(dsn: str, number: int, seconds: float) -> tuple[list[float], float]:
    """This process's share: its own trades, over its own connections, for `seconds`."""
    mine = iter(range(number, TRADES, PROCESSES))
    latencies: list[float] = []
    settings = world.settings(dsn, connections=CONNECTIONS // PROCESSES)
    async with Database(settings, system_clock, SUBSCRIPTIONS) as database:

        async def lane(until: float) -> None:
            for index in mine:
                began = time.perf_counter()
                if began >= until:
                    return
                await _step(database, index)
                latencies.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(lane(began + seconds) for _ in range(CONNECTIONS // PROCESSES)))
        return latencies, time.perf_counter() - began


async def _step(database: Database, index: int) -> None:
    """What happens when a party calls for the arbitrator: a step without a wallet's signature."""
    trader = world.buyer_id(index)
    caller = Caller(trader, UUID(int=0), frozenset({Role.TRADER}), frozenset(Scope))
    async with database.transaction() as tx:
        await service.open_dispute(tx, caller, world.trade_id(index), DisputeReason.OTHER)


def _profile(dsn: str) -> str:
    """Where a step's time in Python goes, by the cumulative time of its callers."""
    world.reset_trades(dsn)
    profiler = cProfile.Profile()
    profiler.enable()
    latencies, _ = asyncio.run(_work(dsn, 0, 2.0))
    profiler.disable()
    with tempfile.TemporaryFile("w+") as text:
        stats = pstats.Stats(profiler, stream=text)
        stats.sort_stats("tottime").print_stats(18)
        text.seek(0)
        lines = text.read().splitlines()
    table = "\n".join(line for line in lines if line.strip())
    return f"Profile of {len(latencies)} steps in one process\n{table}"


if __name__ == "__main__":
    done = asyncio.run(_work(os.environ["BENCH_DATABASE_URL"], int(sys.argv[1]), SECONDS))
    json.dump({"latencies": done[0], "seconds": done[1]}, sys.stdout)
