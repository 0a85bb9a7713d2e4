"""What backups does for accounts: keeps a text that it cannot read, and what it was before."""

from uuid import UUID

from tradepost.backups import store
from tradepost.backups.model import Backup, BackupMissing, TooManyBackups, current, room_from
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import PreconditionFailed


async def get(tx: Transaction, account_id: UUID, version: int | None) -> tuple[Backup, list[int]]:
    """The backup that stands, or that version of it, and the versions that can be had.

    Raises `BackupMissing`.
    """
    kept = await store.kept(tx, account_id)
    versions = [one.version for one in kept]
    if version is None:
        found = current(kept)
    else:
        found = next((one for one in kept if one.version == version), None)
    if found is None:
        raise BackupMissing(versions=versions)
    return found, versions


async def keep(
    tx: Transaction, account_id: UUID, seen: int | None, vault: str
) -> tuple[Backup, list[int]]:
    """Puts a vault in the place of the version that was `seen`, None where there was none.

    What stands there already is not put there again: an answer may have been lost. Raises
    `PreconditionFailed` where another stands there, and `TooManyBackups`.
    """
    await store.lock(tx, account_id)
    kept = await store.kept(tx, account_id)
    standing = current(kept)
    if standing is None or standing.vault != vault:
        if (None if standing is None else standing.version) != seen:
            raise PreconditionFailed
        if (again_at := room_from(kept)) is not None:
            raise TooManyBackups(again_at=again_at.isoformat())
        await store.end(tx, account_id)
        kept = [await store.add(tx, account_id, vault), *kept]
    return kept[0], [one.version for one in kept]


async def remove(tx: Transaction, account_id: UUID, seen: int) -> None:
    """Deletes the version that was `seen`; as an earlier one it can be had for a while.

    Raises `BackupMissing`, and `PreconditionFailed` where another stands there.
    """
    await store.lock(tx, account_id)
    standing, _ = await get(tx, account_id, None)
    if standing.version != seen:
        raise PreconditionFailed
    await store.end(tx, account_id)


async def forget(tx: Transaction) -> None:
    """Deletes what cannot be had any more."""
    await store.forget(tx)
