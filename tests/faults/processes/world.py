"""An exchange of real processes over a durable database and a chain on disk, to be killed."""

import asyncio
import io
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO
from urllib.parse import urlsplit

import httpx
import psycopg
from eth_abi.abi import encode
from psycopg.rows import DictRow, dict_row

from tests import worlds
from tests.stage import Asset
from tests.ways import deploy_permit2
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.exchange import CLI
from tradepost.entrypoints.dev.keeper import ChainKeeper
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.dev.processes import free_port
from tradepost.entrypoints.dev.supervisor import Part, Program
from tradepost.entrypoints.migrate import migrate
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import deploy
from tradepost.identity import service as identity
from tradepost.kernel.access import Role
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost_client import AsyncChain, AsyncClient, AsyncTrader, Wallet
from tradepost_contracts import artifacts
from tradepost_contracts import deploy as contracts

CONFIRMATIONS = 2
CHALLENGE_WINDOW_S = 600
TOKEN = contracts.address(artifacts.DEV_TOKEN)
PROGRAMS = {"http": "serve", "worker": "worker", "watcher": "watch"}
COINS = 1_000 * 10**18
TOKENS = 1_000_000 * 10**6

_BLOCK_S = 0.2
_PAUSE_S = 0.02
_PATIENCE_S = 40.0
# A program that cannot start yet, since another one is away, does not take the whole machine.
_AGAIN_S = 0.3


