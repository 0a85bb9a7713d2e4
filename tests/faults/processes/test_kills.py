"""Processes die at any moment; the trades do not notice.

`TRADEPOST_FAULT_KILLS` says how many kills there are, `TRADEPOST_FAULT_SEED` which: the same seed
plans the same kills and trades, though the machine's own timing is never twice the same.
"""

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.processes import audit
from tests.faults.processes.journal import Journal
from tests.faults.processes.killer import (
    KEEPS_THE_CHAIN,
    LOSES_THE_CHAIN,
    Killer,
    Target,
    plan,
)
from tests.faults.processes.waves import Wave
from tests.faults.processes.world import World

KILLS = int(os.environ.get("TRADEPOST_FAULT_KILLS", "26"))
SEED = int(os.environ.get("TRADEPOST_FAULT_SEED", "1"))
#: What is killed between two audits: most of it while trades can bear a chain that forgets.
_EARLY, _LATE = 20, 6
_A_KILL_S = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240 + _A_KILL_S * KILLS),
    pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc"),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An exchange of real processes."""
    with World(tmp_path) as running:
        yield running
    assert running.remains() == []


def test_trades_end_well_whatever_is_killed(
    world: World,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    """Trades to every ending, locked by every way, while the processes under them are killed."""
    rng, journal = random.Random(SEED), Journal()  # noqa: S311 - a plan, not a secret
    killer = Killer(world, journal, rng)
    trades = 0
    while killer.kills < KILLS:
        for late in (False, True):
            left = KILLS - killer.kills
            rare = KEEPS_THE_CHAIN if late else (*KEEPS_THE_CHAIN, *LOSES_THE_CHAIN)
            count = min(left, _LATE if late else _EARLY)
            wave = Wave(world, journal, rng, late=late, kills=count)
            _play(world, wave, killer, plan(rng, count, rare))
            audit.check(world, wave.outcomes, journal)
            trades += len(wave.outcomes)
    assert world.losses > 0, "the node never lost a block"
    counts = ", ".join(f"{killer.count[target]} {target}" for target in Target)
    record_property("kills", killer.kills)
    with capsys.disabled():
        print(
            f"\n{killer.kills} kills over {trades} trades, seed {SEED}: {counts};"
            f" {journal.sent} requests, {journal.lost} answers lost,"
            f" {journal.replayed} replayed; {world.losses} times blocks were lost"
        )


def _play(world: World, wave: Wave, killer: Killer, targets: list[Target]) -> None:
    """Kills the targets while the wave plays, and waits for its end."""
    wave.start()
    try:
        for target in targets:
            if not wave.is_alive():
                break
            killer.strike(target)
        wave.killing_is_over.set()
        while wave.is_alive():
            world.rest(0.2)
    finally:
        wave.killing_is_over.set()
        if wave.failure is not None:
            raise AssertionError(
                f"seed {SEED}, after {killer.kills} kills {dict(killer.count)}:\n{wave.where()}\n"
                f"still to do: {audit.unrest(world)}\n"
                f"{world.last_lines()}"
            ) from wave.failure
