"""Makers, a market and a clock that a test sets.

Makers are accounts with a wallet and a token, made through identity's own door.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from tests import market as markets
from tests import worlds
from tests.market import Market, SetClock
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.identity import service as identity
from tradepost.identity.model import Grant
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Maker:
    """An account, its wallet and its token."""

    id: UUID
    wallet: str
    token: str

    def headers(self, key: str | None = None) -> dict[str, str]:
        """What a request of his carries."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key or str(uuid4()),
        }


@pytest.fixture
def clock() -> SetClock:
    """The clock of this test's exchange."""
    return SetClock()


@pytest.fixture
def settings(database_url: str) -> Settings:
    """An exchange with two price sources."""
    return markets.settings(worlds.settings(database_url))


@pytest.fixture
async def database(settings: Settings, clock: SetClock) -> AsyncIterator[Database]:
    """The kernel's database over the set clock."""
    async with Database(settings, clock, SUBSCRIPTIONS) as opened:
        yield opened


@pytest.fixture
async def api(settings: Settings, clock: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole API over the set clock."""
    async with markets.open_api(settings, clock) as client:
        yield client


@pytest.fixture
def market(database: Database) -> Market:
    """What the price sources say."""
    return Market(database)


@pytest.fixture
def new_maker(database: Database, settings: Settings) -> Callable[[], Awaitable[Maker]]:
    """Opens accounts."""

    async def make() -> Maker:
        wallet = Account.create()
        async with database.transaction() as tx:
            nonce, _ = identity.issue_nonce(tx)
            now = tx.now
        text = (
            f"{settings.public_url.split('://', 1)[1]} wants you to sign in with your Ethereum "
            f"account:\n{wallet.address}\n\n\nURI: {settings.public_url}\nVersion: 1\n"
            f"Chain ID: 31337\nNonce: {nonce}\nIssued At: {now.isoformat()}"
        )
        signature = bytes(wallet.sign_message(encode_defunct(text=text)).signature)
        signed_in = await worlds.signed_in(database, identity.WalletProof(text, signature), Grant())
        return Maker(signed_in.account.id, wallet.address, signed_in.token.secret)

    return make


@pytest.fixture
async def maker(new_maker: Callable[[], Awaitable[Maker]]) -> Maker:
    """One maker."""
    return await new_maker()
