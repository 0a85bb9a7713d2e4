"""What the page's keys and seals have to come to, as the Python client makes them.

`web/src/sealing/vectors.json` holds it, and the page's tests read it:

    python -m tests.unit.client.page_keys

writes it anew. What was sealed there has random nonces: it is kept as long as it opens.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eth_account import Account

from tests.unit.client.stage import BUYER, OFFER_ID, OTHER_TRADE_ID, SELLER, TRADE_ID
from tradepost_client import keysigning
from tradepost_client.accounts import OwnAccount, open_account, seal_account
from tradepost_client.errors import SealBroken
from tradepost_client.sealing import Envelope, seal, unseal
from tradepost_client.signin import message
from tradepost_client.wallet import (
    TRADE_KEYS,
    Wallet,
    digest_of_text,
    hkdf,
    maker_context,
    taker_context,
)

FILE = Path(__file__).parents[3] / "web" / "src" / "sealing" / "vectors.json"

WALLETS = {
    "seller": SELLER,
    "buyer": BUYER,
    "least": Wallet(bytes(31) + b"\1"),
    "random": Wallet(hashlib.sha256(b"a key of the page's vectors").digest()),
}
CONTEXTS = (
    taker_context(OFFER_ID),
    maker_context("sell", "ETH", "EUR"),
    maker_context("buy", "USDT", "BRL"),
    maker_context("sell", "ünïcode", "€"),
    "",
)
#: Intents: with them a key has the same index each time.
INTENTS = ("3f0e0bc4-9c5c-4d0e-8d3f-1f6a6c9d1e11", "another intent", "")

FIELDS: dict[str, dict[str, str]] = {
    "usual": {"name": "Rosa Muster", "iban": "DE02120300000000202051", "note": "Grüße 🍕"},
    # Sorted by code points, written in ASCII: where programs differ most easily.
    "odd": {
        "\uff5e": "the last of the first plane, nearly",
        "\U0001f355": "sorted after it",
        "10": "ten",
        "9": "nine",
        "a": 'quotes " and \\ and /',
        "ab": "\x00\x1f\x7f\x80\u2028\ud7ff\ue000",
        "A": "\b\t\n\v\f\r",
        "": "no name",
        "__proto__": "a name like another",
    },
    "long": {"text": "x" * 3000},
}

WORDS = "test test test test test test test test test test test junk"
PASSPHRASE = "correct horse battery staple"
_VAULT = "tradepost/vault/v1"
_COST = {"n": 2**17, "r": 8, "p": 1}


def derived() -> dict[str, Any]:
    """All that is the same each time it is made."""
    return {
        "wallets": {
            name: {"key": wallet.key.hex(), "address": wallet.address}
            for name, wallet in WALLETS.items()
        },
        "trade_keys": [
            {
                "wallet": name,
                "context": context,
                "once": once,
                "public": (key := wallet.new_trade_key(context, once)).public,
                "secret": key.secret.hex(),
            }
            for name, wallet in WALLETS.items()
            for context in CONTEXTS
            for once in INTENTS
        ],
        "ends": [_end(wallet, index) for wallet in ("seller", "least") for index in (0, -1)],
        "key_signatures": [
            {
                "wallet": name,
                "key": (known := wallet.new_trade_key("", "").public),
                "text": keysigning.statement(known),
                "signature": keysigning.sign(known, wallet),
                "digest": "0x" + digest_of_text(keysigning.statement(known)).hex(),
            }
            for name, wallet in WALLETS.items()
        ],
        "sign_in": [
            {
                "url": url,
                "address": SELLER.address,
                "chain_id": 31337,
                "nonce": "0" * 32,
                "issued_at": at,
                "message": message(
                    url, SELLER.address, 31337, "0" * 32, datetime.fromisoformat(at)
                ),
            }
            for url in ("http://127.0.0.1:8000", "https://exchange.example/offers")
            for at in ("2026-11-23T05:00:00.987+00:00",)
        ],
        "words": {"words": WORDS, "key": _key_of_words().hex()},
    }


def _end(name: str, index: int) -> dict[str, str]:
    """The first or the last key of a context: whether the whole of it is searched."""
    context = CONTEXTS[0]
    key = WALLETS[name]._trade_key(context, index % TRADE_KEYS)
    return {"wallet": name, "context": context, "public": key.public}


def _key_of_words() -> bytes:
    Account.enable_unaudited_hdwallet_features()
    return bytes(Account.from_mnemonic(WORDS).key)


def trade_of(number: int) -> Envelope:
    """A trade between the vectors' buyer and seller."""
    return Envelope(
        trade_id=(TRADE_ID, OTHER_TRADE_ID)[number % 2],
        escrow_id="0x" + f"{number:02x}" * 32,
        method="sepa_instant",
        seller_key=SELLER.new_trade_key(CONTEXTS[1], INTENTS[0]).public,
        buyer_key=BUYER.new_trade_key(CONTEXTS[0], INTENTS[0]).public,
    )


