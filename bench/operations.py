"""Every operation of the API while others are at work: how long half, 95 and 99 of 100 take.

Some lanes at once, each with a seller, a buyer and a listener of its own, on an exchange with all
its parts: they read, keep house and trade, each trade to another end. Every operation of the
document is asked for; an answer that no client expects ends the measurement.
"""

import asyncio
import hashlib
import json
import os
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from bench import world
from tradepost.entrypoints.dev.chain import rpc
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.exchange import Exchange
from tradepost.entrypoints.dev.processes import free_port
from tradepost_client import AsyncChain, AsyncClient, AsyncOwner, AsyncTrader, Wallet
from tradepost_client.errors import ProblemError
from tradepost_client.models import Offer, Trade
from tradepost_client.webhooks import Webhook

LANES = 6
ROUNDS = 4
#: How often a round reads each thing.
READS = 5
CONFIRMATIONS = 1
_PATIENCE_S = 60.0
_POLL_S = 0.1
_AMOUNT = Decimal("0.1")
_WEI = 10**17
_PASSPHRASE = "a passphrase of a measurement"  # noqa: S105 - it guards nothing
#: Keys of a device, from the example of RFC 8291.
_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
_DETAILS = {"account_holder": "R. Seller", "iban": "DE89370400440532013000"}
_VAULT = json.dumps({"form": 1, "sealed": "A" * 400})
#: A trader's page in one query: what he deals in, each with its steps and its offer, and the book.
_QUERY = """{ trades { data { id state amount history { at event } offer { id price } } }
    offers(direction: sell, asset: "ETH", currency: "EUR") { data { id price maker { name } } } }"""
_DIGEST = hashlib.sha256(_QUERY.encode()).hexdigest()
_KNOWN = {"persistedQuery": {"version": 1, "sha256Hash": _DIGEST}}
#: A pair of a fresh exchange may have no price yet.
_TOLD_AS_WELL = {"get_price": {404}, "price_history": {404}}
#: What is not timed: one that never ends, and those that only a sandbox has.
_LEFT_OUT = {
    "exchange_health",  # by an operator, now and then
    "follow_stream",
    "draw_from_faucet",
    "sandbox_clock",
    "move_sandbox_clock",
}


def run(*, as_json: bool) -> dict[str, float]:
    """Starts an exchange of its own, works on it, and tells; prints a table unless `as_json`."""
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            **world.unlimited(),
            "TRADEPOST_DATA_DIR": folder,
            # Its traders would take what is meant for the lanes.
            "TRADEPOST_SANDBOX": "0",
            "TRADEPOST_PORT": str(free_port()),
            "TRADEPOST_CONFIRMATIONS": str(CONFIRMATIONS),
        }
        for name in ("DATABASE_URL", "RPC_URL"):
            environment.pop(name, None)
        with Exchange(environment, Console(sys.stderr, quiet=True)).running() as (_, instance):
            node = instance.environment["RPC_URL"]
            began = time.perf_counter()
            asyncio.run(_work(instance.url, node, seen))
            seconds = time.perf_counter() - began
    rows = seen.rows()
    if not as_json:
        asked = sum(len(each) for each in seen.latencies_ms.values())
        print(f"{LANES} lanes, {asked} requests in {seconds:.0f} s, {seen.told} events heard")
        print(f"{'':<28}{'asked':>8}{'p50':>10}{'p95':>10}{'p99':>10}")
        for name, row in rows.items():
            print(f"{name:<28}{row.asked:>8}{row.p50:>10.1f}{row.p95:>10.1f}{row.p99:>10.1f} ms")
    return {
        f"{name}_{figure}": value for name, row in rows.items() for figure, value in row.figures()
    }


