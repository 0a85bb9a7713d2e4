"""The sign-in message (EIP-4361): made here, so that nobody else chooses what the wallet signs."""

import re
from datetime import datetime
from urllib.parse import urlsplit

from tradepost_client.errors import AnswerMalformed

_NONCE = re.compile(r"[A-Za-z0-9]{8,100}")


def message(url: str, address: str, chain_id: int, nonce: str, issued_at: datetime) -> str:
    """The text to be signed.

    Args:
        url: The exchange as the trader named it: the message is good for its host alone, so that
            another site which passes on our exchange's nonce gets nothing.
        address: The wallet's, in checksum form.
        chain_id: The chain's.
        nonce: The exchange's. One with other characters than the standard's could add lines to
            the message and raises `AnswerMalformed`.
        issued_at: The time, with its zone.
    """
    if not _NONCE.fullmatch(nonce):
        raise AnswerMalformed("The exchange's nonce is not one of EIP-4361.")
    parts = urlsplit(url)
    return (
        f"{parts.netloc} wants you to sign in with your Ethereum account:\n"
        f"{address}\n\n"
        "Sign in to Tradepost.\n\n"
        f"URI: {parts.scheme}://{parts.netloc}\n"
        "Version: 1\n"
        f"Chain ID: {chain_id}\n"
        f"Nonce: {nonce}\n"
        f"Issued At: {issued_at.isoformat(timespec='seconds').replace('+00:00', 'Z')}"
    )
