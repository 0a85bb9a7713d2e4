"""Plays random steps on fresh stages, and makes what fails short.

`random` and not Hypothesis' own state machines: their draws would take longer than everything else
here, and they bound what one example may draw, while a life with all its neighbours takes thousands
of draws. A step holds all that it needs, so a failure is made short by leaving steps out and
playing the rest again.
"""

import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from tests.escrow_machine import actions
from tests.escrow_machine.dice import Dice
from tests.escrow_machine.stage import Differs, Stage, Step

#: Steps on one stage: long enough for whole lives, short enough to compare everything often.
STEPS = 2_000
EVERYTHING = 100
SHRINK_S = 60


def play(seed: str, steps: int, shrink_s: float = SHRINK_S) -> Counter[str]:
    """Plays steps from a seed.

    Returns:
        How often each outcome of each function came.

    Raises:
        Differs: The contract did not do what the model did; with the shortest steps found.
    """
    outcomes: Counter[str] = Counter()
    for number in range(-(-steps // STEPS)):
        stage = Stage()
        dice = Dice(Random(f"{seed}/{number}"), stage)  # noqa: S311 - to be repeated, not secret
        played: list[Step] = []
        try:
            for index in range(min(STEPS, steps - number * STEPS)):
                played.append(actions.step(dice))
                perform(stage, played[-1], index)
            stage.compare_all()
        except Differs as differs:
            raise explained(differs, f"{seed}/{number}", shortened(played, shrink_s)) from None
        outcomes.update(stage.outcomes)
    return outcomes


def perform(stage: Stage, step: Step, index: int) -> None:
    """Does one step, and compares everything now and then."""
    step.perform(stage, *step.arguments)
    if index % EVERYTHING == 0:
        stage.compare_all()


def fails(steps: Sequence[Step]) -> bool:
    """Whether the model and the contract differ after these steps."""
    stage = Stage()
    try:
        for step in steps:
            step.perform(stage, *step.arguments)
        stage.compare_all()
    except Differs:
        return True
    return False


def shortened(steps: list[Step], shrink_s: float) -> list[Step]:
    """Leaves out what the failure does not need, for a limited time."""
    until = time.monotonic() + shrink_s
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps):
            if time.monotonic() > until:
                return steps
            rest = steps[:at] + steps[at + size :]
            if fails(rest):
                steps = rest
            else:
                at += size
        size //= 2
    return steps


def explained(differs: Differs, seed: str, steps: Sequence[Step]) -> Differs:
    """The difference with what leads to it."""
    listing = "\n".join(f"  {step}" for step in steps)
    return Differs(f"{differs}\nseed {seed}, {len(steps)} steps lead there:\n{listing}")
