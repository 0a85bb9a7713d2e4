"""Looks at an exchange from outside its processes and says in words what is wrong with it."""

from dataclasses import dataclass
from datetime import timedelta

from alembic.script import ScriptDirectory
from eth_account import Account

from tradepost.entrypoints.migrate import alembic_config
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.batches import releases_together
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.deploy import check_chain
from tradepost.escrow.model import ChainNotReady, ChainReplaced, ContractMismatch
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.limits.limiter import Limiter
from tradepost.kernel.settings import Settings

#: Enough for some hundred settlements at a moderate fee.
_LOW_BALANCE_WEI = 10**16
_LATE = timedelta(minutes=2)


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
        async with Database(settings, system_clock, SUBSCRIPTIONS) as database:
            return [
                await _schema(database),
                await _contract(database, chain),
                await _watcher(database),
                await _limits(settings),
                await _relayer(database, chain, settings),
            ]
    finally:
        await chain.close()


async def _schema(database: Database) -> Finding:
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    async with database.transaction() as tx:
        row = await tx.one("SELECT to_regclass('alembic_version') IS NOT NULL AS known")
        assert row is not None
        found = await tx.one("SELECT version_num FROM alembic_version") if row["known"] else None
    present = found and found["version_num"]
    if present == newest:
        return Finding("database schema", True, f"at {newest}")
    return Finding("database schema", False, f"at {present}, not {newest}: `tradepost migrate`")


async def _contract(database: Database, chain: Chain) -> Finding:
    try:
        await check_chain(database, chain)
    except (ContractMismatch, ChainReplaced) as error:
        return Finding("contract", False, str(error))
    except ChainNotReady:
        return Finding("contract", False, "the node of RPC_URL does not answer")
    return Finding("contract", True, "the node has the recorded contract")


async def _watcher(database: Database) -> Finding:
    async with database.transaction() as tx:
        try:
            view = await escrows.recent_chain(tx)
        except ChainNotReady:
            return Finding(
                "watcher", False, "the chain is not followed: does `tradepost watch` run?"
            )
    return Finding("watcher", True, f"at block {view.head_number}")


async def _relayer(database: Database, chain: Chain, settings: Settings) -> Finding:
    address = Account.from_key(settings.relayer_key.get_secret_value()).address
    async with database.transaction() as tx:
        late = await escrows.count_late(tx, _LATE)
    if late:
        return Finding(
            "relayer", False, f"{late} settlements wait for longer than {_LATE}: look at the worker"
        )
    try:
        balance = await chain.balance(address)
        max_fee, _ = await chain.fees()
    except ChainNotReady:
        return Finding("relayer", False, "the node of RPC_URL does not answer")
    if balance < _LOW_BALANCE_WEI:
        return Finding("relayer", False, f"{address} has {balance} wei left: send it coins for gas")
    words = f"{address} has {balance / 10**18:.4f} coins for gas"
    together = releases_together(balance, max_fee, settings.relay_count)
    if together < settings.relay_count:
        words += f", with which {together} of {settings.relay_count} go together at present"
    return Finding("relayer", True, words)


async def _limits(settings: Settings) -> Finding:
    async with Limiter(settings) as limiter:
        return Finding("limits", await limiter.check(), limiter.words())
