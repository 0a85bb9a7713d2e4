"""The operations on devices that are told of their owner's trades by Web Push."""

from tradepost_client._sync.transport import Transport
from tradepost_client.answers import answer, items
from tradepost_client.push import PushKey, PushSubscription


class SyncPush(Transport):
    """What a client asks about devices; the errors are those of `AsyncClient`."""

    def push_key(self) -> PushKey:
        """The key to which a device subscribes at its push service."""
        return answer(PushKey, self.get("/v1/push/key"))

    def subscribe_to_push(
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
        content = self.post_once("/v1/push/subscriptions", body, key)
        return answer(PushSubscription, content)

    def push_subscriptions(self) -> tuple[PushSubscription, ...]:
        """All devices of the account, the newest first."""
        content = self.get("/v1/push/subscriptions")
        return tuple(answer(PushSubscription, item) for item in items(content))

    def end_push_subscription(self, subscription_id: str) -> None:
        """Tells a device nothing more."""
        self.send("DELETE", f"/v1/push/subscriptions/{subscription_id}")
