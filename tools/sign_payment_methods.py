"""Signs the registry of payment methods, or says whether its signature holds.

    tools/sign_payment_methods.py --new-key KEYFILE     make a key, and say what to trust
    tools/sign_payment_methods.py --key KEYFILE [FILE]  sign
    tools/sign_payment_methods.py --check [FILE]        verify

FILE is the built-in registry where none is named; its signature is written beside it. The key file
is a private key of Ed25519 in PEM. It belongs in no repository.
"""

import argparse
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tradepost_payments import signing
from tradepost_payments.model import RegistryInvalid
from tradepost_payments.schema import read_registry

ROOT = Path(__file__).resolve().parents[1]
BUILT_IN = ROOT / "src" / "tradepost_payments" / "data" / "methods.json"


def make_key(path: Path) -> str:
    """Writes a new private key that its owner alone can read; what to say of it."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # O_EXCL: a key that is there is never overwritten.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    public = key.public_key().public_bytes_raw()
    return (
        f"Made key {signing.key_id(public)}. To trust it, add to data/trusted_keys.json:\n"
        f'{{"public_key": "{public.hex()}"}}'
    )


def sign(path: Path, key_path: Path) -> str:
    """Writes the signature of `path` beside it; raises `RegistryInvalid` for an unfit file."""
    key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise RegistryInvalid(f"{key_path} is no key of Ed25519")
    document = _read(path)
    found = read_registry(document)
    content = signing.sign(document, key)
    named, signature = signing.read_signature(content)
    signing.verify(document, named, signature)
    _signature_path(path).write_bytes(content)
    return f"Signed version {found.version} with key {named}: {len(found.methods)} methods."


def check(path: Path) -> str:
    """What the signature of `path` says; raises `RegistryInvalid` where it does not hold."""
    document = _read(path)
    named, signature = signing.read_signature(_signature_path(path).read_bytes())
    signing.verify(document, named, signature)
    found = read_registry(document)
    return f"Version {found.version} is signed by key {named}: {len(found.methods)} methods."


def _read(path: Path) -> object:
    try:
        return signing.parse(path.read_bytes())
    except ValueError as error:
        raise RegistryInvalid(f"{path}: {error}") from None


def _signature_path(path: Path) -> Path:
    return path.with_name(path.name + ".sig")


def main(arguments: list[str]) -> int:
    """Does one of the three; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--new-key", type=Path, metavar="KEYFILE")
    wanted.add_argument("--key", type=Path, metavar="KEYFILE")
    wanted.add_argument("--check", action="store_true")
    parser.add_argument("file", type=Path, nargs="?", default=BUILT_IN)
    given = parser.parse_args(arguments)
    try:
        if given.new_key is not None:
            print(make_key(given.new_key))
        elif given.key is not None:
            print(sign(given.file, given.key))
        else:
            print(check(given.file))
    except (RegistryInvalid, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
