"""`Idempotency-Key`: the answer to a POST is kept with its effect, in the same transaction.

A retry, even one that runs at the same moment or after a crash, gets the same bytes and causes
nothing. Answers that are errors are not kept: they had no effect.
"""

import hashlib
from dataclasses import dataclass
from typing import LiteralString
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
class Asked:
    """What a request says of itself: its key, and what it asks for under that key."""

    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, key: str | None, method: str, path: str, body: bytes) -> "Asked":
        """Raises `IdempotencyKeyMissing` for none or one that is not fit."""
        key = (key or "").strip().strip('"')
        if not key or len(key) > _MAX_LENGTH or not (key.isascii() and key.isprintable()):
            raise IdempotencyKeyMissing(f"It is a string of 1 to {_MAX_LENGTH} ASCII characters.")
        said = b"\0".join([method.encode(), path.encode(), body])
        return cls(key, hashlib.sha256(said).digest())


@dataclass(frozen=True, slots=True)
class Claim:
    """A key taken by this transaction: the answer is filed under it before the commit."""

    account_id: UUID
    key: str


#: Takes the key for the `account_id` of `caller`, which stands before it in a WITH: so whoever
#: finds the caller takes his key at once. It gives a row, or none where the key was taken before.
#: It waits for another transaction that holds the same key, so two requests at once act once.
TAKE: LiteralString = """
    INSERT INTO idempotency_keys (account_id, key, fingerprint, created_at)
    SELECT account_id, %(key)s, %(fingerprint)s, %(now)s FROM caller
    ON CONFLICT DO NOTHING RETURNING account_id
"""


class Replayed(Exception):
    """Carries the kept answer of an earlier request with the same key."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def claim(tx: Transaction, account_id: UUID, asked: Asked, *, taken: bool) -> Claim:
    """The key as this request's, if `TAKE` has `taken` it; else the answer it has had already.

    Raises `Replayed` with that, `IdempotencyKeyReused` and `IdempotencyKeyInFlight`.
    """
    if taken:
        return Claim(account_id, asked.key)
    kept = await tx.one(
        "SELECT * FROM idempotency_keys WHERE account_id = %s AND key = %s", [account_id, asked.key]
    )
    if kept is None or kept["status"] is None:
        raise IdempotencyKeyInFlight
    if kept["fingerprint"] != asked.fingerprint:
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
