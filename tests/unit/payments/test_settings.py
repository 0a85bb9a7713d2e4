"""The files of payment methods among an exchange's settings."""

import json
from pathlib import Path

import pytest

from tests import worlds
from tests.unit.payments.conftest import Signer
from tradepost.entrypoints.settings import SettingsInvalid, load
from tradepost.kernel.settings import Settings
from tradepost.payments import service
from tradepost.payments.model import PaymentMethodUnfit, PaymentMethodUnknown
from tradepost_payments.registry import builtin

SETTINGS = worlds.settings("postgresql://nowhere/nothing")


def test_without_files_it_is_the_built_in_registry() -> None:
    assert service.registry(SETTINGS).methods == builtin().methods


def test_it_is_read_once() -> None:
    assert service.registry(SETTINGS) is service.registry(SETTINGS)


def test_a_method_that_was_switched_off_is_unknown(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"disabled": ["sepa"]}))
    settings = SETTINGS.model_copy(update={"payment_methods_own": own})
    with pytest.raises(PaymentMethodUnknown) as refused:
        service.check_methods(settings, ["sepa"], "EUR")
    assert refused.value.facts == {"payment_methods": ["sepa"]}


def test_methods_and_their_currency_are_checked() -> None:
    methods = service.check_methods(SETTINGS, ["swift", "sepa"], "EUR")
    assert [method.code for method in methods] == ["swift", "sepa"]
    with pytest.raises(PaymentMethodUnfit) as refused:
        service.check_methods(SETTINGS, ["sepa", "swift"], "USD")
    assert refused.value.facts == {"payment_methods": ["sepa"]}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What a process needs to start, and no more."""
    for name, value in {
        "DATABASE_URL": "postgresql://nowhere/nothing",
        "RPC_URL": "http://127.0.0.1:9",
        "TRADEPOST_SECRET": "a secret of tests that guards nothing",
        "TRADEPOST_ASSETS": '[{"code": "ETH", "decimals": 18}]',
        "TRADEPOST_RELAYER_KEY": "0x" + "01" * 32,
        "TRADEPOST_ARBITRATOR": "0x" + "02" * 20,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_newer_file_and_the_operators_own_are_read_at_the_start(
    environment: pytest.MonkeyPatch, signer: Signer, tmp_path: Path
) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"disabled": ["sepa"]}))
    environment.setenv("TRADEPOST_PAYMENT_METHODS_FILE", str(signer.write(version=9)))
    environment.setenv("TRADEPOST_PAYMENT_METHODS_OWN", str(own))
    settings: Settings = load()
    assert service.registry(settings).version == 9
    assert list(service.registry(settings).disabled) == ["sepa"]


def test_a_fault_stops_the_start_with_a_sentence(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("TRADEPOST_PAYMENT_METHODS_OWN", str(tmp_path / "missing.json"))
    with pytest.raises(SettingsInvalid, match=r"The payment methods cannot be used\. .*missing"):
        load()
