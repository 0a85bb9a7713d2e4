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


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_trades_under_everything_at_once(
    database_url: str, chain: DevChain, counts: Counter[str]
) -> None:
    asked = os.environ.get("FAULTS_RUNS")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        TradeMachine.runner = runner
        TradeMachine.counts = counts
        TradeMachine.arena = runner.run(stack.enter_async_context(open_arena(chain, database_url)))
        try:
            run_state_machine_as_test(
                TradeMachine,
                settings=settings(
                    max_examples=int(asked or _RUNS),
                    stateful_step_count=30,
                    deadline=None,
                    # The same runs each time, but where more are asked for.
                    derandomize=asked is None,
                    database=None,
                    # To make a failing run shorter takes hours: it is told as it was.
                    phases=[Phase.generate],
                    print_blob=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
