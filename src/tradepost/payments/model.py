"""A payment account as the exchange sees it, and what can go wrong with one or with a method."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from tradepost.kernel.errors import Problem

#: Payment accounts of one trader.
MAX_ACCOUNTS: Final = 50
#: Of the sealed text: what NIP-44 makes of about 5 KB.
MIN_SEALED: Final = 100
MAX_SEALED: Final = 8192


@dataclass(frozen=True, slots=True)
class PaymentAccount:
    """Somebody's account with a payment method; what it says is sealed to its owner's own key."""

    id: UUID
    version: int
    owner_id: UUID
    method: str
    sealed: str
    created_at: datetime
    updated_at: datetime


class PaymentMethodUnknown(Problem):
    """This exchange does not know that payment method."""

    status = 400


class PaymentMethodUnfit(Problem):
    """That payment method does not take this currency."""

    status = 400


class TooManyPaymentAccounts(Problem):
    """You have as many payment accounts as one trader can have."""

    status = 409


class MethodLimitExceeded(Problem):
    """That is more than this exchange lets one trade pay by this method, for its risk."""

    status = 403
