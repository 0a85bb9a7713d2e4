"""The maintainers' tool: make a key, sign, verify."""

import json
import stat
from pathlib import Path

import pytest

from tests.unit.payments.conftest import Signer
from tools import sign_payment_methods as tool
from tradepost_payments import signing
from tradepost_payments.registry import load


def test_the_shipped_signature_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--check"]) == 0
    assert "is signed by key" in capsys.readouterr().out


def test_a_new_key_is_its_owners_alone_and_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "key.pem"
    assert tool.main(["--new-key", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert '"public_key"' in capsys.readouterr().out
    before = path.read_bytes()
    assert tool.main(["--new-key", str(path)]) == 1
    assert path.read_bytes() == before


def test_what_a_trusted_key_signs_can_be_loaded(
    signer: Signer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, key = signer.write(version=3), tmp_path / "key.pem"
    tool.main(["--new-key", str(key)])
    told = json.loads(capsys.readouterr().out.splitlines()[1])
    assert tool.main(["--key", str(key), str(file)]) == 1
    assert "does not trust" in capsys.readouterr().err

    public = bytes.fromhex(told["public_key"])
    trusted = {**signing.trusted_keys(), signing.key_id(public): public}
    monkeypatch.setattr(signing, "trusted_keys", lambda: trusted)
    assert tool.main(["--key", str(key), str(file)]) == 0
    assert load(file).key_id == signing.key_id(public)


def test_a_file_with_a_fault_is_not_signed(
    signer: Signer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, key = signer.write(lambda document: document.update(labels={})), tmp_path / "key.pem"
    tool.main(["--new-key", str(key)])
    assert tool.main(["--key", str(key), str(file)]) == 1
    assert "labels are missing" in capsys.readouterr().err
