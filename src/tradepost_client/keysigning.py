"""The word of a trader's wallet that an encryption key is its own.

The exchange tells each side the other's key, and could tell a key of its own in order to read what
is sealed to it. It cannot sign for a wallet. So each wallet signs its key, and the seller's client
seals only to one that the buyer's wallet, the one in the escrow's terms, has signed.
"""

from tradepost_client.wallet import Wallet, digest_of_text, signer_of_text


def statement(key: str) -> str:
    """The text that a wallet signs of its encryption key (64 hexadecimal digits)."""
    return f"Tradepost: {key} is an encryption key of this wallet."


def sign(key: str, wallet: Wallet) -> str:
    """The wallet's signature (EIP-191) of `key`: `0x` and 65 bytes."""
    return wallet.sign_text(statement(key))


def is_signed(key: str, address: str, signature: str) -> bool:
    """Whether the key of the wallet at `address` made `signature` over the encryption key `key`.

    False, too, for a wallet that is a contract, which has to be asked about `digest`.
    """
    signer = signer_of_text(statement(key), signature)
    return signer is not None and signer.lower() == address.lower()


def digest(key: str) -> bytes:
    """The 32 bytes that a contract wallet is asked about (EIP-1271)."""
    return digest_of_text(statement(key))
