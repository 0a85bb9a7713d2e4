"""Looks at an exchange from outside its processes and says in words what is wrong with it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from eth_account import Account

from tradepost.entrypoints import cautions, readiness
from tradepost.entrypoints.sandbox import clock_of
from tradepost.entrypoints.solvency import reserves
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.batches import releases_together, settlements_left
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import DEVELOPMENT_CHAIN, check_chain
from tradepost.escrow.model import ChainNotReady, ChainReplaced, ContractMismatch
from tradepost.kernel import jobs
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.limits.limiter import Limiter
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.settings import Settings
from tradepost.trades import service as trades

LATE: Final = timedelta(minutes=2)
#: Fewer settlements than this are soon used up.
FEW: Final = 50
#: A deadline is looked at every two seconds; a job is started at once.
DEADLINE_LATE_S: Final = 60
JOB_LATE_S: Final = 60
_SKEW_S: Final = 2
#: Miners and sequencers may be a little ahead.
_CHAIN_SKEW_S: Final = 30
BLOCKS_BEHIND: Final = 20
_NO_NODE: Final = "the node of RPC_URL does not answer"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and how it is."""

    subject: str
    good: bool
    words: str


async def examine(settings: Settings) -> list[Finding]:
    """Every part in turn; a part that cannot be looked at is a bad finding, not an error."""
    chain = Chain(settings.rpc_url.get_secret_value())
    try:
        async with Database(settings, clock_of(settings), SUBSCRIPTIONS) as database:
            schema = await _schema(database)
            if not schema.good:
                # The rest would be asked of tables that are not there, or are others.
                return [schema]
            return [
                schema,
                await _contract(database, chain),
                await _watcher(database, chain, settings),
                await _limits(settings),
                await _relayer(database, chain, settings),
                await _deadlines(database),
                await _jobs(database),
                await _money(database, chain, settings),
                await _clock(database, chain),
                await _settings(database, settings),
            ]
    finally:
        await chain.close()


async def _schema(database: Database) -> Finding:
    async with database.transaction() as tx:
        found, present = await readiness.schema(tx), await readiness.revision(tx)
    if found == readiness.OK:
        return Finding("database schema", True, f"at {present}")
    return Finding("database schema", False, f"it is {found}: run `tradepost migrate`")


async def _contract(database: Database, chain: Chain) -> Finding:
    try:
        await check_chain(database, chain)
    except (ContractMismatch, ChainReplaced) as error:
        return Finding("contract", False, str(error))
    except ChainNotReady:
        return Finding("contract", False, f"{_NO_NODE}: is it up, is the address right?")
    return Finding("contract", True, "the node has the recorded contract")


async def _watcher(database: Database, chain: Chain, settings: Settings) -> Finding:
    async with database.transaction() as tx:
        found = await readiness.chain(tx, settings)
        if found != readiness.OK:
            words = f"the chain is {found}: does `tradepost watch` run, does its node get blocks?"
            return Finding("watcher", False, words)
        number = (await escrows.chain(tx)).head_number
    try:
        behind = (await chain.head()).number - number
    except ChainNotReady:
        return Finding("watcher", True, f"at block {number}; {_NO_NODE} now")
    if behind > BLOCKS_BEHIND:
        words = f"at block {number}, {behind} behind the node: wait, or look at `tradepost watch`"
        return Finding("watcher", False, words)
    return Finding("watcher", True, f"at block {number}")


async def _relayer(database: Database, chain: Chain, settings: Settings) -> Finding:
    address = Account.from_key(settings.relayer_key.get_secret_value()).address
    async with database.transaction() as tx:
        late = await escrows.count_late(tx, LATE)
    if late:
        return Finding(
            "relayer", False, f"{late} settlements wait for longer than {LATE}: look at the worker"
        )
    try:
        balance = await chain.balance(address)
        max_fee, _ = await chain.fees()
    except ChainNotReady:
        return Finding("relayer", False, _NO_NODE)
    left = settlements_left(balance, max_fee)
    words = f"{address} has {balance / 10**18:.4f} coins for gas, for about {left:,} settlements"
    if left < FEW:
        return Finding("relayer", False, f"{words}: send it coins")
    together = releases_together(balance, max_fee, settings.relay_count)
    if together < settings.relay_count:
        words += f", of which {together} of {settings.relay_count} go together at present"
    return Finding("relayer", True, words)


async def _limits(settings: Settings) -> Finding:
    async with Limiter(settings) as limiter:
        return Finding("limits", await limiter.check(), limiter.words())


async def _deadlines(database: Database) -> Finding:
    async with database.transaction() as tx:
        try:
            late_s = await trades.lateness(tx)
        except ChainNotReady:
            return Finding("deadlines", False, "unknown without the chain: see the watcher")
    if late_s > DEADLINE_LATE_S:
        words = f"one is unmet for {late_s:.0f} s: does `tradepost worker` run?"
        return Finding("deadlines", False, words)
    return Finding("deadlines", True, "none is late")


async def _jobs(database: Database) -> Finding:
    async with database.reading() as reading:
        queue = await jobs.queue(reading.connection)
    if queue.oldest_s > JOB_LATE_S:
        words = (
            f"{queue.waiting} wait, one for {queue.oldest_s:.0f} s: does `tradepost worker` run?"
        )
        return Finding("jobs", False, words)
    if queue.failed:
        words = f"{queue.failed} failed for good: their errors stand in the log of the worker"
        return Finding("jobs", False, words)
    return Finding("jobs", True, f"{queue.waiting} wait")


async def _money(database: Database, chain: Chain, settings: Settings) -> Finding:
    try:
        found = await reserves(database, chain, settings)
    except ChainNotReady:
        return Finding("coins", False, "unknown without the chain's state at the followed block")
    missing = [
        f"{Amount(Asset(one.asset, one.decimals), one.missing)} {one.asset}"
        for one in found
        if one.missing
    ]
    if missing:
        words = f"the contract lacks {', '.join(missing)}: stop trading, and look at"
        return Finding("coins", False, f"{words} `tradepost rebuild-escrows --dry-run`")
    return Finding("coins", True, "the contract holds what it owes")


async def _clock(database: Database, chain: Chain) -> Finding:
    async with database.transaction() as tx:
        before = system_clock()
        row = await tx.one("SELECT clock_timestamp() AS now")
        after = system_clock()
    assert row is not None, "a query without a table has a row"
    # Its moment lies between the two: what is outside of them is surely skew.
    skew_s = max((before - row["now"]).total_seconds(), (row["now"] - after).total_seconds())
    if skew_s > _SKEW_S:
        words = f"it is {skew_s:.1f} s off the database's: have both machines keep time (NTP)"
        return Finding("clock", False, words)
    try:
        head = await chain.head()
    except ChainNotReady:
        return Finding("clock", True, f"as the database's; {_NO_NODE}")
    ahead_s = head.time - after.timestamp()
    if ahead_s > _CHAIN_SKEW_S and not await _is_development(database):
        words = f"the newest block is from {ahead_s:.0f} s ahead: set this machine's clock (NTP)"
        return Finding("clock", False, words)
    return Finding("clock", True, "as the database's and the chain's")


async def _settings(database: Database, settings: Settings) -> Finding:
    found = cautions.of(settings, development=await _is_development(database))
    return Finding("settings", not found, " ".join(found) or "none is known to be dangerous")


async def _is_development(database: Database) -> bool:
    """Whether no coins are at stake; before the chain is known, they may be."""
    async with database.transaction() as tx:
        try:
            return await escrows.chain_id(tx) == DEVELOPMENT_CHAIN
        except ChainNotReady:
            return False
