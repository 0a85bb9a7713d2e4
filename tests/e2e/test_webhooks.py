"""Webhooks through the processes of a running exchange."""

import pytest
from standardwebhooks import Webhook

from tests.integration.outward.receiver import receiving, says, until
from tradepost.entrypoints.dev.data import Instance
from tradepost_client import AsyncClient

pytestmark = pytest.mark.slow


async def test_a_test_message_and_an_event_arrive(exchange: Instance) -> None:
    """One receiver says that it is gone, and another hears of that."""
    async with (
        AsyncClient(exchange.url) as client,
        receiving(says(410)) as gone,
        receiving() as other,
    ):
        await client.create_account("rosa", "lantern orbit velvet quarry")
        first = await client.create_webhook(gone.url)
        second = await client.create_webhook(other.url, events=["webhook.*"])
        await client.test_webhook(first.id)
        await until(lambda: len(other.got) == 1)
        (got,) = other.got
        said = Webhook(second.secret).verify(got.body, got.headers)
        assert said["type"] == "webhook.disabled"
        assert said["data"] == {"webhook_id": first.id, "reason": "gone"}
        assert [event.type async for event in client.events()] == ["webhook.disabled"]
        assert (await client.webhook(first.id)).disabled_reason == "gone"
        (tried,) = [one async for one in client.deliveries(first.id, state="pending")][-1:]
        assert tried.attempts[0].status == 410
