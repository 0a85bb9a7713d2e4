"""`Idempotency-Key`: the answer to a POST is kept with its effect, in the same transaction.

A retry, even one that runs at the same moment or after a crash, gets the same bytes and causes
nothing. Answers that are errors are not kept: they had no effect.

An answer that holds a secret is kept sealed, under a key that needs both the exchange's secret and
what only the caller has: his token, or the body of a sign-in. Who reads the database reads nothing.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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
#: How long the answer to a caller without a token is given again: a sign-in is no lasting key.
_UNKNOWN_FOR = timedelta(minutes=10)
_MAX_LENGTH = 128
_NONCE_BYTES = 12


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
    #: What seals the answer; None for one that holds no secret.
    seal: bytes | None = None


def sealing(tx: Transaction, only_his: bytes) -> bytes:
    """The key that seals an answer for who has `only_his`, a token or a proof."""
    secret = tx.settings.secret.get_secret_value().encode()
    return hmac.digest(secret, b"idempotency\0" + only_his, "sha256")


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


async def claim_unknown(tx: Transaction, asked: Asked, body: bytes) -> Claim:
    """As `claim`, for a caller without a token: whoever sends the same bytes is the same one.

    So two callers who happen to have one key do not meet.
    """
    nobody = UUID(bytes=hashlib.blake2b(asked.fingerprint, digest_size=16).digest())
    taken = await tx.execute(
        f"WITH caller AS (SELECT %(nobody)s::uuid AS account_id) {TAKE}",
        {
            "nobody": nobody,
            "key": asked.key,
            "fingerprint": asked.fingerprint,
            "now": tx.now,
        },
    )
    return await claim(
        tx, nobody, asked, taken=taken == 1, seal=sealing(tx, body), kept_for=_UNKNOWN_FOR
    )


async def claim(
    tx: Transaction,
    account_id: UUID,
    asked: Asked,
    *,
    taken: bool,
    seal: bytes | None = None,
    kept_for: timedelta | None = None,
) -> Claim:
    """The key as this request's, if `TAKE` has `taken` it; else the answer it has had already.

    Raises `Replayed` with that, `IdempotencyKeyReused` (also where the answer was sealed for
    another token, or is older than `kept_for`) and `IdempotencyKeyInFlight`.
    """
    if taken:
        return Claim(account_id, asked.key, seal)
    kept = await tx.one(
        "SELECT * FROM idempotency_keys WHERE account_id = %s AND key = %s", [account_id, asked.key]
    )
    if kept is None or kept["status"] is None:
        raise IdempotencyKeyInFlight
    if kept["fingerprint"] != asked.fingerprint:
        raise IdempotencyKeyReused
    if kept_for is not None and kept["created_at"] < tx.now - kept_for:
        raise IdempotencyKeyReused
    raise Replayed(
        Response(
            _opened(bytes(kept["body"]), seal),
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
            _sealed(bytes(response.body), taken.seal),
            Jsonb(dict(response.headers)),
            taken.account_id,
            taken.key,
        ],
    )


def _sealed(body: bytes, seal: bytes | None) -> bytes:
    if seal is None:
        return body
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(seal).encrypt(nonce, body, None)


def _opened(kept: bytes, seal: bytes | None) -> bytes:
    if seal is None:
        return kept
    try:
        return AESGCM(seal).decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], None)
    except InvalidTag:
        raise IdempotencyKeyReused from None
