"""Kills the processes of a world one after the other, each at a moment that a seed chooses."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from tests.faults.processes.journal import Journal
from tests.faults.processes.world import World, children

_RECOVERY_S = 40.0
#: How long a killer waits for a step or a block to strike at, before he strikes anyhow.
_LURK_S = 1.5
_TRIES_TO_LOSE = 20


class Target(StrEnum):
    """What is killed; each but the node is ended by SIGKILL and nothing else."""

    SERVER = "http server"
    SERVER_WORKER = "http worker"
    WORKER = "worker"
    WATCHER = "watcher"
    POSTGRES = "postmaster"
    CONNECTION = "database connection"
    NODE_STOPPED = "node (stopped for a while)"
    NODE_AWAY = "node (away for a while)"
    NODE_LOST = "node (last seconds lost)"
    ALL = "everything at once"


ORDINARY = (
    Target.SERVER,
    Target.SERVER_WORKER,
    Target.WORKER,
    Target.WATCHER,
    Target.POSTGRES,
    Target.CONNECTION,
)
#: After a jump of the chain's clock a lost lock could not come again: there the node keeps all.
KEEPS_THE_CHAIN = (Target.NODE_STOPPED, Target.NODE_AWAY)
LOSES_THE_CHAIN = (Target.NODE_LOST, Target.ALL)


def plan(rng: random.Random, kills: int, rare: tuple[Target, ...]) -> list[Target]:
    """So many targets in an order of their own: the rare ones spread among the ordinary."""
    common = kills - len(rare)
    targets: list[Target] = []
    while len(targets) < common:
        targets += rng.sample(ORDINARY, len(ORDINARY))
    del targets[common:]
    for target in rare:
        targets.insert(rng.randint(len(targets) // 4, 3 * len(targets) // 4), target)
    return targets


class Killer:
    """Strikes at a world while the journal shows what is in flight."""

    def __init__(self, world: World, journal: Journal, rng: random.Random) -> None:
        self._world = world
        self._journal = journal
        self._rng = rng
        self.count: Counter[Target] = Counter()

    @property
    def kills(self) -> int:
        """How often something was killed or stopped."""
        return self.count.total()

    def strike(self, target: Target) -> None:
        """Waits for the moment, kills, lets it be felt, and sees that all is alive again."""
        self._world.rest(self._rng.uniform(0.1, 1.5))
        self._lurk()
        self._world.log(f"--- {target}")
        match target:
            case Target.POSTGRES:
                self._kill(self._pid(self._world.postgres.process))
                self._world.rest(self._rng.uniform(0, 1.5))
                self._world.restart_postgres()
            case Target.CONNECTION:
                found = self._world.rest(_RECOVERY_S, self._kill_a_connection)
                assert found, "nobody uses the database"
            case Target.SERVER_WORKER:
                server = self._pid(self._world.programs["http"].process)
                for pid in children(server) or [server]:
                    self._kill(pid)
            case Target.SERVER | Target.WORKER | Target.WATCHER:
                name = {Target.SERVER: "http"}.get(target, str(target))
                self._kill(self._pid(self._world.programs[name].process))
            case Target.NODE_STOPPED:
                self._stop_node()
            case Target.NODE_AWAY:
                self._send_node_away()
            case Target.NODE_LOST:
                self._lose_blocks()
            case Target.ALL:
                self._world.kill_all()
        self.count[target] += 1

    def _lurk(self) -> None:
        """Waits for a step, its answer, a block or a signature; then a moment longer."""
        mark: Callable[[], object] = self._rng.choice(
            [
                lambda: self._journal.posts,
                lambda: self._journal.steps,
                self._world.newest_busy_block,
                # The relayer has signed, and may not have sent it yet.
                lambda: self._world.rows("SELECT count(*) FROM escrow_transactions"),
            ]
        )
        before = mark()
        self._world.rest(_LURK_S, lambda: mark() != before)
        time.sleep(self._rng.uniform(0, 0.02))

    def _pid(self, process: object) -> int:
        pid = getattr(process, "pid", None)
        assert isinstance(pid, int), "a tended part has a process"
        return pid

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def _kill_a_connection(self) -> bool:
        """Kills one of the database's processes that serve somebody, if there is one."""
        served = []
        for pid in children(self._pid(self._world.postgres.process)):
            with suppress(FileNotFoundError, ProcessLookupError):  # it ends by itself meanwhile
                if b"tradepost tradepost 127." in Path(f"/proc/{pid}/cmdline").read_bytes():
                    served.append(pid)
        if not served:
            return False
        with suppress(ProcessLookupError):
            self._kill(self._rng.choice(served))
            return True
        return False

    def _stop_node(self) -> None:
        """The node hangs: connections are taken, and nothing is answered."""
        pid = self._pid(self._world.chain.process)
        os.kill(pid, signal.SIGSTOP)
        try:
            self._world.rest(self._rng.uniform(2, 4))
        finally:
            os.kill(pid, signal.SIGCONT)

    def _send_node_away(self) -> None:
        """The node is ended in order, and comes back once the watcher has missed it."""
        said = self._watcher_misses()
        self._world.leave_chain()
        self._world.chain.stop()
        missed = self._world.rest(_RECOVERY_S, lambda: self._watcher_misses() > said)
        assert missed, "the watcher does not tell that the node is away"
        self._world.rest(self._rng.uniform(0, 1.5))
        self._world.restart_chain()

    def _watcher_misses(self) -> int:
        said = "the chain's node does not answer; waiting for it"
        return self._world.log_file.read_text(encoding="utf-8").count(said)

    def _lose_blocks(self) -> None:
        """The node is killed just after a transaction that is not on disk, so it forgets it."""
        for _ in range(_TRIES_TO_LOSE):
            seen = self._world.newest_busy_block()
            self._world.rest(_RECOVERY_S, lambda: self._world.newest_busy_block() != seen)  # noqa: B023 - called within the turn
            fresh = self._world.newest_busy_block()
            self._kill(self._pid(self._world.chain.process))
            self._world.restart_chain()
            if not self._world.chain.has_block(*fresh):
                self._world.losses += 1
                return
        raise AssertionError("the node never lost a block")
