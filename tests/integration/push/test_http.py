"""Devices in the API: subscribed, listed, ended, and nobody else's business."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.push.conftest import Phones
from tests.integration.push.device import Device
from tests.integration.trades.conftest import World
from tradepost.kernel.access import Scope
from tradepost.push.model import MAX_SUBSCRIPTIONS

ENDPOINT = "https://93.184.215.14/push/one"


def problem(answer: httpx.Response) -> str:
    slug: str = answer.json()["type"].removeprefix("urn:tradepost:problem:")
    return slug


async def test_a_device_is_subscribed_listed_and_ended(phones: Phones) -> None:
    trader = await phones.world.trader()
    device = Device()
    body = device.subscription(ENDPOINT, " My phone ")
    answer = await phones.call(trader, "POST", "", body)
    assert answer.status_code == 201
    first = answer.json()
    assert first["label"] == "My phone"
    assert (first["service"], first["accepted_at"]) == ("93.184.215.14", None)
    for secret in (ENDPOINT, *body["keys"].values()):
        assert secret not in answer.text
    second = await phones.add(trader, "second")
    assert await phones.listed(trader) == [second, first]
    path = f"/{first['id']}"
    assert (await phones.call(trader, "DELETE", path)).status_code == 204
    assert problem(await phones.call(trader, "DELETE", path)) == "not-found"
    assert await phones.listed(trader) == [second]


async def test_the_same_endpoint_again_replaces(phones: Phones) -> None:
    trader = await phones.world.trader()
    made = []
    for label in ("Phone", "Same phone"):
        answer = await phones.call(trader, "POST", "", Device().subscription(ENDPOINT, label))
        assert answer.status_code == 201
        made.append(answer.json())
    assert made[1] == made[0] | {"label": "Same phone"}
    assert await phones.listed(trader) == made[1:]


async def test_a_device_goes_to_who_is_signed_in_on_it(phones: Phones) -> None:
    """The device itself says so, by a secret; a stranger who only knows its address does not."""
    before, after, stranger = [await phones.world.trader() for _ in range(3)]
    device = Device()
    await phones.call(before, "POST", "", device.subscription(ENDPOINT))
    answer = await phones.call(stranger, "POST", "", Device().subscription(ENDPOINT))
    assert (answer.status_code, problem(answer)) == (409, "push-endpoint-taken")
    assert len(await phones.listed(before)) == 1
    answer = await phones.call(after, "POST", "", device.subscription(ENDPOINT))
    assert answer.status_code == 201
    assert [len(await phones.listed(one)) for one in (before, after, stranger)] == [0, 1, 0]


async def test_devices_are_bounded(phones: Phones) -> None:
    trader = await phones.world.trader()
    for number in range(MAX_SUBSCRIPTIONS):
        await phones.add(trader, f"{number}")
    answer = await phones.call(trader, "POST", "", Device().subscription(ENDPOINT))
    assert problem(answer) == "too-many-push-subscriptions"
    # One that is there already can be renewed all the same.
    again = Device().subscription(phones.endpoint("3"))
    assert (await phones.call(trader, "POST", "", again)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"endpoint": "http://93.184.215.14/"}, "push-endpoint-refused"),
        ({"endpoint": "https://no-such-name.invalid/"}, "push-endpoint-refused"),
        ({"endpoint": "https://" + "a" * 500}, "malformed-request"),
        ({"label": ""}, "malformed-request"),
        ({"label": "x" * 61}, "malformed-request"),
        ({"more": 1}, "malformed-request"),
        ({"keys": {"p256dh": "B" * 87, "auth": "A" * 22}}, "push-keys-invalid"),
        ({"keys": {"p256dh": "B" * 86, "auth": "A" * 22}}, "malformed-request"),
        ({"keys": {"p256dh": "B" * 87, "auth": "A" * 21}}, "malformed-request"),
        ({"keys": {"p256dh": "B" * 87}}, "malformed-request"),
    ],
)
async def test_what_is_not_taken(phones: Phones, changes: dict[str, Any], slug: str) -> None:
    trader = await phones.world.trader()
    body = Device().subscription(ENDPOINT) | changes
    assert problem(await phones.call(trader, "POST", "", body)) == slug
    assert await phones.listed(trader) == []


async def test_without_tls_nowhere_at_all(phones: Phones) -> None:
    """Not even where webhooks may go without."""
    trader = await phones.world.trader()
    body = Device().subscription("http://127.0.0.1:9000/")
    assert problem(await phones.call(trader, "POST", "", body)) == "push-endpoint-refused"


async def test_what_is_anothers_is_not_there(phones: Phones) -> None:
    owner, stranger = await phones.world.trader(), await phones.world.trader()
    made = await phones.add(owner, "one")
    assert await phones.listed(stranger) == []
    for id_ in (made["id"], str(uuid4())):
        assert problem(await phones.call(stranger, "DELETE", f"/{id_}")) == "not-found"
    assert await phones.listed(owner) == [made]


async def test_a_token_that_only_reads_learns_nothing(phones: Phones, world: World) -> None:
    """Such as an agent's."""
    trader = await world.trader()
    scopes = [str(one) for one in Scope if one.name.endswith("READ")]
    answer = await world.post(
        trader, "/v1/tokens", {"label": "agent", "scopes": scopes, "expires_in_s": 3600}
    )
    headers = {"Authorization": f"Bearer {answer.json()['token']}", "Idempotency-Key": "one"}
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", Device().subscription(ENDPOINT)),
        ("DELETE", f"/{uuid4()}", None),
    ):
        url = f"/v1/push/subscriptions{path}"
        refused = await world.api.request(method, url, json=body, headers=headers)
        assert problem(refused) == "scope-missing"


async def test_the_key_is_everybodys(world: World) -> None:
    answer = await world.api.get("/v1/push/key")
    assert answer.status_code == 200
    assert len(answer.json()["key"]) == 87
