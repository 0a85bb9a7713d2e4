"""The rows of accounts, wallets, tokens and used nonces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from eth_utils.address import to_checksum_address

from tradepost.identity.model import MAX_PARTNERS, MAX_SESSIONS, Account, PublicAccount, Token
from tradepost.kernel.access import Caller, Role, Scope
from tradepost.kernel.database import Reading, Transaction
from tradepost.kernel.idempotency import TAKE, Asked

#: Tokens that ended longer ago are forgotten.
_TOKENS_KEPT = timedelta(days=30)
#: Longer than two servers' clocks differ: a nonce outlives its end here, never the other way.
_NONCES_KEPT = timedelta(hours=1)
_USE_NOTED_EVERY = timedelta(minutes=1)
#: An account that has used a token since is there; longer than a use may go unnoted.
_ONLINE = timedelta(minutes=5)
_MAX_ONLINE = 20_000
_MAX_TRUSTED_BY = 1000


@dataclass(frozen=True, slots=True)
class Credential:
    """What a name's passphrase is compared with."""

    account_id: UUID
    passphrase_hash: str


async def add_account(tx: Transaction, account_id: UUID, name: str, passphrase_hash: str) -> bool:
    """Adds a named account; False where the name is taken."""
    return (
        await tx.execute(
            """
        INSERT INTO accounts (id, name, passphrase_hash, created_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (name) DO NOTHING
        """,
            [account_id, name, passphrase_hash, tx.now],
        )
        == 1
    )


async def add_wallet_account(tx: Transaction, account_id: UUID, address: str) -> bool:
    """Adds an account together with its one wallet; False where the wallet has one already.

    One statement, so that of two first sign-ins at once the second finds the first's account
    and leaves none of its own behind.
    """
    return (
        await tx.execute(
            """
        WITH wallet AS (
            INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)
            ON CONFLICT DO NOTHING RETURNING account_id, added_at
        )
        INSERT INTO accounts (id, created_at) SELECT account_id, added_at FROM wallet
        """,
            [address.lower(), account_id, tx.now],
        )
        == 1
    )


