"""A furnished exchange: a small market, a reader who has something of everything, an operator.

It is a whole exchange on a real chain, so that what the page checks of trades holds. Its background
only follows the chain: what is on its way stays on its way, and every look finds the same.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
from eth_account import Account

from tests import market as markets
from tests import stage as parts
from tests import worlds
from tests.browser.stage import OFFERS
from tests.browser.thread import Apart, opened_apart
from tests.browser.vault import sealed
from tests.browser.wire import Wire
from tests.integration.notifications.serving import listening
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import LOOPBACK, receiving, says
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.page import is_built
from tradepost.entrypoints.dev.processes import free_port
from tradepost.escrow.evm.watch import follow_once
from tradepost.identity import service as identity
from tradepost.kernel.access import Role
from tradepost.outward.sending import Sender
from tradepost.trades import service as trades
from tradepost.webhooks.jobs import Deliverer
from tradepost_client import AsyncChain, AsyncClient, AsyncTrader, Wallet
from tradepost_client.models import Offer

PASSPHRASE = "lantern orbit velvet quarry"
_AGENT = ("offers:read", "trades:read", "confirmations:read", "confirmations:ask")
_SEPA = {"account_holder": "Rosa Muster", "iban": "DE02120300000000202051"}
_MAKERS = ("ada", "bruno", "chen-trades", "dalia", "emre", "femi", "greta")
_CONNECTIONS = 200
_PAUSE_S = 1.0
#: A bound for the furnishing, which takes ten seconds where nothing else is going on.
_PATIENCE_S = 120


@dataclass(frozen=True)
class Person:
    """Somebody with a wallet made here, and what his browser keeps: names with texts."""

    trader: AsyncTrader
    kept: dict[str, str]


@dataclass
class Furnished(Apart):
    """The exchange, who is on it, and where to find what they have."""

    inner: parts.Stage
    wire: Wire
    #: The offers of the market; those of the reader by their states.
    offers: list[Offer] = field(default_factory=list)
    own: dict[str, Offer] = field(default_factory=dict)
    #: The reader's trades by his side and where they stand: "buyer-payment_sent".
    trades: dict[str, str] = field(default_factory=dict)
    reader: Person = field(init=False)
    operator: Person = field(init=False)

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def url(self) -> str:
        """Where the page is."""
        return self.inner.settings.public_url

    async def follow(self) -> None:
        """The background, until it is cancelled."""
        while True:
            await asyncio.to_thread(self.inner.node.rpc, "anvil_mine", "0x1")
            while await follow_once(self.inner.database, self.inner.chain):
                pass
            await asyncio.sleep(_PAUSE_S)

    async def person(self, name: str) -> Person:
        """A new account with its wallet in its browser."""
        Account.enable_unaudited_hdwallet_features()
        account, words = Account.create_with_mnemonic()
        wallet = Wallet(bytes(account.key))
        vault, secret = sealed(str(words), wallet.address, name, PASSPHRASE)
        trader = await self._trader(wallet)
        begun = await trader.client.create_account(name, secret)
        await trader.prove_wallet()
        await trader.client.keep_backup(vault)
        session = {
            "account": await trader.client.get("/v1/account"),
            "token": begun.token.token,
            "expiresAt": begun.token.expires_at.isoformat(),
            "wallet": wallet.address,
        }
        kept = {wallet.address.lower(): {"kind": "built-in", "vault": json.loads(vault)}}
        return Person(
            trader,
            {
                "tradepost.session": json.dumps(session),
                "tradepost.wallets": json.dumps(kept),
            },
        )

    async def named(self, name: str) -> AsyncTrader:
        """A new account of somebody else."""
        trader = await self._trader(Wallet.create())
        await trader.client.create_account(name, PASSPHRASE)
        await trader.prove_wallet()
        return trader

    async def _trader(self, wallet: Wallet) -> AsyncTrader:
        """A wallet with coins, before it has an account."""
        stage = self.inner
        stage.node.rpc("anvil_setBalance", wallet.address, hex(5 * 10**18))
        transport = httpx.ASGITransport(stage.app)
        client = AsyncClient(stage.settings.public_url, transport=transport)
        chain = AsyncChain(stage.node.url, poll_s=0.02)
        return AsyncTrader(
            await stage.stack.enter_async_context(client),
            await stage.stack.enter_async_context(chain),
            wallet,
        )


@contextmanager
def furnished(database_url: str) -> Iterator[Furnished]:
    """A furnished exchange over a fresh database. Needs a built page."""
    assert is_built(), "build the page first: run.py page"
    with (
        DevChain() as node,
        opened_apart(lambda: _opened(database_url, node), _PATIENCE_S) as opened,
    ):
        yield opened


@asynccontextmanager
async def _opened(database_url: str, node: DevChain) -> AsyncIterator[Furnished]:
    port = free_port()
    settings = markets.settings(worlds.settings(database_url, node.url)).model_copy(
        update={
            "public_url": f"http://localhost:{port}",
            "price_max_age_s": 86_400,  # the price is said once
            "webhook_networks": LOOPBACK,
        }
    )
    async with (
        parts.open_stage(node, settings) as inner,
        listening(inner.app, _CONNECTIONS) as behind,
        Wire(behind, port) as wire,
    ):
        opened = Furnished(inner, wire)
        await _furnish(opened)
        background = asyncio.create_task(opened.follow())
        try:
            yield opened
        finally:
            background.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await background


async def _furnish(on: Furnished) -> None:
    await markets.Market(on.inner.database).moves("2500")
    makers = [await on.named(name) for name in _MAKERS]
    for maker, said in zip(makers, OFFERS, strict=True):
        on.offers.append(await _offer(maker, **said))
    on.reader = await on.person("rosa")
    on.operator = await on.person("olga")
    async with on.inner.database.transaction() as tx:
        await identity.grant_role(tx, on.operator.trader.wallet.address, Role.OPERATOR)
    async with receiving() as good, receiving(says(503)) as bad:
        await _have_webhooks(on, good.url, bad.url)
        await _have_offers(on)
        await _have_settings(on, makers[1])
        await _Dealing(on, makers[1]).do()
        await _deliver(on)


def _offer(maker: AsyncTrader, **said: Any) -> Any:
    """An offer of this maker's; sums come as they are written."""
    numbers = ("price", "limit_price", "min_amount", "max_amount", "total_amount")
    sums = {name: Decimal(said[name]) for name in numbers if said.get(name) is not None}
    told = {"direction": "sell", "asset": "ETH", "currency": "EUR", **said, **sums}
    return maker.publish_offer(**told)


