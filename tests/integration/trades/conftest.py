"""Trades over HTTP without a node: what the chain says is written into the escrow's row."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
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
from tradepost.kernel.access import Role
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings
from tradepost.trades import service as trades

KEYS = ("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "4f" * 32)


@dataclass(frozen=True, slots=True)
class Trader:
    """An account, its wallet and its token."""

    id: UUID
    wallet: str
    token: str

    def headers(self) -> dict[str, str]:
        """What a request of his carries."""
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4())}


@dataclass
class World:
    """The API and its database, with a chain that says what a test wants it to say."""

    api: httpx.AsyncClient
    database: Database
    settings: Settings
    clock: SetClock
    market: Market

    async def trader(self, role: Role = Role.TRADER) -> Trader:
        """A new account with a wallet."""
        wallet = Account.create()
        async with self.database.transaction() as tx:
            nonce, _ = identity.issue_nonce(tx)
            now = tx.now
        url = self.settings.public_url
        text = (
            f"{url.split('://', 1)[1]} wants you to sign in with your Ethereum "
            f"account:\n{wallet.address}\n\n\nURI: {url}\nVersion: 1\n"
            f"Chain ID: 31337\nNonce: {nonce}\nIssued At: {now.isoformat()}"
        )
        proof = identity.WalletProof(
            text, bytes(wallet.sign_message(encode_defunct(text=text)).signature)
        )
        signed_in = await worlds.signed_in(self.database, proof, Grant(life=timedelta(days=90)))
        if role is not Role.TRADER:
            async with self.database.transaction() as tx:
                await identity.grant_role(tx, wallet.address, role)
        return Trader(signed_in.account.id, wallet.address, signed_in.token.secret)

    async def post(self, trader: Trader, path: str, body: Any) -> httpx.Response:
        """A POST of a trader's."""
        return await self.api.post(path, json=body, headers=trader.headers())

    async def get(self, trader: Trader, path: str, **params: Any) -> httpx.Response:
        """A GET of a trader's."""
        return await self.api.get(path, params=params, headers=trader.headers())

    async def offer(self, maker: Trader, **changes: object) -> dict[str, Any]:
        """A new offer."""
        body = {
            "direction": "sell",
            "asset": "ETH",
            "currency": "EUR",
            "price": "2500",
            "min_amount": "0.01",
            "max_amount": "2",
            "total_amount": "100",
            "payment_methods": ["sepa"],
            "wallet": maker.wallet,
            "encryption_key": KEYS[0],
        }
        answer = await self.post(maker, "/v1/offers", body | changes)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def take(self, taker: Trader, offer: dict[str, Any], **changes: object) -> httpx.Response:
        """Takes an offer, for one coin unless it is said otherwise; None leaves a field out."""
        body = {
            "offer_id": offer["id"],
            "amount": "1",
            "price_limit": offer["price"],
            "payment_method": "sepa",
            "wallet": taker.wallet,
            "encryption_key": KEYS[1],
        } | changes
        given = {name: value for name, value in body.items() if value is not None}
        return await self.post(taker, "/v1/trades", given)

    async def taken(self, taker: Trader, offer: dict[str, Any], **changes: object) -> Any:
        """As `take`, and it has to work."""
        answer = await self.take(taker, offer, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def chain_says(self, trade: dict[str, Any], state: str, **reading: object) -> None:
        """The chain's word on a trade's escrow is this, and the trade hears it."""
        escrow_id = bytes.fromhex(trade["escrow"]["id"][2:])
        async with self.database.transaction() as tx:
            chain = await tx.one("SELECT head_time, head_number FROM escrow_chains")
            assert chain is not None
            await tx.execute(
                """
                UPDATE escrows SET state = %(state)s, locked_at = %(locked_at)s,
                    cancel_at = %(cancel_at)s, paid_on_chain = %(paid)s, block_number = 90,
                    tx_hash = %(hash)s WHERE id = %(id)s
                """,
                {
                    "id": escrow_id,
                    "state": state,
                    "locked_at": reading.get("locked_at", chain["head_time"]),
                    "cancel_at": reading.get("cancel_at"),
                    "paid": reading.get("paid_on_chain", False),
                    "hash": b"\x11" * 32,
                },
            )
            await trades.follow(tx, escrow_id)

    async def go_on(self, *, days: float = 0, seconds: float = 0) -> None:
        """The server's clock goes on; the node has answered until then."""
        self.clock.go_on(days=days, seconds=seconds)
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE escrow_chains SET seen_at = %s", [tx.now])

    async def expire(self, *given: dict[str, Any]) -> None:
        """Nobody locks the coins of these trades in time, and the clock ends them."""
        await self.chain_time(36_001)
        for trade in given:
            async with self.database.transaction() as tx:
                await trades.expire(tx, UUID(trade["id"]))

    async def chain_time(self, seconds: int) -> None:
        """The chain's clock goes on, and the new time counts."""
        async with self.database.transaction() as tx:
            await tx.execute(
                "UPDATE escrow_chains SET head_time = head_time + %(s)s,"
                " confirmed_time = confirmed_time + %(s)s",
                {"s": seconds},
            )


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
def world(api: httpx.AsyncClient, database: Database, settings: Settings, clock: SetClock) -> World:
    """The API over a fresh database."""
    return World(api, database, settings, clock, Market(database))
