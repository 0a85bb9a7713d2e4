"""The trader's own payment accounts: sealed to himself before the exchange keeps them.

The key is derived from the wallet's key, under a context that nothing else has:

    HKDF-SHA256(wallet key, salt "tradepost/payment-accounts/v1", info "own"), reduced

and the text is sealed by NIP-44 v2 between that key and itself. Who has the wallet has his
accounts, on any machine; the exchange has texts of a few lengths only (NIP-44 pads them).

The sealed text names its method, so an exchange that serves it under another is found out. It
could serve an older text of the same account, or one account in another's place: the label, which
is sealed too, is what its owner tells them apart by.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nostr_sdk import (
    Nip44Version,
    NostrSdkError,
    PublicKey,
    SecretKey,
    nip44_decrypt,
    nip44_encrypt,
)

from tradepost_client.errors import SealBroken
from tradepost_client.wallet import TradeKey, Wallet, hkdf

_SALT: Final = b"tradepost/payment-accounts/v1"
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_FORM: Final = 1
#: Longer ones would be padded beyond the 8,192 characters that the exchange takes.
LARGEST_TEXT: Final = 5120
MAX_LABEL: Final = 60


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """A payment account in clear.

    Attributes:
        method: The payment method's code.
        label: What its owner calls it; empty where he does not.
        fields: What `tradepost_payments.accounts.check_account` gave.
    """

    method: str
    label: str
    fields: Mapping[str, str]


def seal_account(account: OwnAccount, wallet: Wallet) -> str:
    """Seals a payment account to the wallet's own key.

    Returns:
        A NIP-44 v2 payload in base64, of at most 8,192 characters.

    Raises:
        ValueError: There are no fields, the label has more than `MAX_LABEL` characters, or the
            text is longer than `LARGEST_TEXT` bytes.
    """
    if not account.fields:
        raise ValueError("There is nothing in this payment account.")
    if len(account.label) > MAX_LABEL:
        raise ValueError(f"The label has more than {MAX_LABEL} characters.")
    content = {
        "form": _FORM,
        "method": account.method,
        "label": account.label,
        "fields": dict(account.fields),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LARGEST_TEXT:
        raise ValueError(f"The payment account is longer than {LARGEST_TEXT} bytes.")
    secret, public = _keys(wallet)
    return str(nip44_encrypt(secret, public, text, Nip44Version.V2))


def open_account(sealed: str, method: str, wallet: Wallet) -> OwnAccount:
    """Opens a payment account that the exchange has kept as one of `method`.

    Raises:
        SealBroken: It does not open with this wallet, or is not a payment account of `method`.
    """
    try:
        secret, public = _keys(wallet)
        content = json.loads(nip44_decrypt(secret, public, sealed))
    except (NostrSdkError, ValueError, RecursionError):
        raise SealBroken("The payment account does not open with this wallet.") from None
    if not isinstance(content, dict) or content.get("form") != _FORM:
        raise SealBroken("The payment account has a form that this client does not know.")
    if content.get("method") != method:
        raise SealBroken("The payment account was sealed for another payment method.")
    label, fields = content.get("label"), content.get("fields")
    if (
        not isinstance(label, str)
        or not isinstance(fields, dict)
        or not all(isinstance(value, str) for value in fields.values())
    ):
        raise SealBroken("What the seal holds is not a payment account.")
    return OwnAccount(method, label, fields)


def _keys(wallet: Wallet) -> tuple[SecretKey, PublicKey]:
    # 48 bytes reduced modulo the order are uniform but for 2^-128 (RFC 9380, section 5).
    wide = hkdf(wallet.key, _SALT, b"own", 48)
    key = TradeKey((int.from_bytes(wide, "big") % (_ORDER - 1) + 1).to_bytes(32, "big"))
    return SecretKey.from_bytes(key.secret), PublicKey.parse(key.public)
