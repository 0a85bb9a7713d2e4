"""The routes of push messages."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import NotFound
from tradepost.kernel.http import Body, StrictRoute, TransactionRoute, Tx, allowed, allowed_once
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.kernel.settings import Settings
from tradepost.kernel.text import Label
from tradepost.outward.addresses import MAX_URL_LENGTH
from tradepost.outward.looking import FirstLookOf
from tradepost.push import service
from tradepost.push.model import (
    MAX_SUBSCRIPTIONS,
    PushEndpointRefused,
    PushEndpointTaken,
    PushKeysInvalid,
    Subscription,
    TooManyPushSubscriptions,
)

router = APIRouter(prefix="/push/subscriptions", route_class=TransactionRoute, tags=["push"])
#: What needs no database to be answered.
public = APIRouter(prefix="/push", route_class=StrictRoute, tags=["push"])

_KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_NEW: dict[str, Any] = {
    "endpoint": "https://push.example/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    "keys": {"p256dh": _KEY, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
    "label": "Firefox on Android",
}
_SUBSCRIPTION: dict[str, Any] = {
    "id": "0193579a-8d42-7e11-9c30-6f5e4d3c2b1a",
    "label": "Firefox on Android",
    "service": "push.example",
    "accepted_at": None,
    "created_at": "2026-11-24T05:00:00Z",
}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class PushKeys(Body):
    """The device's public key (an uncompressed point on P-256) and the secret that it shares."""

    p256dh: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{87}$", max_length=87)]
    auth: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$", max_length=22)]


class NewPushSubscriptionBody(Body):
    """A browser's `PushSubscription`, as its `toJSON` has it, and what its owner calls it."""

    model_config = _example(_NEW)

    endpoint: Annotated[
        str,
        StringConstraints(min_length=8, max_length=MAX_URL_LENGTH),
        Field(description="`https`, at a push service with a public address."),
    ]
    keys: PushKeys
    label: Label


class PushSubscriptionAnswer(BaseModel):
    """A device that is told of the account's trades.

    `accepted_at` is when its push service last took a message. The endpoint is not shown again:
    whoever has it can have the device woken.
    """

    model_config = _example(_SUBSCRIPTION)

    id: UUID
    label: str
    service: str
    accepted_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        """The answer for `subscription`."""
        return cls(
            id=subscription.id,
            label=subscription.label,
            service=subscription.endpoint.split("/")[2],
            accepted_at=subscription.accepted_at,
            created_at=subscription.created_at,
        )


class PushSubscriptionsAnswer(BaseModel):
    """All devices of the account."""

    model_config = _example({"data": [_SUBSCRIPTION], "next_cursor": None})

    data: Annotated[list[PushSubscriptionAnswer], Field(max_length=MAX_SUBSCRIPTIONS)]
    next_cursor: None = None


class PushKeyAnswer(BaseModel):
    """The exchange's public key, to which a browser subscribes: its `applicationServerKey`."""

    model_config = _example({"key": _KEY})

    key: str


# A token that only reads, such as an agent's, learns nothing of its owner's devices.
_Owner = Annotated[Caller, Depends(allowed(Scope.ACCOUNT_WRITE))]
_OwnerOnce = Annotated[Caller, Depends(allowed_once(Scope.ACCOUNT_WRITE))]


@public.get("/key", summary="Get the exchange's key for push messages", responses=problems())
async def get_push_key(request: Request) -> PushKeyAnswer:
    """It changes with the exchange's secret; browsers then have to subscribe anew."""
    settings: Settings = request.app.state.settings
    return PushKeyAnswer(key=service.key_of(settings.secret.get_secret_value()).public)


@router.post(
    "",
    status_code=201,
    summary="Have a device told of my trades",
    responses=problems(
        *ONCE, PushEndpointRefused, PushEndpointTaken, PushKeysInvalid, TooManyPushSubscriptions
    )
    | links(201, to("end_push_subscription", subscription_id="id")),
    openapi_extra=costs(20, money=False),
)
async def create_push_subscription(
    tx: Tx, look: FirstLookOf, caller: _OwnerOnce, body: NewPushSubscriptionBody
) -> PushSubscriptionAnswer:
    """From now on, by its push service. The same endpoint again takes the new keys and label."""
    subscription = await service.subscribe(
        tx,
        look,
        caller.account_id,
        endpoint=body.endpoint,
        p256dh=body.keys.p256dh,
        auth=body.keys.auth,
        label=body.label,
    )
    return PushSubscriptionAnswer.of(subscription)


@router.get(
    "",
    summary="List my devices with push messages",
    responses=problems(*AUTHENTICATED)
    | links(200, to("end_push_subscription", subscription_id="data/0/id")),
)
async def list_push_subscriptions(tx: Tx, caller: _Owner) -> PushSubscriptionsAnswer:
    """The newest first. One whose push service does not know it any more is gone."""
    found = await service.all_of(tx, caller.account_id)
    return PushSubscriptionsAnswer(data=[PushSubscriptionAnswer.of(one) for one in found])


@router.delete(
    "/{subscription_id}",
    status_code=204,
    summary="Tell a device nothing more",
    responses=problems(*AUTHENTICATED, NotFound),
    openapi_extra=costs(5, money=False),
)
async def end_push_subscription(tx: Tx, caller: _Owner, subscription_id: UUID) -> None:
    """Ends the subscription, with what waits for it."""
    await service.unsubscribe(tx, caller.account_id, subscription_id)
