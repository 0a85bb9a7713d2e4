"""Webhooks in the API: named, listed, changed, forgotten, and nobody else's business."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.integration.outward.receiver import Receiver, receiving, says
from tests.integration.webhooks.conftest import Owner
from tests.unit.webhooks.test_signing import check_v1a
from tradepost.kernel.database import Database
from tradepost.webhooks.model import MAX_SECRETS, MAX_WEBHOOKS

URL = "https://93.184.215.14/hook"


def problem(answer: httpx.Response) -> str:
    slug: str = answer.json()["type"].removeprefix("urn:tradepost:problem:")
    return slug


async def test_a_webhook_is_named_listed_changed_and_forgotten(owner: Owner) -> None:
    made = await owner.call(
        "POST", "", {"url": URL, "description": " The shop ", "events": ["trade.*"]}
    )
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert made.headers["ETag"] == '"1"'
    first = made.json()
    assert first["url"] == URL
    assert (first["description"], first["events"]) == ("The shop", ["trade.*"])
    assert (first["enabled"], first["disabled_reason"], first["version"]) == (True, None, 1)
    assert first.pop("secret").startswith("whsec_")
    (key,) = first["keys"]
    assert key["public_key"].startswith("whpk_")
    second = await owner.name(URL + "2")
    second.pop("secret")
    assert second["events"] == ["*"]
    listed = await owner.call("GET", "")
    assert listed.json()["data"] == [second, first]

    path = f"/{first['id']}"
    got = await owner.call("GET", path)
    assert got.json() == first
    assert got.headers["ETag"].startswith('W/"1.')
    changes = {"url": URL + "3", "description": "", "events": ["offer.*"], "enabled": False}
    changed = await owner.call("PATCH", path, changes, version=1)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert {name: changed.json()[name] for name in changes} == changes
    assert changed.json()["disabled_reason"] == "owner"
    assert changed.json()["keys"] == [key]
    assert problem(await owner.call("PATCH", path, {"enabled": True}, version=1)) == (
        "precondition-failed"
    )
    assert problem(await owner.call("PATCH", path, {"enabled": True})) == "precondition-required"
    again = await owner.call("PATCH", path, {"enabled": True}, version=2)
    assert (again.json()["enabled"], again.json()["disabled_reason"]) == (True, None)

    assert (await owner.call("DELETE", path)).status_code == 204
    assert (await owner.call("DELETE", path)).status_code == 404
    assert (await owner.call("GET", path)).status_code == 404
    assert (await owner.call("GET", "")).json() == {"data": [second], "next_cursor": None}


async def test_an_address_is_named_once(owner: Owner) -> None:
    """So a request whose answer was lost can be repeated: it says which webhook there is."""
    webhook = await owner.name(URL)
    answer = await owner.call("POST", "", {"url": URL.upper().replace("/HOOK", "/hook")})
    assert (answer.status_code, problem(answer)) == (409, "webhook-url-taken")
    assert answer.json()["webhook_id"] == webhook["id"]
    other = await owner.name(URL + "2")
    answer = await owner.call("PATCH", f"/{other['id']}", {"url": URL}, version=1)
    assert problem(answer) == "webhook-url-taken"
    same = await owner.call("PATCH", f"/{other['id']}", {"url": URL + "2"}, version=1)
    assert same.status_code == 200


async def test_webhooks_are_bounded(owner: Owner) -> None:
    for number in range(MAX_WEBHOOKS):
        await owner.name(f"{URL}{number}")
    assert problem(await owner.call("POST", "", {"url": URL})) == "too-many-webhooks"


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({}, "malformed-request"),
        ({"url": URL, "secret": "x"}, "malformed-request"),
        ({"url": "https://" + "a" * 500}, "malformed-request"),
        ({"url": URL, "description": "x" * 201}, "malformed-request"),
        ({"url": URL, "description": "\u202e"}, "malformed-request"),
        ({"url": URL, "events": []}, "malformed-request"),
        ({"url": URL, "events": ["*"] * 21}, "malformed-request"),
        ({"url": URL, "events": ["Trade.*"]}, "malformed-request"),
        ({"url": URL, "events": ["trade.*.*"]}, "malformed-request"),
        ({"url": URL, "events": ["trade"]}, "malformed-request"),
        ({"url": URL, "events": ["*\n"]}, "malformed-request"),
        ({"url": URL, "events": ["trade.open"]}, "event-type-unknown"),
        ({"url": URL, "events": ["*", "trades.*"]}, "event-type-unknown"),
        ({"url": "http://1.1.1.1/"}, "webhook-url-refused"),
        ({"url": "https://10.0.0.1/"}, "webhook-url-refused"),
        ({"url": "https://user:x@1.1.1.1/"}, "webhook-url-refused"),
        ({"url": "https://no-such-name.invalid/"}, "webhook-url-refused"),
    ],
)
async def test_what_is_not_taken(owner: Owner, body: dict[str, Any], slug: str) -> None:
    answer = await owner.call("POST", "", body)
    assert problem(answer) == slug
    assert (await owner.call("GET", "")).json()["data"] == []
    webhook = await owner.name(URL + "9")
    if body:
        answer = await owner.call("PATCH", f"/{webhook['id']}", body, version=1)
        assert problem(answer) == slug


async def test_a_new_secret_and_the_old_one_are_both_valid_for_a_while(
    owner: Owner, receiver: Receiver
) -> None:
    webhook = await owner.name(receiver.url)
    answer = await owner.call("POST", f"/{webhook['id']}/secret", {"overlap_s": 3600})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    rotated = answer.json()
    assert rotated["version"] == 2
    assert rotated["secret"] != webhook["secret"]
    new, old = rotated["keys"]
    assert new["expires_at"] is None
    assert old["public_key"] == webhook["keys"][0]["public_key"]
    assert old["expires_at"] > new["created_at"]

    await owner.happens()
    await owner.settle()
    (got,) = receiver.got
    for secret, key in ((rotated["secret"], new), (webhook["secret"], old)):
        Webhook(secret).verify(got.body, got.headers)
        assert check_v1a(key["public_key"], got.headers, got.body)
    assert got.headers["webhook-signature"].count("v1,") == 2

    receiver.answer = says(204)
    # Here time stands still for the standard's library, so the old secret's time is brought near.
    async with owner.database.transaction() as tx:
        await tx.execute(
            "UPDATE webhook_secrets SET expires_at = %s WHERE expires_at IS NOT NULL", [tx.now]
        )
    await owner.happens()
    await owner.settle()
    got = receiver.got[-1]
    Webhook(rotated["secret"]).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(got.body, got.headers)
    assert not check_v1a(old["public_key"], got.headers, got.body)
    assert (await owner.get(webhook))["keys"] == [new]


async def test_an_old_secret_ends_when_it_was_said(owner: Owner) -> None:
    webhook = await owner.name(URL)
    path = f"/{webhook['id']}/secret"
    await owner.call("POST", path, {})
    owner.clock.go_on(seconds=86_399)
    assert len((await owner.get(webhook))["keys"]) == 2
    owner.clock.go_on(seconds=1)
    assert len((await owner.get(webhook))["keys"]) == 1
    at_once = await owner.call("POST", path, {"overlap_s": 0})
    assert len(at_once.json()["keys"]) == 1
    assert problem(await owner.call("POST", path, {"overlap_s": 604_801})) == "malformed-request"


async def test_a_lost_answer_to_a_rotation_costs_the_receiver_nothing(owner: Owner) -> None:
    """Who asks again gets another secret, and the one that the receiver knows is valid still."""
    webhook = await owner.name(URL)
    path = f"/{webhook['id']}/secret"
    for valid in range(2, MAX_SECRETS + 1):
        answer = await owner.call("POST", path, {})
        assert len(answer.json()["keys"]) == valid
        assert webhook["keys"][0]["public_key"] in {
            key["public_key"] for key in answer.json()["keys"]
        }
    before = await owner.get(webhook)
    assert problem(await owner.call("POST", path, {})) == "too-many-secrets"
    assert await owner.get(webhook) == before


async def test_secrets_are_nowhere_to_be_read(owner: Owner, database: Database) -> None:
    webhook = await owner.name(URL)
    secret = webhook["secret"].removeprefix("whsec_")
    for path in ("", f"/{webhook['id']}", f"/{webhook['id']}/deliveries"):
        assert secret not in (await owner.call("GET", path)).text
    async with database.transaction() as tx:
        for table in ("webhooks", "webhook_secrets", "idempotency_keys", "events"):
            rows = await tx.all(f"SELECT {table}::text AS said FROM {table}")  # noqa: S608
            assert not any(secret in row["said"] for row in rows)


async def test_a_test_message(owner: Owner, receiver: Receiver) -> None:
    webhook = await owner.name(receiver.url, events=["trade.*"])
    path = f"/{webhook['id']}/test"
    answer = await owner.call("POST", path)
    assert answer.status_code == 202
    waiting = answer.json()
    assert (waiting["type"], waiting["seq"], waiting["state"]) == ("webhook.test", None, "pending")
    await owner.settle()
    (got,) = receiver.got
    assert got.said["type"] == "webhook.test"
    assert got.said["data"] == {"webhook_id": webhook["id"]}
    assert got.id == got.said["id"] == waiting["message_id"]
    Webhook(webhook["secret"]).verify(got.body, got.headers)
    one = await owner.get(webhook, f"/deliveries/{waiting['id']}")
    assert (one["state"], len(one["attempts"])) == ("delivered", 1)
    await owner.call("PATCH", f"/{webhook['id']}", {"enabled": False}, version=1)
    assert problem(await owner.call("POST", path)) == "webhook-not-enabled"


async def test_a_key_sends_one_test(owner: Owner, receiver: Receiver) -> None:
    webhook = await owner.name(receiver.url)
    headers = owner.account.headers("one")
    path = f"/v1/webhooks/{webhook['id']}/test"
    first = await owner.api.post(path, headers=headers)
    second = await owner.api.post(path, headers=headers)
    assert second.content == first.content
    await owner.settle()
    assert len(receiver.got) == 1


async def test_a_message_is_replayed_under_its_id(owner: Owner, receiver: Receiver) -> None:
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    (delivery,) = await owner.log(webhook)
    path = f"/{webhook['id']}/deliveries/{delivery['id']}/replay"
    answer = await owner.call("POST", path)
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    await owner.settle()
    assert len(receiver.got) == 2
    assert len({(got.id, got.body) for got in receiver.got}) == 1
    (delivery,) = await owner.log(webhook)
    assert [one["number"] for one in delivery["attempts"]] == [1, 2]
    assert delivery["state"] == "delivered"

    # One that waits for its next try is tried at once, and has the whole schedule before it.
    receiver.answer = says(500)
    await owner.call("POST", path)
    await owner.settle()
    for _ in range(6):
        owner.clock.go_on(seconds=700)
        await owner.settle()
    before = len(receiver.got)
    receiver.answer = says(200)
    await owner.call("POST", path)
    await owner.settle()
    assert len(receiver.got) == before + 1
    (delivery,) = await owner.log(webhook)
    assert (delivery["state"], delivery["next_attempt_at"]) == ("delivered", None)
    await owner.call("PATCH", f"/{webhook['id']}", {"enabled": False}, version=1)
    assert problem(await owner.call("POST", path)) == "webhook-not-enabled"
    missing = f"/{webhook['id']}/deliveries/{uuid4()}/replay"
    await owner.call("PATCH", f"/{webhook['id']}", {"enabled": True}, version=2)
    assert (await owner.call("POST", missing)).status_code == 404


async def test_the_log_comes_in_pages(owner: Owner, receiver: Receiver) -> None:
    webhook = await owner.name(receiver.url)
    await owner.happens(5)
    await owner.settle()
    receiver.answer = says(500)
    await owner.happens(2)
    await owner.settle()
    whole = await owner.log(webhook)
    assert [one["seq"] for one in whole] == [7, 6, 5, 4, 3, 2, 1]
    page = await owner.get(webhook, "/deliveries?limit=2")
    seen = page["data"]
    for _ in range(3):
        page = await owner.get(webhook, f"/deliveries?limit=2&cursor={page['next_cursor']}")
        seen += page["data"]
    assert page["next_cursor"] is None
    assert seen == whole
    assert [one["seq"] for one in await owner.log(webhook, state="pending")] == [7, 6]
    assert [one["seq"] for one in await owner.log(webhook, state="delivered")] == [5, 4, 3, 2, 1]
    page = await owner.get(webhook, "/deliveries?limit=2")
    for bent in (
        f"/deliveries?state=pending&cursor={page['next_cursor']}",
        "/deliveries?cursor=AAAA",
    ):
        answer = await owner.call("GET", f"/{webhook['id']}{bent}")
        assert problem(answer) == "invalid-cursor"


async def test_what_is_anothers_is_not_there(
    owner: Owner, new_owner: Callable[[], Awaitable[Owner]], receiver: Receiver
) -> None:
    webhook = await owner.name(receiver.url)
    await owner.happens()
    await owner.settle()
    (delivery,) = await owner.log(webhook)
    stranger = await new_owner()
    # His own webhook opens no other's log.
    own = await stranger.name(receiver.url)
    path = f"/{webhook['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret", {}),
        ("POST", f"{path}/test", None),
        ("GET", f"{path}/deliveries", None),
        ("GET", f"{path}/deliveries/{delivery['id']}", None),
        ("POST", f"{path}/deliveries/{delivery['id']}/replay", None),
        ("GET", f"/{own['id']}/deliveries/{delivery['id']}", None),
        ("POST", f"/{own['id']}/deliveries/{delivery['id']}/replay", None),
    ):
        answer = await stranger.call(method, where, body, version=1)
        assert (answer.status_code, problem(answer)) == (404, "not-found"), where
    assert [one["id"] for one in (await stranger.call("GET", "")).json()["data"]] == [own["id"]]
    assert (await owner.get(webhook))["version"] == 1


async def test_an_address_that_changes_gets_what_waits(owner: Owner, receiver: Receiver) -> None:
    receiver.answer = says(500)
    webhook = await owner.name(receiver.url)
    await owner.happens(2)
    await owner.settle()
    async with receiving() as other:
        answer = await owner.call("PATCH", f"/{webhook['id']}", {"url": other.url}, version=1)
        assert answer.json()["failing_since"] is None
        owner.clock.go_on(seconds=60)
        await owner.settle()
        assert len(other.got) == 2
