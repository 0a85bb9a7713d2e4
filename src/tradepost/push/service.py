"""Push messages' face: have a device told of one's trades, and what becomes of the news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from tradepost.kernel import outbox
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import NotFound
from tradepost.kernel.ids import new_id
from tradepost.outward.addresses import UrlRefused, read_url
from tradepost.outward.looking import FirstLook
from tradepost.outward.model import Outcome, is_hopeless, next_try, read_retry_after
from tradepost.push import store
from tradepost.push.keys import ServerKey, from_base64url, server_key
from tradepost.push.model import (
    EITHERS,
    MAX_SUBSCRIPTIONS,
    SCHEDULE_S,
    Message,
    PushEndpointRefused,
    PushEndpointTaken,
    PushKeysInvalid,
    Subscription,
    TooManyPushSubscriptions,
    Verdict,
    news_of,
    verdict,
)
from tradepost.push.sealing import device_key
from tradepost.trades import service as trades
from tradepost.trades.model import TradeEvent

#: Events of one account that are looked at in one transaction.
_FAN_OUT: Final = 100
_FORGOTTEN_AT_ONCE: Final = 1000
_AUTH: Final = 16
#: Longer than a batch of tries can take: who holds a subscription for longer is dead.
LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be sent to one device now."""

    subscription: Subscription
    messages: Sequence[Message]
    at: datetime
    quick: bool


# --- what an owner does ----------------------------------------------------------------------


def key_of(secret: str) -> ServerKey:
    """The exchange's key under this secret."""
    return server_key(secret)


async def subscribe(
    tx: Transaction,
    look: FirstLook,
    account_id: UUID,
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    label: str,
) -> Subscription:
    """Has a device told of the account's trades from now on.

    An endpoint that the account has keeps its place and takes the new keys. One that another
    account has moves to this one where its device says so, by the secret that only it has.
    Raises `PushEndpointRefused`, `PushKeysInvalid`, `PushEndpointTaken`,
    `TooManyPushSubscriptions`.
    """
    keys = _keys(p256dh, auth)
    # While a name is looked up nobody has to wait for a lock.
    url = await _looked_at(tx, look, endpoint)
    await store.take_turn(tx, account_id, url)
    own_key = _own_key(tx).public
    subscription = Subscription(
        new_id(), account_id, url, *keys, own_key, label, accepted_at=None, created_at=tx.now
    )
    before = await store.at(tx, url)
    if before is not None and before.account_id == account_id:
        renewed = replace(
            subscription,
            id=before.id,
            accepted_at=before.accepted_at,
            created_at=before.created_at,
        )
        await store.renew(tx, renewed)
        await store.wake(tx, renewed.id)
        return renewed
    if before is not None:
        if before.auth != subscription.auth:
            raise PushEndpointTaken
        await store.remove(tx, before.id)
    if len(await store.of_account(tx, account_id, own_key)) >= MAX_SUBSCRIPTIONS:
        raise TooManyPushSubscriptions
    await store.add(tx, subscription, await outbox.newest(tx.connection, account_id))
    return subscription


async def all_of(tx: Transaction, account_id: UUID) -> list[Subscription]:
    """The account's subscriptions that can be served, the newest first."""
    return await store.of_account(tx, account_id, _own_key(tx).public)


async def unsubscribe(tx: Transaction, account_id: UUID, subscription_id: UUID) -> None:
    """Ends a subscription, with what waits for it; raises `NotFound`."""
    if not await store.remove(tx, subscription_id, account_id):
        raise NotFound


# --- what the worker does --------------------------------------------------------------------


async def behind(tx: Transaction, limit: int) -> list[UUID]:
    """Subscriptions with events to `fan_out`."""
    return await store.behind(tx, limit)


async def fan_out(tx: Transaction, subscription_id: UUID) -> int:
    """Makes messages of the next events of a device's account; how many were looked at.

    The place in the account's numbers moves with it, so nothing is left out.
    """
    subscription = await store.lock(tx, subscription_id)
    if subscription is None:
        return 0
    seen = await store.seen_seq(tx, subscription_id)
    events = await outbox.read(tx.connection, subscription.account_id, seen, _FAN_OUT)
    if not events:
        return 0
    await store.see(tx, subscription_id, events[-1].seq)
    for event in events:
        message = await _message(tx, subscription, event)
        if message is not None:
            await store.put(tx, message)
    await store.make_room(tx, subscription_id)
    await store.wake(tx, subscription_id)
    return len(events)


