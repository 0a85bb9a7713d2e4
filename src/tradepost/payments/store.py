"""The rows of payment accounts: each statement names the owner, so nobody else's row is found."""

from uuid import UUID

from psycopg.rows import DictRow

from tradepost.kernel.database import Transaction
from tradepost.payments.model import PaymentAccount


async def add(tx: Transaction, account: PaymentAccount) -> None:
    """Adds a new payment account."""
    await tx.execute(
        """
        INSERT INTO payment_accounts
            (id, version, owner_id, method, sealed, created_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [
            account.id,
            account.version,
            account.owner_id,
            account.method,
            account.sealed,
            account.created_at,
            account.updated_at,
        ],
    )


async def count(tx: Transaction, owner_id: UUID) -> int:
    """How many the owner has; those who count for the same owner take turns."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('payment accounts of ' || %s::text, 0))",
        [owner_id],
    )
    row = await tx.one(
        "SELECT count(*) AS accounts FROM payment_accounts WHERE owner_id = %s", [owner_id]
    )
    assert row is not None
    return int(row["accounts"])


async def get(tx: Transaction, owner_id: UUID, account_id: UUID) -> PaymentAccount | None:
    """The owner's payment account with this id."""
    row = await tx.one(
        "SELECT * FROM payment_accounts WHERE id = %s AND owner_id = %s", [account_id, owner_id]
    )
    return None if row is None else _account(row)


async def of_owner(tx: Transaction, owner_id: UUID, limit: int) -> list[PaymentAccount]:
    """The owner's payment accounts, the oldest first."""
    rows = await tx.all(
        "SELECT * FROM payment_accounts WHERE owner_id = %s ORDER BY id LIMIT %s",
        [owner_id, limit],
    )
    return [_account(row) for row in rows]


async def reseal(
    tx: Transaction, owner_id: UUID, account_id: UUID, sealed: str, seen_version: int
) -> PaymentAccount | None:
    """Puts another text in the place of the `seen_version`; None where that is no longer there."""
    row = await tx.one(
        """
        UPDATE payment_accounts SET sealed = %s, version = version + 1, updated_at = %s
        WHERE id = %s AND owner_id = %s AND version = %s
        RETURNING *
        """,
        [sealed, tx.now, account_id, owner_id, seen_version],
    )
    return None if row is None else _account(row)


async def remove(tx: Transaction, owner_id: UUID, account_id: UUID, seen_version: int) -> bool:
    """Deletes the `seen_version`; False where that is no longer there."""
    return (
        await tx.execute(
            "DELETE FROM payment_accounts WHERE id = %s AND owner_id = %s AND version = %s",
            [account_id, owner_id, seen_version],
        )
        == 1
    )


def _account(row: DictRow) -> PaymentAccount:
    return PaymentAccount(
        id=row["id"],
        version=row["version"],
        owner_id=row["owner_id"],
        method=row["method"],
        sealed=row["sealed"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
