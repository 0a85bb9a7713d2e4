"""The command line on a fresh exchange: two people, each with a profile, and the made-up market."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tradepost.entrypoints.dev.chain import MNEMONIC
from tradepost.entrypoints.dev.data import Instance

IBAN = "DE89370400440532013000"
PAIR = ("--asset", "ETH", "--currency", "EUR")


@dataclass(frozen=True)
class Person:
    """Somebody at his terminal."""

    environment: Mapping[str, str]

    @classmethod
    def at(cls, exchange: Instance, home: Path, account: int) -> "Person":
        """One with an account of the development chain, signed in."""
        Account.enable_unaudited_hdwallet_features()
        path = f"m/44'/60'/0'/0/{account}"
        key = Account.from_mnemonic(MNEMONIC, account_path=path).key.hex()
        person = cls(
            dict(os.environ)
            | {
                "TRADEPOST_URL": exchange.url,
                "TRADEPOST_RPC": exchange.environment["RPC_URL"],
                "TRADEPOST_HOME": str(home),
                "TRADEPOST_WALLET_PASSPHRASE": "lantern orbit velvet",
                "TRADEPOST_WALLET_KEY": key,
            }
        )
        person.says("wallet", "import")
        person.says("account", "login")
        return person

    def types(self, *arguments: str, code: int = 0) -> str:
        """What a command prints; it has to end with `code`."""
        done = subprocess.run(
            [sys.executable, "-m", "tradepost.entrypoints.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done.stdout

    def says(self, *arguments: str, code: int = 0) -> Any:
        """As `types`, but for programs."""
        return json.loads(self.types(*arguments, "--json", code=code))


def until_priced(person: Person) -> None:
    """Waits for the first look at the made-up market."""
    ends = time.monotonic() + 40
    while not person.says("price", "list", *PAIR)["data"]:
        assert time.monotonic() < ends, "there is no price"
        time.sleep(0.5)


def until_funded(person: Person, offer_id: str) -> None:
    """Waits until the exchange has seen a deposit as deep as it wants it."""
    ends = time.monotonic() + 60
    while not person.says("offer", "show", offer_id)["funded"]:
        assert time.monotonic() < ends, "the deposit does not count"
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_people_trade_at_a_price_that_follows_the_market(
    exchange: Instance, tmp_path: Path
) -> None:
    seller = Person.at(exchange, tmp_path / "seller", 1)
    buyer = Person.at(exchange, tmp_path / "buyer", 2)
    until_priced(buyer)

    fields = ("--field", "account_holder=Rosa Example", "--field", f"iban={IBAN}")
    account = seller.says("account", "payment", "add", "sepa_instant", *fields)["id"]
    floating = ("--margin", "1.5", "--limit-price", "2000", "--unit", "currency")
    offer = seller.says(
        *("offer", "create", "sell", "ETH", "--currency", "EUR", *floating),
        *("--min", "50", "--max", "1000", "--method", "sepa_instant", "--yes"),
    )
    assert (offer["pricing"], offer["premium_bps"]) == ("floating", 150)

    seller.types("wallet", "deposit", "ETH", "0.6", "--yes")
    until_funded(buyer, offer["id"])
    search = ("offer", "search", "--direction", "sell", *PAIR, "--fiat", "250", "--funded")
    table = buyer.types(*search)
    assert offer["id"] in table
    assert "1.5 % above the market" in table
    assert "It is made up, for development only." in table
    assert buyer.says("offer", "count", *PAIR)["total"] == 1
    assert "rounded for" in buyer.types("offer", "quote", offer["id"], "--fiat", "250")

    take = ("trade", "take", offer["id"], "--fiat", "250", "--method", "sepa_instant", "--yes")
    trade = buyer.says(*take)
    assert trade["verified"]
    seller.types("trade", "lock", trade["id"], "--yes")
    seller.types("trade", "details", trade["id"], "--account", account)
    details = buyer.says("trade", "details", trade["id"])
    assert details["iban"] == IBAN
    assert "EUR250.00" in details["payment_code"]["text"]
    buyer.types("trade", "paid", trade["id"], "--yes")
    seller.types("trade", "release", trade["id"], "--yes")
    buyer.types("trade", "watch", trade["id"], "--interval", "0.5")
    assert buyer.says("trade", "show", trade["id"])["state"] == "completed"
    assert buyer.says("trade", "export")["tx_hash"].startswith("0x")
    assert trade["id"] in buyer.types("trade", "export", "--from", "2026-01-01").splitlines()[1]
    drawn = seller.says("wallet", "withdraw", "ETH", "--yes")
    assert drawn["amount"].rstrip("0") == "0.6"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_file_of_offers_is_published_once(exchange: Instance, tmp_path: Path) -> None:
    seller = Person.at(exchange, tmp_path / "seller", 1)
    until_priced(seller)
    file = tmp_path / "offers.csv"
    file.write_text(
        "direction,asset,currency,price,margin,amount_unit,min_amount,max_amount,payment_methods\n"
        "sell,ETH,EUR,2600,,,0.01,1,sepa_instant revolut\n"
        "sell,ETH,USD,,2,currency,50,500,revolut\n"
        "sell,ETH,USD,,2,currency,50,500,sepa\n"
    )
    command = ("offer", "import", str(file))
    dry = seller.says(*command, "--dry-run", code=9)
    assert (dry["right"], dry["imported"]) == (2, [])
    assert dry["faults"] == [
        {"line": 4, "name": "payment_methods", "words": "sepa does not carry USD"}
    ]
    first = seller.says(*command, "--yes", code=9)
    assert [one["line"] for one in first["imported"]] == [2, 3]
    # Without its notes it asks again, under the same keys: the exchange tells what was done.
    (tmp_path / "seller" / "imports.json").unlink()
    again = seller.says(*command, "--yes", code=9)
    assert again["imported"] == first["imported"]
    assert len(seller.says("offer", "mine")["data"]) == 2
