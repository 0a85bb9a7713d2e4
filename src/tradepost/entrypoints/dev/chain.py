"""A development chain: one anvil node, its state on disk, and the passing of its time.

anvil can write its state by itself, but at a fixed interval, to the same file, and with every
past state beside it. Here it is written when something happened, to a new file that then takes
the old one's place: a kill at any moment leaves a whole state, at most two seconds old.
"""

import gzip
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tradepost.entrypoints.dev.data import CLONE, replace
from tradepost.entrypoints.dev.errors import StartError, told
from tradepost.entrypoints.dev.processes import end, free_port, port_is_free, spawn, wait_until

CHAIN_ID = 31337
# anvil's own, known to everybody: its accounts hold coins of this chain and of no other.
MNEMONIC = "test test test test test test test test test test test junk"
START_PATIENCE_S = 20.0
STOP_PATIENCE_S = 5.0
RPC_PATIENCE_S = 15.0
PORT_TRIES = 5
# Past states kept in memory, for calls at a block of the last minutes. Without a limit anvil
# writes 200 KB for every block to the disk.
STATES_KEPT = 256


class RpcError(Exception):
    """The node answered a call with an error."""


def binary() -> Path:
    """Gives the path of anvil, which npm has installed for this platform.

    Raises:
        StartError: it is not there.
    """
    modules = CLONE / "tools" / "node" / "node_modules" / "@foundry-rs"
    for found in modules.glob("anvil-*/bin/anvil"):
        return found
    raise StartError(
        "There is no development chain for this platform: set RPC_URL to an EVM node, then start "
        "again."
    )


