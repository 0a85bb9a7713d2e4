"""The operations on ways to pay: methods, and payment accounts that only their owner can open."""

import base64
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from tradepost_client._async.transport import AsyncTransport
from tradepost_client.answers import answer, items
from tradepost_client.errors import RegistryNotSigned
from tradepost_client.payments import PaymentMethod, SealedAccount, SignedRegistry

if TYPE_CHECKING:
    from tradepost_payments.model import Registry


class AsyncPayments(AsyncTransport):
    """What a client asks about payments; the errors are those of `AsyncClient`."""

    async def payment_methods(
        self,
        *,
        currency: str | None = None,
        country: str | None = None,
        category: str | None = None,
        language: str | None = None,
        text: str | None = None,
    ) -> AsyncIterator[PaymentMethod]:
        """The methods that carry, serve and are all that, by their codes.

        Args:
            currency: ISO 4217.
            country: ISO 3166-1 alpha-2.
            category: How it moves money.
            language: ISO 639-1, of names and labels.
            text: Sought in codes and names.
        """
        query = {
            "currency": currency,
            "country": country,
            "category": category,
            "language": language,
            "q": text,
        }
        async for item in self._pages("/v1/payment-methods", query):
            yield answer(PaymentMethod, item)

    async def payment_method(self, code: str, *, language: str | None = None) -> PaymentMethod:
        """One payment method, with the form of a payment account."""
        content = await self.get(f"/v1/payment-methods/{code}", {"language": language})
        return answer(PaymentMethod, content)

    async def payment_registry(self) -> "Registry":
        """The exchange's registry, if a key that this client trusts signed it.

        Where the exchange's is older than the one in this client, it is the client's own. Methods
        of an operator's own are in no registry.

        Raises:
            RegistryNotSigned: Nobody whom this client trusts signed what the exchange shows.
        """
        from tradepost_payments.registry import RegistryInvalid, builtin, verified

        told = answer(SignedRegistry, await self.get("/v1/payment-methods/registry"))
        if told.version < builtin().version:
            return builtin()
        try:
            signature = base64.b64decode(told.signature, validate=True)
            return verified(told.signed.encode(), told.key_id, signature)
        except (RegistryInvalid, ValueError) as error:
            raise RegistryNotSigned(f"{error}.") from None

    async def sealed_accounts(self) -> tuple[SealedAccount, ...]:
        """The account's payment accounts as the exchange keeps them, the oldest first."""
        content = await self.get("/v1/payment-accounts")
        return tuple(answer(SealedAccount, item) for item in items(content))

    async def sealed_account(self, account_id: str) -> SealedAccount:
        """One of them."""
        return answer(SealedAccount, await self.get(f"/v1/payment-accounts/{account_id}"))

    async def keep_account(
        self, method: str, sealed: str, *, key: str | None = None
    ) -> SealedAccount:
        """Keeps a payment account; `sealed` is what `accounts.seal_account` gives."""
        body = {"method": method, "sealed": sealed}
        return answer(SealedAccount, await self.post_once("/v1/payment-accounts", body, key))

    async def reseal_account(self, account_id: str, version: int, sealed: str) -> SealedAccount:
        """Puts another text in its place; a `ProblemError` of status 412 if it has changed."""
        path, headers = f"/v1/payment-accounts/{account_id}", {"If-Match": f'"{version}"'}
        return answer(SealedAccount, await self.send("PUT", path, {"sealed": sealed}, headers))

    async def forget_account(self, account_id: str, version: int) -> None:
        """Deletes one; a `ProblemError` of status 412 if it has changed."""
        headers = {"If-Match": f'"{version}"'}
        await self.send("DELETE", f"/v1/payment-accounts/{account_id}", None, headers)
