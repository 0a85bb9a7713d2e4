"""What an operator writes of limits in the environment."""

import pytest

from bench.world import environment
from tradepost.entrypoints.settings import SettingsInvalid, load


@pytest.fixture(autouse=True)
def exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("postgresql://nobody@127.0.0.1:9/none").items():
        monkeypatch.setenv(name, value)


def test_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://:sesame@valkey.example/1")
    monkeypatch.setenv("TRADEPOST_LIMIT_KEY", "600/60 burst 200")
    monkeypatch.setenv("TRADEPOST_TRUSTED_PROXIES", '["10.0.0.0/8", "fd00::/8", "unix"]')
    monkeypatch.setenv("TRADEPOST_PROXY_HEADER", "forwarded")
    settings = load()
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == "rediss://:sesame@valkey.example/1"
    assert "sesame" not in repr(settings)
    assert settings.limit_key == "600/60 burst 200"
    assert settings.trusted_proxies == ("10.0.0.0/8", "fd00::/8", "unix")


def test_without_more_there_is_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    assert load().redis_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "postgresql://:sesame@here"),
        ("TRADEPOST_LIMIT_KEY", "sesame"),
        ("TRADEPOST_LIMIT_ADDRESS", "600/60 burst 50"),
        ("TRADEPOST_LIMITS_AWAY_MONEY", "sesame"),
        ("TRADEPOST_TRUSTED_PROXIES", '["10.0.0.1/8"]'),
        ("TRADEPOST_TRUSTED_PROXIES", '["sesame"]'),
        ("TRADEPOST_PROXY_HEADER", "x-real-ip"),
        ("TRADEPOST_REQUEST_TIMEOUT_S", "0"),
    ],
)
def test_what_makes_no_sense_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=name) as caught:
        load()
    assert "sesame" not in str(caught.value)
