"""A whole exchange on one machine: its parts in their order, and what each is given."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence

import psycopg

from tradepost.entrypoints.dev.chain import CHAIN_ID, DevChain, RpcError, rpc
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import DataFolder, Instance
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.keeper import ChainKeeper
from tradepost.entrypoints.dev.page import PageNotBuilt, build, is_built
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.dev.processes import port_is_free, wait_until
from tradepost.entrypoints.dev.supervisor import READY_PATIENCE_S, Program, Supervisor

PROBE_PATIENCE_S = 10
# Wallets know this port as the one of a development chain.
CHAIN_PORT = 8545

# Accounts 9 and 8 of the development chain's public word list. They pay gas and arbitrate there;
# on any other chain the operator must name his own.
RELAYER_KEY = "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"
ARBITRATOR = "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"
CONFIRMATIONS = 2
# Everybody on a trial has the one address of this machine.
LIMIT_ADDRESS = "12000/60 burst 6000"

# What was fresh before the clock was moved is old after it: prices are soon told again.
SANDBOX_POLL_S = "2"
MOVED = (
    "The clock of these data was moved ahead: start with TRADEPOST_SANDBOX=1, or begin anew with "
    "'python3 run.py reset'."
)

CLI = (sys.executable, "-m", "tradepost.entrypoints.cli")


class Exchange:
    """The one-command exchange: `running()` holds it up for the length of a `with` block.

    Args:
        environment: the operator's own settings; they win over what is chosen here.
        console: where the start and the processes are shown.
        cli: the command that stands for `tradepost`.
    """

    def __init__(
        self, environment: Mapping[str, str], console: Console, cli: Sequence[str] = CLI
    ) -> None:
        self._environment = environment
        self._console = console
        self._cli = cli
        self.data = DataFolder.of(environment)
        self.host = environment.get("TRADEPOST_HOST") or "127.0.0.1"
        self.port = _port(environment.get("TRADEPOST_PORT") or "8000")

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[Supervisor, Instance]]:
        """Starts everything, gives what can be reached, and ends everything.

        Raises:
            StartError: a part cannot start; those before it have been ended.
            Stopped: somebody asked for the end meanwhile.
        """
        began = time.monotonic()
        sandbox = self._is_sandbox()
        with self.data.hold(), Supervisor(self._console) as supervisor:
            self._refuse_taken_port()
            self._console.say("Starting Tradepost")
            url = f"http://{_shown(self.host)}:{self.port}"
            chosen = {
                "TRADEPOST_HOST": self.host,
                "TRADEPOST_PORT": str(self.port),
                "TRADEPOST_SECRET": self.data.secret("secret"),
                "TRADEPOST_PUBLIC_URL": url,
                "TRADEPOST_LOG_FORM": "text",  # a person reads it
                "DATABASE_URL": self._database(supervisor),
                "TRADEPOST_LIMIT_ADDRESS": LIMIT_ADDRESS,
            }
            if sandbox:
                chosen |= {"TRADEPOST_SANDBOX": "1", "TRADEPOST_PRICE_POLL_S": SANDBOX_POLL_S}
            ahead_s = _ahead_s(chosen["DATABASE_URL"])
            if ahead_s and not sandbox:
                raise StartError(MOVED)
            with contextlib.ExitStack() as keepers:
                chosen |= self._chain(supervisor, keepers, chosen["DATABASE_URL"])
                given = {name: value for name, value in self._environment.items() if value}
                settings = {name: given.get(name, value) for name, value in chosen.items()}
                full = {**self._environment, **settings, "PYTHONUNBUFFERED": "1"}
                self._start_processes(supervisor, full, url, deploys=not given.get("RPC_URL"))
                if sandbox:  # the last: nobody waits for those who play
                    supervisor.start("counterparties", self._program("counterparties", full))
                instance = Instance(os.getpid(), url, settings)
                self.data.announce(instance)
                self._console.say(f"Started in {time.monotonic() - began:.1f} s.")
                try:
                    yield supervisor, instance
                finally:
                    self.data.withdraw()

    def _refuse_taken_port(self) -> None:
        try:
            if port_is_free(self.host, self.port):
                return
        except OSError as error:
            raise StartError(
                f"Cannot listen on {self.host} port {self.port} ({error.strerror}): choose others "
                f"with TRADEPOST_HOST and TRADEPOST_PORT."
            ) from error
        raise StartError(
            f"Port {self.port} of {self.host} is taken: end what listens there, or choose another "
            f"one with TRADEPOST_PORT."
        )

    def _start_processes(
        self, supervisor: Supervisor, environment: Mapping[str, str], url: str, *, deploys: bool
    ) -> None:
        """Runs the one-off commands and starts the processes; each loads for a second or two."""
        with self._console.step("database schema"):
            supervisor.run("database schema", self._program("migrate", environment))
        http = self._program("serve", environment, lambda: _answers(f"{url}/readyz"))
        supervisor.start("http", http)  # loads while the contracts are looked after
        if deploys:
            with self._console.step("contracts"):
                supervisor.run("contracts", self._program("deploy", environment))
        with self._console.step("processes"):
            supervisor.start("watcher", self._program("watch", environment))
            supervisor.start("worker", self._program("worker", environment))
            http.wait_until_ready()  # for which the watcher must follow the chain

    def _program(
        self,
        command: str,
        environment: Mapping[str, str],
        ready: Callable[[], bool] = lambda: True,
    ) -> Program:
        name = {"serve": "http", "watch": "watcher"}.get(command, command)
        return Program(name, [*self._cli, command], environment, self._console, ready)

    def _database(self, supervisor: Supervisor) -> str:
        given = self._environment.get("DATABASE_URL")
        if not given:
            database = EmbeddedPostgres(self.data.path / "postgres")
            with self._console.step("database"):
                supervisor.start("database", database)
            return database.dsn
        try:
            psycopg.connect(given, connect_timeout=PROBE_PATIENCE_S).close()
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise StartError(
                f"The database of DATABASE_URL does not answer ({reason}): start it, or unset "
                f"DATABASE_URL to use an embedded one."
            ) from error
        return given

    def _is_sandbox(self) -> bool:
        """Whether this one is a sandbox: unless it is told otherwise, on a chain of its own."""
        said = self._environment.get("TRADEPOST_SANDBOX")
        if not said:
            return not self._environment.get("RPC_URL")
        if said.lower() not in {"0", "1", "false", "true"}:
            raise StartError(f"TRADEPOST_SANDBOX is '{said}': give 1 or 0.")
        return said.lower() in {"1", "true"}

    def _chain(
        self, supervisor: Supervisor, keepers: contextlib.ExitStack, dsn: str
    ) -> dict[str, str]:
        """Starts the development chain, or looks at the operator's node; gives the settings."""
        given = self._environment.get("RPC_URL")
        if given:
            try:
                found = int(rpc(given, "eth_chainId"), 16)
            except (OSError, ValueError, RpcError) as error:
                raise StartError(
                    f"The node of RPC_URL does not answer ({error}): start it, or unset RPC_URL "
                    f"to use a development chain."
                ) from error
            if self._is_sandbox() and found != CHAIN_ID:
                raise StartError(
                    f"A sandbox is for a development chain ({CHAIN_ID}) only, and RPC_URL leads to "
                    f"chain {found}: unset TRADEPOST_SANDBOX, or name such a chain."
                )
            return {"RPC_URL": given}
        free = port_is_free("127.0.0.1", CHAIN_PORT)
        port = CHAIN_PORT if free else None
        chain = DevChain(self.data.path / "chain", port, ahead_s=lambda: _ahead_s(dsn))
        with self._console.step("development chain"):
            supervisor.start("development chain", chain)
        confirmations = int(self._environment.get("TRADEPOST_CONFIRMATIONS") or CONFIRMATIONS)
        keeper = ChainKeeper(chain, confirmations=confirmations, say=self._console.say)
        keeper.start()
        keepers.callback(keeper.stop)
        return {
            "RPC_URL": chain.url,
            "TRADEPOST_CONFIRMATIONS": str(confirmations),
            "TRADEPOST_POLL_INTERVAL_S": "0.25",  # a node on the same machine costs nothing
            "TRADEPOST_RELAY_WINDOW_S": "0.5",  # one trader alone need not wait for others
            "TRADEPOST_RELAYER_KEY": RELAYER_KEY,
            "TRADEPOST_ARBITRATOR": ARBITRATOR,
            "TRADEPOST_ASSETS": _assets(),
            # Whoever tries webhooks has his receiver on this machine.
            "TRADEPOST_WEBHOOK_NETWORKS": json.dumps(["127.0.0.0/8", "::1/128"]),
            "TRADEPOST_PRICE_SOURCES": json.dumps([{"kind": "development", "name": "development"}]),
        }


