"""Webhooks' face: name an address, and what becomes of the account's events there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tradepost.kernel import outbox
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound, PreconditionFailed
from tradepost.kernel.ids import new_id
from tradepost.outward.addresses import Target, UrlRefused, read_url
from tradepost.outward.looking import FirstLook
from tradepost.outward.model import Outcome, is_hopeless, next_try, read_retry_after
from tradepost.webhooks import deliveries, store
from tradepost.webhooks.model import (
    KEPT_DAYS,
    MAX_PENDING,
    MAX_SECRETS,
    MAX_WEBHOOKS,
    SCHEDULE_S,
    TEST_TYPE,
    TRANSITIONS,
    Attempt,
    Changes,
    Delivery,
    DeliveryState,
    DisabledReason,
    EventTypeUnknown,
    Happened,
    Key,
    Message,
    TooManyPending,
    TooManySecrets,
    TooManyWebhooks,
    Webhook,
    WebhookDisabled,
    WebhookNotEnabled,
    WebhookUrlRefused,
    WebhookUrlTaken,
    matches,
)
from tradepost.webhooks.signing import SecretsLost, SigningSecret, Vault

#: Events of one account that become deliveries in one transaction.
_FAN_OUT: Final = 100
_FORGOTTEN_AT_ONCE: Final = 1000
#: The receiver wants nothing more.
_GONE: Final = 410
#: Longer than a batch of tries can take: who holds a webhook for longer is dead.
LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be sent to one webhook now, and with what it is signed."""

    url: str
    deliveries: Sequence[Delivery]
    secrets: Sequence[SigningSecret]
    at: datetime
    quick: bool


# --- what an owner does ----------------------------------------------------------------------


