"""The operations on confirmations: a program asks, its owner answers (`Owner`)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from tradepost_client._async.transport import AsyncTransport
from tradepost_client.answers import answer, given
from tradepost_client.confirmations import Confirmation


class AsyncConfirmations(AsyncTransport):
    """What a client asks about confirmations; the errors are those of `AsyncClient`."""

    async def ask_confirmation(
        self, asked: Mapping[str, Any], *, key: str | None = None
    ) -> Confirmation:
        """Asks the owner; `asked` has the members of the API's body, amounts as strings."""
        return answer(Confirmation, await self.post_once("/v1/confirmations", dict(asked), key))

    async def confirmations(self) -> AsyncIterator[Confirmation]:
        """What the account is or was asked to confirm, the newest first."""
        async for item in self._pages("/v1/confirmations", {}):
            yield answer(Confirmation, item)

    async def confirmation(self, confirmation_id: str) -> Confirmation:
        """One of them."""
        return answer(Confirmation, await self.get(f"/v1/confirmations/{confirmation_id}"))

    async def confirm(
        self,
        confirmation_id: str,
        digest: str,
        *,
        wallet: str | None = None,
        encryption_key: str | None = None,
        key_signature: str | None = None,
        signature: str | None = None,
        key: str | None = None,
    ) -> Confirmation:
        """The owner's yes, with what his wallet adds; see `Owner.confirm`, which makes it."""
        path = f"/v1/confirmations/{confirmation_id}/confirm"
        body = given(
            digest=digest,
            wallet=wallet,
            encryption_key=encryption_key,
            key_signature=key_signature,
            signature=signature,
        )
        return answer(Confirmation, await self.post_once(path, body, key))

    async def refuse_confirmation(
        self, confirmation_id: str, *, key: str | None = None
    ) -> Confirmation:
        """The owner's no."""
        path = f"/v1/confirmations/{confirmation_id}/refuse"
        return answer(Confirmation, await self.post_once(path, None, key))
