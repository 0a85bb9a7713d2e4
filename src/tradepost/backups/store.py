"""The rows of backups: each statement names the account, so nobody else's row is found."""

from uuid import UUID

from psycopg.rows import DictRow

from tradepost.backups.model import KEPT, Backup
from tradepost.kernel.database import Transaction


async def lock(tx: Transaction, account_id: UUID) -> None:
    """Those who change the same account's backup take turns."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('backup of ' || %s::text, 0))",
        [account_id],
    )


async def kept(tx: Transaction, account_id: UUID) -> list[Backup]:
    """All versions that can still be had, the newest first: their number is bounded."""
    rows = await tx.all(
        """
        SELECT * FROM account_backups
        WHERE account_id = %s AND (replaced_at IS NULL OR replaced_at > %s)
        ORDER BY version DESC
        """,
        [account_id, tx.now - KEPT],
    )
    return list(map(_backup, rows))


async def add(tx: Transaction, account_id: UUID, vault: str) -> Backup:
    """Adds the next version, which stands from now on."""
    row = await tx.one(
        """
        INSERT INTO account_backups (account_id, version, vault, created_at)
        SELECT %(account)s, coalesce(max(version), 0) + 1, %(vault)s, %(now)s
        FROM account_backups WHERE account_id = %(account)s
        RETURNING *
        """,
        {"account": account_id, "vault": vault, "now": tx.now},
    )
    assert row is not None
    return _backup(row)


async def end(tx: Transaction, account_id: UUID) -> None:
    """The version that stands is an earlier one from now on."""
    await tx.execute(
        "UPDATE account_backups SET replaced_at = %s WHERE account_id = %s AND replaced_at IS NULL",
        [tx.now, account_id],
    )


async def forget(tx: Transaction) -> None:
    """Deletes what was replaced or deleted so long ago that nobody can have it any more."""
    await tx.execute("DELETE FROM account_backups WHERE replaced_at <= %s", [tx.now - KEPT])


def _backup(row: DictRow) -> Backup:
    return Backup(
        account_id=row["account_id"],
        version=row["version"],
        vault=row["vault"],
        created_at=row["created_at"],
        replaced_at=row["replaced_at"],
    )