def sealed() -> dict[str, Any]:
    """All that has a random nonce."""
    return {
        "payment_details": [
            {
                "envelope": asdict(trade_of(number)),
                "fields": fields,
                "sealed": seal(
                    trade_of(number),
                    fields,
                    SELLER.new_trade_key(CONTEXTS[1], INTENTS[0]),
                    SELLER,
                ),
            }
            for number, fields in enumerate(FIELDS.values())
        ],
        "payment_accounts": [
            {
                "wallet": name,
                "account": {
                    "method": "sepa_instant",
                    "label": f"Rosa's {name} 🏦",
                    "fields": fields,
                },
                "sealed": seal_account(
                    OwnAccount("sepa_instant", f"Rosa's {name} 🏦", fields), WALLETS[name]
                ),
            }
            for name in ("seller", "random")
            for fields in FIELDS.values()
        ],
        "vault": _vault(),
    }


def _vault() -> dict[str, Any]:
    key, secret = _split()
    address = Wallet(_key_of_words()).address
    nonce = secrets.token_bytes(12)
    whole = nonce + AESGCM(key).encrypt(nonce, WORDS.encode(), _bound(address))
    lock = {"kind": "passphrase", "name": "rosa", **_COST}
    vault = {"form": 1, "lock": lock, "address": address, "sealed": _base64url(whole)}
    return {"passphrase": PASSPHRASE, "sign_in_secret": _base64url(secret), "vault": vault}


def _split() -> tuple[bytes, bytes]:
    stretched = hashlib.scrypt(
        PASSPHRASE.encode(), salt=f"{_VAULT}/rosa".encode(), maxmem=2**28, dklen=32, **_COST
    )
    key, secret = (
        hkdf(stretched, _VAULT.encode(), info, 32) for info in (b"vault key", b"sign-in secret")
    )
    return key, secret


def _bound(address: str) -> bytes:
    parts = [_VAULT, "passphrase", "rosa", *_COST.values(), address]
    return json.dumps(parts, separators=(",", ":")).encode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def faults(kept: dict[str, Any]) -> list[str]:
    """What is wrong with kept vectors; none where they still hold."""
    found = [name for name, value in derived().items() if kept.get(name) != value]
    for number, one in enumerate(kept.get("payment_details", [])):
        try:
            opened = unseal(
                one["sealed"],
                trade_of(number),
                BUYER.new_trade_key(CONTEXTS[0], INTENTS[0]),
                trade_of(number).seller_key,
                SELLER.address,
            )
        except SealBroken:
            opened = {}
        if opened != one["fields"]:
            found.append(f"payment_details {number}")
    for number, one in enumerate(kept.get("payment_accounts", [])):
        try:
            account = open_account(one["sealed"], "sepa_instant", WALLETS[one["wallet"]])
        except SealBroken:
            account = OwnAccount("", "", {})
        if asdict(account) != one["account"]:
            found.append(f"payment_accounts {number}")
    shape = {
        name: value for name, value in sealed().items() if _bare(value) != _bare(kept.get(name))
    }
    return [*found, *shape, *_vault_faults(kept.get("vault", {}))]


def _vault_faults(kept: dict[str, Any]) -> list[str]:
    whole = base64.urlsafe_b64decode(kept["vault"]["sealed"] + "==")
    opened = AESGCM(_split()[0]).decrypt(whole[:12], whole[12:], _bound(kept["vault"]["address"]))
    return [] if opened.decode() == WORDS else ["vault"]


def _bare(value: Any) -> Any:
    """The same without what was sealed."""
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name != "sealed"}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def write() -> None:
    """Writes the vectors, if those that are there do not hold."""
    if FILE.exists() and not faults(json.loads(FILE.read_text())):
        return
    vectors = {**derived(), **sealed()}
    FILE.write_text(json.dumps(vectors, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write()
