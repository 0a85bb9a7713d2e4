"""The exchange's answers about webhooks.

They follow the rules of `models`. A receiver checks messages with any library of Standard Webhooks.
"""

from typing import Annotated, Literal

from pydantic import Field

from tradepost_client.models import Id, Model, Time

DeliveryState = Literal["pending", "delivered", "failed"]


class Key(Model):
    """The public side (`whpk_`) of a secret, which is valid until `expires_at`."""

    public_key: str
    created_at: Time
    expires_at: Time | None


class Webhook(Model):
    """Where the account's events go. `keys` has the newest first."""

    id: Id
    url: str
    description: str
    events: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None
    failing_since: Time | None
    keys: tuple[Key, ...]
    version: int
    created_at: Time
    updated_at: Time


class NewSecret(Webhook):
    """A webhook with its new secret (`whsec_`), which is not part of its representation."""

    secret: Annotated[str, Field(repr=False)]


class Attempt(Model):
    """One try: the answer's `status`, or the `error` for which there was none."""

    number: int
    at: Time
    duration_ms: int
    status: int | None
    error: str | None


class Delivery(Model):
    """One message to one webhook; `message_id` is its `webhook-id`."""

    id: Id
    message_id: Id
    type: str
    seq: int | None
    state: DeliveryState
    created_at: Time
    next_attempt_at: Time | None
    attempts: tuple[Attempt, ...]
