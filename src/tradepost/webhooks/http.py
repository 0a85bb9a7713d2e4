"""The routes of webhooks."""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tradepost.kernel.access import Caller, Scope
from tradepost.kernel.errors import (
    InvalidCursor,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from tradepost.kernel.http import (
    Body,
    CursorsOf,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    etag,
    expected_version,
)
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to
from tradepost.kernel.text import clean_line
from tradepost.outward.addresses import MAX_URL_LENGTH
from tradepost.outward.looking import FirstLookOf
from tradepost.outward.model import Fault
from tradepost.webhooks import service
from tradepost.webhooks.model import (
    FILTER_PATTERN,
    MAX_EVENT_FILTERS,
    MAX_OVERLAP_S,
    MAX_WEBHOOKS,
    OVERLAP_S,
    Attempt,
    Changes,
    Delivery,
    DeliveryState,
    DisabledReason,
    EventTypeUnknown,
    Key,
    TooManyPending,
    TooManySecrets,
    TooManyWebhooks,
    Webhook,
    WebhookNotEnabled,
    WebhookUrlRefused,
    WebhookUrlTaken,
)
from tradepost.webhooks.signing import SigningSecret

router = APIRouter(prefix="/webhooks", route_class=TransactionRoute, tags=["webhooks"])

_PAGE: Final = 100
_ID = "0193579a-6b31-7c44-8a20-7d6e5f403122"
_AT = "2026-11-24T05:00:00Z"
_NEW: dict[str, Any] = {
    "url": "https://shop.example/tradepost",
    "description": "Orders of the shop",
    "events": ["trade.*"],
}
_KEY = {
    "public_key": "whpk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "created_at": _AT,
    "expires_at": None,
}
_WEBHOOK: dict[str, Any] = _NEW | {
    "id": _ID,
    "enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "keys": [_KEY],
    "version": 1,
    "created_at": _AT,
    "updated_at": _AT,
}
_SECRET = {"secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
_ATTEMPT = {"number": 1, "at": _AT, "duration_ms": 84, "status": 204, "error": None}
_DELIVERY: dict[str, Any] = {
    "id": "0193579a-7c21-7d33-9b10-5e4f3a2b1c0d",
    "message_id": "0193579a-7c00-7aa1-8b2c-1d2e3f405162",
    "type": "trade.opened",
    "seq": 42,
    "state": "delivered",
    "created_at": _AT,
    "next_attempt_at": None,
    "attempts": [_ATTEMPT],
}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=MAX_URL_LENGTH),
    Field(description="`https`, on port 443 or one from 1024; it leads to a public address."),
]
Description = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(clean_line),
    # Cleaning can make the text longer, too.
    StringConstraints(max_length=200),
]
Filters = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=FILTER_PATTERN, max_length=81)], ...],
    Field(
        min_length=1,
        max_length=MAX_EVENT_FILTERS,
        description="Which events: `trade.opened`, all of a subject `trade.*`, or all `*`.",
    ),
]


class NewWebhookBody(Body):
    """Where the account's events go, and which."""

    model_config = _example(_NEW)

    url: Url
    description: Description = ""
    events: Filters = ("*",)


class ChangesBody(Body):
    """What is to be another; what is left out stays."""

    model_config = _example({"events": ["trade.*", "offer.*"], "enabled": True})

    url: Url | None = None
    description: Description | None = None
    events: Filters | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = None

    def changes(self) -> Changes:
        """In the model's words."""
        return Changes(self.url, self.description, self.events, self.enabled)


class RotationBody(Body):
    """How long the secret that was valid until now stays so beside the new one."""

    model_config = _example({"overlap_s": OVERLAP_S})

    overlap_s: Annotated[int, Field(ge=0, le=MAX_OVERLAP_S, strict=True)] = OVERLAP_S


class KeyAnswer(BaseModel):
    """The public side of a secret, which checks `v1a`; it is valid until `expires_at`."""

    public_key: str
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> Self:
        """The answer for `key`."""
        return cls(public_key=key.public_key, created_at=key.created_at, expires_at=key.expires_at)


class WebhookAnswer(BaseModel):
    """A webhook. `keys` has the newest one first, and those that it replaces while they hold."""

    model_config = _example(_WEBHOOK)

    id: UUID
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: DisabledReason | None
    failing_since: datetime | None = Field(description="Since when every try has failed.")
    keys: list[KeyAnswer]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def members(cls, webhook: Webhook) -> dict[str, Any]:
        """What the answer for `webhook` has."""
        return {
            "id": webhook.id,
            "url": webhook.url,
            "description": webhook.description,
            "events": list(webhook.events),
            "enabled": webhook.disabled_reason is None,
            "disabled_reason": webhook.disabled_reason,
            "failing_since": webhook.failing_since,
            "keys": [KeyAnswer.of(key) for key in webhook.keys],
            "version": webhook.version,
            "created_at": webhook.created_at,
            "updated_at": webhook.updated_at,
        }

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """The answer for `webhook`."""
        return cls(**cls.members(webhook))


