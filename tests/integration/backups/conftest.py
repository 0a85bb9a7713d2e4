"""Those who keep an encrypted wallet, and programs of theirs that must not have it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from eth_account import Account

from tests import worlds
from tests.integration.identity.test_account import proof
from tradepost.identity import service as identity
from tradepost.identity.model import Grant
from tradepost.kernel.access import Scope
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

PATH = "/v1/account/backup"


@dataclass(frozen=True, slots=True)
class Owner:
    """An account, and one of its tokens."""

    api: httpx.AsyncClient
    signed_in: identity.SignedIn
    token: str

    async def ask(self, method: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request about his backup."""
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.request(method, PATH, json=body, headers=sent)

    async def first(self, vault: str) -> httpx.Response:
        """Keeps one where there is none."""
        return await self.ask("PUT", {"vault": vault}, If_None_Match="*")

    async def next(self, vault: str, seen: int | str) -> httpx.Response:
        """Keeps one in the place of a version."""
        return await self.ask("PUT", {"vault": vault}, If_Match=f'"{seen}"')

    async def get(self, version: int | None = None) -> httpx.Response:
        """The one that stands, or a version."""
        return await self.api.get(
            PATH,
            params={} if version is None else {"version": version},
            headers={"Authorization": f"Bearer {self.token}"},
        )

    async def program(self, scopes: frozenset[Scope]) -> "Owner":
        """The same account, by a token that was made for a program."""
        made = await self.api.post(
            "/v1/tokens",
            json={"label": "bot", "scopes": sorted(scopes), "expires_in_s": 3600},
            headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4())},
        )
        assert made.status_code == 201, made.text
        return Owner(self.api, self.signed_in, made.json()["token"])


NewOwner = Callable[..., Awaitable[Owner]]


@pytest.fixture
def new_owner(api: httpx.AsyncClient, database: Database, settings: Settings) -> NewOwner:
    """Opens accounts, each with a session of these scopes."""

    async def make(scopes: frozenset[Scope] = frozenset(Scope)) -> Owner:
        async with database.transaction() as tx:
            nonce, _ = identity.issue_nonce(tx)
        proven = proof(settings, Account.create(), nonce)
        signed_in = await worlds.signed_in(database, proven, Grant(scopes))
        return Owner(api, signed_in, signed_in.token.secret)

    return make


@pytest.fixture
async def owner(new_owner: NewOwner) -> Owner:
    """Who has signed in for everything."""
    return await new_owner()