def rpc(url: str, method: str, *params: object) -> Any:
    """Calls a JSON-RPC method of a node.

    Raises:
        RpcError: the node refused.
        OSError: the node cannot be reached.
    """
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(  # noqa: S310 - the address is the operator's own
        url, json.dumps(call).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=RPC_PATIENCE_S) as response:  # noqa: S310
        answer = json.load(response)
    if "error" in answer:
        raise RpcError(f"{method}: {answer['error'].get('message')}")
    return answer["result"]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block of a chain that was seen, with the newest one that held transactions."""

    number: int
    hash: str
    time: int  # unix seconds of the chain
    busy_number: int
    busy_hash: str


class DevChain:
    """One anvil node: `start`, use the address, `stop`.

    It mines a block for each transaction and none by itself; `keeper.ChainKeeper` lets its time
    pass. `start` belongs in the main thread: the node dies with the thread that started it.

    Args:
        folder: keeps the state over restarts; None keeps it in memory only.
        ahead_s: by how many seconds its time is to be ahead of the machine's, asked at each start.
        port: the TCP port of the loopback interface; None takes a free one.
        options: more options of anvil, for tests.
    """

    death_signal = signal.SIGKILL  # its state is on disk whole at any moment

    def __init__(
        self,
        folder: Path | None = None,
        port: int | None = None,
        *,
        options: tuple[str, ...] = (),
        ahead_s: Callable[[], int] = lambda: 0,
    ) -> None:
        self.folder = folder.absolute() if folder else None
        self.url = ""
        self._port = port
        self._options = options
        self._ahead_s = ahead_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The node, from its start until it is stopped or killed."""
        return self._process

    def rpc(self, method: str, *params: object) -> Any:
        """Calls a JSON-RPC method of this node; see `rpc` for the errors."""
        return rpc(self.url, method, *params)

    def start(self) -> str:
        """Starts the node from the state on disk, if there is one, and waits until it answers.

        Returns:
            Its address, `http://127.0.0.1:port`, the same one again after `stop` or `kill`.

        Raises:
            StartError: with a sentence for the person who started it.
        """
        program = binary()
        if self._port and not port_is_free("127.0.0.1", self._port):
            raise StartError(
                f"Port {self._port} is taken, the development chain needs it: end what listens "
                f"there, or leave the port to be chosen."
            )
        for _ in range(1 if self._port else PORT_TRIES):
            port = self._port or free_port()
            self.url = f"http://127.0.0.1:{port}"
            try:
                if self._run(program, port):
                    self._port = port
                    return self.url
            except OSError as error:
                raise told(error, "start the development chain") from error
        self.url = ""
        raise StartError(f"The development chain does not start: {self._last_words()}")

    def stop(self) -> None:
        """Writes the state, where there is a folder, and ends the node."""
        if self._process is not None:
            if self._process.poll() is None:
                with suppress(OSError, RpcError):
                    # Nothing may be mined, and told to its sender, after the state was written.
                    self.rpc("evm_setAutomine", False)
                    self.save()
            end(self._process, signal.SIGTERM, STOP_PATIENCE_S)
            self._process = None

    def kill(self) -> None:
        """Kills the node at once; what came after the last `save` is lost."""
        if self._process is not None:
            end(self._process, signal.SIGKILL, STOP_PATIENCE_S)
            self._process = None

    def save(self) -> None:
        """Writes the whole state; the file on disk is the old one or the new one, never half.

        Raises:
            OSError: the disk is full, or the node is gone.
        """
        if self.folder is None:
            return
        packed: str = self.rpc("anvil_dumpState")
        replace(self.state_file(), gzip.decompress(bytes.fromhex(packed.removeprefix("0x"))))

    def state_file(self) -> Path:
        """The file of the state; only for a chain with a folder."""
        assert self.folder is not None, "a chain in memory has no file"
        return self.folder / "state.json"

    def has_block(self, number: int, block_hash: str) -> bool:
        """Whether this chain holds that very block."""
        block = self.rpc("eth_getBlockByNumber", hex(number), False)
        return block is not None and block["hash"] == block_hash

    def _run(self, program: Path, port: int) -> bool:
        """Runs the node on `port`; False when it ended before it answered."""
        options = [
            "--host=127.0.0.1",
            f"--port={port}",
            f"--chain-id={CHAIN_ID}",
            f"--mnemonic={MNEMONIC}",
            f"--prune-history={STATES_KEPT}",
            "--no-cors",
            "--quiet",
            *self._options,
        ]
        output: Any = subprocess.DEVNULL
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            options.append(f"--timestamp={self._genesis_time()}")
            if self.state_file().exists():
                options.append(f"--load-state={self.state_file()}")
            output = (self.folder / "anvil.log").open("wb")
        try:
            self._process = process = spawn(
                [program, *options], death_signal=self.death_signal, output=output
            )
        finally:
            if output is not subprocess.DEVNULL:
                output.close()
        wait_until(lambda: process.poll() is not None or self._answers(), START_PATIENCE_S)
        if process.poll() is None and self._answers():
            if self.folder is not None:
                self._set_clock()
            return True
        end(process, signal.SIGKILL, STOP_PATIENCE_S)
        self._process = None
        return False

    def _genesis_time(self) -> int:
        """Gives the time of block 0, the same at every start.

        anvil makes a block 0 before it loads the state, and keeps both when they differ: it then
        finds now the one, now the other.
        """
        assert self.folder is not None, "a chain in memory begins at its start"
        path = self.folder / "genesis-time"
        if not path.exists():
            replace(path, str(_now()).encode())
        return int(path.read_text())

    def _set_clock(self) -> None:
        """Lets the chain's time go on from now, or from its head where that is later.

        Without this anvil goes on from the time of block 0.
        """
        head = int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        self.rpc("evm_setTime", max(_now() + self._ahead_s(), head + 1))

    def time(self) -> int:
        """What time the chain has at this moment, in unix seconds."""
        return int(self.rpc("eth_getBlockByNumber", "pending", False)["timestamp"], 16)

    def _answers(self) -> bool:
        try:
            return int(self.rpc("eth_chainId"), 16) == CHAIN_ID
        except (OSError, ValueError):
            return False

    def _last_words(self) -> str:
        """Picks from what the node printed the line that says why it ended."""
        if self.folder is None:
            return "it said nothing."
        lines = (self.folder / "anvil.log").read_text(errors="replace").splitlines()
        telling = [line for line in lines if "rror" in line]
        return (telling or [*lines, "it said nothing."])[0].strip()


def _now() -> int:
    return int(time.time())  # noqa: TID251 - the node is an outside world with a clock of its own
