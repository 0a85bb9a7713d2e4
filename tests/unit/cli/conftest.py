from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from typer.testing import CliRunner, Result

import tradepost_client
from tests.unit.client.stage import BUYER, NO_PAUSE, FakeExchange, FakeNode
from tradepost.entrypoints.cli import app
from tradepost_client import Chain, Client, Wallet, keystore

PASSPHRASE = "lantern orbit velvet"
Run = Callable[..., Result]


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> FakeExchange:
    """The exchange that the command line reaches."""
    fake = FakeExchange()

    def client(url: str, *, token: str | None = None, insecure: bool = False) -> Client:
        transport = httpx.MockTransport(fake.answer)
        return Client(url, token=token, insecure=insecure, retries=NO_PAUSE, transport=transport)

    monkeypatch.setattr(tradepost_client, "Client", client)
    return fake


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> FakeNode:
    """The node that it reaches."""
    fake = FakeNode()

    def chain(url: str) -> Chain:
        transport = httpx.MockTransport(fake.answer)
        return Chain(url, poll_s=0.0, retries=NO_PAUSE, transport=transport)

    monkeypatch.setattr(tradepost_client, "Chain", chain)
    return fake


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile with the buyer's wallet, signed in."""
    for name in ("TRADEPOST_URL", "TRADEPOST_RPC", "RPC_URL", "TRADEPOST_INSECURE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRADEPOST_HOME", str(tmp_path))
    monkeypatch.setenv("TRADEPOST_WALLET_PASSPHRASE", PASSPHRASE)
    put_wallet(tmp_path, BUYER)
    (tmp_path / "sessions.json").write_text('{"http://127.0.0.1:8000": "tp_secret"}')
    return tmp_path


def put_wallet(home: Path, wallet: Wallet) -> None:
    """Stores a wallet with a cheap scrypt: its cost is no concern of these tests."""
    import json

    content = Account.encrypt(wallet.key, PASSPHRASE, kdf="scrypt", iterations=2)
    (home / "wallet.json").write_text(json.dumps(content))
    assert keystore.unlock(home / "wallet.json", PASSPHRASE).address == wallet.address


@pytest.fixture
def run(home: Path, exchange: FakeExchange, node: FakeNode) -> Run:
    """Runs `tradepost` with these arguments."""

    def invoke(*arguments: str, answer: str = "") -> Result:
        return CliRunner().invoke(app, arguments, input=answer)

    return invoke
