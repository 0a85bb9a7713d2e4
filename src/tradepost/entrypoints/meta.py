"""What an exchange says of itself: is it up, what time is it, what does it trade."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tradepost import __version__
from tradepost.entrypoints import readiness
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.deploy import DEVELOPMENT_CHAIN
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel import iso
from tradepost.kernel.clock import Clock, MovedClock
from tradepost.kernel.http import StrictRoute, TransactionRoute, Tx
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.limits.limiter import Limiter
from tradepost.kernel.openapi import problems

#: What needs no database to be answered.
health = APIRouter(tags=["health"], route_class=StrictRoute)
clock = APIRouter(tags=["exchange"], route_class=StrictRoute)
router = APIRouter(tags=["exchange"], route_class=TransactionRoute)


_EXAMPLE: dict[str, Any] = {
    "name": "Tradepost",
    "version": "0.1.0",
    "server_now": "2026-11-23T05:00:00Z",
    "chain": {
        "chain_id": 31337,
        "escrow_address": "0xBd061Ba1CDAF2ad701a63118338d00afa419Be69",
        "confirmations": 2,
        "block_number": 812,
        "block_time": "2026-11-23T04:59:54Z",
    },
    "assets": [{"code": "ETH", "decimals": 18, "token": None}],
    "currencies": [{"code": "EUR", "name": "Euro", "decimals": 2}],
    "largest_trades": {"EUR": "10000"},
    "fee_bps": 0,
    "fee_recipient": None,
    "arbitrator": "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "challenge_window_s": 86400,
    "release_window_s": 86400,
    "development": True,
}


class Health(BaseModel):
    """`ok`, or what is missing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ok",
                    "checks": {"database": "ok", "schema": "ok", "chain": "ok", "limits": "memory"},
                }
            ]
        }
    )

    status: str
    checks: dict[str, str]


class Time(BaseModel):
    """The server's clock."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"now": "2026-11-23T05:00:00Z"}]})

    now: datetime


class ChainBody(BaseModel):
    """The chain this exchange is on; its newest block as the exchange sees it."""

    chain_id: int
    escrow_address: str
    confirmations: int
    block_number: int
    block_time: datetime


class AssetBody(BaseModel):
    """A coin that can be traded; `token` is null for the chain's native one."""

    code: str
    decimals: int
    token: str | None


class CurrencyBody(BaseModel):
    """A fiat currency (ISO 4217)."""

    code: str
    name: str
    decimals: int


class ExchangeBody(BaseModel):
    """All that a client needs to know before it trades, and can check."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: str
    version: str
    server_now: datetime
    chain: ChainBody
    assets: list[AssetBody]
    currencies: list[CurrencyBody]
    largest_trades: Annotated[
        dict[str, str],
        Field(description="By currency: the most by a method without risk; see `limit_bps`."),
    ]
    fee_bps: int
    fee_recipient: str | None
    arbitrator: str
    challenge_window_s: int
    release_window_s: int
    development: bool


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    if isinstance(clock, MovedClock):
        # Another process may have moved it: whoever reads knows.
        async with request.app.state.database.reading():
            pass
    return clock


@health.get(
    "/livez",
    summary="Is the process up?",
    responses={422: problems()[422]},
    openapi_extra=costs(0, money=False),
)
async def livez() -> Health:
    """Always `ok`: that it answers is the answer."""
    return Health(status="ok", checks={})


@health.get(
    "/readyz",
    summary="Can it serve?",
    responses={
        503: {"model": Health, "description": "Something is missing; `checks` says what."},
        422: problems()[422],
        429: problems()[429],
    },
)
async def readyz(request: Request, response: Response) -> Health:
    """503 while the database, its schema, or the followed chain is not there.

    It is bounded in time, and asks only the database: the node is the watcher's business. Where the
    limits are kept is told beside it; that their store is away does not make it unready.
    """
    checks = await readiness.checks(request.app.state.database, request.app.state.settings)
    ready = set(checks.values()) == {readiness.OK}
    limiter: Limiter = request.app.state.limiter
    checks["limits"] = limiter.place
    response.status_code = 200 if ready else 503
    return Health(status="ok" if ready else "not ready", checks=checks)


@clock.get("/time", summary="The server's clock", responses=problems())
async def time(response: Response, now: Annotated[Clock, Depends(_clock)]) -> Time:
    """What deadlines are measured by on the server's side; escrows go by the chain's clock."""
    response.headers["Cache-Control"] = "no-store"
    return Time(now=now())


@router.get(
    "/exchange",
    summary="What this exchange trades, and how",
    responses=problems(ChainNotReady),
)
async def exchange(tx: Tx, response: Response) -> ExchangeBody:
    """Assets, currencies, fees, the chain and its contract."""
    settings = tx.settings
    chain = await escrows.chain(tx)
    response.headers["Cache-Control"] = "public, max-age=5"
    return ExchangeBody(
        name="Tradepost",
        version=__version__,
        server_now=tx.now,
        chain=ChainBody(
            chain_id=chain.chain_id,
            escrow_address=chain.contract,
            confirmations=chain.confirmations,
            block_number=chain.head_number,
            block_time=datetime.fromtimestamp(chain.head_time, UTC),
        ),
        assets=[AssetBody(**asset.model_dump()) for asset in settings.assets],
        currencies=[
            CurrencyBody(code=code, name=name, decimals=currency.decimals)
            for code, (name, currency) in iso.currencies().items()
        ],
        largest_trades={code: f"{most:f}" for code, most in settings.largest_trades.items()},
        fee_bps=settings.fee_bps,
        fee_recipient=settings.fee_recipient,
        arbitrator=settings.arbitrator,
        challenge_window_s=settings.challenge_window_s,
        release_window_s=settings.release_window_s,
        development=chain.chain_id == DEVELOPMENT_CHAIN,
    )
