"""The development chain keeps what it has, lets its time pass, and says what it has lost."""

import json
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread

import pytest

from tradepost.entrypoints.dev import chain as module
from tradepost.entrypoints.dev.chain import CHAIN_ID, DevChain, RpcError
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.keeper import IDLE_BLOCK_S, ChainKeeper
from tradepost.entrypoints.dev.processes import wait_until
from tradepost.kernel.clock import system_clock


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DevChain]:
    with DevChain(tmp_path / "chain") as node:
        yield node


def pay(node: DevChain) -> str:
    """Sends a coin between two accounts of the chain; gives the hash once it is in a block."""
    payer, payee, *_ = node.rpc("eth_accounts")
    sent: str = node.rpc("eth_sendTransaction", {"from": payer, "to": payee, "value": hex(10**18)})
    # anvil answers before it mines
    assert wait_until(lambda: node.rpc("eth_getTransactionReceipt", sent) is not None, 5)
    return sent


def height(node: DevChain) -> int:
    return int(node.rpc("eth_blockNumber"), 16)


def head_time(node: DevChain) -> int:
    return int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


class Keeping:
    """A keeper that a test steps by hand, and what it has said."""

    def __init__(self, node: DevChain, confirmations: int = 2) -> None:
        self.said: list[str] = []
        self.keeper = ChainKeeper(
            node, confirmations=confirmations, say=self.said.append, block_s=3600
        )
        self.keeper.start()

    def stop(self) -> list[str]:
        self.keeper.stop()
        return self.said


def test_state_survives_a_stop_and_a_kill_after_it_was_saved(node: DevChain) -> None:
    assert int(node.rpc("eth_chainId"), 16) == CHAIN_ID
    address, first = node.url, pay(node)
    genesis = node.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    for end in (node.stop, node.kill, node.stop):
        end()
        assert node.start() == address
        assert node.rpc("eth_getTransactionReceipt", first)["blockNumber"] == "0x1"
        assert node.rpc("eth_getBlockByNumber", "0x0", False)["hash"] == genesis
    numbers = [
        block["header"]["number"] for block in json.loads(node.state_file().read_text())["blocks"]
    ]
    assert sorted(numbers) == ["0x0", "0x1"]


def test_its_time_goes_on_from_the_later_of_now_and_its_head(node: DevChain) -> None:
    node.rpc("evm_mine")
    node.stop()
    node.start()
    node.rpc("evm_mine")
    assert abs(head_time(node) - system_clock().timestamp()) < 5
    node.rpc("evm_increaseTime", 5000)
    node.rpc("evm_mine")
    ahead = head_time(node)
    node.stop()
    node.start()
    node.rpc("evm_mine")
    assert ahead < head_time(node) < ahead + 60


def test_a_sandboxs_time_stays_ahead_over_a_restart(tmp_path: Path) -> None:
    """Also of one that was away for long: it goes by the exchange's clock, not by its head."""
    ahead_s = 0
    with DevChain(tmp_path / "chain", ahead_s=lambda: ahead_s) as node:
        pay(node)
        assert abs(node.time() - system_clock().timestamp()) < 10
        node.stop()
        ahead_s = 86_400
        node.start()
        assert abs(node.time() - system_clock().timestamp() - ahead_s) < 10
        before = height(node)
        keeping = Keeping(node)
        keeping.keeper.step(node.time())
        assert head_time(node) - system_clock().timestamp() > ahead_s - 60
        assert height(node) > before
        assert keeping.stop() == []


def test_blocks_follow_a_transaction_until_it_is_confirmed_and_then_no_more(node: DevChain) -> None:
    pay(node)
    keeping = Keeping(node, confirmations=3)
    for _ in range(10):
        keeping.keeper.step(head_time(node))
    keeping.stop()
    assert height(node) == 1 + 3


