"""What each step costs, exactly, from the receipts of a node.

A change of one unit fails, so that nobody pays more by accident; one that pays less is written down
here, and in docs/contract.md.
"""

from pathlib import Path

import pytest

from bench.gas import GOALS, measure
from tests.integration.contracts.harness import ContractChain

GAS = {
    "erc20_warm_2step": 99_069,
    "native_warm_2step": 73_242,
    "erc20_three_steps": 130_419,
    "fee_extra": 5_924,
    "erc20_cold_3009": 161_648,
    "batch10_release": 21_449,
    "dispute_ruling": 53_280,
    "deposit_alone": 71_906,
    "deposit_batch10": 36_805,
    "native_fee_extra": 5_996,
    "batch10_fee_extra": 1_315,
    "erc20_lock": 52_152,
    "erc20_lock_new_lane": 69_182,
    "erc20_release": 46_917,
    "erc20_release_by_sig": 51_781,
    "erc20_refund": 46_970,
    "erc20_mark_paid": 31_350,
    "erc20_settle_all": 57_920,
    "erc20_settle_halves": 66_149,
    "native_lock": 32_528,
    "native_lock_new_lane": 49_558,
    "native_release": 40_714,
    "native_release_by_sig": 45_566,
    "native_refund": 40_767,
    "native_mark_paid": 31_146,
    "native_settle_all": 51_753,
    "native_settle_halves": 61_247,
    "lock_by_sig": 57_189,
    "lock_with_authorization": 80_601,
    "lock_from_deposit": 43_245,
    "deposit": 49_392,
    "withdraw": 45_427,
    "deposit_lock_of_1": 43_245,
    "release_of_1": 51_781,
    "deposit_lock_of_10": 20_932,
    "release_of_10": 21_449,
    "deposit_lock_of_50": 18_776,
    "release_of_50": 18_673,
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
