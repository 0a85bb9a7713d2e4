"""A whole trade through everything, against the bare chain calls that it cannot do without.

The floor locks and releases by hand and waits for the same confirmations; the trade adds sign-in,
offer, taking, sealed details, the buyer's word, the watcher, the jobs and the relayer. Both run
at once in as many lanes, one after the other on the same development chain.
"""

import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

from bench.figures import HEADER, Rate
from tradepost.entrypoints.dev.chain import rpc
from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.exchange import Exchange
from tradepost.entrypoints.dev.processes import free_port
from tradepost_client import AsyncChain, AsyncClient, AsyncTrader, Wallet
from tradepost_contracts import artifacts, calls
from tradepost_contracts import deploy as contracts
from tradepost_contracts.terms import ZERO_ADDRESS, Terms

LANES = 8
EACH = 3
CONFIRMATIONS = 2
_AMOUNT = Decimal("0.1")
_WEI = 10**17
_CONTRACT = contracts.address(artifacts.ESCROW)


def run(*, as_json: bool) -> dict[str, float]:
    """Starts an exchange of its own and measures both; prints a table unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "TRADEPOST_DATA_DIR": folder,
            "TRADEPOST_PORT": str(free_port()),
            "TRADEPOST_CONFIRMATIONS": str(CONFIRMATIONS),
            "TRADEPOST_SANDBOX": "0",
        }
        for name in ("DATABASE_URL", "RPC_URL"):
            environment.pop(name, None)
        with Exchange(environment, Console(sys.stderr, quiet=True)).running() as (_, instance):
            node = instance.environment["RPC_URL"]
            floor = asyncio.run(_measure("bare chain calls", lambda: _bare_lane(node)))
            trade = asyncio.run(_measure("whole trade", lambda: _trade_lane(instance.url, node)))
    ratio = floor.p50_ms / trade.p50_ms
    if not as_json:
        print(f"{LANES} lanes, {EACH} each, {CONFIRMATIONS} confirmations\n{HEADER}")
        print(f"{floor.row()}\n{trade.row()}\n{'ratio of the medians':<44}{ratio:>10.2f}")
    return {
        "trade_vs_chain": round(ratio, 3),
        "trade_p50_ms": round(trade.p50_ms, 1),
        "trade_p99_ms": round(trade.p99_ms, 1),
        "chain_p50_ms": round(floor.p50_ms, 1),
        "chain_p99_ms": round(floor.p99_ms, 1),
    }


Lane = Callable[[], Awaitable[list[float]]]


async def _measure(name: str, lane: Lane) -> Rate:
    began = time.perf_counter()
    lanes = await asyncio.gather(*(lane() for _ in range(LANES)))
    seconds = time.perf_counter() - began
    return Rate.of(name, [latency for latencies in lanes for latency in latencies], seconds)


def _funded(node: str) -> Wallet:
    wallet = Wallet.create()
    rpc(node, "anvil_setBalance", wallet.address, hex(100 * 10**18))
    return wallet


async def _bare_lane(node: str) -> list[float]:
    latencies = []
    async with AsyncChain(node, poll_s=0.1) as chain:
        seller = _funded(node)
        for _ in range(EACH):
            terms = Terms(
                seller=seller.address,
                buyer=Wallet.create().address,
                arbitrator=Wallet.create().address,
                token=ZERO_ADDRESS,
                amount=_WEI,
                fee=0,
                fee_recipient=ZERO_ADDRESS,
                fund_by=(await chain.head()).time + 3_600,
                payment_window=3_600,
                challenge_window=3_600,
                lane=secrets.randbits(48),
            )
            began = time.perf_counter()
            for step, data, value in (
                ("lock", calls.lock(terms), _WEI),
                ("release", calls.release(terms), 0),
            ):
                sent = await chain.transact(seller, _CONTRACT, data, value)
                await chain.wait(sent, step=step, confirmations=CONFIRMATIONS)
            latencies.append(time.perf_counter() - began)
    return latencies


async def _trade_lane(url: str, node: str) -> list[float]:
    latencies = []
    async with (
        AsyncClient(url) as sellers,
        AsyncClient(url) as buyers,
        AsyncChain(node, poll_s=0.1) as chain,
    ):
        seller = AsyncTrader(sellers, chain, _funded(node))
        buyer = AsyncTrader(buyers, chain, _funded(node))
        for _ in range(EACH):
            began = time.perf_counter()
            await _trade(seller, buyer)
            latencies.append(time.perf_counter() - began)
    return latencies


async def _trade(seller: AsyncTrader, buyer: AsyncTrader) -> None:
    await seller.sign_in()
    await buyer.sign_in()
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
    trade = await buyer.take(offer, method="sepa", amount=_AMOUNT)
    await seller.lock(trade.id, wait=False)
    await seller.send_payment_details(trade.id, {"iban": "DE89370400440532013000"})
    await seller.until(trade.id, {"escrowed"}, interval_s=0.1)
    await buyer.open_payment_details(trade.id)
    await buyer.payment_sent(trade.id)
    await seller.release(trade.id)
    await buyer.until(trade.id, {"completed"}, interval_s=0.1)