class NewSecretAnswer(WebhookAnswer):
    """A webhook with its new secret, which is shown this once."""

    model_config = _example(_WEBHOOK | _SECRET)

    secret: str

    @classmethod
    def with_secret(cls, webhook: Webhook, secret: SigningSecret) -> Self:
        """The answer for both."""
        return cls(**cls.members(webhook), secret=secret.shared())


class WebhooksAnswer(BaseModel):
    """All webhooks of the account."""

    model_config = _example({"data": [_WEBHOOK], "next_cursor": None})

    data: Annotated[list[WebhookAnswer], Field(max_length=MAX_WEBHOOKS)]
    next_cursor: None = None


class AttemptAnswer(BaseModel):
    """One try: the answer's `status`, or why there was none."""

    number: int
    at: datetime
    duration_ms: int
    status: int | None
    error: Fault | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """The answer for `attempt`."""
        return cls(
            number=attempt.number,
            at=attempt.at,
            duration_ms=attempt.duration_ms,
            status=attempt.status,
            error=attempt.fault,
        )


class DeliveryAnswer(BaseModel):
    """One message and its tries, at most the last 30; `seq` is that of `/v1/account/events`."""

    model_config = _example(_DELIVERY)

    id: UUID
    message_id: UUID
    type: str
    seq: int | None
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[AttemptAnswer]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """The answer for `delivery`."""
        return cls(
            id=delivery.id,
            message_id=delivery.message_id,
            type=delivery.type,
            seq=delivery.seq,
            state=delivery.state,
            created_at=delivery.created_at,
            next_attempt_at=delivery.due_at,
            attempts=[AttemptAnswer.of(attempt) for attempt in delivery.log],
        )


class DeliveriesAnswer(BaseModel):
    """A page of the log."""

    model_config = _example({"data": [_DELIVERY], "next_cursor": None})

    data: list[DeliveryAnswer]
    next_cursor: str | None


class LogQuery(Body):
    """Which part of the log."""

    state: DeliveryState | None = None
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=_PAGE)] = 20


_Reader = Annotated[Caller, Depends(allowed(Scope.WEBHOOKS_READ))]
_Writer = Annotated[Caller, Depends(allowed(Scope.WEBHOOKS_WRITE))]
_WriterOnce = Annotated[Caller, Depends(allowed_once(Scope.WEBHOOKS_WRITE))]
_SecretOnce = Annotated[Caller, Depends(allowed_once(Scope.WEBHOOKS_WRITE, secret=True))]


_ID = "$request.path.webhook_id"
_READ = to("get_webhook", "list_deliveries", webhook_id="id")
_USE = to("forget_webhook", "rotate_webhook_secret", "test_webhook", webhook_id="id")
_EDIT = to("edit_webhook", seen=True, webhook_id="id")
_ONE = to("get_delivery", "replay_delivery", webhook_id=_ID, delivery_id="id")
_FIRST = to("get_delivery", "replay_delivery", webhook_id=_ID, delivery_id="data/0/id")


@router.post(
    "",
    status_code=201,
    summary="Name an address for my events",
    responses=problems(*ONCE, EventTypeUnknown, TooManyWebhooks, WebhookUrlRefused, WebhookUrlTaken)
    | links(201, _READ, _USE, _EDIT),
    openapi_extra=costs(20, money=False),
)
async def create_webhook(
    tx: Tx, look: FirstLookOf, caller: _SecretOnce, body: NewWebhookBody, response: Response
) -> NewSecretAnswer:
    """Events from now on are sent there. The secret that checks them is shown this once.

    The answer is kept sealed: only the token that asked gets it again.
    """
    webhook, secret = await service.create(
        tx,
        look,
        caller.account_id,
        url=body.url,
        description=body.description,
        events=body.events,
    )
    response.headers["ETag"] = etag(webhook.version)
    return NewSecretAnswer.with_secret(webhook, secret)


@router.get("", summary="List my webhooks", responses=problems(*AUTHENTICATED))
async def list_webhooks(tx: Tx, caller: _Reader) -> WebhooksAnswer:
    """The newest first, without secrets."""
    found = await service.all_of(tx, caller.account_id)
    return WebhooksAnswer(data=[WebhookAnswer.of(webhook) for webhook in found])


@router.get("/{webhook_id}", summary="Get a webhook", responses=problems(*AUTHENTICATED, NotFound))
async def get_webhook(
    tx: Tx, caller: _Reader, webhook_id: UUID, response: Response
) -> WebhookAnswer:
    """With its public keys; its `ETag` is what `If-Match` takes."""
    webhook = await service.get(tx, caller.account_id, webhook_id)
    response.headers["ETag"] = etag(webhook.version)
    return WebhookAnswer.of(webhook)