def serve(exchange: Exchange, console: Console) -> None:
    """Starts the exchange with its page, and keeps it until somebody asks for its end."""
    try:
        build(console)
    except PageNotBuilt as error:
        console.say(f"{error}\nThe exchange starts without its page.")
    with exchange.running() as (supervisor, instance):
        console.box(
            [
                *([f"Open               {_named(instance.url)}/"] if is_built() else []),
                f"Tradepost runs at  {instance.url}/v1",
                f"API documents      {instance.url}/docs",
                f"Chain              {_bare(instance.environment['RPC_URL'])}",
                f"Data               {exchange.data.path}",
                *_sandbox_lines(instance),
                "Stop it            Ctrl-C",
                "Next, elsewhere    python3 run.py demo",
            ]
        )
        supervisor.watch()


def environment_of(data: DataFolder, own: Mapping[str, str]) -> dict[str, str]:
    """Adds what a running exchange's processes know to one's own environment, which wins."""
    instance = data.instance()
    if instance is None:
        return dict(own)
    return {"TRADEPOST_URL": instance.url, **instance.environment, **own}


def with_exchange(environment: Mapping[str, str], command: list[str]) -> int:
    """Runs a command against the exchange that runs, or one that is started for its length.

    Returns:
        The command's exit code; where an exchange runs, this process becomes the command.
    """
    data = DataFolder.of(environment)
    if wait_until(lambda: data.instance() is not None or not data.is_held(), READY_PATIENCE_S):
        if data.instance() is not None:
            os.execve(command[0], command, environment_of(data, environment))
        console = Console(quiet=True)  # the command has the stage
        try:
            with Exchange(environment, console).running():
                settings = environment_of(data, environment)
                return subprocess.run(command, env=settings, check=False).returncode
        except StartError:
            console.replay()
            raise
    raise StartError("The exchange on these data is starting since long: stop it, then try again.")


