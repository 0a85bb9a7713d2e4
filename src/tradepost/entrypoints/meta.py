"""What an exchange says of itself: is it up, what time is it, what does it trade."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from tradepost import __version__
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.deploy import DEVELOPMENT_CHAIN
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel.clock import Clock
from tradepost.kernel.database import Database
from tradepost.kernel.http import TransactionRoute, Tx
from tradepost.offers import service as offers

health = APIRouter(tags=["health"])
router = APIRouter(tags=["exchange"], route_class=TransactionRoute)


class Health(BaseModel):
    """`ok`, or what is missing."""

    status: str
    checks: dict[str, str]


class Time(BaseModel):
    """The server's clock."""

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


class PaymentMethodBody(BaseModel):
    """A way to pay; `currencies` is null where it takes any."""

    code: str
    name: str
    category: str
    currencies: list[str] | None
    payment_window_s: int


class ExchangeBody(BaseModel):
    """All that a client needs to know before it trades, and can check."""

    name: str
    version: str
    server_now: datetime
    chain: ChainBody
    assets: list[AssetBody]
    currencies: list[CurrencyBody]
    payment_methods: list[PaymentMethodBody]
    fee_bps: int
    fee_recipient: str | None
    arbitrator: str
    challenge_window_s: int
    release_window_s: int
    development: bool


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


@health.get("/livez", summary="Is the process up?")
async def livez() -> Health:
    """Always `ok`: that it answers is the answer."""
    return Health(status="ok", checks={})


@health.get("/readyz", summary="Can it serve?")
async def readyz(request: Request, response: Response) -> Health:
    """503 while the database, or the followed chain, is not there."""
    database: Database = request.app.state.database
    checks = {"database": "ok", "chain": "ok"}
    try:
        async with database.transaction() as tx:
            try:
                await escrows.recent_chain(tx)
            except ChainNotReady:
                checks["chain"] = "not followed"
    # Whatever keeps the database from answering, the process is not ready.
    except Exception as error:  # noqa: BLE001
        checks["database"] = type(error).__name__
    ready = set(checks.values()) == {"ok"}
    response.status_code = 200 if ready else 503
    return Health(status="ok" if ready else "not ready", checks=checks)


@router.get("/time", summary="The server's clock")
async def time(clock: Annotated[Clock, Depends(_clock)]) -> Time:
    """What deadlines are measured by on the server's side; escrows go by the chain's clock."""
    return Time(now=clock())


@router.get("/exchange", summary="What this exchange trades, and how")
async def exchange(tx: Tx, response: Response) -> ExchangeBody:
    """Assets, currencies, payment methods, fees, the chain and its contract."""
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
            CurrencyBody(code=code, name=name, decimals=decimals)
            for code, name, decimals in offers.currencies()
        ],
        payment_methods=[
            PaymentMethodBody(
                code=method.code,
                name=method.name,
                category=method.category,
                currencies=None if method.currencies is None else list(method.currencies),
                payment_window_s=method.payment_window_s,
            )
            for method in offers.payment_methods()
        ],
        fee_bps=settings.fee_bps,
        fee_recipient=settings.fee_recipient,
        arbitrator=settings.arbitrator,
        challenge_window_s=settings.challenge_window_s,
        release_window_s=settings.release_window_s,
        development=chain.chain_id == DEVELOPMENT_CHAIN,
    )
