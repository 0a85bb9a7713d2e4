"""The client's operations on webhooks, on the real API."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from standardwebhooks import Webhook as Standard

from tests.integration.offers.conftest import Maker
from tests.integration.outward.receiver import Receiver
from tests.integration.webhooks.conftest import Owner
from tradepost_client import AsyncClient
from tradepost_client.errors import ProblemError


@pytest.fixture
async def client(
    owner: Owner, api: httpx.AsyncClient, new_maker: Callable[[], Awaitable[Maker]]
) -> AsyncIterator[AsyncClient]:
    """A client of the owner's account."""
    transport = api._transport
    url, token = "http://127.0.0.1:8000", owner.account.token
    async with AsyncClient(url, token=token, transport=transport) as opened:
        yield opened


async def test_every_operation(client: AsyncClient, owner: Owner, receiver: Receiver) -> None:
    made = await client.create_webhook(receiver.url, events=["offer.*"], description="A shop")
    assert made.secret not in repr(made)
    assert (made.events, made.description, made.enabled) == (("offer.*",), "A shop", True)
    (listed,) = await client.webhooks()
    assert listed == await client.webhook(made.id)
    assert listed.keys == made.keys

    test = await client.test_webhook(made.id)
    await owner.happens(3)
    await owner.settle()
    assert receiver.got[0].id == test.message_id
    log = [one async for one in client.deliveries(made.id)]
    assert [one.state for one in log] == ["delivered"] * 4
    assert [one.seq for one in log] == [3, 2, 1, None]
    assert [one async for one in client.deliveries(made.id, state="failed")] == []
    assert await client.delivery(made.id, log[0].id) == log[0]
    again = await client.replay_delivery(made.id, log[0].id)
    assert (again.state, again.message_id) == ("pending", log[0].message_id)
    await owner.settle()
    assert receiver.ids[-2:] == [log[0].message_id] * 2

    rotated = await client.rotate_webhook_secret(made.id, overlap_s=60)
    assert len(rotated.keys) == 2
    await owner.happens()
    await owner.settle()
    got = receiver.got[-1]
    for secret in (made.secret, rotated.secret):
        Standard(secret).verify(got.body, got.headers)

    changed = await client.edit_webhook(made.id, rotated.version, enabled=False, events=["*"])
    assert (changed.enabled, changed.disabled_reason) == (False, "owner")
    with pytest.raises(ProblemError) as stale:
        await client.edit_webhook(made.id, rotated.version, enabled=True)
    assert stale.value.status == 412
    await client.forget_webhook(made.id)
    assert await client.webhooks() == ()