async def lease(tx: Transaction, *, quick: bool, limit: int) -> Sequence[tuple[UUID, int]]:
    """Takes subscriptions that are due, for `LEASE`; their ids, with the numbers of the leases."""
    return await store.lease(tx, quick=quick, limit=limit, length=LEASE)


async def take(tx: Transaction, subscription_id: UUID, number: int, limit: int) -> Batch | None:
    """What is to be sent now to a device that is held under this lease; None for nothing.

    A subscription to another key than the exchange's is forgotten: no push service takes what
    this one signs for it.
    """
    subscription = await store.lock(tx, subscription_id, number)
    if subscription is None:
        return None
    if subscription.server_key != _own_key(tx).public:
        await store.remove(tx, subscription_id)
        return None
    quick = await store.is_quick(tx, subscription_id)
    await store.make_room(tx, subscription_id)
    # One that fails, or is slow, is tried one by one.
    waiting = await store.due(tx, subscription_id, limit if quick else 1)
    return Batch(subscription, waiting, tx.now, quick) if waiting else None


async def note(tx: Transaction, message: Message, outcome: Outcome, draw: float) -> None:
    """Writes down how a try went, and when the next one is, by `draw` (0 to 1).

    Nothing, where the message is another by now: somebody else has tried it, or it was replaced.
    """
    subscription = await store.lock(tx, message.subscription_id)
    if subscription is None:
        return
    said = verdict(outcome)
    if said is Verdict.GONE:
        await store.remove(tx, subscription.id)
        return
    rest = None if outcome.accepted else read_retry_after(outcome.retry_after, tx.now)
    due_at = None
    if said is Verdict.LATER:
        due_at = next_try(SCHEDULE_S, message.tries + 1, tx.now, draw, rest)
    if due_at is None:
        moved = await store.done_with(tx, message)
    else:
        moved = await store.try_later(tx, message, due_at)
    if not moved:
        return
    since, failures = await store.judge(tx, subscription.id, outcome, rest=rest)
    if is_hopeless(since, failures, tx.now):
        await store.remove(tx, subscription.id)
        return
    await store.wake(tx, subscription.id, again=True)


async def release(tx: Transaction, subscription_id: UUID, number: int) -> None:
    """Ends a lease, if it still is this one."""
    if await store.lock(tx, subscription_id, number) is not None:
        await store.wake(tx, subscription_id, again=True)
        await store.release(tx, subscription_id)


async def tidy(tx: Transaction) -> bool:
    """Forgets what can be served no longer; False when nothing is left."""
    forgotten = await store.forget_others(tx, _own_key(tx).public, _FORGOTTEN_AT_ONCE)
    return forgotten == _FORGOTTEN_AT_ONCE


# --- inside ----------------------------------------------------------------------------------


def _own_key(tx: Transaction) -> ServerKey:
    return key_of(tx.settings.secret.get_secret_value())


def _keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    try:
        point, secret = from_base64url(p256dh), from_base64url(auth)
        device_key(point)
    except ValueError:
        raise PushKeysInvalid from None
    if len(secret) != _AUTH:
        raise PushKeysInvalid
    return point, secret


async def _looked_at(tx: Transaction, look: FirstLook, endpoint: str) -> str:
    try:
        target = read_url(endpoint)
        if target.scheme != "https":
            raise UrlRefused("It has to be https.")
        await look.check(target, tx.settings)
    except UrlRefused as refused:
        raise PushEndpointRefused(str(refused)) from None
    return target.url


async def _message(
    tx: Transaction, subscription: Subscription, event: outbox.AccountEvent
) -> Message | None:
    payload: Mapping[str, Any] = event.payload
    if not event.type.startswith("trade."):
        return None
    trade = await trades.known(tx, UUID(payload["trade_id"]))
    party = trade.party_of(subscription.account_id, frozenset())
    if party is None:
        return None
    by = None
    if payload.get("event") in EITHERS:
        account_id = await trades.last_by(tx, trade.id, TradeEvent(payload["event"]))
        by = None if account_id is None else trade.party_of(account_id, frozenset())
    news = news_of(event.type, payload, trade, party, by)
    if news is None:
        return None
    return Message(subscription.id, trade.id, event.id, news, tries=0, created_at=event.created_at)
