"""The contract against its model, step by step: whatever is tried, both do the same.

`ESCROW_STEPS=1000000` plays more, `ESCROW_SEED=...` others.
"""

import json
import os

import pytest

from contracts import build
from tests.escrow_machine import model
from tests.escrow_machine.driver import play
from tests.escrow_machine.stage import Differs

STEPS = int(os.environ.get("ESCROW_STEPS", "20000"))
SEED = os.environ.get("ESCROW_SEED", "tradepost")
PARTS = 4
#: The contract's functions, the items of two of them, and calls that come back from a payout.
PLAYED = (
    "lock",
    "lockBySig",
    "lockWithAuthorization",
    "lockFromDeposit",
    "release",
    "releaseBySig",
    "releaseAll",
    "releaseAll.item",
    "requestCancel",
    "requestCancelBySig",
    "markPaid",
    "markPaidBySig",
    "refund",
    "refundBySig",
    "settle",
    "cancel",
    "deposit",
    "depositWithAuthorization",
    "permit",
    "withdraw",
    "withdrawBySig",
    "batch.item",
    "back",
)
#: In Permit2 the contract meets another contract, which `contracts/test/Locks.t.sol` runs.
LEFT_OUT = {"lockWithPermit2"}


@pytest.mark.timeout(120 + STEPS // 100)
@pytest.mark.parametrize("part", range(PARTS))
def test_contract_does_what_the_model_does(part: int) -> None:
    outcomes = play(f"{SEED}/{part}", STEPS // PARTS)
    # A machine that gets nowhere would agree with everything.
    for function in PLAYED:
        told = [name for name in outcomes if name.startswith(f"{function} ")]
        assert f"{function} done" in told, "it never succeeded"
        assert any("refused" in name for name in told), "it was never refused"


def test_every_function_is_played() -> None:
    built = json.loads((build.ARTIFACTS / "TradepostEscrow.json").read_text())
    changing = {
        one["name"]
        for one in built["abi"]
        if one["type"] == "function" and one["stateMutability"] not in {"view", "pure"}
    }
    assert changing - LEFT_OUT == {name.split(".")[0] for name in PLAYED} - {"back"}


def test_difference_is_found_and_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "CHALLENGE_WINDOW", (600, 3_600))
    with pytest.raises(Differs, match=r"\b1 steps lead there"):
        play(SEED, 500)