async def _have_offers(on: Furnished) -> None:
    """The reader's own: live, paused, closed."""
    rosa = on.reader.trader
    said = {
        "margin_bps": 150,
        "min_amount": "0.02",
        "max_amount": "0.8",
        "total_amount": "3",
        "payment_methods": ["sepa_instant"],
        "terms": "From your own account, please.",
    }
    on.own["active"] = await _offer(rosa, **said)
    on.own["paused"] = await _offer(rosa, **{**said, "direction": "buy", "margin_bps": -80})
    await rosa.client.pause_offer(on.own["paused"].id)
    on.own["closed"] = await _offer(rosa, **{**said, "margin_bps": 220})
    await rosa.client.close_offer(on.own["closed"].id)


async def _have_settings(on: Furnished, partner: AsyncTrader) -> None:
    """Payment accounts, a token, a saved search, a partner, and what an agent asks."""
    rosa = on.reader.trader
    await rosa.accounts.add("sepa_instant", _SEPA, label="Household")
    await rosa.accounts.add("sepa", _SEPA)
    await rosa.client.save_search(
        "Cheap coins by Revolut", asset="ETH", payment_methods=["revolut"]
    )
    await rosa.client.trust_partner((await partner.client.account()).id)
    made = await rosa.client.create_token("Shopping agent", _AGENT, 30 * 86_400)
    async with AsyncClient(
        on.inner.settings.public_url, transport=httpx.ASGITransport(on.inner.app)
    ) as agent:
        agent.token = made.token
        offer = on.offers[2]
        opening = {"offer_id": offer.id, "amount": "0.1", "price_limit": str(offer.price),
                   "payment_method": "sepa"}  # fmt: skip
        await agent.ask_confirmation({"step": "open_trade", "opening": opening})


