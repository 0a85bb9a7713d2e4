"""The page on getting coins back works as it stands, with the exchange switched off."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import worlds
from tests.stage import CONTRACT, NATIVE, Asset, Trade, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.data import CLONE
from tradepost_client import Wallet
from tradepost_contracts import calls

PAGE = (CLONE / "docs" / "recovery.md").read_text(encoding="utf-8")
BLOCKS = "".join(re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
_PATIENCE_S = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@dataclass
class Left:
    """What is left of a trade when its exchange is gone: a chain, and two keys."""

    node: DevChain
    trade: Trade

    def follow(self, wallet: Wallet, *steps: str) -> str:
        """Pastes all blocks of the page and then some steps; what they print."""
        own = dict(os.environ) | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RPC_URL": self.node.url,
            "CONTRACT": CONTRACT,
            "KEY": "0x" + wallet.key.hex(),
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join((BLOCKS, *steps))],
            capture_output=True,
            text=True,
            check=False,
            env=own,
            timeout=_PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def gone(self, wallet: Wallet, step: str) -> str:
        """Follows the page to a step that the contract refuses; what the node said."""
        with pytest.raises(AssertionError) as caught:
            self.follow(wallet, step)
        return str(caught.value)

    def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock."""
        self.node.rpc("evm_increaseTime", seconds)
        self.node.rpc("evm_mine")


async def locked(database_url: str, chain: DevChain, asset: Asset) -> Left:
    """A trade that the exchange brought as far as the lock, and then went away."""
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as stage:
        trade = await Trade.open(stage, asset=asset)
        await trade.lock()
        assert await trade.state() == "escrowed"
    return Left(chain, trade)


async def test_the_seller_releases(database_url: str, chain: DevChain) -> None:
    left = await locked(database_url, chain, "USDT")
    trade = left.trade
    before = trade.stage.balance(trade.buyer.wallet.address, "USDT")
    said = left.follow(trade.seller.wallet, "release", 'state "$TERMS"')
    assert f"amount {trade.minor}" in said
    assert "done" in said
    assert trade.stage.balance(trade.buyer.wallet.address, "USDT") == before + trade.minor
    trade.conserved()


async def test_the_buyer_refunds(database_url: str, chain: DevChain) -> None:
    left = await locked(database_url, chain, "ETH")
    assert "done" in left.follow(left.trade.buyer.wallet, "refund")
    assert left.trade.stage.balance(CONTRACT, "ETH") == 0
    left.trade.conserved()


async def test_the_seller_cancels_after_both_windows(database_url: str, chain: DevChain) -> None:
    left = await locked(database_url, chain, "USDT")
    seller = left.trade.seller.wallet
    assert "0x99311721" in left.gone(seller, "request_cancel")
    left.pass_time(15 * 86_400)
    assert "done" in left.follow(seller, "request_cancel")
    assert "0x76f615b0" in left.gone(seller, "cancel")
    left.pass_time(left.trade.stage.settings.challenge_window_s + 1)
    assert "done" in left.follow(seller, "cancel")
    assert left.trade.stage.balance(CONTRACT, "USDT") == 0
    left.trade.conserved()


async def test_the_paid_buyer_defeats_a_cancel_and_settles_with_the_arbitrator(
    database_url: str, chain: DevChain
) -> None:
    left = await locked(database_url, chain, "USDT")
    trade, until = left.trade, 4_000_000_000
    buyer, arbitrator = trade.buyer.wallet, worlds.arbitrator()
    left.pass_time(15 * 86_400)
    left.follow(trade.seller.wallet, "request_cancel")
    assert "done" in left.follow(buyer, "mark_paid")
    left.pass_time(left.trade.stage.settings.challenge_window_s + 1)
    assert "0x9d819744" in left.gone(trade.seller.wallet, "cancel")
    # The arbitrator is sent the terms and finds nothing of his own: he signs for these.
    terms = left.follow(buyer, 'echo "terms $TERMS"').split("terms ")[1].split()[0]
    share = trade.minor * 3 // 4
    ruling = _signature(
        left.follow(arbitrator, f"TERMS={terms}", f"sign_settlement {share} {until}")
    )
    accepted = _signature(left.follow(buyer, f"sign_settlement {share} {until}"))
    before = trade.stage.balance(buyer.address, "USDT")
    said = left.follow(buyer, f"settle {share} {until} 0 {accepted} {ruling}")
    assert "done" in said
    assert trade.stage.balance(buyer.address, "USDT") == before + share
    trade.conserved()


async def test_a_balance_is_drawn(database_url: str, chain: DevChain) -> None:
    left = await locked(database_url, chain, "ETH")
    seller = left.trade.seller.wallet
    deposit = calls.deposit(NATIVE, seller.address, 10**18)
    left.trade.stage.send(seller.address, CONTRACT, deposit, 10**18)
    to = "0x" + "ca5e" * 10
    said = left.follow(seller, f"withdraw 0x0 $(balance 0x0) {to}", "balance 0x0")
    assert "done" in said
    assert left.trade.stage.balance(to, "ETH") == 10**18


def _signature(said: str) -> str:
    found: list[str] = re.findall(r"^0x[0-9a-f]{130}$", said, re.MULTILINE)
    return found[-1]
