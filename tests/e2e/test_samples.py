"""Every sample of code in the documents works as it stands, in the order of its page.

One exchange runs for all pages. On a page, what is typed in a shell and what is Python goes on
where the sample before has stopped. Addresses of the pages are put right: this exchange has other
ports.
"""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests import samples
from tests.samples import Sample
from tradepost.entrypoints.dev.chain import MNEMONIC
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import CLONE, Instance
from tradepost.entrypoints.dev.exchange import Exchange
from tradepost.entrypoints.dev.processes import free_port
from tradepost_client import Chain, Client, Trader, Wallet

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PAGES = [page for page in samples.pages() if any(one.is_run for one in samples.of(page))]
#: How long a sample without an end is looked at.
_LOOK_S = 3
_PATIENCE_S = 90
_DONE = "\x04 the shell has done it: "


@dataclass
class House:
    """The exchange of all pages, and people on it whom pages take for granted."""

    instance: Instance
    #: Who has traded; nobody yet where it is empty.
    known: list[Trader] = field(default_factory=list)

    @property
    def rpc(self) -> str:
        """Its node."""
        return self.instance.environment["RPC_URL"]

    def put_right(self, text: str) -> str:
        """A sample with the addresses of this exchange."""
        socket = self.instance.url.replace("http://", "ws://")
        for shown, own in (
            ("http://127.0.0.1:8000", self.instance.url),
            ("http://127.0.0.1:8545", self.rpc),
            ("https://exchange.example", self.instance.url),
            ("wss://exchange.example", socket),
        ):
            text = text.replace(shown, own)
        return text

    def traders(self) -> list[Trader]:
        """A seller and a buyer who have traded once."""
        if not self.known:
            chain = Chain(self.rpc, poll_s=0.05)
            self.known += [
                Trader(Client(self.instance.url), chain, _wallet(number)) for number in (3, 4)
            ]
            seller, buyer = self.known
            seller.sign_in()
            buyer.sign_in()
            offer = seller.publish_offer(
                direction="sell",
                asset="ETH",
                currency="EUR",
                price=Decimal(2600),
                min_amount=Decimal("0.01"),
                max_amount=Decimal(1),
                total_amount=Decimal(1),
                payment_methods=["sepa_instant"],
            )
            trade = buyer.take(offer, amount=Decimal("0.1"), method="sepa_instant")
            seller.lock(trade.id)
            buyer.until(trade.id, {"escrowed"}, timeout_s=_PATIENCE_S)
            buyer.payment_sent(trade.id)
            seller.release(trade.id)
            buyer.until(trade.id, {"completed"}, timeout_s=_PATIENCE_S)
        return self.known

    def given(self) -> Mapping[str, Any]:
        """What each page takes for granted: a token of somebody who has traded, and a ticket."""
        buyer = self.traders()[1].client
        return {"token": buyer.token, "ticket": buyer.create_stream_ticket().ticket}


def _wallet(number: int) -> Wallet:
    Account.enable_unaudited_hdwallet_features()
    path = f"m/44'/60'/0'/0/{number}"
    return Wallet(bytes(Account.from_mnemonic(MNEMONIC, account_path=path).key))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    environment = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
    environment |= {
        "TRADEPOST_DATA_DIR": str(folder / "data"),
        "TRADEPOST_PORT": str(free_port()),
    }
    output = io.StringIO()
    try:
        with Exchange(environment, Console(output)).running() as (_, instance):
            house = House(instance)
            yield house
            _close(*house.known)
    finally:
        # pytest shows these where a test has failed.
        print(output.getvalue(), *(log.read_text() for log in folder.rglob("anvil.log")))


def _close(*held: object) -> None:
    """Closes the connections of what a page has made: a reader ends his Python for that."""
    for one in held:
        if isinstance(one, Trader):
            _close(one.client, one.chain)
        elif isinstance(one, Client | Chain):
            one.close()


class Shell:
    """A shell that stays open, as the reader's does."""

    def __init__(self, house: House, folder: Path, given: Mapping[str, Any]) -> None:
        own = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TRADEPOST_URL": house.instance.url,
            "TRADEPOST_RPC": house.rpc,
            "RPC_URL": house.rpc,
            "TRADEPOST_HOME": str(folder / "home"),
            "TRADEPOST_WALLET_PASSPHRASE": "lantern orbit velvet",
            "TOKEN": given["token"],
        }
        self._block = folder / "block.sh"
        self._process = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            cwd=folder,
            env=dict(os.environ) | own,
        )

    def type(self, text: str, *, endless: bool = False) -> str:
        """What it prints."""
        assert self._process.stdin
        assert self._process.stdout
        if endless:
            text = f"timeout {_LOOK_S} {text} || [ $? = 124 ]"
        self._block.write_text(text + "\n")
        self._process.stdin.write(f"source {self._block}; echo; echo '{_DONE}'\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.rstrip("\n") == _DONE:
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"the shell ended:\n{''.join(printed)}")

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(_PATIENCE_S)


def _python(text: str, where: str, names: dict[str, Any], *, endless: bool) -> str:
    code = compile(text, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = eval(code, names)  # noqa: S307 - the documents are ours
        if inspect.iscoroutine(result):
            asyncio.run(_awaited(result, _LOOK_S if endless else _PATIENCE_S, endless))
    return printed.getvalue()


async def _awaited(result: Any, seconds: int, endless: bool) -> None:
    with contextlib.suppress(TimeoutError) if endless else contextlib.nullcontext():
        await asyncio.wait_for(result, seconds)


def _javascript(text: str, given: Mapping[str, Any]) -> str:
    """Runs a sample that opens `socket`; it ends with the first message."""
    script = (
        f'const ticket = "{given["ticket"]}";\n{text}\n'
        'socket.addEventListener("message", () => process.exit(0));\n'
        'socket.addEventListener("error", () => process.exit(1));\n'
    )
    node = Path(sys.executable).with_name("node")
    done = subprocess.run(
        [node, "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CLONE)))
def test_the_samples_of_a_page_work(page: Path, house: House, tmp_path: Path) -> None:
    given = house.given()
    names: dict[str, Any] = {"__name__": "__main__", "token": given["token"]}
    shell = Shell(house, tmp_path, given)
    printed = ""
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(tmp_path))
        stack.enter_context(contextlib.closing(shell))
        stack.callback(lambda: _close(*names.values()))
        for sample in samples.of(page):
            if sample.said == "output":
                shown = house.put_right(sample.text)
                assert samples.agrees(shown, printed), f"{sample}: it printed\n{printed}"
            elif sample.is_run:
                printed = _run(sample, house, shell, names, given)
                assert printed.strip() or sample.said != "without an end", f"{sample} says nothing"


def _run(
    sample: Sample,
    house: House,
    shell: Shell,
    names: dict[str, Any],
    given: Mapping[str, Any],
) -> str:
    text, endless = house.put_right(sample.text), sample.said == "without an end"
    kinds: Mapping[str, Callable[[], str]] = {
        "python": lambda: _python(text, str(sample), names, endless=endless),
        "bash": lambda: shell.type(text),
        "js": lambda: _javascript(text, given),
    }
    if sample.language in kinds:
        return kinds[sample.language]()
    printed = []
    for typed, shown in samples.commands(sample):
        printed.append(shell.type(house.put_right(typed), endless=endless))
        assert not shown or samples.agrees(house.put_right(shown), printed[-1]), printed[-1]
    return "".join(printed)
