"""The operations on devices that are told of their owner's trades by Web Push."""

from tradepost_client._async.transport import AsyncTransport
from tradepost_client.answers import answer, items
from tradepost_client.push import PushKey, PushSubscription


class AsyncPush(AsyncTransport):
    """What a client asks about devices; the errors are those of `AsyncClient`."""

    async def push_key(self) -> PushKey:
        """The key to which a device subscribes at its push service."""
        return answer(PushKey, await self.get("/v1/push/key"))

    async def subscribe_to_push(
        self, endpoint: str, p256dh: str, auth: str, *, label: str, key: str | None = None
    ) -> PushSubscription:
        """Has a device told of the account's trades.

        Args:
            endpoint: Of its push service: `https`, and public.
            p256dh: The device's public key, in base64url.
            auth: The secret that it shares, in base64url.
            label: For people.
            key: The `Idempotency-Key`; made here without one.
        """
        keys = {"p256dh": p256dh, "auth": auth}
        body = {"endpoint": endpoint, "keys": keys, "label": label}
        content = await self.post_once("/v1/push/subscriptions", body, key)
        return answer(PushSubscription, content)

    async def push_subscriptions(self) -> tuple[PushSubscription, ...]:
        """All devices of the account, the newest first."""
        content = await self.get("/v1/push/subscriptions")
        return tuple(answer(PushSubscription, item) for item in items(content))

    async def end_push_subscription(self, subscription_id: str) -> None:
        """Tells a device nothing more."""
        await self.send("DELETE", f"/v1/push/subscriptions/{subscription_id}")
