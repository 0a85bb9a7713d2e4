"""`Idempotency-Key`: the answer to a POST is kept with its effect, in the same transaction.

A retry, even one that runs at the same moment or after a crash, gets the same bytes and causes
nothing. Answers that are errors are not kept: they had no effect.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from fastapi import Response
from psycopg.types.json import Jsonb

from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import (
    IdempotencyKeyInFlight,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
)

#: How long an answer is kept, in hours; the worker deletes older ones.
KEPT_H = 48
_MAX_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Claim:
    """A key taken by this transaction: the answer is filed under it before the commit."""

    account_id: UUID
    key: str


class Replayed(Exception):
    """Carries the kept answer of an earlier request with the same key."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def claim(
    tx: Transaction, account_id: UUID, key: str | None, method: str, path: str, body: bytes
) -> Claim:
    """Takes `key` for this request, or raises `Replayed` with the answer it has had already.

    The insert waits for another transaction that holds the same key, so two requests at once act
    once. Raises `IdempotencyKeyMissing`, `IdempotencyKeyReused` and, where that wait grows too
    long, the database's lock timeout (answered as `Busy`).
    """
    key = (key or "").strip().strip('"')
    if not key or len(key) > _MAX_LENGTH or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyMissing(f"It is a string of 1 to {_MAX_LENGTH} ASCII characters.")
    fingerprint = hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).digest()
    taken = await tx.execute(
        """
        INSERT INTO idempotency_keys (account_id, key, fingerprint, created_at)
        VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [account_id, key, fingerprint, tx.now],
    )
    if taken:
        return Claim(account_id, key)
    kept = await tx.one(
        "SELECT * FROM idempotency_keys WHERE account_id = %s AND key = %s", [account_id, key]
    )
    if kept is None or kept["status"] is None:
        raise IdempotencyKeyInFlight
    if kept["fingerprint"] != fingerprint:
        raise IdempotencyKeyReused
    raise Replayed(
        Response(
            bytes(kept["body"]),
            kept["status"],
            dict(kept["headers"]) | {"Idempotent-Replayed": "true"},
        )
    )


async def keep(tx: Transaction, taken: Claim, response: Response) -> None:
    """Files the answer under the key, to be committed with the effect."""
    await tx.execute(
        """
        UPDATE idempotency_keys SET status = %s, body = %s, headers = %s
        WHERE account_id = %s AND key = %s
        """,
        [
            response.status_code,
            bytes(response.body),
            Jsonb(dict(response.headers)),
            taken.account_id,
            taken.key,
        ],
    )