@router.patch(
    "/{webhook_id}",
    summary="Change a webhook, disable it or enable it again",
    responses=problems(
        *AUTHENTICATED,
        NotFound,
        PreconditionRequired,
        PreconditionFailed,
        EventTypeUnknown,
        WebhookUrlRefused,
        WebhookUrlTaken,
    ),
    openapi_extra=costs(10, money=False),
)
async def edit_webhook(
    tx: Tx,
    look: FirstLookOf,
    caller: _Writer,
    webhook_id: UUID,
    version: Annotated[int, Depends(expected_version)],
    body: ChangesBody,
    response: Response,
) -> WebhookAnswer:
    """If it still is what `If-Match` says you saw.

    A webhook that is enabled again goes on where it stopped: what happened meanwhile is sent.
    """
    webhook = await service.edit(tx, look, caller.account_id, webhook_id, version, body.changes())
    response.headers["ETag"] = etag(webhook.version)
    return WebhookAnswer.of(webhook)


@router.delete(
    "/{webhook_id}",
    status_code=204,
    summary="Forget a webhook",
    responses=problems(*AUTHENTICATED, NotFound),
    openapi_extra=costs(5, money=False),
)
async def forget_webhook(tx: Tx, caller: _Writer, webhook_id: UUID) -> None:
    """Ends it, with its log and what waits for it."""
    await service.remove(tx, caller.account_id, webhook_id)


@router.post(
    "/{webhook_id}/secret",
    status_code=201,
    summary="Give a webhook a new secret",
    responses=problems(*ONCE, NotFound, TooManySecrets),
    openapi_extra=costs(5, money=False),
)
async def rotate_webhook_secret(
    tx: Tx, caller: _SecretOnce, webhook_id: UUID, body: RotationBody, response: Response
) -> NewSecretAnswer:
    """Messages are signed with both until the old one's time is over. It is shown this once.

    The answer is kept sealed: only the token that asked gets it again.
    """
    webhook, secret = await service.rotate_secret(tx, caller.account_id, webhook_id, body.overlap_s)
    response.headers["ETag"] = etag(webhook.version)
    return NewSecretAnswer.with_secret(webhook, secret)


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    summary="Send a test message",
    responses=problems(*ONCE, NotFound, WebhookNotEnabled, TooManyPending) | links(202, _ONE),
    openapi_extra=costs(10, money=False),
)
async def test_webhook(tx: Tx, caller: _WriterOnce, webhook_id: UUID) -> DeliveryAnswer:
    """Of the type `webhook.test`, whatever the filters say; the log tells how it went."""
    return DeliveryAnswer.of(await service.send_test(tx, caller.account_id, webhook_id))


@router.get(
    "/{webhook_id}/deliveries",
    summary="List what was brought to a webhook",
    responses=problems(*AUTHENTICATED, NotFound, InvalidCursor) | links(200, _FIRST),
)
async def list_deliveries(
    tx: Tx,
    cursors: CursorsOf,
    caller: _Reader,
    webhook_id: UUID,
    query: Annotated[LogQuery, Query()],
) -> DeliveriesAnswer:
    """The newest first, of the last 30 days."""
    purpose = f"deliveries:{webhook_id}:{query.state}"
    before = None
    if query.cursor is not None:
        before = UUID(str(cursors.read(purpose, query.cursor)[0]))
    found = await service.log(
        tx,
        caller.account_id,
        webhook_id,
        state=query.state,
        before=before,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = len(found) > len(shown)
    return DeliveriesAnswer(
        data=[DeliveryAnswer.of(one) for one in shown],
        next_cursor=cursors.write(purpose, [str(shown[-1].id)]) if more else None,
    )


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    summary="Get a delivery",
    responses=problems(*AUTHENTICATED, NotFound),
)
async def get_delivery(
    tx: Tx, caller: _Reader, webhook_id: UUID, delivery_id: UUID
) -> DeliveryAnswer:
    """One message with its tries."""
    found = await service.delivery_of(tx, caller.account_id, webhook_id, delivery_id)
    return DeliveryAnswer.of(found)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    status_code=202,
    summary="Send a message again",
    responses=problems(*ONCE, NotFound, WebhookNotEnabled, TooManyPending),
    openapi_extra=costs(10, money=False),
)
async def replay_delivery(
    tx: Tx, caller: _WriterOnce, webhook_id: UUID, delivery_id: UUID
) -> DeliveryAnswer:
    """The same message with the same id, now; one that waits for its next try is tried now."""
    replayed = await service.replay(tx, caller.account_id, webhook_id, delivery_id)
    return DeliveryAnswer.of(replayed)