def test_an_idle_chain_is_never_older_than_half_a_minute(node: DevChain) -> None:
    keeping = Keeping(node)
    began = head_time(node)
    keeping.keeper.step(began + IDLE_BLOCK_S - 1)
    assert height(node) == 0
    keeping.keeper.step(began + IDLE_BLOCK_S)
    keeping.stop()
    assert height(node) == 1


def test_a_kill_loses_nothing_that_the_keeper_has_saved(node: DevChain) -> None:
    keeping = Keeping(node)
    paid = pay(node)
    keeping.keeper.step(head_time(node))
    keeping.stop()
    node.kill()
    node.start()
    assert node.rpc("eth_getTransactionReceipt", paid)["blockNumber"] == "0x1"
    assert Keeping(node).stop() == []


def test_lost_transactions_are_noticed_and_said(node: DevChain) -> None:
    keeping = Keeping(node)
    pay(node)
    keeping.keeper.step(head_time(node))
    keeping.stop()
    node.kill()
    node.state_file().unlink()
    node.start()
    (said,) = Keeping(node).stop()
    assert "lost blocks: its last transaction seen was in block 1, now it ends at block 0" in said
    assert Keeping(node).stop() == [], "it is said once"


def test_a_node_that_was_killed_under_the_keeper_is_compared_again(node: DevChain) -> None:
    keeping = Keeping(node)
    pay(node)
    keeping.keeper.step(head_time(node))
    node.kill()
    node.state_file().unlink()
    with pytest.raises(OSError, match="refused"):
        keeping.keeper.step(0)
    node.start()
    keeping.keeper.step(head_time(node))
    assert "lost blocks" in keeping.stop()[0]


def test_a_stop_loses_nothing_that_was_told_to_be_mined(node: DevChain) -> None:
    told: list[str] = []

    def pay_until_it_is_gone() -> None:
        with suppress(OSError, HTTPException, AssertionError):
            while True:
                told.append(pay(node))

    payer = Thread(target=pay_until_it_is_gone)
    payer.start()
    assert wait_until(lambda: len(told) > 5, 10)
    node.stop()
    payer.join()
    node.start()
    receipts = [node.rpc("eth_getTransactionReceipt", paid) for paid in told]
    assert None not in receipts


def test_how_deep_something_is_can_be_asked_after_a_restart(node: DevChain) -> None:
    pay(node)
    keeping = Keeping(node, confirmations=3)
    for restart in (node.stop, node.kill):
        restart()
        node.start()
        keeping.keeper.step(head_time(node))
        deep = hex(height(node) - 3 + 1)
        assert int(node.rpc("eth_getBalance", "0x" + "1" * 40, deep), 16) >= 0
    keeping.stop()


def test_the_running_keeper_tells_of_a_silent_node_once(node: DevChain) -> None:
    said: list[str] = []
    keeper = ChainKeeper(node, confirmations=1, say=said.append, block_s=0.01)
    keeper.start()
    node.kill()
    assert wait_until(lambda: bool(said), 10)
    keeper.stop()
    assert len(said) == 1
    assert "cannot be kept" in said[0]


def test_a_damaged_state_is_told_in_a_sentence(node: DevChain) -> None:
    pay(node)
    node.stop()
    node.state_file().write_text("{half")
    with pytest.raises(StartError, match=r"does not start: .*state\.json"):
        node.start()


def test_a_taken_port_is_told_in_a_sentence(node: DevChain) -> None:
    taken = int(node.url.rpartition(":")[2])
    with pytest.raises(StartError, match=f"Port {taken} is taken"):
        DevChain(port=taken).start()


def test_a_refused_call_is_an_error(node: DevChain) -> None:
    with pytest.raises(RpcError, match="eth_nonsense"):
        node.rpc("eth_nonsense")


def test_a_platform_without_a_node_is_told_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLONE", tmp_path)
    with pytest.raises(StartError, match="set RPC_URL"):
        DevChain().start()
