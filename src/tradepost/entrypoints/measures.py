"""What the worker measures of the whole exchange, for Prometheus: queue, deadlines, money, chain.

It is read every few seconds whoever asks, so that no scrape costs a query. Each number comes from
its room's service. What cannot be told now is not shown as it was: it is gone until it can.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from math import nan
from typing import Final, NoReturn

from eth_account import Account
from prometheus_client import Counter, Gauge
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from tradepost.entrypoints.solvency import reserves
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel import jobs
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.metrics import REGISTRY
from tradepost.kernel.settings import Settings
from tradepost.prices import service as prices
from tradepost.trades import service as trades

logger = logging.getLogger(__name__)

_EVERY_S: Final = 10
_ETHER: Final = 10**18
_ALONE: Final[set[Gauge]] = set()


def _gauge(name: str, about: str, *labels: str) -> Gauge:
    gauge = Gauge(f"tradepost_{name}", about, labels, registry=REGISTRY)
    if not labels:
        _ALONE.add(gauge)
    _forget(gauge)
    return gauge


def _forget(gauge: Gauge) -> None:
    """Leaves it without a value. One without labels cannot be left out, so it is not a number."""
    if gauge in _ALONE:
        gauge.set(nan)
    else:
        gauge.clear()


MEASURED = _gauge("measured_timestamp_seconds", "When a part was last measured (unix).", "part")
FAILURES = Counter(
    "tradepost_measure_failures",
    "Measurings that failed, by part.",
    ["part"],
    registry=REGISTRY,
)
JOBS_WAITING = _gauge("jobs_waiting", "Jobs that could run now, and do not yet.")
JOBS_OLDEST = _gauge("jobs_oldest_seconds", "For how long the oldest of them could.")
JOBS_RUNNING = _gauge("jobs_running", "Jobs that run, of all workers.")
JOBS_FAILED = _gauge("jobs_failed", "Jobs that failed for good and are kept.")
LATE = _gauge("deadline_late_seconds", "How long the oldest deadline of a trade is unmet; 0: none.")
DISPUTED = _gauge("trades_disputed", "Trades that wait for a ruling.")
INTENTS = _gauge("intents", "What is to be brought to the chain now, by state.", "state")
INTENTS_OLDEST = _gauge("intents_oldest_seconds", "For how long the oldest of it is there.")
HEAD_BLOCK = _gauge("chain_head_block", "The newest block that the database knows.")
HEAD_AGE = _gauge("chain_head_age_seconds", "The age of that block, its time by our clock.")
BEHIND = _gauge("chain_blocks_behind", "How many blocks the node has beyond it.")
BALANCE = _gauge("relayer_balance_ether", "What the relayer's account has for gas.")
NONCE_GAP = _gauge("relayer_nonce_gap", "Signed transactions that no block has yet.")
PRICE_AGE = _gauge("price_age_seconds", "The age of a pair's index.", "base", "quote")
OWED = _gauge("escrow_owed", "What the contract has to hold at least, in coins.", "asset")
HELD = _gauge("escrow_held", "What the contract holds, at the same block.", "asset")
MISSING = _gauge("escrow_missing", "How much of what it has to hold it does not.", "asset")

Part = Callable[[], Awaitable[None]]


class Measures:
    """Reads all parts once each time that it is asked."""

    def __init__(self, database: Database, chain: Chain, settings: Settings) -> None:
        self._database = database
        self._chain = chain
        self._settings = settings
        self._relayer = Account.from_key(settings.relayer_key.get_secret_value()).address
        self._parts: dict[str, tuple[Part, tuple[Gauge, ...]]] = {
            "jobs": (self._jobs, (JOBS_WAITING, JOBS_OLDEST, JOBS_RUNNING, JOBS_FAILED)),
            "trades": (self._trades, (LATE, DISPUTED)),
            "intents": (self._intents, (INTENTS, INTENTS_OLDEST)),
            "chain": (self._follow, (HEAD_BLOCK, HEAD_AGE)),
            "node": (self._node, (BEHIND,)),
            "relayer": (self._relay, (BALANCE, NONCE_GAP)),
            "prices": (self._prices, (PRICE_AGE,)),
            "escrow": (self._escrow, (OWED, HELD, MISSING)),
        }

    async def read(self) -> None:
        """Measures every part; one that fails takes no other with it."""
        for name, (part, gauges) in self._parts.items():
            try:
                async with asyncio.timeout(_EVERY_S):
                    await part()
            except (ChainNotReady, OperationalError, PoolTimeout, TimeoutError) as error:
                FAILURES.labels(name).inc()
                logger.debug("%s is not measured: %s", name, type(error).__name__)
                for gauge in gauges:
                    _forget(gauge)
            else:
                MEASURED.labels(name).set(system_clock().timestamp())

    async def _jobs(self) -> None:
        async with self._database.reading() as reading:
            queue = await jobs.queue(reading.connection)
        JOBS_WAITING.set(queue.waiting)
        JOBS_OLDEST.set(queue.oldest_s)
        JOBS_RUNNING.set(queue.running)
        JOBS_FAILED.set(queue.failed)

    async def _trades(self) -> None:
        async with self._database.transaction() as tx:
            DISPUTED.set(await trades.disputed(tx))
            LATE.set(await trades.lateness(tx))

    async def _intents(self) -> None:
        async with self._database.transaction() as tx:
            outlook = await escrows.outlook(tx)
        INTENTS.labels("waiting").set(outlook.waiting)
        INTENTS.labels("sent").set(outlook.sent)
        INTENTS_OLDEST.set(outlook.oldest_s)

    async def _follow(self) -> None:
        async with self._database.transaction() as tx:
            view = await escrows.chain(tx)
        HEAD_BLOCK.set(view.head_number)
        HEAD_AGE.set(max(0.0, tx.now.timestamp() - view.head_time))

    async def _node(self) -> None:
        async with self._database.transaction() as tx:
            view = await escrows.chain(tx)
        BEHIND.set(max(0, (await self._chain.head()).number - view.head_number))

    async def _relay(self) -> None:
        BALANCE.set(await self._chain.balance(self._relayer) / _ETHER)
        async with self._database.transaction() as tx:
            following = await escrows.next_nonce(tx, self._relayer)
        used = await self._chain.nonce(self._relayer)
        NONCE_GAP.set(max(0, (used if following is None else following) - used))

    async def _prices(self) -> None:
        async with self._database.transaction() as tx:
            ages = await prices.ages(tx)
        PRICE_AGE.clear()
        for base, quote, age_s in ages:
            if age_s is not None:
                PRICE_AGE.labels(base, quote).set(age_s)

    async def _escrow(self) -> None:
        for reserve in await reserves(self._database, self._chain, self._settings):
            unit = 10**reserve.decimals
            OWED.labels(reserve.asset).set(reserve.owed / unit)
            HELD.labels(reserve.asset).set(reserve.held / unit)
            # The difference is taken between integers: what is shown is no sum of roundings.
            MISSING.labels(reserve.asset).set(reserve.missing / unit)


async def keep_measuring(database: Database, chain: Chain, settings: Settings) -> NoReturn:
    """Measures again and again, until it is cancelled."""
    measures = Measures(database, chain, settings)
    while True:
        await measures.read()
        await asyncio.sleep(_EVERY_S)
