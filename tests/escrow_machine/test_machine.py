"""The contract against its model, step by step: whatever is tried, both do the same.

`ESCROW_STEPS=1000000` plays more, `ESCROW_SEED=...` others.
"""

import os

import pytest

from tests.escrow_machine import model
from tests.escrow_machine.driver import play
from tests.escrow_machine.stage import Differs

STEPS = int(os.environ.get("ESCROW_STEPS", "20000"))
SEED = os.environ.get("ESCROW_SEED", "tradepost")
PARTS = 4
FUNCTIONS = (
    "lock",
    "release",
    "releaseBySig",
    "requestCancel",
    "requestCancelBySig",
    "markPaid",
    "markPaidBySig",
    "refund",
    "refundBySig",
    "settle",
    "cancel",
    "withdraw",
)


@pytest.mark.timeout(120 + STEPS // 100)
@pytest.mark.parametrize("part", range(PARTS))
def test_contract_does_what_the_model_does(part: int) -> None:
    outcomes = play(f"{SEED}/{part}", STEPS // PARTS)
    # A machine that gets nowhere would agree with everything.
    for function in FUNCTIONS:
        told = [name for name in outcomes if name.startswith(f"{function} ")]
        assert f"{function} done" in told, "it never succeeded"
        assert any("refused" in name for name in told), "it was never refused"


def test_difference_is_found_and_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "CHALLENGE_WINDOW", (600, 3_600))
    with pytest.raises(Differs, match=r"\b1 steps lead there"):
        play(SEED, 500)
