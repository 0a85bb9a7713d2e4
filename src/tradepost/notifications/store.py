"""The rows of tickets."""

from datetime import datetime
from uuid import UUID

from tradepost.kernel.database import Transaction
from tradepost.notifications.model import MAX_TICKETS


async def add_ticket(
    tx: Transaction, token_id: UUID, secret_hash: bytes, expires_at: datetime
) -> None:
    """Adds a ticket; forgets the oldest of the token, and some of anybody's that have expired."""
    await tx.execute(
        """
        DELETE FROM stream_tickets WHERE secret_hash IN (
            SELECT secret_hash FROM stream_tickets WHERE expires_at < %s LIMIT 100
            FOR UPDATE SKIP LOCKED
        )
        """,
        [tx.now],
    )
    await tx.execute(
        """
        DELETE FROM stream_tickets WHERE secret_hash IN (
            SELECT secret_hash FROM stream_tickets WHERE token_id = %s
            ORDER BY expires_at DESC OFFSET %s FOR UPDATE SKIP LOCKED
        )
        """,
        [token_id, MAX_TICKETS - 1],
    )
    await tx.execute(
        "INSERT INTO stream_tickets (secret_hash, token_id, expires_at) VALUES (%s, %s, %s)",
        [secret_hash, token_id, expires_at],
    )


async def take_ticket(tx: Transaction, secret_hash: bytes) -> UUID | None:
    """Takes a ticket away, and gives its token; None where it is not there, or has expired."""
    row = await tx.one(
        "DELETE FROM stream_tickets WHERE secret_hash = %s RETURNING token_id, expires_at",
        [secret_hash],
    )
    return None if row is None or row["expires_at"] <= tx.now else row["token_id"]
