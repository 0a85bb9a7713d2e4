"""The operator's route: the doctor's readings, judged as he judges them.

It says of each part whether it is well and by which figures; what to do about it is for the page,
in the operator's language, and for `tradepost doctor`, which looks at a few things more.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final

from eth_account import Account
from fastapi import APIRouter, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.security.utils import get_authorization_scheme_param

from tradepost import __version__
from tradepost.entrypoints import readiness
from tradepost.entrypoints.admin.bodies import (
    ChainHealth,
    ExchangeHealth,
    JobsHealth,
    LimitsHealth,
    PricesHealth,
    RelayerHealth,
    ReserveHealth,
    ReservesHealth,
    SourceHealth,
    StalePair,
    TradesHealth,
)
from tradepost.entrypoints.doctor import BLOCKS_BEHIND, DEADLINE_LATE_S, FEW, JOB_LATE_S, LATE
from tradepost.entrypoints.solvency import reserves
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.batches import settlements_left
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel import jobs
from tradepost.kernel.access import Role, Scope
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.http import StrictRoute, allowed, authenticated
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.limits.limiter import Limiter
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.openapi import AUTHENTICATED, problems
from tradepost.kernel.settings import Settings
from tradepost.prices import service as prices
from tradepost.prices.model import INDEX
from tradepost.trades import service as trades

router = APIRouter(prefix="/admin", tags=["exchange"], route_class=StrictRoute)

#: How long the node has to answer each question: the rest is told without it.
_NODE_S: Final = 3.0
#: Pairs without a fresh price that are named; the others are counted.
_MOST_STALE: Final = 50
_ETHER: Final = Asset("ETH", 18)


@router.get(
    "/health",
    summary="How the exchange is, for its operator",
    responses=problems(*AUTHENTICATED, NotFound),
    openapi_extra={"security": [{"HTTPBearer": [Scope.ACCOUNT_READ]}]} | costs(10, money=False),
)
async def exchange_health(request: Request, response: Response) -> ExchangeHealth:
    """For accounts with the role `operator`; for all others it is not there.

    It asks the node, so it can take some seconds where that is slow; without it the rest is told.
    """
    state = request.app.state
    database: Database = state.database
    settings: Settings = state.settings
    chain: Chain = state.chain
    limiter: Limiter = state.limiter
    # No transaction is held while the node is asked.
    async with database.transaction() as tx:
        await _expect_operator(request, tx)
        told = ExchangeHealth(
            now=tx.now,
            version=__version__,
            chain=await _chain(tx, settings),
            relayer=await _relayer(tx, settings),
            reserves=ReservesHealth(good=None, assets=[]),
            trades=await _trades(tx),
            jobs=await _jobs(tx),
            prices=await _prices(tx),
            limits=LimitsHealth(good=await limiter.check(), place=limiter.place),
        )
    await asyncio.gather(
        _or_not(_behind(told.chain, chain)),
        _or_not(_gas(told.relayer, chain)),
        _or_not(_reserves(told.reserves, database, chain, settings)),
    )
    response.headers["Cache-Control"] = "no-store"
    return told


async def _expect_operator(request: Request, tx: Transaction) -> None:
    scheme, bearer = get_authorization_scheme_param(request.headers.get("Authorization"))
    known = HTTPAuthorizationCredentials(scheme=scheme, credentials=bearer)
    credentials = known if scheme.lower() == "bearer" else None
    caller = await allowed(Scope.ACCOUNT_READ)(await authenticated(request, tx, credentials))
    if Role.OPERATOR not in caller.roles:
        raise NotFound


async def _or_not(part: Awaitable[None]) -> None:
    """Leaves a part as it is told without the node, where that does not answer."""
    try:
        async with asyncio.timeout(_NODE_S):
            await part
    except (ChainNotReady, TimeoutError):
        return


async def _chain(tx: Transaction, settings: Settings) -> ChainHealth:
    good = await readiness.chain(tx, settings) == readiness.OK
    try:
        view = await escrows.chain(tx)
    except ChainNotReady:
        return ChainHealth(good=False, block=None, age_s=None, blocks_behind=None)
    age_s = max(0, int(tx.now.timestamp()) - view.head_time)
    return ChainHealth(good=good, block=view.head_number, age_s=age_s, blocks_behind=None)


async def _behind(told: ChainHealth, chain: Chain) -> None:
    if told.block is not None:
        told.blocks_behind = max(0, (await chain.head()).number - told.block)
        told.good = told.good and told.blocks_behind <= BLOCKS_BEHIND


async def _relayer(tx: Transaction, settings: Settings) -> RelayerHealth:
    outlook = await escrows.outlook(tx)
    late = await escrows.count_late(tx, LATE)
    return RelayerHealth(
        good=False if late else None,
        address=Account.from_key(settings.relayer_key.get_secret_value()).address,
        balance=None,
        settlements_left=None,
        waiting=outlook.waiting,
        sent=outlook.sent,
        oldest_s=int(outlook.oldest_s),
        late=late,
    )


async def _gas(told: RelayerHealth, chain: Chain) -> None:
    balance = await chain.balance(told.address)
    max_fee, _ = await chain.fees()
    told.balance = str(Amount(_ETHER, balance))
    told.settlements_left = settlements_left(balance, max_fee)
    told.good = not told.late and told.settlements_left >= FEW


async def _reserves(
    told: ReservesHealth, database: Database, chain: Chain, settings: Settings
) -> None:
    for one in await reserves(database, chain, settings):
        asset = Asset(one.asset, one.decimals)
        told.assets.append(
            ReserveHealth(
                asset=one.asset,
                owed=str(Amount(asset, one.owed)),
                held=str(Amount(asset, one.held)),
                missing=str(Amount(asset, one.missing)),
            )
        )
        told.good = told.good is not False and not one.missing


async def _trades(tx: Transaction) -> TradesHealth:
    disputed = await trades.disputed(tx)
    try:
        late_s = int(await trades.lateness(tx))
    except ChainNotReady:
        return TradesHealth(good=None, disputed=disputed, late_s=None)
    return TradesHealth(good=late_s <= DEADLINE_LATE_S, disputed=disputed, late_s=late_s)


async def _jobs(tx: Transaction) -> JobsHealth:
    queue = await jobs.queue(tx.connection)
    return JobsHealth(
        good=queue.oldest_s <= JOB_LATE_S and not queue.failed,
        waiting=queue.waiting,
        running=queue.running,
        failed=queue.failed,
        oldest_s=int(queue.oldest_s),
    )


async def _prices(tx: Transaction) -> PricesHealth:
    ages = await prices.ages(tx)
    fresh = {(one.base, one.quote) for one in await prices.fresh(tx) if one.source == INDEX}
    stale = [
        StalePair(base=base, quote=quote, age_s=None if age_s is None else int(age_s))
        for base, quote, age_s in ages
        if (base, quote) not in fresh
    ]
    sources: dict[str, SourceHealth] = {}
    for reading in await prices.readings(tx):
        source = sources.setdefault(
            reading.source, SourceHealth(name=reading.source, pairs=0, faulty=0, newest_at=None)
        )
        source.pairs += 1
        source.faulty += reading.fault is not None
        known = [at for at in (source.newest_at, reading.as_of) if at is not None]
        source.newest_at = max(known, default=None)
    return PricesHealth(
        good=not stale,
        pairs=len(ages),
        fresh=len(ages) - len(stale),
        stale=stale[:_MOST_STALE],
        sources=sorted(sources.values(), key=lambda one: one.name),
    )
