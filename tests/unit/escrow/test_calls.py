"""Each call that is passed on to the node has its form, and nothing else is passed on."""

from typing import Any

import pytest

from tradepost.escrow.evm.calls import MAX_DATA_BYTES, NodeMethod, checked, fits, units_of
from tradepost.kernel.errors import MalformedRequest

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
HASH = "0x" + "9f" * 32
CALL = {"to": ADDRESS, "data": "0x70a08231"}
FULL = CALL | {
    "from": ADDRESS,
    "value": "0x0",
    "gas": "0x5208",
    "maxFeePerGas": "0x77359400",
    "maxPriorityFeePerGas": "0x1",
    "nonce": "0x7",
    "chainId": "0x7a69",
    "type": "0x2",
}

#: What is passed on as it is.
GOOD: list[tuple[NodeMethod, list[Any]]] = [
    (NodeMethod.CHAIN_ID, []),
    (NodeMethod.BLOCK_NUMBER, []),
    (NodeMethod.GAS_PRICE, []),
    (NodeMethod.PRIORITY_FEE, []),
    (NodeMethod.BALANCE, [ADDRESS, "pending"]),
    (NodeMethod.BALANCE, [ADDRESS, "0x10"]),
    (NodeMethod.TRANSACTION_COUNT, [ADDRESS, "safe"]),
    (NodeMethod.CODE, [ADDRESS, {"blockHash": HASH}]),
    (NodeMethod.CODE, [ADDRESS, {"blockHash": HASH, "requireCanonical": True}]),
    (NodeMethod.RECEIPT, [HASH]),
    (NodeMethod.TRANSACTION, [HASH]),
    (NodeMethod.BLOCK, ["finalized", False]),
    (NodeMethod.FEE_HISTORY, ["0x4", "latest", [10, 50.5, 90]]),
    (NodeMethod.CALL, [CALL, "latest"]),
    (NodeMethod.CALL, [FULL, {"blockHash": HASH}]),
    (NodeMethod.CALL, [CALL | {"data": "0x" + "00" * MAX_DATA_BYTES}, "earliest"]),
    (NodeMethod.ESTIMATE_GAS, [FULL, "pending"]),
    (NodeMethod.SEND, ["0x" + "02" * MAX_DATA_BYTES]),
]

_NO_ADDRESS: tuple[Any, ...] = (
    None, 1, "", "0x", ADDRESS[:-1], ADDRESS + "0", ADDRESS + "\n", "rosa.eth", [ADDRESS],
)  # fmt: skip
_NO_BLOCK: tuple[Any, ...] = (
    None, 1, True, "", "newest", "LATEST", "0x", "0x00", "0x01", "-0x1", "1", "0x" + "f" * 17,
    "0x٣", ["latest"], {}, {"blockHash": "0x1"}, {"blockNumber": "0x1"},
    {"blockHash": HASH, "requireCanonical": 1}, {"blockHash": HASH, "blockNumber": "0x1"},
)  # fmt: skip
_NO_HASH: tuple[Any, ...] = (None, 1, "", "0x", HASH[:-1], HASH + "00", HASH[2:], [HASH])
_NO_CALL: tuple[Any, ...] = (
    None,
    "0x",
    [],
    {},
    {"data": "0x00"},
    {"to": None},
    CALL | {"to": "0x"},
    CALL | {"data": "0x0"},
    CALL | {"data": "70a08231"},
    CALL | {"data": "0x" + "00" * (MAX_DATA_BYTES + 1)},
    CALL | {"data": 1},
    CALL | {"value": "0x" + "f" * 65},
    CALL | {"value": 1},
    CALL | {"gas": "0x" + "f" * 17},
    CALL | {"type": "0x3"},
    CALL | {"type": ["0x2"]},
    CALL | {"code": "0x00"},
    CALL | {"accessList": []},
    CALL | {"blobVersionedHashes": []},
    CALL | {"stateOverride": {}},
)


