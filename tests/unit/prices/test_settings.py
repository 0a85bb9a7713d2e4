"""Which sources an operator can configure."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tests import worlds
from tradepost.entrypoints.settings import SettingsInvalid, load
from tradepost.kernel.settings import DevelopmentPriceSource, PriceSource, Settings
from tradepost.prices import service, table
from tradepost.prices.model import INDEX, Pair

ONE: TypeAdapter[PriceSource] = TypeAdapter(PriceSource)
PAIR = {"base": "ETH", "quote": "EUR", "price": "/p"}
HTTP = {"kind": "http", "name": "web", "url": "https://example.org/t", "pairs": [PAIR]}
CCXT = {"kind": "ccxt", "name": "kraken", "exchange": "kraken"} | {
    "pairs": [{"base": "ETH", "quote": "EUR"}]
}
DEVELOPMENT = {"kind": "development", "name": "made-up"}


def with_sources(*sources: dict[str, Any]) -> Settings:
    given = worlds.settings("postgresql://").model_dump() | {"price_sources": sources}
    return Settings.model_validate(given)


def test_each_kind_is_known() -> None:
    found = with_sources(HTTP, CCXT, DEVELOPMENT)
    assert [source.kind for source in found.price_sources] == ["http", "ccxt", "development"]
    assert service.source_names(found) == {INDEX, "web", "kraken", "made-up"}


@pytest.mark.parametrize(
    "wrong",
    [
        HTTP | {"name": "Web"},
        HTTP | {"name": "x" * 33},
        HTTP | {"name": ""},
        HTTP | {"url": "http://example.org/t"},
        HTTP | {"url": "ftp://127.0.0.1/"},
        HTTP | {"url": "file:///etc/passwd"},
        HTTP | {"url": "https://"},
        HTTP | {"pairs": []},
        HTTP | {"pairs": [PAIR, PAIR]},
        HTTP | {"pairs": [PAIR, PAIR | {"base": "EUR", "quote": "ETH"}]},
        HTTP | {"pairs": [PAIR | {"quote": "ETH"}]},
        HTTP | {"pairs": [PAIR | {"price": "p"}]},
        HTTP | {"pairs": [PAIR | {"price": "/~2"}]},
        HTTP | {"pairs": [PAIR | {"scale": "0"}]},
        HTTP | {"pairs": [PAIR | {"scale": "-1"}]},
        HTTP | {"pairs": [PAIR | {"scale": "NaN"}]},
        HTTP | {"timeout_s": 31},
        HTTP | {"retries": 6},
        HTTP | {"colour": "red"},
        CCXT | {"exchange": "../kraken"},
        CCXT | {"pairs": [{"base": "ETH", "quote": "EUR", "symbol": "ETHEUR"}]},
        DEVELOPMENT | {"prices": [{"base": "ETH", "quote": "EUR", "price": "0"}]},
        DEVELOPMENT | {"kind": "oracle"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ONE.validate_python(wrong)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "https://example.org/"]
)
def test_plain_http_reaches_this_machine_only(url: str) -> None:
    ONE.validate_python(HTTP | {"url": url})


def test_plain_http_to_others_has_to_be_asked_for() -> None:
    ONE.validate_python(HTTP | {"url": "http://example.org/", "insecure": True})


@pytest.mark.parametrize("names", [("one", "one"), ("one", "index")])
def test_names_are_their_own(names: tuple[str, str]) -> None:
    with pytest.raises(ValidationError, match="name of its own"):
        with_sources(*(HTTP | {"name": name} for name in names))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Sets variables beside those that every process needs."""
    chosen = worlds.settings("postgresql://")
    needed = {
        "DATABASE_URL": "postgresql://",
        "RPC_URL": "http://127.0.0.1:9",
        "TRADEPOST_SECRET": chosen.secret.get_secret_value(),
        "TRADEPOST_RELAYER_KEY": chosen.relayer_key.get_secret_value(),
        "TRADEPOST_ARBITRATOR": chosen.arbitrator,
        "TRADEPOST_ASSETS": '[{"code": "ETH", "decimals": 18}]',
    }
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def test_they_come_from_the_environment(environment: Callable[[str, str], None]) -> None:
    environment("TRADEPOST_PRICE_SOURCES", json.dumps([HTTP, DEVELOPMENT]))
    environment("TRADEPOST_PRICE_CROSSES", '["USDT"]')
    assert len(load().price_sources) == 2
    assert load().price_crosses == ("USDT",)


def test_a_fault_names_the_variable_and_not_the_value(
    environment: Callable[[str, str], None],
) -> None:
    secret = HTTP | {"headers": {"X-Key": "hush"}, "url": "http://hush.example/"}
    environment("TRADEPOST_PRICE_SOURCES", json.dumps([secret]))
    with pytest.raises(SettingsInvalid, match="TRADEPOST_PRICE_SOURCES") as caught:
        load()
    assert "hush" not in str(caught.value)


def test_the_built_in_table_prices_both_coins_everywhere() -> None:
    prices = table.prices(DevelopmentPriceSource(kind="development", name="made-up"))
    assert prices[Pair("ETH", "EUR")] == 2250
    assert prices[Pair("USDT", "USD")] == 1
    assert {pair.quote for pair in prices if pair.base == "ETH"} == {
        pair.quote for pair in prices if pair.base == "USDT"
    }


def test_a_table_of_ones_own_takes_its_place() -> None:
    own = {"prices": [{"base": "ETH", "quote": "EUR", "price": "1"}]}
    source = ONE.validate_python(DEVELOPMENT | own)
    assert service.pairs_of(source) == (Pair("ETH", "EUR"),)
    assert isinstance(source, DevelopmentPriceSource)
    assert table.prices(source) == {Pair("ETH", "EUR"): Decimal(1)}
