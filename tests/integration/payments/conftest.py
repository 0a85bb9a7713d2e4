"""Traders with an account and a token, who keep payment accounts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from tests import worlds
from tradepost.identity import service as identity
from tradepost.identity.model import Grant
from tradepost.kernel.access import Scope
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost_client import Wallet


@dataclass(frozen=True, slots=True)
class Trader:
    """An account, its wallet and its token."""

    id: UUID
    wallet: Wallet
    token: str

    def headers(self, key: str | None = None, **more: str) -> dict[str, str]:
        """What a request of his carries."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key or str(uuid4()),
        } | more


NewTrader = Callable[..., Awaitable[Trader]]


@pytest.fixture
def new_trader(database: Database, settings: Settings) -> NewTrader:
    """Opens accounts."""

    async def make(scopes: frozenset[Scope] = frozenset(Scope)) -> Trader:
        wallet = Wallet.create()
        async with database.transaction() as tx:
            nonce, _ = identity.issue_nonce(tx)
            now = tx.now
        text = (
            f"{settings.public_url.split('://', 1)[1]} wants you to sign in with your Ethereum "
            f"account:\n{wallet.address}\n\n\nURI: {settings.public_url}\nVersion: 1\n"
            f"Chain ID: 31337\nNonce: {nonce}\nIssued At: {now.isoformat()}"
        )
        proof = identity.WalletProof(text, bytes.fromhex(wallet.sign_text(text)[2:]))
        signed_in = await worlds.signed_in(database, proof, Grant(scopes))
        return Trader(signed_in.account.id, wallet, signed_in.token.secret)

    return make


@pytest.fixture
async def seller(new_trader: NewTrader) -> Trader:
    """Who keeps an account to be paid to."""
    return await new_trader()


@pytest.fixture
async def buyer(new_trader: NewTrader) -> Trader:
    """Who must not see it."""
    return await new_trader()
