"""Who calls: what identity finds out about a request, and every other room asks of it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tradepost.kernel.errors import Problem


class Role(StrEnum):
    """What an account may be trusted with, beyond its own trades."""

    TRADER = "trader"
    ARBITRATOR = "arbitrator"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a token may do; a token never has more than its account."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    OFFERS_READ = "offers:read"
    OFFERS_WRITE = "offers:write"
    TRADES_READ = "trades:read"
    TRADES_WRITE = "trades:write"
    ESCROW_RELEASE = "escrow:release"
    WEBHOOKS_READ = "webhooks:read"
    #: A webhook is sent what the account's events tell.
    WEBHOOKS_WRITE = "webhooks:write"
    CONFIRMATIONS_READ = "confirmations:read"
    #: To ask the owner for what the token may not do itself.
    CONFIRMATIONS_ASK = "confirmations:ask"
    #: To answer as the owner: for a program that asks, this would undo the asking.
    CONFIRMATIONS_WRITE = "confirmations:write"


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a request, through one of its tokens.

    `wallets` are those that it has proven, in lower case.
    """

    account_id: UUID
    token_id: UUID
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    name: str | None = None
    wallets: frozenset[str] = frozenset()
    #: Whether the token came from signing in, and was not made for a program.
    session: bool = False


class Unauthenticated(Problem):
    """This operation needs a valid bearer token."""

    status = 401


class ScopeMissing(Problem):
    """The token does not have the scope that this operation needs."""

    status = 403
