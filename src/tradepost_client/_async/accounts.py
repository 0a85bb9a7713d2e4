"""A trader's own payment accounts: checked and sealed here, kept by the exchange."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tradepost_client._async.client import AsyncClient
from tradepost_client.accounts import OwnAccount, open_account, seal_account
from tradepost_client.payments import PaymentAccount, SealedAccount
from tradepost_client.wallet import Wallet

if TYPE_CHECKING:
    from tradepost_payments.model import PaymentMethod, Registry


class AsyncAccounts:
    """The payment accounts of one wallet on one exchange, which cannot read them."""

    def __init__(self, client: AsyncClient, wallet: Wallet) -> None:
        self._client = client
        self._wallet = wallet
        self._registry: Registry | None = None

    async def method(self, code: str) -> "PaymentMethod":
        """The method with its form: the signed registry's, or the operator's own.

        Raises `RegistryNotSigned`, and a `ProblemError` of status 404 where there is none.
        """
        if self._registry is None:
            self._registry = await self._client.payment_registry()
        found = self._registry.get(code)
        return found or (await self._client.payment_method(code)).form()

    async def add(
        self, method: str, fields: Mapping[str, str], *, label: str = "", key: str | None = None
    ) -> PaymentAccount:
        """Checks, seals and keeps a new one; raises `AccountInvalid` with each wrong field."""
        own = await self._checked(method, fields, label)
        sealed = seal_account(own, self._wallet)
        return _opened(await self._client.keep_account(method, sealed, key=key), own)

    async def list(self) -> tuple[PaymentAccount, ...]:
        """All of them, the oldest first; raises `SealBroken` where one is not this wallet's."""
        found = await self._client.sealed_accounts()
        return tuple(self._open(one) for one in found)

    async def get(self, account_id: str) -> PaymentAccount:
        """One of them; raises `SealBroken` where it is not this wallet's."""
        return self._open(await self._client.sealed_account(account_id))

    async def replace(self, account: PaymentAccount, fields: Mapping[str, str]) -> PaymentAccount:
        """Puts other fields in the place of those that were seen; raises as `add`."""
        own = await self._checked(account.method, fields, account.label)
        sealed = seal_account(own, self._wallet)
        return _opened(await self._client.reseal_account(account.id, account.version, sealed), own)

    async def remove(self, account: PaymentAccount) -> None:
        """Deletes one as it was seen; trades that were told of it keep what they were told."""
        await self._client.forget_account(account.id, account.version)

    async def _checked(self, method: str, fields: Mapping[str, str], label: str) -> OwnAccount:
        from tradepost_payments.accounts import check_account

        return OwnAccount(method, label, check_account(await self.method(method), fields))

    def _open(self, sealed: SealedAccount) -> PaymentAccount:
        return _opened(sealed, open_account(sealed.sealed, sealed.method, self._wallet))


def _opened(kept: SealedAccount, own: OwnAccount) -> PaymentAccount:
    return PaymentAccount(kept.id, kept.version, own.method, own.label, dict(own.fields))