async def create(
    tx: Transaction,
    look: FirstLook,
    account_id: UUID,
    *,
    url: str,
    description: str,
    events: tuple[str, ...],
) -> tuple[Webhook, SigningSecret]:
    """A webhook for the account's events from now on, and its secret, which is told this once.

    Raises `WebhookUrlRefused`, `WebhookUrlTaken`, `EventTypeUnknown`, `TooManyWebhooks`.
    """
    _check_types(events)
    # While a name is looked up nobody has to wait for a lock.
    target = await _looked_at(tx, look, url)
    await store.take_turn(tx, account_id)
    mine = await store.of_account(tx, account_id)
    _check_free(mine, target)
    if len(mine) >= MAX_WEBHOOKS:
        raise TooManyWebhooks
    webhook = Webhook(
        id=new_id(),
        account_id=account_id,
        url=target.url,
        description=description,
        events=events,
        disabled_reason=None,
        failing_since=None,
        version=1,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await store.add(tx, webhook, await outbox.newest(tx.connection, account_id))
    key, secret = await _add_secret(tx, webhook.id)
    return replace(webhook, keys=(key,)), secret


async def all_of(tx: Transaction, account_id: UUID) -> list[Webhook]:
    """The account's webhooks, the newest first."""
    return await store.of_account(tx, account_id)


async def get(tx: Transaction, account_id: UUID, webhook_id: UUID) -> Webhook:
    """One webhook of this account; raises `NotFound`."""
    found = await store.get(tx, account_id, webhook_id)
    if found is None:
        raise NotFound
    return found


async def edit(
    tx: Transaction,
    look: FirstLook,
    account_id: UUID,
    webhook_id: UUID,
    version: int,
    changes: Changes,
) -> Webhook:
    """Changes a webhook that still is at `version`.

    One that is enabled again goes on where it stopped: what happened in between is sent.
    Raises `NotFound`, `PreconditionFailed`, and as `create`.
    """
    target = None if changes.url is None else await _looked_at(tx, look, changes.url)
    await store.take_turn(tx, account_id)
    before = await _locked(tx, account_id, webhook_id)
    if before.version != version:
        raise PreconditionFailed
    after = replace(before, version=version + 1, updated_at=tx.now)
    if changes.description is not None:
        after = replace(after, description=changes.description)
    if changes.events is not None:
        _check_types(changes.events)
        after = replace(after, events=changes.events)
    if target is not None and target.url != before.url:
        _check_free(await store.of_account(tx, account_id), target)
        after = replace(after, url=target.url)
    if changes.enabled is not None and changes.enabled != (before.disabled_reason is None):
        reason = None if changes.enabled else DisabledReason.OWNER
        after = replace(after, disabled_reason=reason)
    revived = before.disabled_reason is not None and after.disabled_reason is None
    await store.change(tx, after, afresh=revived or after.url != before.url)
    await store.wake(tx, webhook_id, again=True)
    return await get(tx, account_id, webhook_id)


async def remove(tx: Transaction, account_id: UUID, webhook_id: UUID) -> None:
    """Ends a webhook, with its log and what waits for it; raises `NotFound`."""
    if not await store.remove(tx, account_id, webhook_id):
        raise NotFound


async def rotate_secret(
    tx: Transaction, account_id: UUID, webhook_id: UUID, overlap_s: int
) -> tuple[Webhook, SigningSecret]:
    """A new secret, told this once; messages are signed with the old one too for `overlap_s`.

    Raises `NotFound`, `TooManySecrets`.
    """
    webhook = await _locked(tx, account_id, webhook_id)
    await store.end_newest_secret(tx, webhook_id, tx.now + timedelta(seconds=overlap_s))
    if len(await store.sealed_secrets(tx, webhook_id)) >= MAX_SECRETS:
        raise TooManySecrets
    _, secret = await _add_secret(tx, webhook_id)
    changed = replace(webhook, version=webhook.version + 1, updated_at=tx.now)
    await store.change(tx, changed, afresh=False)
    return await get(tx, account_id, webhook_id), secret


async def send_test(tx: Transaction, account_id: UUID, webhook_id: UUID) -> Delivery:
    """Has a message of the type `webhook.test` sent, whatever the filters say.

    Raises `NotFound`, `WebhookNotEnabled`, `TooManyPending`.
    """
    webhook = await _with_room(tx, account_id, webhook_id)
    message = Message(new_id(), TEST_TYPE, None, tx.now, {"webhook_id": str(webhook.id)})
    delivery = _delivery(tx, webhook, message)
    await deliveries.add(tx, [delivery])
    await store.wake(tx, webhook_id)
    return delivery


async def log(
    tx: Transaction,
    account_id: UUID,
    webhook_id: UUID,
    *,
    state: DeliveryState | None,
    before: UUID | None,
    limit: int,
) -> list[Delivery]:
    """The webhook's deliveries, the newest first; raises `NotFound`."""
    await get(tx, account_id, webhook_id)
    return await deliveries.of_webhook(tx, webhook_id, state, before, limit)


async def delivery_of(
    tx: Transaction, account_id: UUID, webhook_id: UUID, delivery_id: UUID
) -> Delivery:
    """One delivery with its tries; raises `NotFound`."""
    await get(tx, account_id, webhook_id)
    found = await deliveries.get(tx, webhook_id, delivery_id)
    if found is None:
        raise NotFound
    return found


async def replay(
    tx: Transaction, account_id: UUID, webhook_id: UUID, delivery_id: UUID
) -> Delivery:
    """Sends the same message again, from now on and by the whole schedule.

    One that waits for its next try is tried now. Raises as `send_test`.
    """
    webhook = await _with_room(tx, account_id, webhook_id)
    found = await deliveries.get(tx, webhook.id, delivery_id)
    if found is None:
        raise NotFound
    state = TRANSITIONS[found.state, Happened.REPLAYED]
    moved = await deliveries.move(tx, found, state, 0, tx.now)
    assert moved, "its webhook is locked"
    await store.wake(tx, webhook_id)
    return replace(found, state=state, tries=0, due_at=tx.now)


# --- what the worker does --------------------------------------------------------------------


async def behind(tx: Transaction, limit: int) -> list[UUID]:
    """Webhooks with events to `fan_out`."""
    return await store.behind(tx, limit)


async def fan_out(tx: Transaction, webhook_id: UUID) -> int:
    """Makes deliveries of the next events of a webhook's account; how many were looked at.

    The place in the account's numbers moves with it, so nothing is left out or comes twice.
    """
    webhook = await store.lock(tx, webhook_id)
    if webhook is None or webhook.disabled_reason is not None:
        return 0
    seen = await store.seen_seq(tx, webhook_id)
    room = MAX_PENDING - await deliveries.count_pending(tx, webhook_id)
    limit = min(_FAN_OUT, room)
    if limit <= 0:
        return 0
    events = await outbox.read(tx.connection, webhook.account_id, seen, limit)
    if not events:
        return 0
    moved = await store.see(tx, webhook_id, seen, events[-1].seq)
    assert moved, "its webhook is locked"
    wanted = [
        _delivery(tx, webhook, Message(one.id, one.type, one.seq, one.created_at, one.payload))
        for one in events
        if matches(webhook.events, one.type)
    ]
    if wanted:
        await deliveries.add(tx, wanted)
        await store.wake(tx, webhook_id)
    return len(events)


async def lease(tx: Transaction, *, quick: bool, limit: int) -> list[tuple[UUID, int]]:
    """Takes webhooks that are due, for `LEASE`; their ids, with the numbers of the leases."""
    return await store.lease(tx, quick=quick, limit=limit, length=LEASE)


async def take(
    tx: Transaction, vault: Vault, webhook_id: UUID, number: int, limit: int
) -> Batch | None:
    """What is to be sent now to a webhook that is held under this lease; None for nothing.

    A webhook none of whose secrets can be opened any more is disabled: nothing is sent unsigned.
    """
    webhook = await store.lock(tx, webhook_id, number)
    if webhook is None or webhook.disabled_reason is not None:
        return None
    quick = await store.is_quick(tx, webhook_id)
    # One that fails, or is slow, is tried one by one.
    waiting = await deliveries.due(tx, webhook_id, limit if quick else 1)
    if not waiting:
        return None
    secrets = []
    for key_id, sealed in await store.sealed_secrets(tx, webhook_id):
        with suppress(SecretsLost):
            secrets.append(vault.open(sealed, webhook_id, key_id))
    if not secrets:
        await _disable(tx, webhook, DisabledReason.SECRETS_LOST)
        return None
    return Batch(webhook.url, waiting, secrets, tx.now, quick)


async def note(
    tx: Transaction, delivery: Delivery, at: datetime, outcome: Outcome, draw: float
) -> None:
    """Writes down how a try went that began `at`, and when the next one is, by `draw` (0 to 1).

    Nothing, where the delivery is another by now: somebody else has tried it, or it was replayed.
    """
    webhook = await store.lock(tx, delivery.webhook_id)
    if webhook is None:
        return
    rest = None if outcome.accepted else read_retry_after(outcome.retry_after, tx.now)
    tries = delivery.tries + 1
    due_at = None if outcome.accepted else next_try(SCHEDULE_S, tries, tx.now, draw, rest)
    if outcome.accepted:
        happened = Happened.ACCEPTED
    else:
        happened = Happened.GIVEN_UP if due_at is None else Happened.REFUSED
    state = TRANSITIONS[delivery.state, happened]
    if not await deliveries.move(tx, delivery, state, tries, due_at):
        return
    attempt = Attempt(delivery.attempts + 1, at, outcome.duration_ms, outcome.status, outcome.fault)
    await deliveries.add_attempt(tx, delivery, attempt)
    since, failures = await store.judge(tx, webhook.id, outcome, rest=rest)
    if webhook.disabled_reason is None:
        if outcome.status == _GONE:
            await _disable(tx, webhook, DisabledReason.GONE)
        elif is_hopeless(since, failures, tx.now):
            await _disable(tx, webhook, DisabledReason.FAILING)
    await store.wake(tx, webhook.id, again=True)


async def release(tx: Transaction, webhook_id: UUID, number: int) -> None:
    """Ends a lease, if it still is this one."""
    if await store.lock(tx, webhook_id, number) is not None:
        await store.wake(tx, webhook_id, again=True)
        await store.release(tx, webhook_id)


async def tidy(tx: Transaction) -> bool:
    """Deletes what is kept no longer; False when nothing is left."""
    await store.forget_secrets(tx)
    before = tx.now - timedelta(days=KEPT_DAYS)
    return await deliveries.forget(tx, before, _FORGOTTEN_AT_ONCE) == _FORGOTTEN_AT_ONCE


# --- inside ----------------------------------------------------------------------------------


async def _looked_at(tx: Transaction, look: FirstLook, url: str) -> Target:
    try:
        target = read_url(url)
        await look.check(target, tx.settings)
    except UrlRefused as refused:
        raise WebhookUrlRefused(str(refused)) from None
    return target


def _check_types(events: Sequence[str]) -> None:
    """Refuses a filter that no event can ever meet: a mistyped one would be silent."""
    known = outbox.types()
    for one in events:
        if not any(matches([one], kind) for kind in known):
            raise EventTypeUnknown(f"It is {one}.")


def _check_free(mine: Sequence[Webhook], target: Target) -> None:
    for webhook in mine:
        if webhook.url == target.url:
            raise WebhookUrlTaken(webhook_id=str(webhook.id))


async def _locked(tx: Transaction, account_id: UUID, webhook_id: UUID) -> Webhook:
    found = await store.lock(tx, webhook_id)
    if found is None or found.account_id != account_id:
        raise NotFound
    return found


async def _with_room(tx: Transaction, account_id: UUID, webhook_id: UUID) -> Webhook:
    webhook = await _locked(tx, account_id, webhook_id)
    if webhook.disabled_reason is not None:
        raise WebhookNotEnabled
    if await deliveries.count_pending(tx, webhook_id) >= MAX_PENDING:
        raise TooManyPending
    return webhook


async def _add_secret(tx: Transaction, webhook_id: UUID) -> tuple[Key, SigningSecret]:
    secret = SigningSecret.new()
    key = Key(new_id(), secret.public_key(), tx.now, None)
    vault = Vault(tx.settings.secret.get_secret_value())
    await store.add_secret(tx, webhook_id, key, vault.seal(secret, webhook_id, key.id))
    return key, secret


def _delivery(tx: Transaction, webhook: Webhook, message: Message) -> Delivery:
    return Delivery(
        id=new_id(),
        webhook_id=webhook.id,
        message_id=message.id,
        seq=message.seq,
        type=message.type,
        body=message.body(),
        state=DeliveryState.PENDING,
        attempts=0,
        tries=0,
        due_at=tx.now,
        created_at=tx.now,
    )


async def _disable(tx: Transaction, webhook: Webhook, reason: DisabledReason) -> None:
    """Stops a locked webhook and tells its owner. What waits is sent once it is enabled again."""
    after = replace(webhook, disabled_reason=reason, version=webhook.version + 1, updated_at=tx.now)
    await store.change(tx, after, afresh=False)
    await store.wake(tx, webhook.id, again=True)
    await tx.publish(WebhookDisabled(str(webhook.id), reason), [webhook.account_id])