def _named(url: str) -> str:
    """The same place by its name: browsers keep passkeys for names only."""
    return url.replace("//127.0.0.1:", "//localhost:")


def _sandbox_lines(instance: Instance) -> list[str]:
    if "TRADEPOST_SANDBOX" not in instance.environment:
        return []
    return [
        "Sandbox            traders that answer, a faucet, a clock: docs/sandbox.md",
        "                   python3 run.py tradepost sandbox fund | clock",
        "                   .venv/bin/python docs/samples/bot.py",
    ]


def _ahead_s(dsn: str) -> int:
    """By how many seconds the clock of these data is ahead; 0 too for data that are not there yet.

    A chain that is started again goes on beside the exchange's clock, however long it was away.
    """
    from tradepost.kernel.clock import AHEAD

    try:
        with psycopg.connect(dsn, connect_timeout=PROBE_PATIENCE_S) as connection:
            row = connection.execute(AHEAD).fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    except psycopg.Error as error:
        raise StartError(f"The database does not tell its clock ({error}): start again.") from error
    assert row is not None, "a migration puts it there"
    return int(row[0])


def _assets() -> str:
    """Names what is traded on the development chain: its coin, and the token deployed there."""
    from tradepost_contracts import artifacts, deploy

    token = {"code": "USDT", "decimals": 6, "token": deploy.address(artifacts.DEV_TOKEN)}
    return json.dumps([{"code": "ETH", "decimals": 18}, token])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise StartError(f"TRADEPOST_PORT is '{text}': give a number from 1 to 65535.")
    return int(text)


def _shown(host: str) -> str:
    """Gives the host to connect to; a server that listens everywhere is reached on loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it is not bound here
    return f"[{host}]" if ":" in host else host


def _bare(url: str) -> str:
    """Leaves out what may be a key: the path, the query and the user part of an address."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/')[0].rpartition('@')[2]}"
