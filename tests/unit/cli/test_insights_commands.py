"""The exchange's own markets on the command line."""

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.client.stage import FakeExchange
from tradepost.entrypoints.cli.desk import ExitCode
from tradepost.insights.http import bodies

PAIR = ("USDT", "EUR")


def example(model: Any) -> Any:
    """What the API's description has as an answer."""
    return model.model_config["json_schema_extra"]["examples"][0]


@pytest.fixture(autouse=True)
def markets(exchange: FakeExchange) -> None:
    """The exchange answers as its description says."""
    exchange.markets = {
        "": example(bodies.MarketsAnswer),
        "/USDT/EUR": example(bodies.MarketAnswer),
        "/USDT/EUR/depth": example(bodies.DepthAnswer),
        "/USDT/EUR/methods": example(bodies.MethodsAnswer),
        "/USDT/EUR/trades": example(bodies.TapeAnswer),
        "/USDT/EUR/candles": example(bodies.CandlesAnswer),
    }


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("list",), "ETH/EUR"),
        (("show", *PAIR), "best ask"),
        (("depth", *PAIR, "--step", "100"), " to "),
        (("methods", *PAIR), "sepa"),
        (("trades", *PAIR), "sepa"),
        (("candles", *PAIR, "--interval", "1d"), "open"),
    ],
)
def test_a_market_is_shown_to_people_and_to_programs(
    command: tuple[str, ...], words: str, run: Run
) -> None:
    done = run("market", *command)
    assert done.exit_code == ExitCode.OK, done.stderr
    assert words in done.stdout
    assert json.loads(run("market", *command, "--json").stdout)


@pytest.mark.parametrize(
    "command", [("depth", *PAIR, "--step", "0"), ("candles", *PAIR, "--interval", "2h")]
)
def test_what_nobody_serves_is_not_asked_for(command: tuple[str, ...], run: Run) -> None:
    assert run("market", *command).exit_code == ExitCode.USAGE
