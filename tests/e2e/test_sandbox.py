"""A sandbox as one command starts it: the bot of the documents, and each way a trade can end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep

import pytest

from tradepost.entrypoints.counterparties.personas import PERSONAS
from tradepost.entrypoints.dev.data import CLONE, DataFolder
from tradepost.entrypoints.dev.processes import free_port, wait_until
from tradepost_client import FINAL_STATES, Chain, Client, Retries, Trader, Wallet
from tradepost_client.models import Direction, Offer, Trade
from tradepost_client.streams import Happened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

START_PATIENCE_S = 90
PATIENCE_S = 60.0
METHOD = "sepa_instant"
AMOUNT = Decimal("0.05")
WALLETS = {persona.name: persona.wallet().address for persona in PERSONAS}
DETAILS = {"account_holder": "Rosa Muster", "iban": "DE02120300000000202051"}


class Sandbox:
    """The exchange in a process of its own, as a person starts it."""

    def __init__(self, folder: Path) -> None:
        self._output = folder / "output"
        self._data = DataFolder(folder / "data")
        own = {name: text for name, text in os.environ.items() if not name.endswith("_URL")}
        own.pop("TRADEPOST_SANDBOX", None)
        self.environment = own | {
            "TRADEPOST_DATA_DIR": str(folder / "data"),
            "TRADEPOST_PORT": str(free_port()),
        }
        self.start()

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tradepost.entrypoints.dev", "start"],
                stdout=output,
                stderr=output,
                env=self.environment,
            )
        up = wait_until(lambda: self._data.instance() is not None, START_PATIENCE_S)
        assert up, self.said()
        instance = self._data.instance()
        assert instance is not None
        self.url, self.node = instance.url, instance.environment["RPC_URL"]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(START_PATIENCE_S)

    def said(self) -> str:
        return self._output.read_text()

    def kill(self, command: str) -> None:
        """Kills a process that this exchange's supervisor has started."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if command.encode() in words and int(parent) == self._process.pid:
                os.kill(int(entry.name), signal.SIGKILL)
                return
        raise AssertionError(f"no {command} runs: {self.said()}")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    started = Sandbox(tmp_path_factory.mktemp("sandbox"))
    try:
        yield started
    finally:
        started.stop()
        print(started.said())  # pytest shows it where a test has failed


@pytest.fixture
def trader(sandbox: Sandbox) -> Iterator[Trader]:
    """A newcomer with coins from the faucet."""
    # As long as it takes to start a killed process again.
    patience = Retries(tries=30, longest_s=2.0)
    with (
        Client(sandbox.url, retries=patience) as client,
        Chain(sandbox.node, poll_s=0.2) as chain,
    ):
        newcomer = Trader(client, chain, Wallet.create())
        newcomer.sign_in(expires_in_s=90 * 86_400)
        for gift in client.draw_from_faucet(newcomer.wallet.address).gifts:
            chain.arrived(gift.tx_hash)
        yield newcomer


def offer_of(trader: Trader, words: str, direction: Direction = "sell") -> Offer:
    """The offer of ETH for EUR that says this of itself; it may come a moment after the start."""
    ends = monotonic() + PATIENCE_S
    while monotonic() < ends:
        for offer in trader.client.offers(direction=direction, asset="ETH", currency="EUR"):
            if words in (offer.terms or ""):
                return offer
        sleep(0.2)
    raise AssertionError(f"nobody offers: {words}")


def taken(trader: Trader, words: str, direction: Direction = "sell") -> Trade:
    return trader.take(offer_of(trader, words, direction), method=METHOD, amount=AMOUNT)


def until(trader: Trader, trade: Trade, *states: str) -> Trade:
    """Waits on the stream, as a bot does, until the trade is in one of the states."""
    if (now := trader.trade(trade.id)).state in states:
        return now
    for told in trader.client.stream(["trades"], resume_from={"trades": 0}):
        assert isinstance(told, Happened)
        now = trader.trade(trade.id)
        if now.state in states:
            return now
        assert now.state not in FINAL_STATES, now.state
    raise AssertionError("a stream has no end")


def advance_past(trader: Trader, trade: Trade) -> None:
    """Moves the clock past the trade's deadline; that of a cancel comes with its block."""
    ends = monotonic() + PATIENCE_S
    while (viewer := trader.trade(trade.id).viewer).deadline_at is None:
        assert monotonic() < ends
        sleep(0.1)
    now = max(viewer.chain_now, viewer.server_now)
    trader.client.advance_clock(int((viewer.deadline_at - now).total_seconds()) + 2)


