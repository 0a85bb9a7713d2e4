import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from eth_account import Account

from tests.unit.client.stage import BUYER, OFFER_ID, SELLER
from tradepost_client import Wallet, keystore
from tradepost_client.errors import AnswerMalformed, KeyNotOurs, PassphraseWrong, WalletUnusable
from tradepost_client.files import write_private
from tradepost_client.signin import message
from tradepost_client.wallet import hkdf, maker_context, signer_of_text, taker_context

PASSPHRASE = "lantern orbit velvet"


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    # The cost is eth-keyfile's; here it would only slow the tests.
    whole = Account.encrypt

    def cheap(key: bytes, passphrase: str, kdf: str, iterations: int | None = None) -> object:
        assert kdf == "scrypt"
        assert iterations is None
        return whole(key, passphrase, kdf="scrypt", iterations=2)

    monkeypatch.setattr(Account, "encrypt", cheap)


def test_hkdf_is_that_of_rfc_5869() -> None:
    # Its test case 1.
    made = hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)
    assert made.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_a_trade_key_is_found_again_from_the_wallet_alone() -> None:
    context = taker_context(OFFER_ID)
    made = BUYER.new_trade_key(context)
    again = Wallet(BUYER.key).find_trade_key(context, made.public)
    assert again.secret == made.secret


def test_a_key_of_another_wallet_or_context_is_not_found() -> None:
    made = BUYER.new_trade_key(taker_context(OFFER_ID))
    for other, context in (
        (SELLER, taker_context(OFFER_ID)),
        (BUYER, maker_context("sell", "ETH", "EUR")),
    ):
        with pytest.raises(KeyNotOurs):
            other.find_trade_key(context, made.public)


def test_two_takes_have_two_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    indices = iter([1, 2])
    monkeypatch.setattr("secrets.randbelow", lambda _: next(indices))
    context = taker_context(OFFER_ID)
    assert BUYER.new_trade_key(context).public != BUYER.new_trade_key(context).public


@pytest.mark.parametrize("key", [b"", bytes(32), b"\xff" * 32, b"\x01" * 31])
def test_what_is_no_key_makes_no_wallet(key: bytes) -> None:
    with pytest.raises(WalletUnusable):
        Wallet(key)


def test_a_wallet_does_not_show_its_key() -> None:
    key = BUYER.new_trade_key("x")
    shown = f"{BUYER!r} {BUYER} {key!r} {key}"
    assert BUYER.key.hex() not in shown
    assert key.secret.hex() not in shown


def test_a_text_tells_its_signer() -> None:
    assert signer_of_text("word", BUYER.sign_text("word")) == BUYER.address
    assert signer_of_text("other", BUYER.sign_text("word")) != BUYER.address
    assert signer_of_text("word", "0x1234") is None
    assert signer_of_text("word", "nonsense") is None


def test_a_stored_wallet_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "wallet.json"
    made = keystore.create(path, PASSPHRASE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keystore.unlock(path, PASSPHRASE).key == made.key
    assert keystore.address(path).lower() == made.address.lower()
    with pytest.raises(PassphraseWrong):
        keystore.unlock(path, PASSPHRASE + "!")
    assert list(path.parent.iterdir()) == [path]


def test_other_wallets_read_the_keystore(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    made = keystore.create(path, PASSPHRASE)
    content = json.loads(path.read_text())
    assert content["version"] == 3
    assert content["crypto"]["kdf"] == "scrypt"
    assert bytes(Account.decrypt(content, PASSPHRASE)) == made.key


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    keystore.create(path, PASSPHRASE)
    with pytest.raises(WalletUnusable, match="already"):
        keystore.create(path, PASSPHRASE)
    with pytest.raises(FileExistsError):
        write_private(path, "other", replace=False)
    assert "other" not in path.read_text()


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WalletUnusable, match="12 characters"):
        keystore.create(tmp_path / "wallet.json", "short")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"address": "12"}', '{"version": 3}'])
def test_a_damaged_keystore_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "wallet.json"
    path.write_text(content)
    with pytest.raises(WalletUnusable):
        keystore.unlock(path, PASSPHRASE)


def test_a_keystore_that_lies_about_its_address_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    keystore.create(path, PASSPHRASE)
    content = json.loads(path.read_text())
    content["address"] = SELLER.address[2:].lower()
    path.write_text(json.dumps(content))
    with pytest.raises(WalletUnusable, match="another address"):
        keystore.unlock(path, PASSPHRASE)


def test_the_sign_in_message_is_for_the_host_that_was_named() -> None:
    at = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    text = message("https://trade.example:444/x", BUYER.address, 5, "abcd1234", at)
    assert text.startswith("trade.example:444 wants you to sign in")
    assert text.endswith("Issued At: 2026-11-23T05:00:00Z")
    assert "URI: https://trade.example:444\n" in text


def test_a_nonce_cannot_write_lines_into_the_message() -> None:
    at = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    with pytest.raises(AnswerMalformed):
        message("https://a.example", BUYER.address, 5, "abcd1234\nResources:\n- x:y", at)
