"""Runs the state machine of trades: a bounded number of times here, more where asked for.

`FAULTS_RUNS=500 python3 run.py test tests/faults/test_machine.py` plays other runs each time.
"""

import asyncio
import os
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.arena import open_arena
from tests.faults.machine import TradeMachine
from tradepost.entrypoints.dev.chain import DevChain

_RUNS = 10
#: All runs of a batch share a world, and each looks at all that is in it.
_BATCH = 15
_ASKED = os.environ.get("FAULTS_RUNS")
_BATCHES = [
    min(_BATCH, int(_ASKED or _RUNS) - begun) for begun in range(0, int(_ASKED or _RUNS), _BATCH)
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("runs", _BATCHES)
def test_trades_under_everything_at_once(
    database_url: str, chain: DevChain, counts: Counter[str], runs: int
) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        TradeMachine.runner = runner
        TradeMachine.counts = counts
        TradeMachine.arena = runner.run(stack.enter_async_context(open_arena(chain, database_url)))
        try:
            run_state_machine_as_test(
                TradeMachine,
                settings=settings(
                    max_examples=runs,
                    stateful_step_count=30,
                    # The same runs each time, but where more are asked for.
                    derandomize=_ASKED is None,
                    database=None,
                    # To make a failing run shorter takes hours: it is told as it was.
                    phases=[Phase.generate],
                    print_blob=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
