"""Reads the registry of payment methods: the built-in one, a newer one, and the operator's own."""

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from tradepost_payments import signing
from tradepost_payments.model import (
    Category,
    Field,
    FieldKind,
    MethodsUnfit,
    MethodsUnknown,
    PaymentMethod,
    Registry,
    RegistryInvalid,
    Risk,
)
from tradepost_payments.schema import OwnFile, RegistryFile, read_own, read_registry

__all__ = [
    "Category",
    "Field",
    "FieldKind",
    "MethodsUnfit",
    "MethodsUnknown",
    "PaymentMethod",
    "Registry",
    "RegistryInvalid",
    "Risk",
    "builtin",
    "load",
    "verified",
]

#: A signature stands beside its file, under the file's name and this.
SIGNATURE_SUFFIX: Final = ".sig"
_NAME: Final = "methods.json"


@cache
def builtin() -> Registry:
    """The registry that this version ships."""
    return load()


def load(file: Path | None = None, own: Path | None = None) -> Registry:
    """The registry in `file`, with what the operator adds and switches off in `own`.

    Args:
        file: A signed registry, its signature beside it as `<name>.sig`; None for the built-in one.
        own: The operator's additions, or None.

    Raises:
        RegistryInvalid: A file is missing or malformed, its signature does not hold, or it is
            older than the built-in registry.
    """
    document, signature_file = _shipped()
    try:
        if file is not None:
            document, signature_file = _read(file), _read_bytes(_beside(file))
        key_id, signature = signing.read_signature(signature_file)
        found = _checked(document, key_id, signature)
    except RegistryInvalid as error:
        raise RegistryInvalid(f"{file or 'the built-in file'}: {error}") from None
    added = OwnFile()
    if own is not None:
        try:
            added = read_own(_read(own), found)
        except RegistryInvalid as error:
            raise RegistryInvalid(f"{own}: {error}") from None
    return _registry(document, found, added, key_id, signature)


def verified(signed: bytes, key_id: str, signature: bytes) -> Registry:
    """The registry in the bytes that an exchange served, if one of the trusted keys signed it.

    Raises `RegistryInvalid`, also for one that is older than the built-in registry.
    """
    try:
        document = signing.parse(signed)
    except ValueError as error:
        raise RegistryInvalid(str(error)) from None
    found = _checked(document, key_id, signature)
    return _registry(document, found, OwnFile(), key_id, signature)


def _checked(document: Any, key_id: str, signature: bytes) -> RegistryFile:
    # The signature comes first: nothing else is believed of a document that nobody signed.
    signing.verify(document, key_id, signature)
    _check_newer(document, _shipped()[0])
    return read_registry(document)


def _registry(
    document: Any, signed: RegistryFile, own: OwnFile, key_id: str, signature: bytes
) -> Registry:
    methods = [entry.method("registry") for entry in signed.methods]
    methods += [entry.method("operator") for entry in own.methods]
    methods.sort(key=lambda method: method.code)
    disabled = frozenset(own.disabled)
    return Registry(
        version=signed.version,
        methods={one.code: one for one in methods if one.code not in disabled},
        disabled={one.code: one for one in methods if one.code in disabled},
        labels={**signed.labels, **own.labels},
        signed=signing.canonical(document),
        signature=signature,
        key_id=key_id,
    )


def _check_newer(document: Any, shipped: Any) -> None:
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise RegistryInvalid("it has no version")
    if version < shipped["version"]:
        raise RegistryInvalid(
            f"version {version} is older than the built-in version {shipped['version']}"
        )
    if version == shipped["version"] and document != shipped:
        raise RegistryInvalid(f"it differs from the built-in version {version}")


@cache
def _shipped() -> tuple[Any, bytes]:
    data = resources.files("tradepost_payments") / "data"
    content = (data / _NAME).read_bytes()
    return signing.parse(content), (data / f"{_NAME}{SIGNATURE_SUFFIX}").read_bytes()


def _beside(file: Path) -> Path:
    return file.with_name(file.name + SIGNATURE_SUFFIX)


def _read(path: Path) -> Any:
    try:
        return signing.parse(_read_bytes(path))
    except ValueError as error:
        raise RegistryInvalid(str(error)) from None


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than is allowed tells that there is too much.
            return file.read(signing.MAX_BYTES + 1)
    except OSError as error:
        raise RegistryInvalid(f"{path.name} cannot be read: {error.strerror}") from None
