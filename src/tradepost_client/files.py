"""Files that only their owner reads, and that are never half written."""

import os
import secrets
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Makes `folder` with its parents, open to the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private(path: Path, content: str, *, replace: bool = True) -> None:
    """Writes `content` with mode 0600: after a crash there is the old file or the new one.

    Raises:
        FileExistsError: The file exists and `replace` is False.
    """
    make_private_folder(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            beside.replace(path)
        else:
            # Unlike a rename, a link does not overwrite a file that came meanwhile.
            path.hardlink_to(beside)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # A rename survives a power cut only once its folder is on the disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
