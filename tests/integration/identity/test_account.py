"""What an account's owner can do: wallets, tokens, events."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from tests import worlds
from tradepost.identity import service
from tradepost.identity.model import (
    MAX_NAMED_TOKENS,
    MAX_WALLETS,
    Grant,
    TooManyTokens,
    TooManyWallets,
)
from tradepost.kernel.access import Caller, Role, Scope, Unauthenticated
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.settings import Settings


async def chain_id(_: Transaction) -> int:
    return 31337


def proof(settings: Settings, wallet: LocalAccount, nonce: str) -> service.WalletProof:
    """A proof of control of `wallet`, made at this moment."""
    url = settings.public_url
    text = (
        f"{url.split('://', 1)[1]} wants you to sign in with your Ethereum account:\n"
        f"{wallet.address}\n\n\nURI: {url}\nVersion: 1\nChain ID: 31337\nNonce: {nonce}\n"
        f"Issued At: {system_clock().isoformat()}"
    )
    signature = wallet.sign_message(encode_defunct(text=text)).signature
    return service.WalletProof(text, bytes(signature))


async def opened(
    database: Database, settings: Settings, wallet: LocalAccount | None = None
) -> service.SignedIn:
    """A fresh account with one wallet."""
    async with database.transaction() as tx:
        nonce, _ = service.issue_nonce(tx)
    made = proof(settings, wallet or Account.create(), nonce)
    return await worlds.signed_in(database, made, Grant())


def bearer(signed_in: service.SignedIn) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {signed_in.token.secret}",
        "Idempotency-Key": str(uuid4()),
    }


async def test_a_second_wallet_is_added_once(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner, other = await opened(database, settings), await opened(database, settings)
    wallet = Account.create()
    nonces = [(await api.post("/v1/nonces")).json()["nonce"] for _ in range(3)]
    bodies = []
    for nonce in nonces:
        made = proof(settings, wallet, nonce)
        bodies.append({"message": made.message, "signature": "0x" + made.signature.hex()})

    headers = bearer(owner)
    added = await api.post("/v1/account/wallets", json=bodies[0], headers=headers)
    assert added.status_code == 201, added.text
    assert added.json()["wallets"] == [*owner.account.wallets, wallet.address]

    replayed = await api.post("/v1/account/wallets", json=bodies[0], headers=headers)
    assert replayed.content == added.content
    assert replayed.headers["Idempotent-Replayed"] == "true"

    again = await api.post("/v1/account/wallets", json=bodies[1], headers=bearer(owner))
    assert again.json() == added.json()
    taken = await api.post("/v1/account/wallets", json=bodies[2], headers=bearer(other))
    assert taken.status_code == 409
    assert taken.json()["type"] == "urn:tradepost:problem:wallet-taken"

    async with database.transaction() as tx:
        assert await service.owns_wallet(tx, owner.account.id, wallet.address.lower())
        assert not await service.owns_wallet(tx, other.account.id, wallet.address)


async def test_wallets_are_bounded(database: Database, settings: Settings) -> None:
    owner = await opened(database, settings)

    async def add() -> None:
        async with database.transaction() as tx:
            made = proof(settings, Account.create(), service.issue_nonce(tx)[0])
            await service.add_wallet(tx, chain_id, None, owner.account.id, made)

    for _ in range(MAX_WALLETS - 1):
        await add()
    with pytest.raises(TooManyWallets):
        await add()


async def test_a_token_is_made_listed_used_and_revoked(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    body = {"label": " price bot ", "scopes": ["account:read"], "expires_in_s": 3600}
    made = await api.post("/v1/tokens", json=body, headers=bearer(owner))
    assert made.status_code == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    assert made.json()["label"] == "price bot"
    headers = {"Authorization": f"Bearer {made.json()['token']}"}

    listed = await api.get("/v1/tokens", headers=headers)
    assert [token["label"] for token in listed.json()["data"]] == ["price bot", "sign-in"]
    assert listed.json()["data"][0]["last_used_at"] is not None
    assert "tp_" not in listed.text

    beyond = await api.post("/v1/tokens", json=body, headers=headers)
    assert beyond.status_code == 403
    assert beyond.json()["type"] == "urn:tradepost:problem:scope-missing"

    revoked = await api.delete(f"/v1/tokens/{made.json()['id']}", headers=bearer(owner))
    assert revoked.status_code == 204
    assert (await api.get("/v1/tokens", headers=headers)).status_code == 401
    again = await api.delete(f"/v1/tokens/{made.json()['id']}", headers=bearer(owner))
    assert again.status_code == 404


async def test_a_token_cannot_make_one_that_may_do_more(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    writer = await api.post(
        "/v1/tokens",
        json={"label": "writer", "scopes": ["account:write"], "expires_in_s": 3600},
        headers=bearer(owner),
    )
    refused = await api.post(
        "/v1/tokens",
        json={"label": "x", "scopes": ["account:write", "escrow:release"], "expires_in_s": 3600},
        headers={"Authorization": f"Bearer {writer.json()['token']}", "Idempotency-Key": "1"},
    )
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tradepost:problem:scope-beyond-token"


async def test_a_token_cannot_add_a_wallet_that_may_do_more(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    writer = await api.post(
        "/v1/tokens",
        json={"label": "writer", "scopes": ["account:write"], "expires_in_s": 3600},
        headers=bearer(owner),
    )
    nonce = (await api.post("/v1/nonces")).json()["nonce"]
    made = proof(settings, Account.create(), nonce)
    refused = await api.post(
        "/v1/account/wallets",
        json={"message": made.message, "signature": "0x" + made.signature.hex()},
        headers={
            "Authorization": f"Bearer {writer.json()['token']}",
            "Idempotency-Key": str(uuid4()),
        },
    )
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tradepost:problem:scope-missing"


async def test_a_strangers_token_cannot_be_revoked(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner, stranger = await opened(database, settings), await opened(database, settings)
    refused = await api.delete(f"/v1/tokens/{owner.token.token.id}", headers=bearer(stranger))
    assert refused.status_code == 404
    assert (await api.get("/v1/account", headers=bearer(owner))).status_code == 200


async def test_tokens_are_bounded_even_when_made_at_once(
    database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    async with database.transaction() as tx:
        caller = await service.authenticate(tx, owner.token.secret)

    async def make() -> bool:
        try:
            async with database.transaction() as tx:
                await service.create_token(tx, caller, "bot", Grant())
        except TooManyTokens:
            return False
        return True

    made = await asyncio.gather(*(make() for _ in range(MAX_NAMED_TOKENS + 5)))
    assert sum(made) == MAX_NAMED_TOKENS


@pytest.mark.parametrize(
    "body",
    [
        {"label": "", "scopes": ["account:read"], "expires_in_s": 3600},
        {"label": "a\u202eb", "scopes": ["account:read"], "expires_in_s": 3600},
        {"label": "a\nb", "scopes": ["account:read"], "expires_in_s": 3600},
        {"label": "x" * 61, "scopes": ["account:read"], "expires_in_s": 3600},
        {"label": "x", "scopes": [], "expires_in_s": 3600},
        {"label": "x", "scopes": ["everything"], "expires_in_s": 3600},
        {"label": "x", "scopes": ["account:read"], "expires_in_s": 90 * 86400 + 1},
        {"label": "x", "scopes": ["account:read"], "expires_in_s": 59},
        {"label": "x", "scopes": ["account:read"], "expires_in_s": "3600"},
        {"label": "x", "scopes": ["account:read"]},
    ],
)
async def test_a_malformed_token_is_refused(
    api: httpx.AsyncClient, database: Database, settings: Settings, body: dict[str, object]
) -> None:
    owner = await opened(database, settings)
    refused = await api.post("/v1/tokens", json=body, headers=bearer(owner))
    assert refused.status_code == 422


async def test_a_token_ends_by_itself(database: Database, settings: Settings) -> None:
    owner = await opened(database, settings)
    later = system_clock() + timedelta(hours=24, seconds=1)
    async with Database(settings, lambda: later, {}) as tomorrow, tomorrow.transaction() as tx:
        with pytest.raises(Unauthenticated):
            await service.authenticate(tx, owner.token.secret)


async def test_its_use_is_noted_at_most_once_a_minute(
    database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    start = system_clock()
    noted = []
    for seconds in (0, 30, 59, 61, 100):
        now = start + timedelta(seconds=seconds)
        clock = partial(max, start, now)
        async with Database(settings, clock, {}) as then, then.transaction() as tx:
            await service.authenticate(tx, owner.token.secret)
            (token,) = await service.tokens(tx, owner.account.id)
            assert token.last_used_at is not None
            noted.append((token.last_used_at - start).total_seconds())
    assert noted == [0, 0, 0, 61, 61]


async def test_the_secret_of_a_token_is_nowhere_in_the_database(
    database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    async with database.transaction() as tx:
        rows = await tx.all("SELECT tokens::text AS row FROM tokens")
    assert rows
    assert all(owner.token.secret not in row["row"] for row in rows)


async def test_an_operator_gives_roles_by_name_or_wallet(
    database: Database, settings: Settings
) -> None:
    owner = await opened(database, settings)
    async with database.transaction() as tx:
        (wallet,) = owner.account.wallets
        await service.grant_role(tx, wallet.lower(), Role.ARBITRATOR)
        account = await service.grant_role(tx, wallet, Role.ARBITRATOR)
        assert account.roles == {Role.TRADER, Role.ARBITRATOR}
        caller = await service.authenticate(tx, owner.token.secret)
        assert caller == Caller(
            account.id,
            owner.token.token.id,
            account.roles,
            frozenset(Scope),
            None,
            frozenset({wallet.lower()}),
            session=True,
        )
        for unknown in ("nobody-here", "0x" + "12" * 20):
            with pytest.raises(NotFound):
                await service.grant_role(tx, unknown, Role.OPERATOR)


async def test_anybody_may_know_a_name_and_no_more(database: Database, settings: Settings) -> None:
    passphrases = service.Passphrases()
    hashed = await service.admit(passphrases, "rosa", "lantern orbit velvet quarry")
    passphrases.close()
    async with database.transaction() as tx:
        rosa = await service.open_account(tx, "rosa", hashed)
    nameless = await opened(database, settings)
    async with database.transaction() as tx:
        found = await service.public_accounts(tx, [rosa.account.id, nameless.account.id, uuid4()])
    assert {key: person.name for key, person in found.items()} == {
        rosa.account.id: "rosa",
        nameless.account.id: None,
    }