class _Stamped(io.TextIOWrapper):
    """A log whose lines begin with the seconds since it was opened."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._began = time.monotonic()

    def write(self, text: str) -> int:
        """Writes what `Console` hands over: a whole line."""
        return super().write(f"{time.monotonic() - self._began:6.1f} {text}")


class World:
    """Everything that runs: `with World(folder) as world`, then kill, `tend` and look.

    It belongs in the main thread: children die with the thread that started them. Whatever a test
    kills, the end of the block ends what is left, by its process id.
    """

    def __init__(self, folder: Path) -> None:
        self.log_file = folder / "processes.log"
        self.postgres = EmbeddedPostgres(folder / "postgres", durable=True)
        self.chain = DevChain(folder / "chain")
        #: What the keeper of the chain told its operator.
        self.said: list[str] = []
        #: How often blocks with transactions were gone after the node's end.
        self.losses = 0
        #: What sellers have in the contract, of the waves that are over, in minor units.
        self.kept: Counter[Asset] = Counter()
        self.programs: dict[str, Program] = {}
        self._started_at: dict[str, float] = {}
        self._keeper: ChainKeeper | None = None
        self._log: TextIO | None = None
        self._port = free_port()

    def __enter__(self) -> Self:
        with ExitStack() as failing:
            self._log = _Stamped(self.log_file.open("wb"), encoding="utf-8")
            failing.callback(self._stop)
            self.postgres.start()
            self.chain.start()
            migrate(self.settings)
            asyncio.run(self._prepare())
            self.chain.save()
            self.keep_chain()
            self._start_programs()
            asyncio.run(self._appoint())
            failing.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> Settings:
        """The settings of all processes; the addresses stay the same over restarts."""
        return worlds.settings(self.postgres.dsn, self.chain.url).model_copy(
            update={
                "public_url": self.url,
                "port": self._port,
                "confirmations": CONFIRMATIONS,
                "challenge_window_s": CHALLENGE_WINDOW_S,
                "poll_interval_s": 0.2,
                "relay_window_s": 0.4,
            }
        )

    # --- looking ---------------------------------------------------------------------------

    def rows(self, sql: str, *params: object) -> list[DictRow]:
        """What the database answers, past the API; one that still recovers is waited for."""
        ends = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with psycopg.connect(self.postgres.dsn, row_factory=dict_row) as connection:
                    return connection.execute(sql.encode(), params).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > ends:
                    raise
            time.sleep(_PAUSE_S)

    def is_ready(self) -> bool:
        """Whether the API says that it can serve."""
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False)
            return answer.status_code == 200
        return False

    def log(self, text: str) -> None:
        """Puts a line of the test's own among those of the processes."""
        Console(self._log).line("test", text)

    def last_lines(self, count: int = 80) -> str:
        """The end of what the processes wrote."""
        return "\n".join(self.log_file.read_text(encoding="utf-8").splitlines()[-count:])

    def remains(self) -> list[str]:
        """The commands of processes of this world that still run, once it has ended."""
        signs = [
            self.postgres.dsn,
            str(self.postgres.cluster),
            f"--port={urlsplit(self.chain.url).port}",
        ]
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            # A process may end while it is looked at, and others' are closed to an ordinary user.
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                command = (folder / "cmdline").read_text()
                told = command + (folder / "environ").read_text()
                if any(sign in told for sign in signs):
                    found.append(command.replace("\0", " "))
        return found

    # --- keeping alive ---------------------------------------------------------------------

    def tend(self) -> None:
        """Starts the programs that have ended, as an init system would."""
        for name, program in self.programs.items():
            ended = program.process is None or program.process.poll() is not None
            if ended and time.monotonic() - self._started_at[name] > _AGAIN_S:
                program.stop()  # also what the ended one left behind
                self._start(name)

    def rest(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Lets time pass with everything tended; True as soon as `until` is."""
        ends = time.monotonic() + seconds
        while not (met := until()) and time.monotonic() < ends:
            self.tend()
            time.sleep(_PAUSE_S)
        return met

    def recover(self) -> None:
        """Waits until everything serves again."""
        if not self.rest(_PATIENCE_S, self.is_ready):
            raise AssertionError(f"the exchange did not come back\n{self.last_lines()}")

    def keep_chain(self) -> None:
        """Lets the running node's time pass, and its state be saved."""
        self._keeper = ChainKeeper(
            self.chain, confirmations=CONFIRMATIONS, say=self._hear, block_s=_BLOCK_S
        )
        self._keeper.start()

    def leave_chain(self) -> None:
        """Ends what `keep_chain` began; the node runs on."""
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None

    def restart_postgres(self) -> None:
        """Starts the killed server; what is left of it goes first."""
        self.postgres.kill()
        self.postgres.start()

    def restart_chain(self) -> None:
        """Starts the killed node from what was saved."""
        self.leave_chain()
        self.chain.kill()
        self.chain.start()
        self.keep_chain()

    def newest_busy_block(self) -> tuple[int, str]:
        """The last block that holds transactions: its number and its hash."""
        block = self.chain.rpc("eth_getBlockByNumber", "latest", False)
        while not block["transactions"] and int(block["number"], 16) > 0:
            block = self.chain.rpc("eth_getBlockByHash", block["parentHash"], False)
        return int(block["number"], 16), block["hash"]

    def kill_all(self) -> int:
        """Kills everything at once, and starts it anew; how many processes there were."""
        seen = self.newest_busy_block()
        pids = [pid for child in self._processes() for pid in (child, *children(child))]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for program in self.programs.values():
            program.stop()
        self.restart_postgres()
        self.restart_chain()
        self.losses += not self.chain.has_block(*seen)
        self._start_programs()
        return len(pids)

    # --- the chain's outside world ---------------------------------------------------------

    def fund(self, wallets: list[Wallet]) -> None:
        """Gives each wallet coins and tokens, in blocks that are on disk before it returns."""
        self.leave_chain()
        bank = self.chain.rpc("eth_accounts")[0]
        for wallet in wallets:
            data = "0x40c10f19" + encode(["address", "uint256"], [wallet.address, TOKENS]).hex()
            self.chain.rpc("eth_sendTransaction", {"from": bank, "to": TOKEN, "data": data})
            self.chain.rpc("anvil_setBalance", wallet.address, hex(COINS))
        self.chain.rpc("evm_mine")
        self.chain.save()
        self.keep_chain()

    def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock, and makes the new time count."""
        self.chain.rpc("evm_increaseTime", seconds)
        self.chain.rpc("anvil_mine", hex(CONFIRMATIONS + 1))

    # --- inside ----------------------------------------------------------------------------

    async def _prepare(self) -> None:
        chain = Chain(self.chain.url)
        async with Database(self.settings, system_clock, SUBSCRIPTIONS) as database:
            await deploy(database, chain, self.settings)
        deploy_permit2(self.chain)
        await chain.close()

    async def _appoint(self) -> None:
        """Gives the arbitrator his role, for which he must have signed in once."""
        wallet = worlds.arbitrator()
        async with AsyncClient(self.url) as client, AsyncChain(self.chain.url) as chain:
            await AsyncTrader(client, chain, wallet).sign_in()
        async with (
            Database(self.settings, system_clock, SUBSCRIPTIONS) as database,
            database.transaction() as tx,
        ):
            await identity.grant_role(tx, wallet.address, Role.ARBITRATOR)

    def _start_programs(self) -> None:
        console = Console(self._log)
        environment = {**os.environ, **self._environment(), "PYTHONUNBUFFERED": "1"}
        for name, command in PROGRAMS.items():
            self.programs[name] = Program(name, [*CLI, command], environment, console)
            self._start(name)
        self.recover()

    def _start(self, name: str) -> None:
        self._started_at[name] = time.monotonic()
        self.programs[name].start()

    def _environment(self) -> dict[str, str]:
        settings = self.settings
        assets = [asset.model_dump() for asset in settings.assets]
        return {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "RPC_URL": settings.rpc_url.get_secret_value(),
            "TRADEPOST_PORT": str(settings.port),
            "TRADEPOST_PUBLIC_URL": settings.public_url,
            "TRADEPOST_SECRET": settings.secret.get_secret_value(),
            "TRADEPOST_ASSETS": json.dumps(assets),
            "TRADEPOST_RELAYER_KEY": settings.relayer_key.get_secret_value(),
            "TRADEPOST_ARBITRATOR": settings.arbitrator,
            "TRADEPOST_CONFIRMATIONS": str(settings.confirmations),
            "TRADEPOST_CHALLENGE_WINDOW_S": str(settings.challenge_window_s),
            "TRADEPOST_POLL_INTERVAL_S": str(settings.poll_interval_s),
            "TRADEPOST_BUMP_AFTER_S": str(settings.bump_after_s),
            "TRADEPOST_RELAY_WINDOW_S": str(settings.relay_window_s),
            **{f"TRADEPOST_{name.upper()}": rate for name, rate in worlds.UNLIMITED.items()},
        }

    def _processes(self) -> list[int]:
        parts: list[Part] = [*self.programs.values(), self.postgres, self.chain]
        return [part.process.pid for part in parts if part.process is not None]

    def _hear(self, sentence: str) -> None:
        self.said.append(sentence)
        self.log(sentence)

    def _stop(self) -> None:
        for program in self.programs.values():
            program.stop()
        self.leave_chain()
        self.chain.kill()
        self.postgres.stop()
        if self._log is not None:
            self._log.close()


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        # A process may end while its file is read.
        with suppress(FileNotFoundError, ProcessLookupError):
            # The name before the last bracket may hold anything; then come state and parent.
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return found