async def _have_webhooks(on: Furnished, good: str, bad: str) -> None:
    client = on.reader.trader.client
    await client.create_webhook(good, events=["trade.*"], description="Bookkeeping")
    await client.create_webhook(bad, description="A machine that is down")


async def _deliver(on: Furnished) -> None:
    """The webhooks get what has happened so far."""
    sender = Sender(on.inner.settings, ToldNames())
    worker = Deliverer(on.inner.database, on.inner.settings, sender)
    for _ in range(3):
        await worker.tick()
        await worker.idle()


class _Dealing:
    """The reader's trades with one partner, one for each place at which a trade can stand."""

    def __init__(self, on: Furnished, partner: AsyncTrader) -> None:
        self.on = on
        self.rosa, self.partner = on.reader.trader, partner
        self._amounts = iter(range(4, 40))

    async def do(self) -> None:
        """All of them; what is to stay on its way comes last."""
        common = {"price": "2480", "min_amount": "0.01", "max_amount": "1", "total_amount": "9",
                  "payment_methods": ["sepa_instant"]}  # fmt: skip
        self.offers = {
            "buyer": await _offer(self.partner, **common),
            "seller": await _offer(self.partner, direction="buy", **common),
        }
        for side in self.offers:
            await self._lock(side)
        for side in self.offers:
            await self._leave(side)
            await self._go_on(side)
        await self.on.inner.confirm()
        for side in self.offers:
            await self._set_out(side)

    async def _leave(self, side: str) -> None:
        """Those whose coins nobody locks; the one that waits for that has its time from now on."""
        await self.rosa.cancel(await self._take(side, "cancelled"))
        await self._expire(await self._take(side, "expired"))
        await self._take(side, "awaiting_escrow")

    async def _lock(self, side: str) -> None:
        for state in ("escrowed", "told", "payment_sent", "disputed", "completed", "refunded",
                      "resolved", "releasing", "refunding", "splitting"):  # fmt: skip
            trade = await self._take(side, state)
            await self._seller(side).lock(trade, wait=False)
        await self.on.inner.confirm()

    async def _go_on(self, side: str) -> None:
        buyer, seller = self._buyer(side), self._seller(side)
        for state in ("told", "payment_sent", "disputed", "completed", "releasing"):
            trade = self.on.trades[f"{side}-{state}"]
            await seller.send_payment_details(trade, _SEPA)
            if state != "told":
                await buyer.payment_sent(trade)
        await seller.release(self.on.trades[f"{side}-completed"])
        await buyer.refund(self.on.trades[f"{side}-refunded"])
        await self._share(f"{side}-resolved")
        await self.rosa.dispute(self.on.trades[f"{side}-disputed"], "other")

    async def _set_out(self, side: str) -> None:
        """Signs what nobody brings to the chain."""
        await self._seller(side).release(self.on.trades[f"{side}-releasing"])
        await self._buyer(side).refund(self.on.trades[f"{side}-refunding"])
        await self._share(f"{side}-splitting")

    async def _share(self, name: str) -> None:
        for trader in (self.rosa, self.partner):
            await trader.settle(self.on.trades[name], Decimal("0.01"))

    async def _take(self, side: str, state: str) -> str:
        amount = Decimal(next(self._amounts)) / 100
        trade = await self.rosa.take(self.offers[side], method="sepa_instant", amount=amount)
        self.on.trades[f"{side}-{state}"] = trade.id
        return trade.id

    async def _expire(self, trade: str) -> None:
        """The clock of the chain is ahead for a moment."""
        ahead = (
            "UPDATE escrow_chains SET head_time = head_time + %s,"
            " confirmed_time = confirmed_time + %s"
        )
        async with self.on.inner.database.transaction() as tx:
            await tx.execute(ahead, [36_001, 36_001])
            await trades.expire(tx, UUID(trade))
            await tx.execute(ahead, [-36_001, -36_001])

    def _buyer(self, side: str) -> AsyncTrader:
        return self.rosa if side == "buyer" else self.partner

    def _seller(self, side: str) -> AsyncTrader:
        return self.partner if side == "buyer" else self.rosa
