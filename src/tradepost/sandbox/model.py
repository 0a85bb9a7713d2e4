"""What the sandbox gives and how far its clock goes: bounds, problems, and an event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tradepost.kernel.errors import Problem
from tradepost.kernel.money import Amount
from tradepost.kernel.outbox import Event

#: What one draw gives: of the chain's coin, and of each token for trial, in whole units.
COINS: Final = 1
TOKENS: Final = 2_500
#: Draws of one account in this time of the sandbox, and of all accounts for ever.
DRAWS: Final = 10
DRAWS_WITHIN: Final = timedelta(hours=24)
MOST_DRAWS: Final = 5_000
#: Seconds that the clock can be moved by at once, and by in all.
MOST_AT_ONCE_S: Final = 30 * 86_400
MOST_AHEAD_S: Final = 10 * 365 * 86_400

#: Account 7 of the development chain's public word list, rich there and nowhere else.
FAUCET_KEY: Final = "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"


@dataclass(frozen=True, slots=True)
class Gift:
    """One coin that a draw gives, and the transaction that brings it."""

    amount: Amount
    nonce: int
    hash: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Draw:
    """What one draw gives, and how many more the account has at present."""

    id: UUID
    wallet: str
    gifts: tuple[Gift, ...]
    draws_left: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The sandbox's time, and by how many seconds it is ahead of the machine's."""

    now: datetime
    ahead_s: int


@dataclass(frozen=True, slots=True)
class SandboxClockMoved(Event):
    """Somebody moved the sandbox's clock: what had a deadline may be over it."""

    ahead_s: int


class FaucetResting(Problem):
    """The faucet has given this account as much as it gives at present."""

    status = 409
    retryable = True


class FaucetEmpty(Problem):
    """The faucet has given all that it gives on this chain."""

    status = 409


class ClockTooFar(Problem):
    """The sandbox's clock does not go that far."""

    status = 409
