"""The operations on webhooks: addresses to which the exchange brings the account's events."""

from collections.abc import Iterator, Sequence

from tradepost_client._sync.transport import Transport
from tradepost_client.answers import answer, given, items
from tradepost_client.webhooks import Delivery, DeliveryState, NewSecret, Webhook


class Webhooks(Transport):
    """What a client asks about webhooks; the errors are those of `AsyncClient`."""

    def create_webhook(
        self,
        url: str,
        *,
        events: Sequence[str] = ("*",),
        description: str = "",
        key: str | None = None,
    ) -> NewSecret:
        """Has events from now on sent to `url`; the secret is shown this once.

        Args:
            url: `https`, and public.
            events: Types (`trade.opened`), subjects (`trade.*`), or `*` for all.
            description: For people.
            key: The `Idempotency-Key`; made here without one.
        """
        body = {"url": url, "events": list(events), "description": description}
        return answer(NewSecret, self.post_once("/v1/webhooks", body, key))

    def webhooks(self) -> tuple[Webhook, ...]:
        """All webhooks of the account, the newest first."""
        content = self.get("/v1/webhooks")
        return tuple(answer(Webhook, item) for item in items(content))

    def webhook(self, webhook_id: str) -> Webhook:
        """One of them."""
        return answer(Webhook, self.get(f"/v1/webhooks/{webhook_id}"))

    def edit_webhook(
        self,
        webhook_id: str,
        version: int,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Changes a webhook; a `ProblemError` of status 412 if it is not at `version` any more."""
        body = given(
            url=url,
            events=None if events is None else list(events),
            description=description,
            enabled=enabled,
        )
        headers = {"If-Match": f'"{version}"'}
        content = self.send("PATCH", f"/v1/webhooks/{webhook_id}", body, headers)
        return answer(Webhook, content)

    def forget_webhook(self, webhook_id: str) -> None:
        """Ends a webhook, with its log and what waits for it."""
        self.send("DELETE", f"/v1/webhooks/{webhook_id}")

    def rotate_webhook_secret(
        self, webhook_id: str, *, overlap_s: int = 86_400, key: str | None = None
    ) -> NewSecret:
        """A new secret, shown this once; the old one stays valid for `overlap_s`."""
        path = f"/v1/webhooks/{webhook_id}/secret"
        return answer(NewSecret, self.post_once(path, {"overlap_s": overlap_s}, key))

    def test_webhook(self, webhook_id: str, *, key: str | None = None) -> Delivery:
        """Has a test message sent."""
        path = f"/v1/webhooks/{webhook_id}/test"
        return answer(Delivery, self.post_once(path, None, key))

    def deliveries(
        self, webhook_id: str, *, state: DeliveryState | None = None
    ) -> Iterator[Delivery]:
        """What was brought to a webhook, and what waits, the newest first."""
        path = f"/v1/webhooks/{webhook_id}/deliveries"
        for item in self._pages(path, {"state": state}):
            yield answer(Delivery, item)

    def delivery(self, webhook_id: str, delivery_id: str) -> Delivery:
        """One message with its tries."""
        path = f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}"
        return answer(Delivery, self.get(path))

    def replay_delivery(
        self, webhook_id: str, delivery_id: str, *, key: str | None = None
    ) -> Delivery:
        """Has the same message sent again, under the same id."""
        path = f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"
        return answer(Delivery, self.post_once(path, None, key))
