"""What payments does for traders and other rooms: methods, and the keeping of sealed accounts."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR
from functools import cache
from pathlib import Path
from uuid import UUID

from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound, PreconditionFailed
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount
from tradepost.kernel.settings import Settings
from tradepost.payments import store
from tradepost.payments.model import (
    MAX_ACCOUNTS,
    MethodLimitExceeded,
    PaymentAccount,
    PaymentMethodUnfit,
    PaymentMethodUnknown,
    TooManyPaymentAccounts,
)
from tradepost_payments.registry import (
    MethodsUnfit,
    MethodsUnknown,
    PaymentMethod,
    Registry,
    load,
)


def registry(settings: Settings) -> Registry:
    """The payment methods of this exchange, as its settings' files say.

    They are read once a process. Raises `RegistryInvalid` where a file cannot be used.
    """
    return _registry(settings.payment_methods_file, settings.payment_methods_own)


@cache
def _registry(file: Path | None, own: Path | None) -> Registry:
    return load(file, own)


def check_methods(
    settings: Settings, codes: Sequence[str], currency: str
) -> tuple[PaymentMethod, ...]:
    """The methods with these codes.

    Raises `PaymentMethodUnknown`, or `PaymentMethodUnfit` where one does not take the currency.
    """
    try:
        return registry(settings).fit(codes, currency)
    except MethodsUnknown as error:
        raise PaymentMethodUnknown(payment_methods=list(error.codes)) from None
    except MethodsUnfit as error:
        raise PaymentMethodUnfit(payment_methods=list(error.codes)) from None


def check_limit(settings: Settings, code: str, paid: Amount) -> None:
    """Raises `MethodLimitExceeded` where a method's risk does not allow to pay so much at once."""
    largest, method = settings.largest_trades.get(paid.asset.code), registry(settings).known(code)
    if largest is None or method is None:
        return
    minor = largest.scaleb(paid.asset.decimals) * method.limit_bps / 10_000
    limit = Amount(paid.asset, int(minor.to_integral_value(ROUND_FLOOR)))
    if limit < paid:
        raise MethodLimitExceeded(payment_method=code, limit=str(limit))


async def keep_account(tx: Transaction, owner_id: UUID, method: str, sealed: str) -> PaymentAccount:
    """Keeps a new payment account.

    Raises `PaymentMethodUnknown` and `TooManyPaymentAccounts`.
    """
    if registry(tx.settings).get(method) is None:
        raise PaymentMethodUnknown(payment_methods=[method])
    if await store.count(tx, owner_id) >= MAX_ACCOUNTS:
        raise TooManyPaymentAccounts
    account = PaymentAccount(
        id=new_id(),
        version=1,
        owner_id=owner_id,
        method=method,
        sealed=sealed,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await store.add(tx, account)
    return account


async def get_account(tx: Transaction, owner_id: UUID, account_id: UUID) -> PaymentAccount:
    """The owner's payment account; raises `NotFound`, also for somebody else's."""
    account = await store.get(tx, owner_id, account_id)
    if account is None:
        raise NotFound
    return account


async def accounts_of(tx: Transaction, owner_id: UUID) -> list[PaymentAccount]:
    """All payment accounts of the owner, the oldest first: at most `MAX_ACCOUNTS`."""
    return await store.of_owner(tx, owner_id, MAX_ACCOUNTS)


async def reseal_account(
    tx: Transaction, owner_id: UUID, account_id: UUID, seen_version: int, sealed: str
) -> PaymentAccount:
    """Puts another sealed text in the place of the one that the owner saw.

    Raises `NotFound`, or `PreconditionFailed` where it has changed since.
    """
    await get_account(tx, owner_id, account_id)
    account = await store.reseal(tx, owner_id, account_id, sealed, seen_version)
    if account is None:
        raise PreconditionFailed
    return account


async def forget_account(
    tx: Transaction, owner_id: UUID, account_id: UUID, seen_version: int
) -> None:
    """Deletes a payment account; what trades were told of it stays with them.

    Raises `NotFound`, or `PreconditionFailed` where it has changed since the owner saw it.
    """
    await get_account(tx, owner_id, account_id)
    if not await store.remove(tx, owner_id, account_id, seen_version):
        raise PreconditionFailed