@dataclass(frozen=True, slots=True)
class Row:
    """How often an operation was asked for, and how long it took (milliseconds)."""

    asked: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, latencies_ms: list[float]) -> "Row":
        """From all its latencies."""
        cuts = statistics.quantiles(latencies_ms, n=100, method="inclusive")
        return cls(len(latencies_ms), cuts[49], cuts[94], cuts[98])

    def figures(self) -> tuple[tuple[str, float], ...]:
        """What the JSON has of it."""
        times = (("p50_ms", self.p50), ("p95_ms", self.p95), ("p99_ms", self.p99))
        return (("asked", self.asked), *((name, round(value, 2)) for name, value in times))


@dataclass(slots=True)
class Seen:
    """All latencies by operation, and how many events the listeners were told."""

    latencies_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    told: int = 0

    def rows(self) -> dict[str, Row]:
        """By operation, in the order of the document.

        Raises:
            RuntimeError: One was not asked for.
        """
        names = [name for _, _, name in _OPERATIONS if name not in _LEFT_OUT]
        if missing := [name for name in names if len(self.latencies_ms[name]) < 2]:
            raise RuntimeError(f"Hardly asked for: {', '.join(missing)}.")
        return {name: Row.of(self.latencies_ms[name]) for name in names}


def _operations() -> list[tuple[str, re.Pattern[str], str]]:
    document = json.loads((CLONE / "docs" / "openapi.json").read_text())
    return [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation["operationId"])
        for path, methods in document["paths"].items()
        # A path without a variable wins over one with.
        for method, operation in methods.items()
    ]


_OPERATIONS = _operations()


class _Timed(httpx.AsyncHTTPTransport):
    """Notes how long each answer took, up to its head."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self._seen = seen

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer.

        Raises:
            RuntimeError: It is one that no client expects.
        """
        began = time.perf_counter()
        response = await super().handle_async_request(request)
        took = (time.perf_counter() - began) * 1_000
        name = min(
            (
                (pattern.pattern.count("["), name)
                for method, pattern, name in _OPERATIONS
                if method == request.method and pattern.fullmatch(request.url.path)
            )
        )[1]
        if response.status_code >= 400 and response.status_code not in _TOLD_AS_WELL.get(name, ()):
            raise RuntimeError(f"{name}: {response.status_code} {await response.aread()!r}")
        self._seen.latencies_ms[name].append(took)
        return response


# --- the work ---------------------------------------------------------------------------------