async def add_wallet(tx: Transaction, account_id: UUID, address: str) -> None:
    """Adds a wallet unless it is somebody's already."""
    await tx.execute(
        """
        INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [address.lower(), account_id, tx.now],
    )


async def account(tx: Transaction, account_id: UUID) -> Account | None:
    """The account with this id."""
    row = await tx.one(
        """
        SELECT id, name, roles, created_at, ARRAY(
            SELECT address FROM wallets WHERE account_id = accounts.id ORDER BY added_at, address
        ) AS wallets
        FROM accounts WHERE id = %s
        """,
        [account_id],
    )
    return None if row is None else _account(row)


async def lock_account(tx: Transaction, account_id: UUID) -> None:
    """Has others who count what this account owns wait until this transaction ends."""
    await tx.execute("SELECT 1 FROM accounts WHERE id = %s FOR NO KEY UPDATE", [account_id])


async def account_of_wallet(tx: Transaction, address: str) -> UUID | None:
    """Whose wallet it is."""
    row = await tx.one("SELECT account_id FROM wallets WHERE address = %s", [address.lower()])
    return None if row is None else row["account_id"]


async def wallets_among(tx: Transaction, addresses: Collection[str]) -> set[str]:
    """Those of `addresses`, in small letters, that are somebody's wallet."""
    rows = await tx.all("SELECT address FROM wallets WHERE address = ANY(%s)", [list(addresses)])
    return {row["address"] for row in rows}


async def account_of_name(tx: Transaction, name: str) -> UUID | None:
    """Whose name it is."""
    row = await tx.one("SELECT id FROM accounts WHERE name = %s", [name])
    return None if row is None else row["id"]


async def public_accounts(tx: Transaction, ids: Sequence[UUID]) -> list[PublicAccount]:
    """Those of `ids` that exist."""
    rows = await tx.all("SELECT id, name FROM accounts WHERE id = ANY(%s)", [list(ids)])
    return [PublicAccount(**row) for row in rows]


async def online(tx: Reading) -> list[UUID]:
    """The accounts that have used a token lately, the latest first."""
    rows = await tx.all(
        """
        SELECT account_id FROM tokens WHERE last_used_at > %s
        GROUP BY account_id ORDER BY max(last_used_at) DESC LIMIT %s
        """,
        [tx.now - _ONLINE, _MAX_ONLINE],
    )
    return [row["account_id"] for row in rows]


async def signed_in(tx: Transaction, limit: int) -> list[UUID]:
    """The accounts that have a live token."""
    rows = await tx.all(
        """
        SELECT DISTINCT account_id FROM tokens WHERE revoked_at IS NULL AND expires_at > %s LIMIT %s
        """,
        [tx.now, limit],
    )
    return [row["account_id"] for row in rows]


async def trusting(tx: Transaction, account_ids: Sequence[UUID], partner_id: UUID) -> set[UUID]:
    """Those of the accounts that have named the other as a trusted partner."""
    rows = await tx.all(
        "SELECT account_id FROM trusted_partners WHERE account_id = ANY(%s) AND partner_id = %s",
        [list(account_ids), partner_id],
    )
    return {row["account_id"] for row in rows}


async def partners(tx: Transaction, account_id: UUID) -> list[UUID]:
    """Whom the account trusts, in the order in which it named them."""
    rows = await tx.all(
        """
        SELECT partner_id FROM trusted_partners WHERE account_id = %s
        ORDER BY since, partner_id LIMIT %s
        """,
        [account_id, MAX_PARTNERS],
    )
    return [row["partner_id"] for row in rows]


async def trusted_by(tx: Transaction, partner_id: UUID) -> list[UUID]:
    """Who has named the account as a trusted partner, the latest first."""
    rows = await tx.all(
        """
        SELECT account_id FROM trusted_partners WHERE partner_id = %s
        ORDER BY since DESC, account_id LIMIT %s
        """,
        [partner_id, _MAX_TRUSTED_BY],
    )
    return [row["account_id"] for row in rows]


async def trust(tx: Transaction, account_id: UUID, partner_id: UUID) -> None:
    """Adds a trusted partner."""
    await tx.execute(
        "INSERT INTO trusted_partners (account_id, partner_id, since) VALUES (%s, %s, %s)",
        [account_id, partner_id, tx.now],
    )


async def distrust(tx: Transaction, account_id: UUID, partner_id: UUID) -> bool:
    """Takes a trusted partner away; False where he was none."""
    return (
        await tx.execute(
            "DELETE FROM trusted_partners WHERE account_id = %s AND partner_id = %s",
            [account_id, partner_id],
        )
        == 1
    )


async def credential(tx: Transaction, name: str) -> Credential | None:
    """What the passphrase of `name` is compared with."""
    row = await tx.one(
        "SELECT id AS account_id, passphrase_hash FROM accounts WHERE name = %s", [name]
    )
    return None if row is None else Credential(**row)


async def add_role(tx: Transaction, account_id: UUID, role: Role) -> None:
    """Gives the account a role that it may have already."""
    await tx.execute(
        "UPDATE accounts SET roles = roles || %s WHERE id = %s AND %s <> ALL(roles)",
        [[role.value], account_id, role.value],
    )


async def use_nonce(tx: Transaction, nonce: str, expires_at: datetime) -> bool:
    """Notes that a nonce was used; False where it was before. Forgets some that have ended."""
    await tx.execute(
        """
        DELETE FROM used_nonces WHERE nonce IN (
            SELECT nonce FROM used_nonces WHERE expires_at < %s LIMIT 100 FOR UPDATE SKIP LOCKED
        )
        """,
        [tx.now - _NONCES_KEPT],
    )
    return (
        await tx.execute(
            "INSERT INTO used_nonces (nonce, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [nonce, expires_at],
        )
        == 1
    )


async def add_token(
    tx: Transaction, account_id: UUID, token: Token, secret_hash: bytes, *, session: bool
) -> None:
    """Adds a token, and forgets those of the account that ended long ago."""
    await tx.execute(
        "DELETE FROM tokens WHERE account_id = %s AND LEAST(expires_at, revoked_at) < %s",
        [account_id, tx.now - _TOKENS_KEPT],
    )
    await tx.execute(
        """
        INSERT INTO tokens (
            id, account_id, secret_hash, session, label, scopes, created_at, expires_at
        ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            token.id,
            account_id,
            secret_hash,
            session,
            token.label,
            sorted(token.scopes),
            token.created_at,
            token.expires_at,
        ],
    )


async def make_room_for_session(tx: Transaction, account_id: UUID) -> None:
    """Ends the oldest sessions, so that one more is within the bound."""
    await tx.execute(
        """
        UPDATE tokens SET revoked_at = %(now)s WHERE id IN (
            SELECT id FROM tokens
            WHERE account_id = %(account)s AND session
                AND revoked_at IS NULL AND expires_at > %(now)s
            ORDER BY created_at DESC, id DESC OFFSET %(kept)s
        )
        """,
        {"now": tx.now, "account": account_id, "kept": MAX_SESSIONS - 1},
    )


async def count_named_tokens(tx: Transaction, account_id: UUID) -> int:
    """How many live tokens the account has made by hand."""
    row = await tx.one(
        """
        SELECT count(*) AS live FROM tokens
        WHERE account_id = %s AND NOT session AND revoked_at IS NULL AND expires_at > %s
        """,
        [account_id, tx.now],
    )
    assert row is not None
    return int(row["live"])


async def tokens(tx: Transaction, account_id: UUID) -> list[Token]:
    """The account's live tokens, the newest first: their number is bounded."""
    rows = await tx.all(
        """
        SELECT id, label, scopes, created_at, expires_at, last_used_at FROM tokens
        WHERE account_id = %s AND revoked_at IS NULL AND expires_at > %s
        ORDER BY created_at DESC, id DESC
        """,
        [account_id, tx.now],
    )
    return [Token(**row | {"scopes": frozenset(map(Scope, row["scopes"]))}) for row in rows]


async def revoke_token(tx: Transaction, account_id: UUID, token_id: UUID) -> bool:
    """Ends a live token of this account; False where there is none."""
    return (
        await tx.execute(
            """
        UPDATE tokens SET revoked_at = %(now)s
        WHERE id = %(id)s AND account_id = %(account)s
            AND revoked_at IS NULL AND expires_at > %(now)s
        """,
            {"now": tx.now, "id": token_id, "account": account_id},
        )
        == 1
    )


_LIVE: LiteralString = """
    SELECT tokens.id, account_id, scopes, session, roles, name, last_used_at, ARRAY(
        SELECT address FROM wallets WHERE wallets.account_id = accounts.id
    ) AS wallets
    FROM tokens JOIN accounts ON accounts.id = account_id
    WHERE revoked_at IS NULL AND expires_at > %(now)s
"""
_CALLER: LiteralString = f"{_LIVE} AND secret_hash = %(secret_hash)s"


async def caller(tx: Transaction, secret_hash: bytes) -> Caller | None:
    """Who a live token stands for; notes its use, at most once a minute."""
    row = await tx.one(_CALLER, {"secret_hash": secret_hash, "now": tx.now})
    return None if row is None else await _called(tx, row)


async def caller_of_token(tx: Transaction, token_id: UUID) -> Caller | None:
    """As `caller`, by the token's id."""
    row = await tx.one(f"{_LIVE} AND tokens.id = %(id)s", {"id": token_id, "now": tx.now})
    return None if row is None else await _called(tx, row)


async def live_tokens(reading: Reading, token_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these tokens that are live."""
    rows = await reading.all(
        "SELECT id FROM tokens WHERE id = ANY(%s) AND revoked_at IS NULL AND expires_at > %s",
        [list(token_ids), reading.now],
    )
    return {row["id"] for row in rows}


async def caller_once(
    tx: Transaction, secret_hash: bytes, asked: Asked
) -> tuple[Caller, bool] | None:
    """As `caller`, and whether the key was free: it is the caller's now. One statement."""
    row = await tx.one(
        f"""
        WITH caller AS ({_CALLER}), taken AS ({TAKE})
        SELECT *, EXISTS (SELECT FROM taken) AS taken FROM caller
        """,  # noqa: S608 - made of literals
        {
            "secret_hash": secret_hash,
            "now": tx.now,
            "key": asked.key,
            "fingerprint": asked.fingerprint,
        },
    )
    return None if row is None else (await _called(tx, row), row["taken"])


async def _called(tx: Transaction, row: dict[str, Any]) -> Caller:
    if row["last_used_at"] is None or row["last_used_at"] < tx.now - _USE_NOTED_EVERY:
        # Two requests at once do not wait for each other over a note.
        await tx.execute(
            """
            UPDATE tokens SET last_used_at = %s WHERE id = (
                SELECT id FROM tokens WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED
            )
            """,
            [tx.now, row["id"]],
        )
    return Caller(
        account_id=row["account_id"],
        token_id=row["id"],
        roles=frozenset(map(Role, row["roles"])),
        scopes=frozenset(map(Scope, row["scopes"])),
        name=row["name"],
        wallets=frozenset(row["wallets"]),
        session=row["session"],
    )


def _account(row: dict[str, Any]) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        roles=frozenset(map(Role, row["roles"])),
        wallets=tuple(map(to_checksum_address, row["wallets"])),
        created_at=row["created_at"],
    )
