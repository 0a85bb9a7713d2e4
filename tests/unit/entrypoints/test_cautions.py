"""Settings that are dangerous are told, each with what to do; those that are not, are not."""

import pytest
from pydantic import SecretStr

from tests import worlds
from tradepost.entrypoints import cautions
from tradepost.kernel.settings import DevelopmentPriceSource, Settings

MINE = "0x" + "11" * 20


def _settings(**changed: object) -> Settings:
    """Settings of an exchange for others, without a danger, but for what is changed."""
    safe = worlds.settings("postgresql://nobody@127.0.0.1:9/none").model_copy(
        update={
            "public_url": "https://exchange.example",
            "rpc_url": SecretStr("https://node.example"),
            "relayer_key": SecretStr("0x" + "22" * 32),
            "arbitrator": MINE,
            "confirmations": 12,
        }
    )
    return safe.model_copy(update=changed)


def test_what_is_safe_is_not_spoken_of() -> None:
    assert cautions.of(_settings(), development=False) == []
    here = {"public_url": "http://127.0.0.1:8000", "rpc_url": SecretStr("http://localhost:8545")}
    assert cautions.of(_settings(**here), development=False) == []


def test_a_development_chain_may_have_what_everybody_knows() -> None:
    known = worlds.settings("postgresql://nobody@127.0.0.1:9/none")
    assert cautions.of(known, development=True) == []
    assert len(cautions.of(known, development=False)) == 2


DANGERS: list[tuple[dict[str, object], str]] = [
    ({"public_url": "http://exchange.example"}, "TRADEPOST_PUBLIC_URL"),
    ({"rpc_url": SecretStr("http://192.0.2.7:8545")}, "RPC_URL"),
    ({"otlp_endpoint": "http://collector.example:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ({"metrics_port": 9464, "metrics_host": "0.0.0.0"}, "TRADEPOST_METRICS_HOST"),  # noqa: S104
    ({"fee_bps": 50}, "TRADEPOST_FEE_BPS"),
    ({"relayer_key": worlds.settings("x").relayer_key}, "TRADEPOST_RELAYER_KEY"),
    ({"arbitrator": worlds.settings("x").arbitrator}, "TRADEPOST_ARBITRATOR"),
    ({"confirmations": 1}, "TRADEPOST_CONFIRMATIONS"),
    (
        {"price_sources": (DevelopmentPriceSource(kind="development", name="x"),)},
        "TRADEPOST_PRICE_SOURCES",
    ),
]


@pytest.mark.parametrize(("changed", "named"), DANGERS, ids=[name for _, name in DANGERS])
def test_a_danger_is_told_with_its_remedy(changed: dict[str, object], named: str) -> None:
    (sentence,) = cautions.of(_settings(**changed), development=False)
    assert named in sentence
    assert sentence.endswith(".")
    assert ":" in sentence
