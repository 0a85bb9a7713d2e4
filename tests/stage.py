"""A whole exchange in one process, over a real database and a real chain, moved by hand.

The API, the watcher, the jobs and the relayer are the real ones; only their loops are missing. A
test says when blocks come and when the background works, so nothing waits and nothing is left to
luck. Traders use the client that everybody else uses.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import httpx
from eth_abi.abi import encode
from fastapi import FastAPI
from procrastinate import App, PsycopgConnector

import tradepost.alerts.jobs
import tradepost.book.jobs
import tradepost.deposits.jobs
import tradepost.insights.jobs
import tradepost.offers.jobs
import tradepost.sandbox.jobs
import tradepost.trades.jobs
from tests import worlds
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.http import build
from tradepost.entrypoints.sandbox import clock_of
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import deploy
from tradepost.escrow.evm.relay import Relayer
from tradepost.escrow.evm.watch import follow_once
from tradepost.identity import service as identity
from tradepost.kernel.access import Role
from tradepost.kernel.database import Database
from tradepost.kernel.jobs import observed
from tradepost.kernel.settings import Settings
from tradepost.sandbox.node import DevelopmentNode
from tradepost_client import AsyncChain, AsyncClient, AsyncTrader, Wallet
from tradepost_client.models import Trade as TradeShown
from tradepost_contracts import artifacts, calls
from tradepost_contracts import deploy as contracts

CONTRACT = contracts.address(artifacts.ESCROW)
TOKEN = contracts.address(artifacts.DEV_TOKEN)
NATIVE = "0x" + "0" * 40
DETAILS = {"iban": "DE89370400440532013000", "name": "Rosa Example"}

Asset = Literal["ETH", "USDT"]
#: What each asset is traded in: a price, the amount of a trade, and its decimals.
PRICES = {"ETH": Decimal(2500), "USDT": Decimal("0.98")}
AMOUNTS = {"ETH": Decimal("1.5"), "USDT": Decimal(250)}
DECIMALS = {"ETH": 18, "USDT": 6}
#: The tokens of a new trader, in minor units.
MINTED = 1_000_000 * 10**6


@dataclass
class Stage:
    """The exchange's parts, and the traders on it."""

    node: DevChain
    settings: Settings
    database: Database
    chain: Chain
    app: FastAPI
    relayer: Relayer
    queue: App
    stack: AsyncExitStack
    traders: list[AsyncTrader] = field(default_factory=list)

    async def trader(self, wallet: Wallet | None = None) -> AsyncTrader:
        """A trader with that wallet, signed in; by default a new one with coins and tokens."""
        trader = await self._signed_in(wallet or self.funded())
        self.traders.append(trader)
        return trader

    def funded(self) -> Wallet:
        """A new wallet with coins and tokens."""
        wallet = Wallet.create()
        self.node.rpc("anvil_setBalance", wallet.address, hex(1_000 * 10**18))
        mint = encode(["address", "uint256"], [wallet.address, MINTED])
        self.send(wallet.address, TOKEN, bytes.fromhex("40c10f19") + mint)
        return wallet

    async def _signed_in(self, wallet: Wallet) -> AsyncTrader:
        client = await self.stack.enter_async_context(
            AsyncClient(self.settings.public_url, transport=httpx.ASGITransport(self.app))
        )
        chain = await self.stack.enter_async_context(AsyncChain(self.node.url, poll_s=0.02))
        trader = AsyncTrader(client, chain, wallet)
        await trader.sign_in()
        return trader

    async def arbitrator(self) -> AsyncTrader:
        """The arbitrator whom the settings name, with his role."""
        trader = await self._signed_in(worlds.arbitrator())
        async with self.database.transaction() as tx:
            await identity.grant_role(tx, trader.wallet.address, Role.ARBITRATOR)
        return trader

    def send(self, sender: str, to: str, data: bytes, value: int = 0) -> str:
        """Sends a transaction as `sender`, whoever that is, past all checks of a client."""
        self.node.rpc("anvil_impersonateAccount", sender)
        sent: str = self.node.rpc(
            "eth_sendTransaction",
            {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)},
        )
        return sent

    async def mine(self, blocks: int = 1) -> None:
        """Lets blocks pass and the background take them in."""
        self.node.rpc("anvil_mine", hex(blocks))
        await self.work()

    async def confirm(self) -> None:
        """Lets as many blocks pass as make the newest transaction count, and a settlement too."""
        for _ in range(3):
            await self.mine(self.settings.confirmations)

    async def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock, and makes the new time count."""
        self.node.rpc("evm_increaseTime", seconds)
        await self.mine(self.settings.confirmations + 1)

    async def work(self) -> None:
        """Lets watcher, jobs and relayer do all there is to do at this block."""
        while await follow_once(self.database, self.chain):
            pass
        await self.jobs()
        await self.relayer.round()

    async def jobs(self) -> None:
        """Runs what is queued, and what the clock would start."""
        await self.queue.run_worker_async(
            wait=False, install_signal_handlers=False, worker_middleware=[observed]
        )
        for name in (
            "book.follow_market",
            "alerts.tell",
            "offers.wake",
            "trades.meet_deadlines",
            "deposits.ask",
        ):
            await self.queue.tasks[name](timestamp=0)

    def balance(self, address: str, asset: Asset) -> int:
        """What an address holds, in minor units."""
        if asset == "ETH":
            return int(self.node.rpc("eth_getBalance", address, "latest"), 16)
        data = bytes.fromhex("70a08231") + encode(["address"], [address])
        return int(self.call(TOKEN, data), 16)

    def credit(self, address: str, asset: Asset) -> int:
        """What waits in the contract for an address, in minor units."""
        token = TOKEN if asset == "USDT" else NATIVE
        return int(self.call(CONTRACT, calls.balance_of(token, address)), 16)

    def call(self, to: str, data: bytes) -> str:
        """What a call returns."""
        answer: str = self.node.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
        return answer


@asynccontextmanager
async def open_stage(node: DevChain, settings: Settings) -> AsyncIterator[Stage]:
    """A deployed exchange on `node`, followed to its head."""
    async with AsyncExitStack() as stack:
        chain = DevelopmentNode(node.url)
        stack.push_async_callback(chain.close)
        opened = Database(settings, clock_of(settings), SUBSCRIPTIONS)
        database = await stack.enter_async_context(opened)
        await deploy(database, chain, settings)
        queue = App(connector=PsycopgConnector(conninfo=settings.database_url.get_secret_value()))
        await stack.enter_async_context(queue.open_async())
        tradepost.book.jobs.register(queue, database)
        tradepost.alerts.jobs.register(queue, database)
        tradepost.offers.jobs.register(queue, database)
        tradepost.trades.jobs.register(queue, database)
        tradepost.deposits.jobs.register(queue, database)
        tradepost.insights.jobs.register(queue, database)
        if settings.sandbox:
            tradepost.sandbox.jobs.register(queue, database, chain)
        app = build(settings)
        await stack.enter_async_context(app.router.lifespan_context(app))
        relayer = Relayer(database, chain, settings)
        stage = Stage(node, settings, database, chain, app, relayer, queue, stack)
        await stage.work()
        yield stage


@dataclass
class Trade:
    """A trade in play: who is who, and a step a line."""

    stage: Stage
    id: str
    asset: Asset
    maker: AsyncTrader
    taker: AsyncTrader
    seller: AsyncTrader
    buyer: AsyncTrader
    offer_id: str
    #: What both wallets and the contract held in all before the trade.
    held: int

    @classmethod
    async def open(
        cls,
        stage: Stage,
        *,
        maker_sells: bool = True,
        asset: Asset = "ETH",
        total: Decimal | None = None,
    ) -> "Trade":
        """A maker publishes an offer and a taker takes it."""
        maker, taker = await stage.trader(), await stage.trader()
        seller, buyer = (maker, taker) if maker_sells else (taker, maker)
        held = _held(stage, seller, buyer, asset)
        offer = await maker.publish_offer(
            direction="sell" if maker_sells else "buy",
            asset=asset,
            currency="EUR",
            price=PRICES[asset],
            min_amount=AMOUNTS[asset],
            max_amount=AMOUNTS[asset],
            total_amount=total or AMOUNTS[asset],
            payment_methods=["sepa"],
        )
        taken = await taker.take(offer, method="sepa", amount=AMOUNTS[asset])
        return cls(stage, taken.id, asset, maker, taker, seller, buyer, offer.id, held)

    @property
    def minor(self) -> int:
        """The trade's amount in minor units."""
        return int(AMOUNTS[self.asset] * 10 ** DECIMALS[self.asset])

    async def seen_by(self, trader: AsyncTrader) -> TradeShown:
        """The trade as the API shows it to a trader, verified by his client."""
        return await trader.trade(self.id)

    async def state(self) -> str:
        """Where it stands."""
        return (await self.seller.client.trade(self.id)).state

    async def lock(self) -> None:
        """The seller locks the coins, and the exchange sees them."""
        await self.seller.lock(self.id, wait=False)
        await self.stage.confirm()

    async def pay(self) -> None:
        """The seller hands over his details, the buyer opens them and says that he paid."""
        await self.seller.send_payment_details(self.id, DETAILS)
        assert await self.buyer.open_payment_details(self.id) == DETAILS
        await self.buyer.payment_sent(self.id)

    def conserved(self) -> None:
        """No coin came from nowhere and none is gone; gas aside, which is paid in ETH."""
        now = _held(self.stage, self.seller, self.buyer, self.asset)
        lost = self.held - now
        assert lost == 0 if self.asset == "USDT" else 0 <= lost < 10**17


def _held(stage: Stage, seller: AsyncTrader, buyer: AsyncTrader, asset: Asset) -> int:
    holders = [seller.wallet.address, buyer.wallet.address, CONTRACT]
    return sum(stage.balance(holder, asset) for holder in holders)
