"""The page's keys and seals are those of the Python client, in both directions."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.page_keys import CONTEXTS, FIELDS, FILE, INTENTS, faults, trade_of
from tests.unit.client.stage import BUYER, SELLER
from tradepost.entrypoints.dev.checks import NODE
from tradepost_client import keysigning
from tradepost_client.accounts import OwnAccount, open_account
from tradepost_client.sealing import unseal

SEALING = FILE.parent
#: Seals as the page does: with its own modules, on the node that builds it.
SCRIPT = """
import { privateKeyToAccount } from "%(viem)s";
import { seal } from "%(sealing)s/paymentDetails.ts";
import { sealPaymentAccount } from "%(sealing)s/paymentAccounts.ts";
import { signKey } from "%(sealing)s/signedKeys.ts";
import { tradeKeysOf } from "%(sealing)s/tradeKeys.ts";

const given = JSON.parse(process.argv[2]);
const account = privateKeyToAccount(`0x${given.key}`);
const keys = tradeKeysOf(Uint8Array.from(Buffer.from(given.key, "hex")));
const wallet = { signText: (text) => account.signMessage({ message: text }) };
const key = keys.fresh(given.context, given.once);
const details = given.trades.map(([trade, fields]) => seal(trade, fields, key, wallet));
console.log(JSON.stringify({
  details: await Promise.all(details),
  accounts: given.accounts.map((one) => sealPaymentAccount(keys.ownBox(), one)),
  signature: await signKey(key.public, wallet),
}));
"""


def test_the_vectors_are_what_the_client_makes() -> None:
    kept = json.loads(FILE.read_text())
    assert not faults(kept), "python -m tests.unit.client.page_keys writes them anew"


@pytest.mark.parametrize("name", ["payment_details", "payment_accounts"])
def test_a_seal_that_does_not_open_is_found(name: str) -> None:
    kept = json.loads(FILE.read_text())
    kept[name][1]["sealed"] = kept[name][0]["sealed"]
    assert faults(kept) == [f"{name} 1"]


def test_other_keys_are_found() -> None:
    kept = json.loads(FILE.read_text())
    kept["trade_keys"][0]["public"] = "00" * 32
    del kept["sign_in"]
    assert faults(kept) == ["trade_keys", "sign_in"]


def sealed_by_the_page(tmp_path: Path, given: dict[str, Any]) -> dict[str, Any]:
    script = tmp_path / "seal.ts"
    viem = SEALING.parents[1] / "node_modules" / "viem" / "_esm" / "accounts" / "index.js"
    script.write_text(SCRIPT % {"sealing": SEALING.as_uri(), "viem": viem.as_uri()})
    command = [str(Path.cwd() / NODE), str(script), json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_client_opens_what_the_page_has_sealed(tmp_path: Path) -> None:
    trades = [(trade_of(number), fields) for number, fields in enumerate(FIELDS.values())]
    own = [OwnAccount("pix", f"Rosa's {name} 🏦", fields) for name, fields in FIELDS.items()]
    made = sealed_by_the_page(
        tmp_path,
        {
            "key": SELLER.key.hex(),
            "context": CONTEXTS[1],
            "once": INTENTS[0],
            "trades": [(asdict(trade), fields) for trade, fields in trades],
            "accounts": [asdict(one) for one in own],
        },
    )
    key = BUYER.new_trade_key(CONTEXTS[0], INTENTS[0])
    for payload, (trade, fields) in zip(made["details"], trades, strict=True):
        assert unseal(payload, trade, key, trade.seller_key, SELLER.address) == fields
    assert [open_account(payload, "pix", SELLER) for payload in made["accounts"]] == own
    assert keysigning.is_signed(trades[0][0].seller_key, SELLER.address, made["signature"])
