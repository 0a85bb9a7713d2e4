"""A lying client at every operation of the API: refused, told nothing, and nothing changed."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from tests.faults.arena import SEALED, Arena
from tests.faults.deals import Deal, Player
from tests.faults.liar import HOSTILE_BODIES, HOSTILE_IDS, HOSTILE_VALUES, Liar, with_value
from tests.integration.push.device import Device
from tradepost.kernel.access import Scope

pytestmark = pytest.mark.slow

SIGNATURE = "0x" + "5a" * 64 + "1b"
#: An address of everybody's, so that no name is looked up; nothing is sent, without a worker.
HOOK = "https://93.184.215.14/hook"
PHONE = Device().subscription("https://93.184.215.14/push")
HOURS = {
    "time_zone": "Europe/Berlin",
    "spans": [{"day": "mon", "opens": "09:00", "closes": "18:30"}],
}
JUNK_TOKENS = ("", "tp_", "tp_" + "A" * 43, "tp_" + "A" * 5_000, "null", "' OR 1=1", "tp_\xe9\xff")

#: Operations that anybody may call, and a body for those that take one.
PUBLIC: dict[str, dict[str, Any] | None] = {
    "GET /livez": None,
    "GET /readyz": None,
    "GET /v1/time": None,
    "GET /v1/exchange": None,
    "GET /v1/problems": None,
    "GET /v1/problems/{name}": None,
    "POST /v1/nonces": None,
    "POST /v1/accounts": {"name": "rosa", "passphrase": "short"},
    "POST /v1/sessions": {"name": "rosa", "passphrase": "no such passphrase at all"},
    "GET /v1/offers": None,
    "GET /v1/offers/facets": None,
    "GET /v1/offers/{offer_id}": None,
    "GET /v1/offers/{offer_id}/quote": None,
    "GET /v1/payment-methods": None,
    "GET /v1/payment-methods/registry": None,
    "GET /v1/payment-methods/{code}": None,
    "GET /v1/prices": None,
    "GET /v1/prices/{asset}/{currency}": None,
    "GET /v1/prices/{asset}/{currency}/history": None,
    "GET /v1/markets": None,
    "GET /v1/markets/{asset}/{currency}": None,
    "GET /v1/markets/{asset}/{currency}/depth": None,
    "GET /v1/markets/{asset}/{currency}/methods": None,
    "GET /v1/markets/{asset}/{currency}/trades": None,
    "GET /v1/markets/{asset}/{currency}/candles": None,
    "GET /v1/push/key": None,
    "GET /v1/sandbox/clock": None,
    # What it costs to send, and who may: tests/integration/escrow/test_node_calls.py.
    "POST /v1/chain/calls": {
        "method": "eth_getBalance",
        "params": ["0x" + "22" * 20, "latest"],
    },
    # Each of their fields asks for its own scope: tests/integration/graphql.
    "GET /v1/graphql": None,
    "POST /v1/graphql": {
        "query": "mutation { release }",
        "operationName": "release",
        "variables": {"id": "1"},
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
    },
}
#: Operations that need a token, with the scope they need: None where any will do.
PRIVATE: dict[str, Scope | None] = {
    "DELETE /v1/sessions/current": None,
    "GET /v1/account": Scope.ACCOUNT_READ,
    "POST /v1/account/wallets": Scope.ACCOUNT_WRITE,
    # And for an operator only: tests/integration/entrypoints/test_admin.py.
    "GET /v1/admin/health": Scope.ACCOUNT_READ,
    # And it takes a session with all scopes: tests/integration/backups.
    "GET /v1/account/backup": Scope.ACCOUNT_WRITE,
    "PUT /v1/account/backup": Scope.ACCOUNT_WRITE,
    "DELETE /v1/account/backup": Scope.ACCOUNT_WRITE,
    "GET /v1/tokens": Scope.ACCOUNT_READ,
    "POST /v1/tokens": Scope.ACCOUNT_WRITE,
    "DELETE /v1/tokens/{token_id}": Scope.ACCOUNT_WRITE,
    "GET /v1/account/events": Scope.ACCOUNT_READ,
    "POST /v1/stream/tickets": None,
    "GET /v1/my/partners": Scope.ACCOUNT_READ,
    "PUT /v1/my/partners/{account_id}": Scope.ACCOUNT_WRITE,
    "DELETE /v1/my/partners/{account_id}": Scope.ACCOUNT_WRITE,
    "POST /v1/offers": Scope.OFFERS_WRITE,
    "PATCH /v1/offers/{offer_id}": Scope.OFFERS_WRITE,
    "POST /v1/offers/{offer_id}/pause": Scope.OFFERS_WRITE,
    "POST /v1/offers/{offer_id}/resume": Scope.OFFERS_WRITE,
    "POST /v1/offers/{offer_id}/close": Scope.OFFERS_WRITE,
    "GET /v1/my/offers": Scope.OFFERS_READ,
    "GET /v1/my/partners/offers": Scope.OFFERS_READ,
    "POST /v1/saved-searches": Scope.OFFERS_WRITE,
    "GET /v1/saved-searches": Scope.OFFERS_READ,
    "DELETE /v1/saved-searches/{search_id}": Scope.OFFERS_WRITE,
    "POST /v1/payment-accounts": Scope.OFFERS_WRITE,
    "GET /v1/payment-accounts": Scope.OFFERS_READ,
    "GET /v1/payment-accounts/{account_id}": Scope.OFFERS_READ,
    "PUT /v1/payment-accounts/{account_id}": Scope.OFFERS_WRITE,
    "DELETE /v1/payment-accounts/{account_id}": Scope.OFFERS_WRITE,
    "POST /v1/trades": Scope.TRADES_WRITE,
    "GET /v1/trades": Scope.TRADES_READ,
    "GET /v1/trades/export": Scope.TRADES_READ,
    "GET /v1/trades/{trade_id}": Scope.TRADES_READ,
    "GET /v1/trades/{trade_id}/instructions": Scope.TRADES_READ,
    "GET /v1/trades/{trade_id}/history": Scope.TRADES_READ,
    "POST /v1/trades/{trade_id}/lock": Scope.TRADES_WRITE,
    "POST /v1/trades/{trade_id}/payment-details": Scope.TRADES_WRITE,
    "POST /v1/trades/{trade_id}/payment-sent": Scope.TRADES_WRITE,
    "POST /v1/trades/{trade_id}/release": Scope.ESCROW_RELEASE,
    "POST /v1/trades/{trade_id}/refund": Scope.TRADES_WRITE,
    "POST /v1/trades/{trade_id}/cancel": Scope.TRADES_WRITE,
    "POST /v1/trades/{trade_id}/dispute": Scope.TRADES_WRITE,
    "POST /v1/trades/{trade_id}/settlement": Scope.ESCROW_RELEASE,
    "POST /v1/confirmations": Scope.CONFIRMATIONS_ASK,
    "GET /v1/confirmations": Scope.CONFIRMATIONS_READ,
    "GET /v1/confirmations/{confirmation_id}": Scope.CONFIRMATIONS_READ,
    "POST /v1/confirmations/{confirmation_id}/confirm": Scope.CONFIRMATIONS_WRITE,
    "POST /v1/confirmations/{confirmation_id}/refuse": Scope.CONFIRMATIONS_WRITE,
    "POST /v1/webhooks": Scope.WEBHOOKS_WRITE,
    "GET /v1/webhooks": Scope.WEBHOOKS_READ,
    "GET /v1/webhooks/{webhook_id}": Scope.WEBHOOKS_READ,
    "PATCH /v1/webhooks/{webhook_id}": Scope.WEBHOOKS_WRITE,
    "DELETE /v1/webhooks/{webhook_id}": Scope.WEBHOOKS_WRITE,
    "POST /v1/webhooks/{webhook_id}/secret": Scope.WEBHOOKS_WRITE,
    "POST /v1/webhooks/{webhook_id}/test": Scope.WEBHOOKS_WRITE,
    "GET /v1/webhooks/{webhook_id}/deliveries": Scope.WEBHOOKS_READ,
    "GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}": Scope.WEBHOOKS_READ,
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": Scope.WEBHOOKS_WRITE,
    "POST /v1/push/subscriptions": Scope.ACCOUNT_WRITE,
    "GET /v1/push/subscriptions": Scope.ACCOUNT_WRITE,
    "DELETE /v1/push/subscriptions/{subscription_id}": Scope.ACCOUNT_WRITE,
    "POST /v1/sandbox/faucet": Scope.ACCOUNT_WRITE,
    "POST /v1/sandbox/clock": Scope.TRADES_WRITE,
}
#: POSTs of those who have no token yet: a key is welcome, and not asked for.
WITHOUT_KEY = {"POST /v1/nonces", "POST /v1/accounts", "POST /v1/sessions"}


async def _world(arena: Arena, counts: Counter[str]) -> tuple[Liar, Deal, dict[str, Any]]:
    """A trade in the middle of its life, and a good body for each operation that takes one."""
    deal = await arena.open()
    deal.lock()
    await arena.settle_down(1)
    await deal.do(deal.seller, "payment-details", {"sealed": SEALED})
    await arena.jobs()
    offer_id = arena.offers["ETH seller"]
    bodies: dict[str, Any] = {
        "POST /v1/account/wallets": {"message": "x", "signature": SIGNATURE},
        "PUT /v1/account/backup": {"vault": '{"form":1,"sealed":"AAAA"}'},
        "POST /v1/tokens": {"label": "bot", "scopes": ["offers:read"], "expires_in_s": 3600},
        "POST /v1/offers": {
            "direction": "sell",
            "asset": "ETH",
            "currency": "EUR",
            "price": "2500",
            "min_amount": "1",
            "max_amount": "2",
            "total_amount": "3",
            "payment_methods": ["sepa"],
            "country": "DE",
            "terms": "",
            "funding_window_s": 600,
            "payment_window_s": 900,
            # Not his: even a good body comes to nothing.
            "wallet": arena.seller.wallet.address,
            "encryption_key": "4f" * 32,
            "key_signature": SIGNATURE,
            "amount_unit": "asset",
            "visibility": "trusted",
            "min_trades": 1,
            "min_account_age_days": 1,
            "first_trade_limit": "0.1",
            "taker_countries": ["DE"],
            "working_hours": HOURS,
            "closes_at": "2036-01-01T00:00:00Z",
            "shares_coins_with": None,
        },
        "PATCH /v1/offers/{offer_id}": {
            "margin_bps": 100,
            "limit_price": "2400",
            "price_source": "index",
            "amount_unit": "asset",
            "min_amount": "1",
            "max_amount": "2",
            "total_amount": "500",
            "terms": "Now.",
            "visibility": "link",
            "min_trades": 1,
            "min_account_age_days": 1,
            "first_trade_limit": "0.1",
            "taker_countries": ["DE"],
            "working_hours": HOURS,
            "closes_at": "2036-01-01T00:00:00Z",
        },
        "POST /v1/saved-searches": {
            "name": "Coins",
            "direction": "sell",
            "asset": "ETH",
            "currency": "EUR",
            "amount": "1",
            "fiat_amount": "2500",
            "payment_method": ["sepa"],
            "country": "DE",
            "maker": arena.seller.account_id,
        },
        "POST /v1/payment-accounts": {"method": "sepa", "sealed": SEALED},
        "PUT /v1/payment-accounts/{account_id}": {"sealed": SEALED},
        "POST /v1/trades": arena.taking(arena.seller, offer_id, "ETH")
        | {"key_signature": SIGNATURE},
        "POST /v1/trades/{trade_id}/lock": {
            "way": "permit",
            "signature": SIGNATURE,
            "permit_signature": SIGNATURE,
        },
        "POST /v1/trades/{trade_id}/payment-details": {"sealed": SEALED},
        "POST /v1/trades/{trade_id}/payment-sent": {"signature": SIGNATURE},
        "POST /v1/trades/{trade_id}/release": {"signature": SIGNATURE},
        "POST /v1/trades/{trade_id}/refund": {"signature": SIGNATURE},
        "POST /v1/trades/{trade_id}/cancel": {"signature": SIGNATURE},
        "POST /v1/trades/{trade_id}/dispute": {"reason": "not_paid"},
        "POST /v1/trades/{trade_id}/settlement": {
            "buyer_amount": "0.1",
            "valid_until": 2**40 - 1,
            "signature": SIGNATURE,
        },
        # Not his wallet, and further than the clock goes at once.
        "POST /v1/sandbox/faucet": {"wallet": arena.seller.wallet.address},
        "POST /v1/sandbox/clock": {"advance_s": 31 * 86_400},
        "POST /v1/confirmations": {
            "step": "dispute",
            "trade_id": deal.id,
            "reason": "not_paid",
        },
        "POST /v1/confirmations/{confirmation_id}/confirm": {
            "digest": "9f" * 32,
            "wallet": deal.terms.seller,
            "encryption_key": "4f" * 32,
            "key_signature": SIGNATURE,
            "signature": SIGNATURE,
        },
        "POST /v1/webhooks": {"url": HOOK, "description": "A shop", "events": ["trade.*"]},
        "PATCH /v1/webhooks/{webhook_id}": {
            "url": HOOK,
            "description": "A shop",
            "events": ["trade.*"],
            "enabled": True,
        },
        "POST /v1/webhooks/{webhook_id}/secret": {"overlap_s": 60},
        "POST /v1/push/subscriptions": PHONE,
    }
    bodies |= {name: body for name, body in PUBLIC.items() if body is not None}
    liar = Liar(arena, counts, arena.stage.app.openapi()["paths"])
    await liar.begin()
    return liar, deal, bodies


def _path(template: str, deal: Deal, **ids: str) -> str:
    """An address of this operation, of what is there or of what `ids` name."""
    known = {
        "trade_id": deal.id,
        "offer_id": deal.arena.offers["ETH seller"],
        "token_id": str(uuid4()),
        "account_id": str(uuid4()),
        "search_id": str(uuid4()),
        "confirmation_id": str(uuid4()),
        "webhook_id": str(uuid4()),
        "delivery_id": str(uuid4()),
        "subscription_id": str(uuid4()),
        "asset": "ETH",
        "currency": "EUR",
        "code": "sepa",
        "name": "busy",
    }
    return template.format(**known | ids)


async def _sellers(arena: Arena, deal: Deal) -> dict[str, str]:
    """Ids of what only the seller has."""
    token = (await arena.seller.get("/v1/tokens"))["data"][0]
    search = await arena.seller.post("/v1/saved-searches", {"name": "x", "asset": "ETH"})
    account = await arena.seller.post("/v1/payment-accounts", {"method": "sepa", "sealed": SEALED})
    webhook = await arena.seller.post("/v1/webhooks", {"url": HOOK})
    asked = {"step": "dispute", "trade_id": deal.id, "reason": "not_paid"}
    confirmation = await arena.seller.post("/v1/confirmations", asked)
    device = await arena.seller.post("/v1/push/subscriptions", PHONE)
    for made in (search, account, webhook, confirmation, device):
        assert made.status_code == 201, made.text
    test = await arena.seller.post(f"/v1/webhooks/{webhook.json()['id']}/test")
    assert test.status_code == 202, test.text
    return {
        "token_id": token["id"],
        "search_id": search.json()["id"],
        "account_id": account.json()["id"],
        "confirmation_id": confirmation.json()["id"],
        "webhook_id": webhook.json()["id"],
        "delivery_id": test.json()["id"],
        "subscription_id": device.json()["id"],
    }


async def test_every_operation_has_a_liar(arena: Arena) -> None:
    """A new operation without its lies fails here."""
    paths = arena.stage.app.openapi()["paths"]
    served = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    # A stream does not end; what it refuses is in tests/integration/notifications.
    assert served - {"GET /v1/stream"} == PUBLIC.keys() | PRIVATE.keys()


async def test_nobody_comes_in_without_the_right_token(arena: Arena, counts: Counter[str]) -> None:
    liar, deal, bodies = await _world(arena, counts)
    for name, scope in PRIVATE.items():
        method, template = name.split()
        path, body = _path(template, deal), bodies.get(name)
        for token in (None, *JUNK_TOKENS):
            headers = _headers(token)
            await liar.refused(method, path, template, {401}, json=body, headers=headers)
        if scope is not None:
            others = [str(each) for each in Scope if each is not scope]
            lesser = await _token(arena, arena.seller, others)
            await liar.begin()
            answer = await liar.refused(
                method, path, template, {403}, json=body, headers=_headers(lesser)
            )
            assert answer.json()["scope"] == scope
        await liar.nothing_changed()


async def test_no_post_without_its_key(arena: Arena, counts: Counter[str]) -> None:
    liar, deal, bodies = await _world(arena, counts)
    for name in PRIVATE:
        method, template = name.split()
        if method != "POST" or name in WITHOUT_KEY:
            continue
        for key in (None, "", " ", '""', "k" * 129, "k" * 201, "a\x00b", "\xff"):
            headers = {"Authorization": f"Bearer {arena.seller.token}"}
            raw: Any = [(n.encode(), v.encode("latin-1")) for n, v in headers.items()]
            if key is not None:
                raw.append((b"Idempotency-Key", key.encode("latin-1")))
            await liar.refused(
                "POST",
                _path(template, deal),
                template,
                {400, 422},
                json=bodies.get(name),
                headers=raw,
            )
        await liar.nothing_changed()


async def test_what_is_anothers_is_not_there(arena: Arena, counts: Counter[str]) -> None:
    """A stranger at what is of others, and at ids that are none."""
    liar, deal, bodies = await _world(arena, counts)
    known = await _sellers(arena, deal)
    await liar.begin()
    secrets = [
        SEALED,
        deal.terms.seller,
        deal.terms.buyer,
        deal.escrow_id.hex(),
        deal.seller.account_id,
    ]
    for name in PRIVATE:
        method, template = name.split()
        if "{" not in template:
            continue
        body = bodies.get(name)
        headers = arena.stranger.headers() | {"If-Match": '"1"'}
        theirs = _path(template, deal, **known)
        wanted = {403} if "offer" in template else {404}
        answer = await liar.refused(method, theirs, template, wanted, json=body, headers=headers)
        assert not any(secret.lower() in answer.text.lower() for secret in secrets), answer.text
        for wrong in (str(uuid4()), *HOSTILE_IDS):
            path = theirs
            for right in (deal.id, arena.offers["ETH seller"], *known.values()):
                path = path.replace(right, wrong)
            headers = arena.stranger.headers() | {"If-Match": '"1"'}
            await liar.refused(method, path, template, {404, 422}, json=body, headers=headers)
        await liar.nothing_changed()


@pytest.mark.parametrize("room", ["account", "offers", "trades"])
async def test_no_body_is_too_wild(arena: Arena, counts: Counter[str], room: str) -> None:
    """Bodies of any form and values of any kind: never a fault of ours, never half an effect."""
    liar, deal, bodies = await _world(arena, counts)
    rooms = {"/v1/offers": "offers", "/v1/trades": "trades"}
    for name, body in bodies.items():
        if rooms.get(name.split()[1][:10], "account") == room:
            # A trade has two sides; elsewhere each acts for himself alone.
            for player in (deal.seller, deal.buyer) if room == "trades" else (deal.seller,):
                await _rage(liar, deal, player, name, body)


async def _rage(liar: Liar, deal: Deal, player: Player, name: str, body: dict[str, Any]) -> None:
    method, template = name.split()
    path = _path(template, deal)

    def request(content: bytes) -> dict[str, Any]:
        headers = player.headers() | {"Content-Type": "application/json"}
        if method != "POST":
            # A step can do without; what is wild has to be refused for itself.
            headers["If-Match"] = '"1"'
        return {"content": content, "headers": headers}

    for content in HOSTILE_BODIES:
        await liar.refused(method, path, template, **request(content))
    large = b'{"a": "' + b"x" * 70_000 + b'"}'
    await liar.refused(method, path, template, {413}, **request(large))
    extra = with_value(body, "surprise", "1")
    await liar.refused(method, path, template, {422}, **request(extra))
    await liar.nothing_changed()
    for field in body:
        for value in HOSTILE_VALUES:
            await liar.sent(method, path, template, **request(with_value(body, field, value)))
        await liar.nothing_changed()


async def test_no_query_is_too_wild(arena: Arena, counts: Counter[str]) -> None:
    liar, deal, _ = await _world(arena, counts)
    for template, item in arena.stage.app.openapi()["paths"].items():
        for parameter in item.get("get", {}).get("parameters", ()):
            if parameter.get("in") != "query":
                continue  # a header, or one that every read has: tests/unit/kernel/test_answers.py
            for value in (*HOSTILE_VALUES, "\x00", "%", "a" * 600, "-5", "1" * 30):
                params = {parameter["name"]: value}
                headers = arena.seller.headers()
                path = _path(template, deal)
                await liar.sent("GET", path, template, params=params, headers=headers)
    await liar.nothing_changed()


def _headers(token: str | None) -> Any:
    headers: list[tuple[bytes, bytes]] = [
        (b"Idempotency-Key", str(uuid4()).encode()),
        (b"If-Match", b'"1"'),
    ]
    if token is not None:
        headers.append((b"Authorization", b"Bearer " + token.encode("latin-1")))
    return headers


async def _token(arena: Arena, player: Player, scopes: list[str]) -> str:
    body = {"label": "less", "scopes": scopes, "expires_in_s": 3600}
    made = await player.post("/v1/tokens", body)
    assert made.status_code == 201, made.text
    secret = str(made.json()["token"])
    # A number of them is bounded: the last one goes.
    tokens = (await player.get("/v1/tokens"))["data"]
    for old in tokens:
        if old["label"] == "less" and old["id"] != made.json()["id"]:
            await arena.http.delete(f"/v1/tokens/{old['id']}", headers=player.headers())
    return secret
