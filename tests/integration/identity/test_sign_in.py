"""Signing in over HTTP: by passphrase, by a wallet's key, by a contract wallet."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from fastapi import FastAPI
from psycopg import AsyncConnection

from tradepost.identity.model import MAX_SESSIONS, SignInMessage, new_nonce
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

PASSPHRASE = "lantern orbit velvet quarry"
CONTRACT_WALLET = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"


@dataclass
class FakeContractWallets:
    """A chain on which one contract wallet accepts one signature."""

    accepts: bytes
    asked: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    async def is_valid(self, address: str, digest: bytes, signature: bytes) -> bool:
        self.asked.append((address, digest, signature))
        return address == CONTRACT_WALLET and signature == self.accepts


async def message(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings, address: str, **changes: str
) -> str:
    """A sign-in message with a fresh nonce."""
    async with app.state.database.transaction() as tx:
        chain_id = await app.state.chain_id(tx)
    nonce = (await api.post("/v1/nonces")).json()["nonce"]
    part = {
        "domain": settings.public_url.split("://", 1)[1],
        "uri": settings.public_url,
        "chain_id": str(chain_id),
        "nonce": nonce,
        "issued_at": system_clock().isoformat().replace("+00:00", "Z"),
    } | changes
    return (
        f"{part['domain']} wants you to sign in with your Ethereum account:\n{address}\n\n"
        f"Sign in.\n\nURI: {part['uri']}\nVersion: 1\nChain ID: {part['chain_id']}\n"
        f"Nonce: {part['nonce']}\nIssued At: {part['issued_at']}"
    )


def signed(wallet: LocalAccount, text: str) -> dict[str, str]:
    """The body that proves control of `wallet`."""
    signature = wallet.sign_message(encode_defunct(text=text)).signature
    return {"message": text, "signature": "0x" + bytes(signature).hex()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_an_account_with_a_passphrase_opens_signs_in_and_out(api: httpx.AsyncClient) -> None:
    opened = await api.post("/v1/accounts", json={"name": "rosa", "passphrase": PASSPHRASE})
    assert opened.status_code == 201, opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    account, token = opened.json()["account"], opened.json()["token"]
    assert account["name"] == "rosa"
    assert account["roles"] == ["trader"]
    assert account["wallets"] == []
    assert account["created_at"].endswith("Z")
    assert set(token["scopes"]) == {
        "account:read",
        "account:write",
        "offers:read",
        "offers:write",
        "trades:read",
        "trades:write",
        "escrow:release",
        "webhooks:read",
        "webhooks:write",
        "confirmations:read",
        "confirmations:ask",
        "confirmations:write",
    }

    again = await api.post(
        "/v1/sessions",
        json={
            "name": "rosa",
            "passphrase": PASSPHRASE,
            "scopes": ["account:read"],
            "expires_in_s": 3600,
        },
    )
    assert again.status_code == 201
    assert again.json()["account"] == account
    assert again.json()["token"]["scopes"] == ["account:read"]

    seen = await api.get("/v1/account", headers=bearer(again.json()["token"]["token"]))
    assert seen.json() == account

    gone = await api.delete("/v1/sessions/current", headers=bearer(token["token"]))
    assert gone.status_code == 204
    refused = await api.get("/v1/account", headers=bearer(token["token"]))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json()["type"] == "urn:tradepost:problem:unauthenticated"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "rosa", "passphrase": "a wrong but long passphrase"},
        {"name": "nobody-here", "passphrase": PASSPHRASE},
    ],
)
async def test_a_wrong_passphrase_and_an_unknown_name_are_told_apart_by_nothing(
    api: httpx.AsyncClient, body: dict[str, str]
) -> None:
    await api.post("/v1/accounts", json={"name": "rosa", "passphrase": PASSPHRASE})
    refused = await api.post("/v1/sessions", json=body)
    assert refused.status_code == 401
    assert refused.json() == {
        "type": "urn:tradepost:problem:sign-in-refused",
        "title": "The name and the passphrase do not belong together.",
        "status": 401,
        "retryable": False,
    }


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"name": "rosa", "passphrase": "passwordpassword"}, 400, "passphrase-too-weak"),
        ({"name": "rosa", "passphrase": "short"}, 400, "passphrase-too-weak"),
        ({"name": "admin", "passphrase": PASSPHRASE}, 409, "name-reserved"),
        ({"name": "Rosa", "passphrase": PASSPHRASE}, 422, "malformed-request"),
        ({"name": "ro\u202esa", "passphrase": PASSPHRASE}, 422, "malformed-request"),
        ({"name": "rosa", "passphrase": "x" * 513}, 422, "malformed-request"),
        (
            {"name": "rosa", "passphrase": PASSPHRASE, "roles": ["operator"]},
            422,
            "malformed-request",
        ),
        ({"name": "rosa"}, 422, "malformed-request"),
    ],
)
async def test_a_bad_new_account_is_refused_without_showing_the_passphrase(
    api: httpx.AsyncClient, body: dict[str, str], status: int, slug: str
) -> None:
    refused = await api.post("/v1/accounts", json=body)
    assert refused.status_code == status
    assert refused.json()["type"] == f"urn:tradepost:problem:{slug}"
    assert body.get("passphrase", "?") not in refused.text


async def test_of_two_accounts_with_one_name_at_once_one_is_opened(api: httpx.AsyncClient) -> None:
    body = {"name": "rosa", "passphrase": PASSPHRASE}
    answers = await asyncio.gather(*(api.post("/v1/accounts", json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_wallet_opens_an_account_and_finds_it_again(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    wallet = Account.create()
    first = await api.post(
        "/v1/sessions", json=signed(wallet, await message(api, app, settings, wallet.address))
    )
    assert first.status_code == 201, first.text
    assert first.json()["account"]["wallets"] == [wallet.address]
    assert first.json()["account"]["name"] is None
    second = await api.post(
        "/v1/sessions",
        json=signed(wallet, await message(api, app, settings, wallet.address))
        | {"scopes": ["trades:read"]},
    )
    assert second.json()["account"] == first.json()["account"]
    assert second.json()["token"]["scopes"] == ["trades:read"]


async def test_a_sign_in_cannot_be_replayed_even_at_once(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    wallet = Account.create()
    body = signed(wallet, await message(api, app, settings, wallet.address))
    answers = await asyncio.gather(*(api.post("/v1/sessions", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 7
    replayed = await api.post("/v1/sessions", json=body)
    assert replayed.json()["type"] == "urn:tradepost:problem:nonce-invalid"


async def test_first_sign_ins_of_one_wallet_at_once_open_one_account(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings, database: Database
) -> None:
    wallet = Account.create()
    bodies = [signed(wallet, await message(api, app, settings, wallet.address)) for _ in range(6)]
    answers = await asyncio.gather(*(api.post("/v1/sessions", json=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.json()["account"]["id"] for answer in answers}) == 1
    async with database.transaction() as tx:
        assert len(await tx.all("SELECT id FROM accounts")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": "evil.example"},
        {"uri": "https://evil.example/"},
        {"chain_id": "1"},
        {"issued_at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_message_signed_for_elsewhere_opens_nothing(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings, changes: dict[str, str]
) -> None:
    wallet = Account.create()
    text = await message(api, app, settings, wallet.address, **changes)
    refused = await api.post("/v1/sessions", json=signed(wallet, text))
    assert refused.status_code == 400
    assert refused.json()["type"] == "urn:tradepost:problem:sign-in-message-invalid"


async def test_a_nonce_of_ones_own_making_or_an_old_one_is_refused(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    wallet = Account.create()
    old = new_nonce(settings.secret.get_secret_value(), system_clock() - timedelta(seconds=1))
    for nonce in ("0123456789abcdef", old):
        text = await message(api, app, settings, wallet.address, nonce=nonce)
        refused = await api.post("/v1/sessions", json=signed(wallet, text))
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:tradepost:problem:nonce-invalid"


async def test_another_keys_signature_is_refused_and_costs_the_owner_nothing(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    wallet, attacker = Account.create(), Account.create()
    app.state.contract_signatures = FakeContractWallets(b"none")
    text = await message(api, app, settings, wallet.address)
    for body in (
        signed(attacker, text),
        {"message": text, "signature": "0x" + "00" * 65},
        {"message": text, "signature": "0x01"},
    ):
        refused = await api.post("/v1/sessions", json=body)
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:tradepost:problem:sign-in-signature-invalid"
    assert (await api.post("/v1/sessions", json=signed(wallet, text))).status_code == 201


async def test_a_contract_wallet_signs_in_by_its_own_word(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    wallets = app.state.contract_signatures = FakeContractWallets(b"\x01" * 130)
    text = await message(api, app, settings, CONTRACT_WALLET)
    opened = await api.post("/v1/sessions", json={"message": text, "signature": "0x" + "01" * 130})
    assert opened.status_code == 201
    assert opened.json()["account"]["wallets"] == [CONTRACT_WALLET]
    assert wallets.asked == [(CONTRACT_WALLET, SignInMessage.parse(text).digest(), b"\x01" * 130)]


async def test_without_a_chain_a_contract_wallet_is_asked_to_try_again(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    app.state.contract_signatures = None
    text = await message(api, app, settings, CONTRACT_WALLET)
    refused = await api.post("/v1/sessions", json={"message": text, "signature": "0x0102"})
    assert refused.status_code == 503
    assert refused.json()["retryable"] is True
    assert "Retry-After" in refused.headers


async def test_the_oldest_session_makes_room_so_nobody_is_locked_out(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    wallet = Account.create()
    secrets = []
    for _ in range(MAX_SESSIONS + 1):
        body = signed(wallet, await message(api, app, settings, wallet.address))
        secrets.append((await api.post("/v1/sessions", json=body)).json()["token"]["token"])
    answers = [await api.get("/v1/account", headers=bearer(secret)) for secret in secrets]
    assert [answer.status_code for answer in answers] == [401] + [200] * MAX_SESSIONS


@dataclass
class Watcher:
    """Stands in for what a sign-in waits for, and counts the transactions held meanwhile."""

    database_url: str
    open_transactions: list[int] = field(default_factory=list)

    async def _look(self) -> None:
        async with await AsyncConnection.connect(self.database_url, autocommit=True) as other:
            found = await other.execute(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                """
            )
            row = await found.fetchone()
            assert row is not None
            self.open_transactions.append(row[0])

    async def is_valid(self, address: str, digest: bytes, signature: bytes) -> bool:
        await self._look()
        return True

    async def verify(self, passphrase: str, hashed: str | None) -> bool:
        await self._look()
        return hashed is not None

    async def admit(self, passphrase: str, name: str) -> str:
        await self._look()
        return "a hash"

    def close(self) -> None:
        """The app's passphrases are closed with it."""


async def test_no_transaction_is_held_while_hashing_or_asking_the_chain(
    api: httpx.AsyncClient, app: FastAPI, settings: Settings
) -> None:
    watcher = Watcher(settings.database_url.get_secret_value())
    app.state.passphrases.close()
    app.state.passphrases = app.state.contract_signatures = watcher
    named = {"name": "rosa", "passphrase": PASSPHRASE}
    text = await message(api, app, settings, CONTRACT_WALLET)
    for path, body in (
        ("/v1/accounts", named),
        ("/v1/sessions", named),
        ("/v1/sessions", {"message": text, "signature": "0x0102"}),
    ):
        assert (await api.post(path, json=body)).status_code == 201
    assert watcher.open_transactions == [0, 0, 0]
