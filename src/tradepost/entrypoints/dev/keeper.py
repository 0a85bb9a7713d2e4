"""Lets the time of a development chain pass, and keeps its state on disk.

anvil mines when a transaction comes and is silent otherwise. A trade however waits for blocks:
for confirmations after a transaction, and for a deadline in chain time when nothing happens. A
fixed block time would fill the disk (1.7 KB a block), so blocks are mined for a reason.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tradepost.entrypoints.dev.chain import DevChain, Head, RpcError
from tradepost.entrypoints.dev.data import replace

# An idle chain's clock is at most this old; 2,880 blocks and 5 MB a day.
IDLE_BLOCK_S = 30
# An idle chain of weeks is not walked to its beginning.
LOOK_BACK_BLOCKS = 256
# Blocks that hold transactions are on disk within this time; mined ones without, less often.
BUSY_SAVE_S = 2.0
IDLE_SAVE_S = 120.0
# A large state takes long to write: at most a twentieth of the time goes there.
SAVE_SHARE = 20


class ChainKeeper:
    """Watches one started `DevChain` from a thread of its own: `start`, later `stop`.

    Args:
        chain: the node, with a folder.
        confirmations: how many blocks are mined on top of one that holds transactions.
        block_s: the pause between those blocks.
        say: is told what a person should know.
    """

    def __init__(
        self,
        chain: DevChain,
        *,
        confirmations: int,
        say: Callable[[str], None],
        block_s: float = 1.0,
    ) -> None:
        assert chain.folder is not None, "a chain in memory needs no keeper"
        self._chain = chain
        self._seen_file: Path = chain.folder / "seen.json"
        self._confirmations = confirmations
        self._say = say
        self._block_s = block_s
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._head: Head | None = None
        self._known_node = 0
        self._saved: Head | None = None
        self._saved_at = 0.0
        self._save_took_s = 0.0

    def start(self) -> None:
        """Compares the chain with what was last seen of it, says what is lost, and begins.

        Raises:
            OSError, RpcError: the node does not answer.
        """
        self._compare()
        self._refresh_history()
        self._thread = threading.Thread(target=self._run, name="chain keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; the node itself is stopped, and saved, by its owner."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def what_is_lost(self) -> str | None:
        """Tells in a sentence which part of the chain seen earlier is not there any more."""
        seen = self._seen()
        if seen is None or self._chain.has_block(seen.busy_number, seen.busy_hash):
            return None
        now = int(self._chain.rpc("eth_blockNumber"), 16)
        return (
            f"The development chain has lost blocks: its last transaction seen was in block "
            f"{seen.busy_number}, now it ends at block {now}. Trades whose coins were locked in "
            f"the lost blocks go back to their state before; 'python3 run.py reset' begins anew."
        )

    def _compare(self) -> None:
        lost = self.what_is_lost()
        if lost:
            self._say(lost)
        self._head = None if lost else self._seen()
        self._note(self._look(self._chain.rpc("eth_blockNumber")))

    def _note(self, head: Head) -> None:
        self._head = head
        replace(self._seen_file, json.dumps(asdict(head)).encode())

    def _seen(self) -> Head | None:
        try:
            return Head(**json.loads(self._seen_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):  # none, or not what this version writes
            return None

    def step(self, now: float) -> None:
        """Does what is due: looks at the head, mines a block, saves the state.

        Args:
            now: the chain's unix seconds, to be compared with the time of the head.

        Raises:
            OSError, RpcError: the node does not answer.
        """
        assert self._head is not None, "start looks first"
        self._refresh_history()
        number = self._chain.rpc("eth_blockNumber")
        if int(number, 16) < self._head.number:  # the node was started again, or reorganised
            self._compare()
        elif int(number, 16) != self._head.number:
            self._note(self._look(number))
        unconfirmed = self._head.number - self._head.busy_number < self._confirmations
        if (unconfirmed and self._head.busy_number > 0) or now - self._head.time >= IDLE_BLOCK_S:
            self._chain.rpc("evm_mine")
        self._save_when_due()

    def _refresh_history(self) -> None:
        """Mines what a trader looks back on, after each start of the node.

        A node that was started again knows its old blocks, but no state at them: nobody could ask
        it how deep a lock is.
        """
        process = self._chain.process
        node = process.pid if process else 0
        if node != self._known_node:
            if int(self._chain.rpc("eth_blockNumber"), 16) > 0:
                self._chain.rpc("anvil_mine", hex(self._confirmations))
            self._known_node = node

    def _look(self, number: str) -> Head:
        """Reads the head, and the newest block that holds transactions since the last look."""
        block = self._chain.rpc("eth_getBlockByNumber", number, False)
        known = self._head.number if self._head else 0
        known = max(known, int(number, 16) - LOOK_BACK_BLOCKS)
        busy = (self._head.busy_number, self._head.busy_hash) if self._head else (0, "")
        older = block
        while int(older["number"], 16) > known and not older["transactions"]:
            older = self._chain.rpc("eth_getBlockByHash", older["parentHash"], False)
        if older["transactions"] or not busy[1]:
            busy = (int(older["number"], 16), older["hash"])
        return Head(
            number=int(block["number"], 16),
            hash=block["hash"],
            time=int(block["timestamp"], 16),
            busy_number=busy[0],
            busy_hash=busy[1],
        )

    def _save_when_due(self) -> None:
        assert self._head is not None, "start looks first"
        if self._head == self._saved:
            return
        is_busy = self._saved is None or self._head.busy_hash != self._saved.busy_hash
        pause = max(BUSY_SAVE_S if is_busy else IDLE_SAVE_S, SAVE_SHARE * self._save_took_s)
        began = time.monotonic()
        if began - self._saved_at >= pause:
            self._chain.save()
            self._saved, self._saved_at = self._head, time.monotonic()
            self._save_took_s = self._saved_at - began

    def _run(self) -> None:
        told = ""
        while not self._stopped.wait(self._block_s):
            try:
                self.step(self._chain.time())
                told = ""
            except (OSError, RpcError) as error:
                # The node is restarted by the supervisor; a full disk is said once.
                if str(error) != told:
                    told = str(error)
                    self._say(f"The development chain cannot be kept: {error}.")
