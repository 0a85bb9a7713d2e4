"""Payment details from the seller to the buyer of one trade: signed, then sealed by NIP-44 v2.

The exchange keeps the ciphertext. NIP-44 alone says that whoever sealed it had the secret of the
key which the exchange *named* as the seller's; an exchange that names a key of its own could then
send the buyer's money to itself. So the plaintext carries a signature of the seller's wallet, the
one that locked the coins on the chain, over the trade, the escrow, the method, both keys and the
fields. The buyer checks it, and with it that the seller sealed to the buyer's own key.

Before that the seller has made sure that he seals to the buyer's key, and not to one which the
exchange put in its place: the buyer's wallet has signed it (`keysigning`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from nostr_sdk import (
    Nip44Version,
    NostrSdkError,
    PublicKey,
    SecretKey,
    nip44_decrypt,
    nip44_encrypt,
)

from tradepost_client.errors import SealBroken
from tradepost_client.wallet import TradeKey, Wallet, signer_of_text

_FORM = 1
#: NIP-44 pads a longer text to more than the 8,000 characters that the exchange takes.
LARGEST_TEXT = 5120


@dataclass(frozen=True, slots=True)
class Envelope:
    """What payment details belong to; both sides have it from the trade that they verified.

    Attributes:
        trade_id: The trade's UUID.
        escrow_id: The escrow's id as `0x` and 64 digits; with it, the chain and the contract.
        method: The payment method's code.
        seller_key: The x-only public key of the seller's trade key, in hexadecimal digits.
        buyer_key: The buyer's.
    """

    trade_id: str
    escrow_id: str
    method: str
    seller_key: str
    buyer_key: str


def seal(envelope: Envelope, fields: Mapping[str, str], key: TradeKey, wallet: Wallet) -> str:
    """Signs and seals payment details.

    Args:
        envelope: What they belong to.
        fields: What the buyer has to know, such as name and account number.
        key: The seller's trade key.
        wallet: The seller's wallet in the escrow's terms.

    Returns:
        A NIP-44 v2 payload in base64, of at most 8,000 characters.

    Raises:
        ValueError: There are no fields, or the text is longer than `LARGEST_TEXT` bytes.
        SealBroken: The buyer's key is no key.
    """
    if not fields:
        raise ValueError("There are no payment details to seal.")
    content = {
        "form": _FORM,
        "trade_id": envelope.trade_id,
        "escrow_id": envelope.escrow_id,
        "method": envelope.method,
        "seller_key": envelope.seller_key,
        "buyer_key": envelope.buyer_key,
        "fields": dict(fields),
        "signature": wallet.sign_text(_statement(envelope, fields)),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LARGEST_TEXT:
        raise ValueError(f"The payment details are longer than {LARGEST_TEXT} bytes.")
    try:
        secret, public = SecretKey.from_bytes(key.secret), PublicKey.parse(envelope.buyer_key)
        return str(nip44_encrypt(secret, public, text, Nip44Version.V2))
    except NostrSdkError:
        raise SealBroken("The buyer's key is not a public key.") from None


def unseal(
    payload: str, envelope: Envelope, key: TradeKey, other_key: str, seller_wallet: str
) -> dict[str, str]:
    """Opens payment details and checks that they are the seller's, for this trade.

    Args:
        payload: What the exchange serves.
        envelope: What the details must belong to.
        key: The own trade key: the buyer's, or the seller's who reads again what he sent.
        other_key: The other side's public key.
        seller_wallet: The seller's address in the escrow's terms.

    Returns:
        The fields.

    Raises:
        SealBroken: It cannot be opened, belongs to another trade, escrow or method, was sealed to
            another key, or is not signed by the seller's wallet.
    """
    try:
        text = nip44_decrypt(SecretKey.from_bytes(key.secret), PublicKey.parse(other_key), payload)
        content = json.loads(text)
    except (NostrSdkError, ValueError):
        raise SealBroken("They do not open with the keys of this trade.") from None
    fields = content.get("fields") if isinstance(content, dict) else None
    if not isinstance(fields, dict) or not all(
        isinstance(name, str) and isinstance(value, str) for name, value in fields.items()
    ):
        raise SealBroken("What they hold is not payment details.")
    if content.get("form") != _FORM:
        raise SealBroken("They have a form that this client does not know.")
    for name in ("trade_id", "escrow_id", "method", "seller_key", "buyer_key"):
        if content.get(name) != getattr(envelope, name):
            raise SealBroken(f"They name another {name.replace('_', ' ')}.")
    signer = signer_of_text(_statement(envelope, fields), str(content.get("signature")))
    if signer is None or signer.lower() != seller_wallet.lower():
        raise SealBroken("They are not signed by the wallet that locked the coins.")
    return fields


def _statement(envelope: Envelope, fields: Mapping[str, str]) -> str:
    canonical = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return (
        "Tradepost payment details\n\n"
        f"Trade: {envelope.trade_id}\n"
        f"Escrow: {envelope.escrow_id}\n"
        f"Payment method: {envelope.method}\n"
        f"Seller's key: {envelope.seller_key}\n"
        f"Buyer's key: {envelope.buyer_key}\n"
        f"SHA-256 of the details: {hashlib.sha256(canonical.encode()).hexdigest()}"
    )