async def _work(url: str, node: str, seen: Seen) -> None:
    async with asyncio.timeout(600), _receiver() as hook, AsyncChain(node, poll_s=_POLL_S) as chain:
        lanes = [_Lane(url, node, chain, hook, seen) for _ in range(LANES)]
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(lane.run())


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    """The address of one who takes every webhook."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", head.lower())
            await reader.readexactly(int(found[1]) if found else 0)
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


class _Lane:
    """A seller and a buyer who deal with each other, and hear of it."""

    def __init__(self, url: str, node: str, chain: AsyncChain, hook: str, seen: Seen) -> None:
        self._url = url
        self._node = node
        self._chain = chain
        self._hook = hook
        self._seen = seen

    def _client(self) -> AsyncClient:
        return AsyncClient(self._url, transport=_Timed(self._seen))

    def _funded(self) -> Wallet:
        wallet = Wallet.create()
        rpc(self._node, "anvil_setBalance", wallet.address, hex(100 * 10**18))
        return wallet

    async def run(self) -> None:
        """All rounds."""
        async with self._client() as sells, self._client() as buys:
            seller = AsyncTrader(sells, self._chain, self._funded())
            buyer = AsyncTrader(buys, self._chain, self._funded())
            await seller.sign_in()
            await buyer.sign_in()
            listening = asyncio.create_task(self._listen(buys))
            ends = (self._released, self._refunded, self._settled, self._left)
            for at in range(ROUNDS):
                await self._visit()
                offer = await self._offer(seller)
                await self._read(sells, offer)
                await self._keep_house(seller, buyer)
                await ends[at % len(ends)](seller, buyer, offer)
                await self._look_back(sells)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await buys.sign_out()

    async def _listen(self, client: AsyncClient) -> None:
        async for _ in client.stream(["trades", "notifications", "offers:ETH-EUR"]):
            self._seen.told += 1

    async def _visit(self) -> None:
        """Somebody new, with a name, who goes again."""
        async with self._client() as client:
            name = f"visitor-{secrets.token_hex(6)}"
            await client.create_account(name, _PASSPHRASE)
            await client.sign_in_by_name(name, _PASSPHRASE)
            await client.sign_out()

    async def _offer(self, seller: AsyncTrader) -> Offer:
        offer = await seller.publish_offer(
            direction="sell",
            asset="ETH",
            currency="EUR",
            price=Decimal(2500),
            min_amount=_AMOUNT,
            max_amount=_AMOUNT,
            total_amount=_AMOUNT,
            payment_methods=["sepa"],
        )
        await seller.client.pause_offer(offer.id)
        await seller.client.resume_offer(offer.id)
        return await seller.edit_offer(offer.id, {"terms": "From your own account only."})

    async def _read(self, client: AsyncClient, offer: Offer) -> None:
        """What a trader looks at, over and over."""
        pair = ("ETH", "EUR")
        problem, method = "price-moved", "sepa"
        reads: tuple[Callable[[], Awaitable[Any] | AsyncIterator[Any]], ...] = (
            client.is_alive,
            client.is_ready,
            client.time,
            client.exchange,
            client.problems,
            lambda: client.problem(problem),
            client.payment_methods,
            client.payment_registry,
            lambda: client.payment_method(method),
            lambda: client.search(direction="sell", asset="ETH", currency="EUR"),
            lambda: client.facets(direction="sell", asset="ETH", currency="EUR"),
            lambda: client.offer(offer.id),
            lambda: client.quote_offer(offer.id, amount=_AMOUNT),
            client.my_offers,
            client.prices,
            lambda: client.price(*pair),
            lambda: client.price_history(*pair),
            client.markets,
            lambda: client.market(*pair),
            lambda: client.depth(*pair),
            lambda: client.method_markets(*pair),
            lambda: client.past_trades(*pair),
            lambda: client.candles(*pair, "1h"),
            lambda: client.call_node("eth_blockNumber"),
            client.account,
            client.events,
            client.trades,
            client.offers_for_partner,
            # The one process knows a query by its digest once it was sent along with it.
            lambda: client.send("POST", "/v1/graphql", {"query": _QUERY, "extensions": _KNOWN}),
            lambda: client.get("/v1/graphql", {"extensions": json.dumps(_KNOWN)}),
        )
        for _ in range(READS):
            for read in reads:
                await _all_of(read())

    async def _keep_house(self, seller: AsyncTrader, buyer: AsyncTrader) -> None:
        """Tokens, partners, searches, payment accounts, tickets, webhooks: made, seen, gone."""
        client = seller.client
        token = await client.create_token("bot", ["offers:read"], 3600)
        await client.tokens()
        await client.revoke_token(token.id)
        backup = await client.keep_backup(_VAULT)
        backup = await client.keep_backup(_VAULT, backup.version)
        await client.delete_backup((await client.backup()).version)
        partner = (await buyer.client.account()).id
        await client.trust_partner(partner)
        await client.partners()
        await client.distrust_partner(partner)
        search = await client.save_search("cheap", direction="sell", asset="ETH", currency="EUR")
        await client.saved_searches()
        await client.forget_search(search.id)
        account = await seller.accounts.add("sepa", _DETAILS)
        await seller.accounts.list()
        account = await seller.accounts.get(account.id)
        account = await seller.accounts.replace(account, _DETAILS)
        await seller.accounts.remove(account)
        await client.create_stream_ticket()
        second = self._funded()
        await AsyncTrader(client, self._chain, second).prove_wallet()
        await self._hooks(client)
        await self._devices(client)

    async def _hooks(self, client: AsyncClient) -> None:
        hook: Webhook = await client.create_webhook(self._hook, events=["trade.*"])
        await client.webhooks()
        await client.rotate_webhook_secret(hook.id)
        hook = await client.edit_webhook(
            hook.id, (await client.webhook(hook.id)).version, description="mine"
        )
        sent = await client.test_webhook(hook.id)
        async with asyncio.timeout(_PATIENCE_S):
            while (await client.delivery(hook.id, sent.id)).state != "delivered":  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
        await client.replay_delivery(hook.id, sent.id)
        await _all_of(client.deliveries(hook.id))
        await client.forget_webhook(hook.id)

    async def _devices(self, client: AsyncClient) -> None:
        """A device of nobody's: nothing is sent there in the moment that it is known."""
        await client.push_key()
        device = await client.subscribe_to_push(
            f"https://93.184.215.14/push/{secrets.token_hex(8)}", _POINT, _AUTH, label="phone"
        )
        await client.push_subscriptions()
        await client.end_push_subscription(device.id)

    async def _look_back(self, client: AsyncClient) -> None:
        """What a trader reads of what is over."""
        async for trade in client.trades():
            await client.history(trade.id)
            break
        await _all_of(client.export_trades("ndjson"))

    # --- the ends of a trade ----------------------------------------------------------------

    async def _taken(self, buyer: AsyncTrader, offer: Offer) -> Trade:
        return await buyer.take(offer, method="sepa", amount=_AMOUNT)

    async def _locked(
        self, seller: AsyncTrader, buyer: AsyncTrader, offer: Offer, *, relayed: bool = False
    ) -> str:
        trade = await self._taken(buyer, offer)
        await seller.lock(trade.id, wait=False, relayed=relayed)
        await seller.send_payment_details(trade.id, _DETAILS)
        await seller.until(trade.id, {"escrowed"}, interval_s=_POLL_S)
        await buyer.open_payment_details(trade.id)
        await buyer.client.instructions(trade.id)
        return trade.id

    async def _released(self, seller: AsyncTrader, buyer: AsyncTrader, offer: Offer) -> None:
        exchange = await seller.client.exchange()
        await seller.escrow.deposit(exchange, exchange.asset("ETH"), _WEI)
        trade = await self._locked(seller, buyer, offer, relayed=True)
        await buyer.payment_sent(trade)
        await seller.release(trade)
        await buyer.until(trade, {"completed"}, interval_s=_POLL_S)

    async def _refunded(self, seller: AsyncTrader, buyer: AsyncTrader, offer: Offer) -> None:
        trade = await self._locked(seller, buyer, offer)
        await buyer.refund(trade)
        await seller.until(trade, {"refunded"}, interval_s=_POLL_S)

    async def _settled(self, seller: AsyncTrader, buyer: AsyncTrader, offer: Offer) -> None:
        trade = await self._locked(seller, buyer, offer)
        await self._confirmed(buyer, {"step": "payment_sent", "trade_id": trade})
        await buyer.dispute(trade, "paid_not_released")
        half = _AMOUNT / 2
        await seller.settle(trade, half)
        await buyer.settle(trade, half)
        await buyer.until(trade, {"resolved"}, interval_s=_POLL_S)

    async def _confirmed(self, owner: AsyncTrader, asked: Mapping[str, str]) -> None:
        """What an agent asks is refused once; asked for again, it is confirmed."""
        client = owner.client
        await client.refuse_confirmation((await client.ask_confirmation(asked)).id)
        again = await client.ask_confirmation(asked)
        await _all_of(client.confirmations())
        await AsyncOwner(owner).confirm(await client.confirmation(again.id))

    async def _left(self, seller: AsyncTrader, buyer: AsyncTrader, offer: Offer) -> None:
        """The buyer leaves before anything is locked; the seller takes the offer back."""
        trade = await self._taken(buyer, offer)
        await buyer.cancel(trade.id)
        await seller.client.close_offer(offer.id)


async def _all_of(asked: Awaitable[Any] | AsyncIterator[Any]) -> None:
    """Waits for an answer, or reads a list to its end."""
    with suppress(ProblemError):
        if isinstance(asked, AsyncIterator):
            async for _ in asked:
                pass
        else:
            await asked
