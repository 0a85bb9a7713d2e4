"""The routes of the sandbox. An exchange that is none does not have them."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from tradepost.escrow.model import ChainNotReady
from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import NotFound
from tradepost.kernel.http import Body, EvmAddress, TransactionRoute, Tx, allowed_once
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import ONCE, problems
from tradepost.offers.model import WalletNotProven
from tradepost.sandbox import service
from tradepost.sandbox.model import (
    MOST_AT_ONCE_S,
    ClockTooFar,
    Draw,
    FaucetEmpty,
    FaucetResting,
    Moved,
)
from tradepost.sandbox.node import DevelopmentNode

router = APIRouter(prefix="/sandbox", route_class=TransactionRoute, tags=["sandbox"])

_WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_DRAWN: dict[str, Any] = {
    "wallet": _WALLET,
    "gifts": [
        {"asset": "ETH", "amount": "1.000000000000000000", "tx_hash": "0x" + "5b" * 32},
        {"asset": "USDT", "amount": "2500.000000", "tx_hash": "0x" + "6c" * 32},
    ],
    "draws_left": 9,
}
_MOVED: dict[str, Any] = {"now": "2026-11-24T05:00:00Z", "ahead_s": 86_400}


class DrawBody(Body):
    """Which of the account's own wallets is given something."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"wallet": _WALLET}]})

    wallet: EvmAddress


class GiftAnswer(BaseModel):
    """What is given of one asset, and the transaction that brings it."""

    asset: str
    amount: str
    tx_hash: str


class DrawAnswer(BaseModel):
    """What is on its way to the wallet; `draws_left` are those of the next 24 hours."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DRAWN]})

    wallet: str
    gifts: Annotated[list[GiftAnswer], Field(max_length=100)]
    draws_left: int

    @classmethod
    def of(cls, draw: Draw) -> Self:
        """The answer for `draw`."""
        gifts = [
            GiftAnswer(
                asset=gift.amount.asset.code,
                amount=str(gift.amount),
                tx_hash="0x" + gift.hash.hex(),
            )
            for gift in draw.gifts
        ]
        return cls(wallet=draw.wallet, gifts=gifts, draws_left=draw.draws_left)


class AdvanceBody(Body):
    """By how many seconds; the clock goes forward only."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"advance_s": 86_400}]})

    advance_s: Annotated[int, Field(ge=1, le=MOST_AT_ONCE_S, strict=True)]


class SandboxClock(BaseModel):
    """The sandbox's time, and how far it is ahead of the machine's."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MOVED]})

    now: datetime
    ahead_s: int

    @classmethod
    def of(cls, moved: Moved) -> Self:
        """The answer for `moved`."""
        return cls(now=moved.now, ahead_s=moved.ahead_s)


def _node(request: Request) -> DevelopmentNode:
    node: DevelopmentNode = request.app.state.development_node
    return node


_Node = Annotated[DevelopmentNode, Depends(_node)]


@router.post(
    "/faucet",
    status_code=201,
    summary="Get coins for trial",
    responses=problems(*ONCE, NotFound, WalletNotProven, FaucetResting, FaucetEmpty, ChainNotReady),
    openapi_extra=costs(20, money=False),
)
async def draw_from_faucet(
    tx: Tx,
    node: _Node,
    caller: Annotated[Caller, Depends(allowed_once(Scope.ACCOUNT_WRITE))],
    body: DrawBody,
) -> DrawAnswer:
    """One coin for gas, and 2,500 of each token for trial, to an own wallet.

    Only in a sandbox. The transactions are sent a moment later; wait for them by their hashes. An
    account draws ten times in 24 hours of the sandbox's clock.
    """
    return DrawAnswer.of(await service.draw(tx, node, caller, body.wallet))


@router.get("/clock", summary="The sandbox's clock", responses=problems(NotFound, ChainNotReady))
async def sandbox_clock(tx: Tx) -> SandboxClock:
    """What `GET /v1/time` tells, and how far that is ahead. Only in a sandbox."""
    return SandboxClock.of(await service.moved(tx))


@router.post(
    "/clock",
    summary="Let time pass",
    responses=problems(*ONCE, NotFound, ClockTooFar, ChainNotReady),
    openapi_extra=costs(20, money=False),
)
async def move_sandbox_clock(
    tx: Tx,
    node: _Node,
    caller: Annotated[Caller, Depends(allowed_once(Scope.TRADES_WRITE))],
    body: AdvanceBody,
) -> SandboxClock:
    """Moves the chain's time and the exchange's ahead, for everybody, and only in a sandbox.

    Deadlines in between are over then, tokens and nonces too. All who are signed in are told
    by the event `sandbox.clock_moved`.
    """
    del caller
    return SandboxClock.of(await service.advance(tx, node, body.advance_s))
