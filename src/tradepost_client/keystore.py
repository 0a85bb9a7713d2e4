"""The wallet on the disk: the encrypted keystore (Web3 secret storage, version 3) with scrypt.

Other wallets read the same file, so a trader is not bound to this client.
"""

import json
from pathlib import Path

from eth_account import Account

from tradepost_client.errors import PassphraseWrong, WalletUnusable
from tradepost_client.files import write_private
from tradepost_client.wallet import Wallet

#: A short passphrase makes the encryption a decoration: the file can be tried off-line for ever.
SHORTEST_PASSPHRASE = 12


def create(path: Path, passphrase: str) -> Wallet:
    """Makes a wallet with a new key and stores it; raises as `store`."""
    wallet = Wallet.create()
    store(path, wallet, passphrase)
    return wallet


def store(path: Path, wallet: Wallet, passphrase: str) -> None:
    """Writes `wallet` to a new file of mode 0600.

    Raises:
        WalletUnusable: A file is there already (a key is never overwritten), or the passphrase
            has fewer than `SHORTEST_PASSPHRASE` characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WalletUnusable(f"The passphrase needs {SHORTEST_PASSPHRASE} characters or more.")
    if path.exists():
        raise WalletUnusable(f"There is a wallet already: {path}.")
    content = Account.encrypt(wallet.key, passphrase, kdf="scrypt")
    try:
        write_private(path, json.dumps(content, indent=1) + "\n", replace=False)
    except FileExistsError:
        raise WalletUnusable(f"There is a wallet already: {path}.") from None


def address(path: Path) -> str:
    """The wallet's address, without a passphrase.

    It is what the file says; `unlock` checks that the key is that of this address.
    """
    text = str(_read(path).get("address", "")).removeprefix("0x")
    if len(text) != 40:
        raise WalletUnusable(f"{path} does not tell its address.")
    return "0x" + text


def unlock(path: Path, passphrase: str) -> Wallet:
    """Opens the wallet.

    Raises:
        PassphraseWrong: The passphrase is not the wallet's.
        WalletUnusable: There is no wallet, or the file is damaged.
    """
    content = _read(path)
    try:
        key = Account.decrypt(content, passphrase)
    except ValueError as error:
        # eth-keyfile tells a wrong passphrase by a MAC that does not match.
        if "MAC" in str(error):
            raise PassphraseWrong("The passphrase does not open the wallet.") from None
        raise WalletUnusable(f"{path} is damaged.") from None
    except (KeyError, TypeError, NotImplementedError):
        raise WalletUnusable(f"{path} is not a keystore of version 3.") from None
    wallet = Wallet(bytes(key))
    if wallet.address.lower() != address(path).lower():
        raise WalletUnusable(f"{path} holds the key of another address than it says.")
    return wallet


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WalletUnusable(f"There is no wallet at {path}.") from None
    except (OSError, ValueError):
        raise WalletUnusable(f"{path} cannot be read.") from None
    if not isinstance(content, dict):
        raise WalletUnusable(f"{path} is not a keystore.")
    return content
