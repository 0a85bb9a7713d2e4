"""The clients keep to the API's document: each of its operations, as they ask and as they read."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.unit.client import stage
from tests.unit.client.contract import DOCUMENT, OPERATIONS, Exchange, Unfit, examples
from tradepost_client import AsyncClient, Client, Retries
from tradepost_client.models import SignedLock

Call = Callable[[Any], Any]

ID = "0193579a-3b20-7f13-b6d8-4c5d6e7f8091"
SIGNATURE = "0x" + "1f" * 64 + "1b"
KNOWN = '{"persistedQuery":{"version":1,"sha256Hash":"' + "1f" * 32 + '"}}'
KEY = "4f" * 32
WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SEALED = "Ag" + "bW9k" * 40
POINT = "B" + "A" * 86
AUTH = "A" * 22
SINCE = datetime(2026, 11, 23, tzinfo=UTC)
UNTIL = datetime(2026, 11, 24, tzinfo=UTC)
PAIR = ("ETH", "EUR")
SOUGHT: dict[str, Any] = {
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "fiat_amount": Decimal("250.00"),
    "payment_methods": ["sepa", "sepa_instant"],
    "country": "DE",
    "maker": ID,
}
WIDE = {**SOUGHT, "online": True, "funded": True}


def body(schema: str) -> Any:
    return DOCUMENT["components"]["schemas"][schema]["examples"][0]


#: What a client does for each operation of the document; several, where it can be asked in ways.
CALLS: dict[str, list[Call]] = {
    "livez": [lambda of: of.is_alive()],
    "readyz": [lambda of: of.is_ready()],
    "time": [lambda of: of.time()],
    "exchange": [lambda of: of.exchange()],
    "list_problems": [lambda of: of.problems()],
    "get_problem": [lambda of: of.problem("price-moved")],
    "exchange_health": [lambda of: of.health()],
    "create_nonce": [lambda of: of.create_nonce()],
    "create_account": [lambda of: of.create_account("rosa", "correct horse battery")],
    "create_session": [
        lambda of: of.sign_in_by_name("rosa", "correct horse battery"),
        lambda of: of.sign_in_by_wallet(
            "a message", SIGNATURE, scopes=["offers:read"], expires_in_s=3600
        ),
    ],
    "end_session": [lambda of: of.sign_out()],
    "get_account": [lambda of: of.account()],
    "add_wallet": [lambda of: of.add_wallet("a message", SIGNATURE)],
    "keep_backup": [
        lambda of: of.keep_backup('{"form":1}'),
        lambda of: of.keep_backup('{"form":1}', 2),
    ],
    "get_backup": [lambda of: of.backup(), lambda of: of.backup(2)],
    "delete_backup": [lambda of: of.delete_backup(3)],
    "list_tokens": [lambda of: of.tokens()],
    "create_token": [lambda of: of.create_token("bot", ["offers:read"], 3600)],
    "revoke_token": [lambda of: of.revoke_token(ID)],
    "list_events": [
        lambda of: of.events(after=examples(OPERATIONS["list_events"][2])[0]["data"][0]["seq"] - 1)
    ],
    "list_partners": [lambda of: of.partners()],
    "trust_partner": [lambda of: of.trust_partner(ID)],
    "distrust_partner": [lambda of: of.distrust_partner(ID)],
    "search_offers": [
        lambda of: of.search(**WIDE, limit=100, cursor="x"),
        lambda of: of.offers(**WIDE),
    ],
    "count_offers": [lambda of: of.facets(**WIDE)],
    "create_offer": [lambda of: of.create_offer(body("NewOfferBody"))],
    "edit_offer": [lambda of: of.edit_offer(ID, 3, body("EditOfferBody"))],
    "get_offer": [lambda of: of.offer(ID), lambda of: of.offer(ID, link="x")],
    "pause_offer": [lambda of: of.pause_offer(ID)],
    "resume_offer": [lambda of: of.resume_offer(ID)],
    "close_offer": [lambda of: of.close_offer(ID)],
    "quote_offer": [
        lambda of: of.quote_offer(ID, amount=Decimal("0.1")),
        lambda of: of.quote_offer(ID, fiat_amount=Decimal(250), link="x"),
    ],
    "list_my_offers": [lambda of: of.my_offers()],
    "list_partners_offers": [lambda of: of.offers_for_partner()],
    "save_search": [lambda of: of.save_search("cheap", **SOUGHT)],
    "list_saved_searches": [lambda of: of.saved_searches()],
    "forget_search": [lambda of: of.forget_search(ID)],
    "list_payment_methods": [
        lambda of: of.payment_methods(),
        lambda of: of.payment_methods(
            currency="EUR", country="DE", category="bank", language="de", text="sepa"
        ),
    ],
    "get_payment_registry": [lambda of: of.payment_registry()],
    "get_payment_method": [lambda of: of.payment_method("sepa", language="de")],
    "create_payment_account": [lambda of: of.keep_account("sepa", SEALED)],
    "list_payment_accounts": [lambda of: of.sealed_accounts()],
    "get_payment_account": [lambda of: of.sealed_account(ID)],
    "replace_payment_account": [lambda of: of.reseal_account(ID, 2, SEALED)],
    "delete_payment_account": [lambda of: of.forget_account(ID, 2)],
    "list_prices": [lambda of: of.prices(), lambda of: of.prices(asset="ETH", currency="EUR")],
    "get_price": [lambda of: of.price(*PAIR)],
    "price_history": [lambda of: of.price_history(*PAIR, since=SINCE, until=UNTIL)],
    "take_offer": [lambda of: of.take_offer(body("TakeOfferBody"))],
    "list_trades": [lambda of: of.trades(), lambda of: of.trades(state="disputed", role="buyer")],
    "export_trades": [
        lambda of: of.export_trades(),
        lambda of: of.export_trades("ndjson", since=SINCE, until=UNTIL),
    ],
    "get_trade": [lambda of: of.trade(ID)],
    "get_instructions": [
        lambda of: of.instructions(ID),
        lambda of: of.instructions(ID, buyer_amount=Decimal("1.5"), valid_until=1_796_018_400),
    ],
    "get_history": [lambda of: of.history(ID)],
    "lock": [
        lambda of: of.lock(ID, SignedLock(way="authorization", signature=SIGNATURE)),
        lambda of: of.lock(
            ID, SignedLock(way="permit", signature=SIGNATURE, permit_signature=SIGNATURE)
        ),
        lambda of: of.lock(ID, SignedLock(way="permit2", signature=SIGNATURE, nonce="7")),
    ],
    "seal_payment_details": [lambda of: of.send_payment_details(ID, SEALED)],
    "payment_sent": [lambda of: of.payment_sent(ID, SIGNATURE)],
    "release": [lambda of: of.release(ID, SIGNATURE)],
    "refund": [lambda of: of.refund(ID, SIGNATURE)],
    "cancel": [lambda of: of.cancel(ID), lambda of: of.cancel(ID, SIGNATURE)],
    "open_dispute": [lambda of: of.dispute(ID, "not_paid")],
    "sign_settlement": [lambda of: of.settle(ID, Decimal("125.5"), 1_796_018_400, SIGNATURE)],
    "call_node": [lambda of: of.call_node("eth_getBalance", WALLET, "latest")],
    "ask_confirmation": [lambda of: of.ask_confirmation(body("AskBody"))],
    "list_confirmations": [lambda of: of.confirmations()],
    "get_confirmation": [lambda of: of.confirmation(ID)],
    "confirm": [
        lambda of: of.confirm(ID, KEY, wallet=WALLET, encryption_key=KEY, key_signature=SIGNATURE),
        lambda of: of.confirm(ID, KEY, signature=SIGNATURE),
    ],
    "refuse_confirmation": [lambda of: of.refuse_confirmation(ID)],
    "list_markets": [lambda of: of.markets()],
    "get_market": [lambda of: of.market(*PAIR)],
    "market_depth": [lambda of: of.depth(*PAIR, step_bps=50, levels=20)],
    "market_methods": [lambda of: of.method_markets(*PAIR)],
    "market_trades": [lambda of: of.past_trades(*PAIR)],
    "market_candles": [lambda of: of.candles(*PAIR, "1h", since=SINCE, until=UNTIL)],
    "create_webhook": [
        lambda of: of.create_webhook("https://bot.example/hook", events=["trade.*"])
    ],
    "get_push_key": [lambda of: of.push_key()],
    "create_push_subscription": [
        lambda of: of.subscribe_to_push(
            "https://push.example/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV", POINT, AUTH, label="Phone"
        )
    ],
    "list_push_subscriptions": [lambda of: of.push_subscriptions()],
    "end_push_subscription": [lambda of: of.end_push_subscription(ID)],
    "list_webhooks": [lambda of: of.webhooks()],
    "get_webhook": [lambda of: of.webhook(ID)],
    "edit_webhook": [lambda of: of.edit_webhook(ID, 2, events=["trade.*"], enabled=False)],
    "forget_webhook": [lambda of: of.forget_webhook(ID)],
    "rotate_webhook_secret": [lambda of: of.rotate_webhook_secret(ID, overlap_s=60)],
    "test_webhook": [lambda of: of.test_webhook(ID)],
    "list_deliveries": [lambda of: of.deliveries(ID), lambda of: of.deliveries(ID, state="failed")],
    "get_delivery": [lambda of: of.delivery(ID, ID)],
    "replay_delivery": [lambda of: of.replay_delivery(ID, ID)],
    "draw_from_faucet": [lambda of: of.draw_from_faucet("0x" + "1f" * 20)],
    "sandbox_clock": [lambda of: of.sandbox_clock()],
    "move_sandbox_clock": [lambda of: of.advance_clock(3600)],
    "create_stream_ticket": [lambda of: of.create_stream_ticket()],
    # Whoever writes the query knows its answer's form.
    "graphql": [lambda of: of.send("POST", "/v1/graphql", body("GraphQLBody"))],
    "graphql_known": [lambda of: of.get("/v1/graphql", {"extensions": KNOWN})],
}


def test_a_client_knows_every_operation() -> None:
    # A stream goes on, and has tests of its own.
    assert set(CALLS) == set(OPERATIONS) - {"follow_stream"}


def _ways() -> list[Any]:
    return [
        pytest.param(name, call, example, id=f"{name}-{i}-example{example}")
        for name, calls in CALLS.items()
        for i, call in enumerate(calls)
        for example in range(len(examples(OPERATIONS[name][2])) if name in OPERATIONS else 0)
    ]


@pytest.mark.parametrize(("name", "call", "example"), _ways())
async def test_what_a_client_asks_and_reads_is_what_the_document_says(
    name: str, call: Call, example: int
) -> None:
    # An example has no signature that anybody trusts.
    exchange = Exchange(example, {"get_payment_registry": stage.signed_registry()})
    once = Retries(tries=1)
    transport = httpx.MockTransport(exchange)
    async with AsyncClient(
        "http://127.0.0.1", token="t", retries=once, transport=transport
    ) as client:
        doing = call(client)
        if inspect.isawaitable(doing):
            doing = await doing
        elif inspect.isasyncgen(doing):
            doing = [item async for item in doing]
            assert doing, "the example has members"
    assert exchange.asked == [name]
    with Client("http://127.0.0.1", token="t", retries=once, transport=transport) as twin:
        done = call(twin)
        if inspect.isgenerator(done):
            done = list(done)
    assert exchange.asked == [name, name]
    # A registry is compared by what was signed.
    assert getattr(done, "signed", done) == getattr(doing, "signed", doing)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda of: of.create_offer({"bogus": 1}), "body"),
        (lambda of: of.offer("no-id"), "path"),
        (lambda of: of.market("eth", "EUR"), "path"),
        (lambda of: of.depth(*PAIR, levels=10_000), "query"),
        (lambda of: of.get("/v1/offers", {"colour": "red"}), "colour"),
        (lambda of: of.get("/v1/nothing"), "There is no GET"),
        (lambda of: of.send("PATCH", f"/v1/offers/{ID}", {}), "if-match"),
        (lambda of: of.send("POST", "/v1/trades", body("TakeOfferBody")), "idempotency-key"),
        (lambda of: of.payment_sent(ID, "0x1"), "body"),
    ],
)
def test_what_the_document_does_not_permit_is_seen(call: Call, why: str) -> None:
    transport = httpx.MockTransport(Exchange())
    with (
        Client("http://127.0.0.1", token="t", transport=transport) as client,
        pytest.raises(Unfit, match=why),
    ):
        call(client)


def test_a_token_is_needed_where_the_document_says_so() -> None:
    with Client("http://127.0.0.1", transport=httpx.MockTransport(Exchange())) as client:
        assert client.offer(ID).id
        with pytest.raises(Unfit, match="needs a token"):
            client.account()