def _bad() -> list[tuple[NodeMethod, list[Any]]]:
    """One parameter wrong, or one too many."""
    found: list[tuple[NodeMethod, list[Any]]] = [(method, [*p, 1]) for method, p in GOOD]
    for method in (NodeMethod.BALANCE, NodeMethod.TRANSACTION_COUNT, NodeMethod.CODE):
        found += [(method, [wrong, "latest"]) for wrong in _NO_ADDRESS]
        found += [(method, [ADDRESS, wrong]) for wrong in _NO_BLOCK]
        found.append((method, []))
    for method in (NodeMethod.RECEIPT, NodeMethod.TRANSACTION):
        found += [(method, [wrong]) for wrong in _NO_HASH]
        found.append((method, []))
    for method in (NodeMethod.CALL, NodeMethod.ESTIMATE_GAS):
        found += [(method, [wrong]) for wrong in _NO_CALL]
        found += [(method, [CALL, wrong]) for wrong in _NO_BLOCK]
        # A third one would be another state.
        found += [(method, [CALL, "latest", {ADDRESS: {"balance": "0x1"}}]), (method, [])]
    no_numbers: tuple[Any, ...] = (*_NO_BLOCK, {"blockHash": HASH})
    found += [(NodeMethod.BLOCK, [wrong, False]) for wrong in no_numbers]
    no_false: tuple[Any, ...] = (True, None, 0, "false", [])
    found += [(NodeMethod.BLOCK, ["latest", wrong]) for wrong in no_false]
    history: list[list[Any]] = [
        [],
        ["0x4"],
        ["0x0", "latest", []],
        ["0x41", "latest", []],
        [4, "latest", []],
        ["0x4", {"blockHash": HASH}, []],
        ["0x4", "latest", None],
        ["0x4", "latest", "50"],
        ["0x4", "latest", [50, 10]],
        ["0x4", "latest", [-1]],
        ["0x4", "latest", [101]],
        ["0x4", "latest", [float("nan")]],
        ["0x4", "latest", [float("inf")]],
        ["0x4", "latest", [True]],
        ["0x4", "latest", ["10"]],
        ["0x4", "latest", [[10]]],
        ["0x4", "latest", list(range(11))],
    ]
    found += [(NodeMethod.FEE_HISTORY, wrong) for wrong in history]
    sent: list[Any] = [None, 1, "", "0x", "0x0", "02", "0x" + "02" * (MAX_DATA_BYTES + 1), ["0x02"]]
    found += [(NodeMethod.SEND, [wrong]) for wrong in sent]
    return found


@pytest.mark.parametrize(("method", "params"), GOOD)
def test_a_good_call_is_passed_on_as_it_is(method: NodeMethod, params: list[Any]) -> None:
    assert checked(method, params) == params


@pytest.mark.parametrize(("method", "params"), _bad())
def test_a_call_of_another_form_is_refused(method: NodeMethod, params: list[Any]) -> None:
    with pytest.raises(MalformedRequest):
        checked(method, params)


@pytest.mark.parametrize(
    ("method", "params", "whole"),
    [
        (NodeMethod.BALANCE, [ADDRESS], [ADDRESS, "latest"]),
        (NodeMethod.CALL, [CALL], [CALL, "latest"]),
        (NodeMethod.BLOCK, ["latest"], ["latest", False]),
        (NodeMethod.FEE_HISTORY, ["0x4", "latest"], ["0x4", "latest", []]),
    ],
)
def test_what_is_left_out_is_said(method: NodeMethod, params: list[Any], whole: list[Any]) -> None:
    assert checked(method, params) == whole


def test_each_method_has_a_form_and_costs_what_one_request_can() -> None:
    assert {method for method, _ in GOOD} == set(NodeMethod)
    for method in NodeMethod:
        assert 1 <= units_of(method) <= 20
    assert units_of(NodeMethod.CALL) > units_of(NodeMethod.CHAIN_ID)


@pytest.mark.parametrize(
    ("method", "good", "bad"),
    [
        (NodeMethod.CHAIN_ID, ["0x7a69"], [None, 31337, "31337", "", "0x", ["0x1"], {}, True]),
        (NodeMethod.CALL, ["0x", "0x00"], [None, "0x0", "reverted", {}, 1]),
        (NodeMethod.RECEIPT, [None, {}], ["0x", [], 1, False]),
        (NodeMethod.FEE_HISTORY, [{}], [None, [], "0x"]),
        (NodeMethod.SEND, [HASH], [None, "0x", HASH[:-1], {}]),
    ],
)
def test_an_answer_has_the_methods_form(
    method: NodeMethod, good: list[Any], bad: list[Any]
) -> None:
    assert all(fits(method, answer) for answer in good)
    assert not any(fits(method, answer) for answer in bad)