def coins(trader: Trader, name: str | None = None) -> int:
    address = trader.wallet.address if name is None else WALLETS[name]
    return trader.chain.balance(address)


def details_of(trader: Trader, trade: Trade) -> dict[str, str]:
    """What the seller tells, a moment after his lock."""
    ends = monotonic() + PATIENCE_S
    while trader.trade(trade.id).sealed_payment_details is None:
        assert monotonic() < ends
        sleep(0.1)
    return trader.open_payment_details(trade.id)


def test_the_bot_of_the_documents_trades_to_the_end(sandbox: Sandbox, trader: Trader) -> None:
    """Fewer than fifty lines, and nothing but the client."""
    bot = CLONE / "docs" / "samples" / "bot.py"
    assert len(bot.read_text().splitlines()) < 50
    assert not re.findall(r"^(?:from|import) tradepost[. ]", bot.read_text(), re.MULTILINE)
    offer_of(trader, "keeps to the rules")  # its maker has arrived
    began = monotonic()
    done = subprocess.run(
        [sys.executable, bot],
        env=sandbox.environment | {"TRADEPOST_URL": sandbox.url, "RPC_URL": sandbox.node},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    print(done.stdout, f"in {monotonic() - began:.1f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("ETH, +0.050000000000000000"), done.stdout


def test_the_start_says_how_to_use_it(sandbox: Sandbox) -> None:
    assert wait_until(lambda: "Next, elsewhere" in sandbox.said(), PATIENCE_S)
    assert "docs/sandbox.md" in sandbox.said()


def test_the_command_line_draws_and_lets_time_pass(
    sandbox: Sandbox, trader: Trader, tmp_path: Path
) -> None:
    own = sandbox.environment | {
        "TRADEPOST_HOME": str(tmp_path),
        "TRADEPOST_WALLET_PASSPHRASE": "lantern orbit velvet quarry",
    }

    def tradepost(*words: str) -> str:
        command = [sys.executable, "-m", "tradepost.entrypoints.dev", "tradepost", *words]
        done = subprocess.run(
            command, env=own, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    tradepost("wallet", "create")
    tradepost("account", "login")
    told = tradepost("sandbox", "fund")
    assert "1.000000000000000000 ETH for 0x" in told
    assert "9 more in 24 hours" in told
    ahead_s = trader.client.sandbox_clock().ahead_s
    assert f"{ahead_s + 900} s ahead" in tradepost("sandbox", "clock", "--advance", "15m")
    assert f"{ahead_s + 900} s ahead" in tradepost("sandbox", "clock")


def test_the_clock_is_the_same_everywhere(trader: Trader) -> None:
    before = trader.client.time()
    moved = trader.client.advance_clock(600)
    after = trader.client.time()
    assert 600 <= (after - before).total_seconds() < 630
    assert trader.client.sandbox_clock().ahead_s == moved.ahead_s >= 600
    assert abs(trader.chain.head().time - after.timestamp()) < 30
    exchange = trader.client.exchange()
    assert abs((exchange.chain.block_time - exchange.server_now).total_seconds()) < 30
    assert trader.client.is_ready()


def test_a_taker_never_pays_and_the_maker_has_the_coins_back(trader: Trader) -> None:
    trade = taken(trader, "keeps to the rules")
    until(trader, trade, "escrowed")
    locked = coins(trader, "ada")
    advance_past(trader, trade)  # the time to pay
    until(trader, trade, "refunding")
    advance_past(trader, trade)  # the time to object
    until(trader, trade, "refunded")
    assert coins(trader, "ada") - locked == int(AMOUNT * 10**18)


def test_one_who_buys_says_that_he_paid(trader: Trader) -> None:
    trade = taken(trader, "keeps to the rules", "buy")
    trader.lock(trade.id, wait=False)
    trader.send_payment_details(trade.id, DETAILS)
    until(trader, trade, "payment_sent")
    trader.release(trade.id)
    until(trader, trade, "completed")


def test_one_who_buys_agrees_to_call_it_off(trader: Trader) -> None:
    trade = taken(trader, "keeps to the rules", "buy")
    before = coins(trader)
    trader.lock(trade.id, wait=False)
    until(trader, trade, "escrowed")
    trader.settle(trade.id, Decimal(0))
    until(trader, trade, "refunded")
    assert before - coins(trader) < 10**16  # the gas of the lock


def test_one_who_sells_agrees_to_call_it_off(trader: Trader) -> None:
    trade = taken(trader, "keeps to the rules")
    until(trader, trade, "escrowed")
    trader.settle(trade.id, Decimal(0))
    until(trader, trade, "resolved")


def test_one_who_is_slow_comes_to_the_end(trader: Trader) -> None:
    trade = taken(trader, "slow")
    until(trader, trade, "escrowed")
    details_of(trader, trade)
    trader.payment_sent(trade.id)
    until(trader, trade, "completed")


def test_one_who_never_locks(trader: Trader) -> None:
    trade = taken(trader, "lapses")
    advance_past(trader, trade)
    until(trader, trade, "expired")
    assert offer_of(trader, "lapses").state == "active"


def test_one_who_never_pays(trader: Trader) -> None:
    trade = taken(trader, "never pays", "buy")
    before = coins(trader)
    trader.lock(trade.id, wait=False)
    trader.send_payment_details(trade.id, DETAILS)
    until(trader, trade, "escrowed")
    advance_past(trader, trade)
    trader.cancel(trade.id)
    assert until(trader, trade, "refunding").escrow.state == "locked"
    advance_past(trader, trade)
    until(trader, trade, "refunded")
    assert before - coins(trader) < 10**16  # the gas of the lock


def test_one_who_never_releases(trader: Trader) -> None:
    trade = taken(trader, "never releases")
    before = coins(trader)
    until(trader, trade, "escrowed")
    details_of(trader, trade)
    trader.payment_sent(trade.id)
    advance_past(trader, trade)
    until(trader, trade, "disputed")
    trader.settle(trade.id, AMOUNT / 2)
    until(trader, trade, "resolved")
    assert coins(trader) - before == int(AMOUNT / 2 * 10**18)


def test_one_who_cancels_before_he_locks(trader: Trader) -> None:
    trade = taken(trader, "cancels")
    until(trader, trade, "cancelled")


def test_one_who_cancels_before_he_pays(trader: Trader) -> None:
    trade = taken(trader, "cancels", "buy")
    trader.lock(trade.id, wait=False)
    until(trader, trade, "refunded")


@pytest.mark.parametrize("direction", ["sell", "buy"])
def test_somebody_takes_what_a_newcomer_offers(trader: Trader, direction: Direction) -> None:
    offer = trader.publish_offer(
        direction=direction,
        asset="ETH",
        currency="EUR",
        price=Decimal(2250),
        min_amount=Decimal("0.02"),
        max_amount=Decimal("0.1"),
        total_amount=Decimal("0.1"),
        payment_methods=[METHOD],
    )
    for told in trader.client.stream(["trades"], resume_from={"trades": 0}):
        assert isinstance(told, Happened)
        trade = trader.trade(str(told.event.payload["trade_id"]))
        allowed = trade.viewer.allowed_actions
        assert trade.offer_id == offer.id
        if trade.state == "completed":
            assert trade.amount == offer.min_amount
            break
        if "lock" in allowed:
            trader.lock(trade.id, wait=False)
        if "send_payment_details" in allowed:
            trader.send_payment_details(trade.id, DETAILS)
        if trade.state == "payment_sent" and "release" in allowed:
            trader.release(trade.id)
        if "payment_sent" in allowed and trade.sealed_payment_details:
            trader.payment_sent(trade.id)
    trader.client.close_offer(offer.id)


@pytest.mark.parametrize("process", ["counterparties", "serve"])
def test_a_trade_goes_on_after_a_process_was_killed(
    sandbox: Sandbox, trader: Trader, process: str
) -> None:
    trade = taken(trader, "keeps to the rules")
    sandbox.kill(process)
    until(trader, trade, "escrowed")
    details_of(trader, trade)
    trader.payment_sent(trade.id)
    until(trader, trade, "completed")


def test_the_clock_stays_ahead_over_a_restart_and_the_traders_come_back(
    sandbox: Sandbox, trader: Trader
) -> None:
    """As the last of this file: those before it need not wait for the start."""
    trade = taken(trader, "keeps to the rules")
    ahead_s = trader.client.advance_clock(60).ahead_s
    offers = {offer.id for offer in trader.client.offers()}
    sandbox.stop()
    sandbox.start()
    # The node may be at another port now.
    with Client(sandbox.url) as client, Chain(sandbox.node, poll_s=0.2) as chain:
        client.token = trader.client.token
        again = Trader(client, chain, trader.wallet, trader.notebook)
        assert client.sandbox_clock().ahead_s == ahead_s
        assert abs(chain.head().time - client.time().timestamp()) < 40
        until(again, trade, "escrowed")
        details_of(again, trade)
        again.payment_sent(trade.id)
        until(again, trade, "completed")
        assert {offer.id for offer in client.offers()} == offers
