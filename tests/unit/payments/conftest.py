"""A key that tests may sign with, and files of payment methods made with it."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tradepost_payments import signing
from tradepost_payments.registry import builtin

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Signer:
    """Writes signed files into a folder."""

    key: Ed25519PrivateKey
    folder: Path

    def write(self, change: Change = lambda _: None, *, version: int = 2) -> Path:
        """The built-in registry with another version and a change, signed."""
        document = copy.deepcopy(signing.parse(builtin().signed))
        document["version"] = version
        change(document)
        path = self.folder / "newer.json"
        path.write_text(json.dumps(document, indent=1))
        path.with_name("newer.json.sig").write_bytes(signing.sign(document, self.key))
        return path


@pytest.fixture
def signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signer:
    """A key that is trusted beside the package's own, for one test."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    trusted = {**signing.trusted_keys(), signing.key_id(public): public}
    monkeypatch.setattr(signing, "trusted_keys", lambda: trusted)
    return Signer(key, tmp_path)


@pytest.fixture
def own_file(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes an operator's file."""

    def write(content: dict[str, Any]) -> Path:
        path = tmp_path / "own.json"
        path.write_text(json.dumps(content))
        return path

    return write
