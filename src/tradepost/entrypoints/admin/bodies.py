"""What is answered about an exchange's health; the page says it in the operator's language."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

_AT: Final = "2026-11-24T05:00:00Z"
_EXAMPLE: dict[str, Any] = {
    "now": _AT,
    "version": "0.1.0",
    "chain": {"good": True, "block": 812, "age_s": 6, "blocks_behind": 0},
    "relayer": {
        "good": True,
        "address": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        "balance": "1.250000000000000000",
        "settlements_left": 2200,
        "waiting": 0,
        "sent": 1,
        "oldest_s": 4,
        "late": 0,
    },
    "reserves": {
        "good": True,
        "assets": [
            {
                "asset": "ETH",
                "owed": "12.500000000000000000",
                "held": "12.500000000000000000",
                "missing": "0.000000000000000000",
            }
        ],
    },
    "trades": {"good": True, "disputed": 1, "late_s": 0},
    "jobs": {"good": True, "waiting": 0, "running": 1, "failed": 0, "oldest_s": 0},
    "prices": {
        "good": True,
        "pairs": 12,
        "fresh": 12,
        "stale": [],
        "sources": [{"name": "kraken", "pairs": 12, "faulty": 0, "newest_at": _AT}],
    },
    "limits": {"good": True, "place": "memory"},
}

_Good = Annotated[
    bool | None, Field(description="Whether it is well; null where it could not be looked at.")
]


class ChainHealth(BaseModel):
    """How far the chain is followed. `blocks_behind` the node; null where that does not answer."""

    good: _Good
    block: int | None
    age_s: int | None
    blocks_behind: int | None


class RelayerHealth(BaseModel):
    """What brings settlements to the chain; `late` is how many wait for too long."""

    good: _Good
    address: str
    balance: str | None
    settlements_left: int | None
    waiting: int
    sent: int
    oldest_s: int
    late: int


class ReserveHealth(BaseModel):
    """What the contract has to hold of an asset at least, and what it holds at the same block."""

    asset: str
    owed: str
    held: str
    missing: str


class ReservesHealth(BaseModel):
    """Whether the contract holds what it owes."""

    good: _Good
    assets: list[ReserveHealth]


class TradesHealth(BaseModel):
    """Trades that wait for a ruling, and for how long the oldest deadline is unmet."""

    good: _Good
    disputed: int
    late_s: int | None


class JobsHealth(BaseModel):
    """What the worker has to do; `oldest_s` is for how long one could have run."""

    good: _Good
    waiting: int
    running: int
    failed: int
    oldest_s: int


class StalePair(BaseModel):
    """A pair without a fresh price; `age_s` is null where it never had one."""

    base: str
    quote: str
    age_s: int | None


class SourceHealth(BaseModel):
    """How many pairs a source has a word on, and how many of them failed when tried last."""

    name: str
    pairs: int
    faulty: int
    newest_at: datetime | None


class PricesHealth(BaseModel):
    """The market's prices; `stale` names 50 pairs at most."""

    good: _Good
    pairs: int
    fresh: int
    stale: list[StalePair]
    sources: list[SourceHealth]


class LimitsHealth(BaseModel):
    """Where the limits are kept."""

    good: _Good
    place: str


class ExchangeHealth(BaseModel):
    """All of it, as it is now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    now: datetime
    version: str
    chain: ChainHealth
    relayer: RelayerHealth
    reserves: ReservesHealth
    trades: TradesHealth
    jobs: JobsHealth
    prices: PricesHealth
    limits: LimitsHealth
