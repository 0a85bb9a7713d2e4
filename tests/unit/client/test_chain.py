import json
from typing import Any

import httpx
import pytest
from eth_abi.abi import encode

from tests.unit.client.stage import BUYER, NO_PAUSE, STRANGER
from tradepost_client import AsyncChain
from tradepost_client.errors import (
    CallReverted,
    ChainRefused,
    ChainUnreachable,
    TransactionReplaced,
    TransactionReverted,
    Unfinished,
)
from tradepost_client.evm import Progress, Sent, refusal

SENT = Sent("0x" + "aa" * 32, b"\x02raw", BUYER.address, 5)


class Node:
    """Answers a method by the list that stands under its name; the last answer stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, list[Any]]] = []

    def chain(self) -> AsyncChain:
        transport = httpx.MockTransport(self._answer)
        return AsyncChain(
            "https://node.example/v1/key-of-the-node",
            poll_s=0.0,
            retries=NO_PAUSE,
            transport=transport,
        )

    def methods(self, name: str) -> int:
        return sum(method == name for method, _ in self.asked)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        self.asked.append((asked["method"], asked["params"]))
        waiting = self.answers[asked["method"]]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, dict) and "code" in answer:
            return httpx.Response(200, json={"error": answer})
        return httpx.Response(200, json={"result": answer})


def block(number: int) -> dict[str, str]:
    return {"number": hex(number), "timestamp": "0x10", "baseFeePerGas": "0x7"}


def receipt(number: int, status: int = 1) -> dict[str, str]:
    return {
        "blockNumber": hex(number),
        "status": hex(status),
        "gasUsed": "0x64",
        "effectiveGasPrice": "0x2",
        "from": BUYER.address,
    }


async def test_confirmations_are_counted_and_told() -> None:
    node = Node(
        eth_getTransactionReceipt=[None, receipt(10)],
        eth_getBlockByNumber=[block(10), block(11), block(11), block(12)],
        eth_getTransactionCount=["0x5"],
        eth_getTransactionByHash=[{}],
    )
    told: list[Progress] = []
    async with node.chain() as chain:
        done = await chain.wait(SENT, step="lock", confirmations=3, report=told.append)
    assert done.fee == 200
    assert [one.confirmations for one in told] == [0, 1, 2, 3]


async def test_a_reorganisation_starts_the_count_again() -> None:
    node = Node(
        eth_getTransactionReceipt=[receipt(10), None, receipt(12)],
        eth_getBlockByNumber=[block(11), block(12), block(14)],
        eth_getTransactionCount=["0x5"],
        eth_getTransactionByHash=[None],
        eth_sendRawTransaction=[SENT.tx_hash],
    )
    told: list[Progress] = []
    async with node.chain() as chain:
        await chain.wait(SENT, step="lock", confirmations=3, report=told.append)
    assert [one.confirmations for one in told] == [2, 0, 1, 3]
    # The node had forgotten it: it was handed over again, the same bytes.
    assert ("eth_sendRawTransaction", ["0x" + SENT.raw.hex()]) in node.asked


async def test_a_failed_transaction_is_told() -> None:
    node = Node(eth_getTransactionReceipt=[receipt(10, 0)], eth_getBlockByNumber=[block(10)])
    async with node.chain() as chain:
        with pytest.raises(TransactionReverted):
            await chain.wait(SENT, step="lock")


async def test_a_replaced_transaction_is_told() -> None:
    node = Node(eth_getTransactionReceipt=[None], eth_getTransactionCount=["0x6"])
    async with node.chain() as chain:
        with pytest.raises(TransactionReplaced):
            await chain.wait(SENT, step="lock")


async def test_waiting_ends() -> None:
    node = Node(
        eth_getTransactionReceipt=[None],
        eth_getTransactionCount=["0x5"],
        eth_getTransactionByHash=[{}],
    )
    async with node.chain() as chain:
        with pytest.raises(Unfinished):
            await chain.wait(SENT, step="lock", timeout_s=-1)


async def test_a_transaction_the_node_has_already_is_no_failure() -> None:
    node = Node(
        eth_estimateGas=["0x64"],
        eth_getBlockByNumber=[block(1)],
        eth_maxPriorityFeePerGas=["0x1"],
        eth_getBalance=["0xffffffff"],
        eth_getTransactionCount=["0x0"],
        eth_chainId=["0x7a69"],
        eth_sendRawTransaction=[httpx.ReadTimeout("x"), {"code": -32000, "message": "known"}],
        eth_getTransactionByHash=[{"hash": "0x"}],
    )
    async with node.chain() as chain:
        sent = await chain.transact(BUYER, STRANGER, value=1)
    assert sent.nonce == 0
    assert node.methods("eth_sendRawTransaction") == 2


async def test_what_came_before_is_handed_over_again_too() -> None:
    """A node that forgot an approval would keep the lock after it for ever, and mine neither."""
    node = Node(
        eth_estimateGas=["0x64"],
        eth_getBlockByNumber=[block(1)],
        eth_maxPriorityFeePerGas=["0x1"],
        eth_getBalance=["0xffffffff"],
        # Both are sent; then the node has forgotten the first.
        eth_getTransactionCount=["0x0", "0x1", "0x0"],
        eth_chainId=["0x7a69"],
        eth_sendRawTransaction=["0x"],
        eth_getTransactionReceipt=[None, receipt(1)],
        eth_getTransactionByHash=[None, {}],
    )
    async with node.chain() as chain:
        approval = await chain.transact(BUYER, STRANGER, value=1)
        lock = await chain.transact(BUYER, STRANGER, value=2)
        await chain.wait(lock, step="lock")
    handed_over = [params[0] for name, params in node.asked if name == "eth_sendRawTransaction"]
    assert handed_over == ["0x" + one.raw.hex() for one in (approval, lock, approval)]


async def test_what_the_contract_refuses_is_not_signed() -> None:
    data = "0x" + bytes.fromhex("00000000").hex()
    node = Node(eth_estimateGas=[{"code": 3, "message": "execution reverted", "data": data}])
    async with node.chain() as chain:
        with pytest.raises(CallReverted):
            await chain.transact(BUYER, STRANGER)
    assert node.methods("eth_sendRawTransaction") == 0


def test_the_contracts_errors_are_read() -> None:
    from eth_utils.crypto import keccak

    data = keccak(text="TooLateToLock(uint256,uint256)")[:4] + encode(["uint256"] * 2, [5, 9])
    error = refusal({"code": 3, "message": "x", "data": "0x" + data.hex()})
    assert isinstance(error, CallReverted)
    assert error.name == "TooLateToLock"
    assert list(error.arguments.values()) == [5, 9]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (
            {"message": "x", "data": {"data": "0x08c379a0" + encode(["string"], ["no"]).hex()}},
            "Error",
        ),
        ({"message": "x", "data": "0x08c379a0ffff"}, ""),
        ({"message": "x", "data": "0x12345678"}, ""),
        ({"message": "execution reverted"}, ""),
    ],
)
def test_other_reverts_are_told_as_far_as_possible(error: dict[str, Any], name: str) -> None:
    found = refusal(error)
    assert isinstance(found, CallReverted)
    assert found.name == name


async def test_the_nodes_key_is_in_no_message() -> None:
    node = Node(eth_chainId=[httpx.ConnectError("x")])
    async with node.chain() as chain:
        assert "key-of-the-node" not in repr(chain)
        with pytest.raises(ChainUnreachable) as caught:
            await chain.chain_id()
    assert "key-of-the-node" not in str(caught.value)
    assert node.methods("eth_chainId") == 3


async def test_a_refusal_is_not_repeated() -> None:
    node = Node(eth_chainId=[{"code": -32601, "message": "no such method"}])
    async with node.chain() as chain:
        with pytest.raises(ChainRefused, match="no such method"):
            await chain.chain_id()
    assert node.methods("eth_chainId") == 1


@pytest.mark.parametrize("answer", ["nonsense", None, {}])
async def test_an_answer_of_another_form_is_told(answer: object) -> None:
    node = Node(eth_chainId=[answer])
    async with node.chain() as chain:
        with pytest.raises(ChainUnreachable):
            await chain.chain_id()


@pytest.mark.parametrize("url", ["", "node.example", "ws://node.example"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not one of HTTP"):
        AsyncChain(url)
