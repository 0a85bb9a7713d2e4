"""The exchange's answers about devices that are told of their owner's trades by Web Push.

They follow the rules of `models`.
"""

from tradepost_client.models import Id, Model, Time


class PushKey(Model):
    """The exchange's public key, to which a browser subscribes."""

    key: str


class PushSubscription(Model):
    """A device; `service` is the host of its push service, which took a message `accepted_at`."""

    id: Id
    label: str
    service: str
    accepted_at: Time | None
    created_at: Time
