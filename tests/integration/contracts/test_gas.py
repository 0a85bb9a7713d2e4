"""What each step costs, exactly, from the receipts of a node.

A change of one unit fails, so that nobody pays more by accident; one that pays less is written down
here, and in docs/contract.md.
"""

from pathlib import Path

import pytest

from bench.gas import GOALS, measure
from tests.integration.contracts.harness import ContractChain

GAS = {
    "erc20_warm_2step": 99_150,
    "native_warm_2step": 73_323,
    "erc20_three_steps": 130_538,
    "fee_extra": 5_924,
    "erc20_cold_3009": 161_729,
    "batch10_release": 21_520,
    "dispute_ruling": 53_318,
    "deposit_alone": 71_926,
    "deposit_batch10": 36_853,
    "native_fee_extra": 5_996,
    "batch10_fee_extra": 1_321,
    "erc20_lock": 52_195,
    "erc20_lock_new_lane": 69_225,
    "erc20_release": 46_955,
    "erc20_release_by_sig": 51_797,
    "erc20_refund": 47_008,
    "erc20_mark_paid": 31_388,
    "erc20_settle_all": 57_946,
    "erc20_settle_halves": 66_187,
    "native_lock": 32_571,
    "native_lock_new_lane": 49_601,
    "native_release": 40_752,
    "native_release_by_sig": 45_570,
    "native_refund": 40_805,
    "native_mark_paid": 31_184,
    "native_settle_all": 51_791,
    "native_settle_halves": 61_285,
    "lock_by_sig": 57_210,
    "lock_with_authorization": 80_644,
    "lock_from_deposit": 43_295,
    "deposit": 49_392,
    "withdraw": 45_427,
    "deposit_lock_of_1": 43_295,
    "release_of_1": 51_797,
    "deposit_lock_of_10": 20_968,
    "release_of_10": 21_520,
    "deposit_lock_of_50": 18_815,
    "release_of_50": 18_748,
}

#: The two goals that are not met; docs/contract.md has the arithmetic.
MISSED = {"fee_extra", "erc20_cold_3009"}
DOCUMENT = Path(__file__).parents[3] / "docs" / "contract.md"


@pytest.fixture(scope="module")
def measured(chain: ContractChain) -> dict[str, int]:
    return measure(chain)


def test_gas(measured: dict[str, int]) -> None:
    assert measured == GAS


def test_goals_are_met_but_for_those_that_cannot_be() -> None:
    assert {name for name, goal in GOALS.items() if GAS[name] > goal} == MISSED


def test_the_document_tells_these_figures() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name, gas in GAS.items() if f"{gas:,}" not in text] == []
