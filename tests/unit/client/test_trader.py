"""The trader against an exchange and a node that may both be wrong: what he signs, and what not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.client import stage
from tests.unit.client.stage import BUYER, SELLER, TRADE_ID, FakeExchange, FakeNode
from tradepost_client import AsyncTrader, Notebook, errors, keysigning
from tradepost_client.evm import Progress
from tradepost_client.models import Offer, Trade
from tradepost_client.offers import Hours, NewOffer
from tradepost_client.sealing import Envelope, seal, unseal
from tradepost_client.wallet import maker_context, signer_of_text, taker_context
from tradepost_contracts.state import Status
from tradepost_contracts.terms import ZERO_ADDRESS, instruction_digest, settlement_digest


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def buyer(exchange: FakeExchange, node: FakeNode) -> AsyncIterator[AsyncTrader]:
    trader = stage.trader(exchange, node, BUYER)
    yield trader
    await trader.client.aclose()
    await trader.chain.aclose()


@pytest.fixture
async def seller(exchange: FakeExchange, node: FakeNode) -> AsyncIterator[AsyncTrader]:
    """A maker whose offer was taken."""
    trader = stage.trader(exchange, node, SELLER)
    await publish(trader)
    key = exchange.offer["encryption_key"]
    exchange.trade = stage.trade_body("b0" * 32, key, "seller")
    exchange.sent.clear()
    yield trader
    await trader.client.aclose()
    await trader.chain.aclose()


HOURS: Hours = {
    "time_zone": "Europe/Berlin",
    "spans": [
        {"day": "mon", "opens": "09:00", "closes": "17:30"},
        {"day": "sat", "opens": "10:00", "closes": "24:00"},
    ],
}


async def publish(trader: AsyncTrader) -> Offer:
    return await trader.publish_offer(
        direction="sell",
        asset="USDT",
        currency="EUR",
        price=Decimal("0.98"),
        min_amount=Decimal(10),
        max_amount=Decimal(500),
        total_amount=Decimal(1000),
        payment_methods=["sepa"],
        terms="Own account only.",
        amount_unit="asset",
        visibility="public",
        first_trade_limit=Decimal(100),
        taker_countries=["DE"],
        working_hours=HOURS,
        closes_at=datetime(2026, 12, 31, tzinfo=UTC),
        shares_coins_with=stage.OTHER_TRADE_ID,
    )


async def take(trader: AsyncTrader) -> Trade:
    return await trader.take(Offer.model_validate(stage.OFFER), amount=Decimal(100), method="sepa")


def signed(exchange: FakeExchange) -> list[Any]:
    """What of the posts holds a signature about an escrow."""
    steps = ("payment-sent", "release", "refund", "cancel", "settlement")
    return [post for step in steps for post in exchange.posts(step) if "signature" in post]


async def test_signing_in_signs_for_the_named_host(
    buyer: AsyncTrader, exchange: FakeExchange
) -> None:
    # The fake answers a trade to the sign-in itself: what counts is what it was sent.
    with pytest.raises(errors.AnswerMalformed):
        await buyer.sign_in()
    (sent,) = exchange.posts("/v1/sessions")
    assert sent["message"].startswith("127.0.0.1:8000 wants you to sign in")
    assert signer_of_text(sent["message"], sent["signature"]) == BUYER.address


async def test_taking_and_paying(
    buyer: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    await take(buyer)
    assert exchange.wallets == [BUYER.address]
    node.status = Status.LOCKED
    await buyer.payment_sent(TRADE_ID)
    (sent,) = exchange.posts("payment-sent")
    escrow_id = bytes.fromhex(exchange.trade["escrow"]["id"][2:])
    digest = instruction_digest("Paid", escrow_id, stage.CHAIN_ID, stage.CONTRACT)
    assert sent["signature"] == BUYER.sign_digest(digest)


async def test_a_trade_unlike_the_request_is_found_out_at_once(
    buyer: AsyncTrader, exchange: FakeExchange
) -> None:
    exchange.lie = lambda trade: trade.update(amount="99")
    with pytest.raises(errors.AmountChanged):
        await take(buyer)
    assert buyer.notebook.trade(TRADE_ID) is None


async def test_taking_asks_for_a_quote_and_takes_what_it_holds(
    buyer: AsyncTrader, exchange: FakeExchange
) -> None:
    await take(buyer)
    paths = [request.url.path for request in exchange.sent]
    assert paths.index(f"/v1/offers/{stage.OFFER_ID}/quote") < paths.index("/v1/trades")
    (sent,) = exchange.posts("/v1/trades")
    assert (sent["hold"], sent["price_limit"], sent["amount"]) == ("a held price", "0.98", "100")
    assert "fiat_amount" not in sent


async def test_a_quote_that_was_seen_is_not_asked_for_again(
    buyer: AsyncTrader, exchange: FakeExchange
) -> None:
    offer = Offer.model_validate(stage.OFFER)
    quote = await buyer.quote(offer, amount=Decimal(100))
    exchange.quote["hold"] = "another"
    await buyer.take(offer, amount=Decimal(100), method="sepa", quote=quote)
    assert exchange.posts("/v1/trades")[0]["hold"] == "a held price"


async def test_a_worse_quote_than_the_offer_is_not_taken(
    buyer: AsyncTrader, exchange: FakeExchange
) -> None:
    exchange.quote |= {"price": "0.99", "fiat_amount": "99.00"}
    with pytest.raises(errors.PriceChanged):
        await take(buyer)
    assert exchange.posts("/v1/trades") == []


async def test_a_floating_offer_is_published_and_bounded_by_its_limit(
    exchange: FakeExchange, node: FakeNode
) -> None:
    maker = stage.trader(exchange, node, SELLER)
    limited: NewOffer = {**FLOATING, "limit_price": Decimal("0.95")}
    offer = await maker.publish_offer(**limited)
    (sent,) = exchange.posts("/v1/offers")
    assert (sent["margin_bps"], sent["limit_price"]) == (-200, "0.95")
    assert "price" not in sent
    note = maker.notebook.offer(offer.id)
    assert note is not None
    assert (note.worst_price, note.amount_unit) == (Decimal("0.95"), "asset")


FLOATING: NewOffer = {
    "direction": "sell",
    "asset": "USDT",
    "currency": "EUR",
    "margin_bps": -200,
    "min_amount": Decimal(10),
    "max_amount": Decimal(500),
    "total_amount": Decimal(1000),
    "payment_methods": ["sepa"],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("amount_unit", "currency"), ("price_source", "other"), ("visibility", "link")],
)
async def test_what_a_maker_leaves_out_is_what_the_api_promises(
    name: str, value: str, exchange: FakeExchange, node: FakeNode
) -> None:
    maker = stage.trader(exchange, node, SELLER)
    whole = exchange.answer

    def lying(request: httpx.Request) -> httpx.Response:
        answer = whole(request)
        if request.method == "POST" and request.url.path == "/v1/offers":
            return httpx.Response(201, json=answer.json() | {name: value})
        return answer

    exchange.answer = lying  # type: ignore[method-assign]  # it publishes something else
    maker.client = exchange.client()
    with pytest.raises(errors.OfferChanged, match=name):
        await maker.publish_offer(**FLOATING)
    assert exchange.sent[-1].url.path.endswith("/close")


async def test_an_intent_that_is_repeated_has_one_key(
    exchange: FakeExchange, node: FakeNode
) -> None:
    for _ in range(2):
        await stage.trader(exchange, node, SELLER).publish_offer(**FLOATING, once="line 7")
    first, again = exchange.posts("/v1/offers")
    assert first == again
    keys = [request.headers.get("Idempotency-Key") for request in exchange.sent]
    assert keys.count("line 7") == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": Decimal(1)},
        {"margin_bps": None},
        {"min_amount": Decimal(501)},
        {"max_amount": Decimal(1001)},
    ],
)
async def test_what_does_not_agree_is_not_sent(
    wrong: NewOffer, exchange: FakeExchange, node: FakeNode
) -> None:
    said: NewOffer = {**FLOATING, **wrong}
    with pytest.raises(ValueError, match=r"amount|price"):
        await stage.trader(exchange, node, SELLER).publish_offer(**said)
    assert exchange.sent == []


@pytest.mark.parametrize("step", ["payment_sent", "release", "refund", "cancel"])
async def test_nothing_is_signed_after_a_lie(
    step: str, buyer: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    await take(buyer)
    node.status = Status.LOCKED

    def other_terms(trade: dict[str, Any]) -> None:
        trade["escrow"]["terms"]["seller"] = stage.STRANGER
        trade["seller"]["wallet"] = stage.STRANGER
        stage.with_id(trade)

    exchange.lie = other_terms
    with pytest.raises(errors.TermsChanged):
        await getattr(buyer, step)(TRADE_ID)
    assert signed(exchange) == []


@pytest.mark.parametrize("status", [Status.NONE, Status.RELEASED, Status.REFUNDED, Status.SPLIT])
async def test_what_the_chain_does_not_hold_is_not_given_away(
    status: Status, seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    node.status = status
    with pytest.raises(errors.NotLocked):
        await seller.release(TRADE_ID)
    with pytest.raises(errors.NotLocked):
        await seller.settle(TRADE_ID, Decimal(1))
    assert signed(exchange) == []


async def test_the_buyer_gets_the_details_once_the_lock_is_deep(
    buyer: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    context = maker_context("sell", "USDT", "EUR")
    key = SELLER.new_trade_key(context)
    exchange.lie = lambda trade: trade["seller"].update(encryption_key=key.public)
    trade = await take(buyer)
    envelope = Envelope(TRADE_ID, trade.escrow.id, "sepa", key.public, trade.buyer.encryption_key)
    with pytest.raises(errors.SealBroken, match="not sent"):
        await buyer.open_payment_details(TRADE_ID)
    exchange.trade["sealed_payment_details"] = seal(envelope, {"iban": "DE02"}, key, SELLER)

    with pytest.raises(errors.NotLocked):
        await buyer.open_payment_details(TRADE_ID)
    node.status, node.since = Status.LOCKED, node.head
    with pytest.raises(errors.NotConfirmed):
        await buyer.open_payment_details(TRADE_ID)
    node.head += 1
    assert await buyer.open_payment_details(TRADE_ID) == {"iban": "DE02"}
    node.status = Status.CANCEL_REQUESTED
    with pytest.raises(errors.NotLocked, match="do not pay"):
        await buyer.open_payment_details(TRADE_ID)


async def test_each_side_sends_its_wallets_word_on_its_key(
    buyer: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    await publish(stage.trader(exchange, node, SELLER))
    await take(buyer)
    for path, wallet in (("/v1/offers", SELLER), ("/v1/trades", BUYER)):
        (sent,) = exchange.posts(path)
        text = f"Tradepost: {sent['encryption_key']} is an encryption key of this wallet."
        assert signer_of_text(text, sent["key_signature"]) == wallet.address


async def test_the_details_go_to_the_key_that_the_buyers_wallet_signed(
    seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    key = BUYER.new_trade_key(taker_context(stage.OFFER_ID))
    exchange.trade = stage.trade_body(key.public, exchange.offer["encryption_key"], "seller")
    node.calls.clear()
    trade = await seller.send_payment_details(TRADE_ID, {"iban": "DE02"})
    (sent,) = exchange.posts("payment-details")
    sellers = trade.seller.encryption_key
    envelope = Envelope(TRADE_ID, trade.escrow.id, "sepa", sellers, key.public)
    assert unseal(sent["sealed"], envelope, key, sellers, SELLER.address) == {"iban": "DE02"}
    assert node.calls == []


async def test_a_contract_wallet_is_asked_for_its_word_on_the_key(
    seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    key, word = BUYER.new_trade_key("contract").public, b"owners' words"
    exchange.trade = stage.trade_body(key, exchange.offer["encryption_key"], "seller")
    exchange.trade["buyer"]["key_signature"] = "0x" + word.hex()
    node.signed = keysigning.digest(key), word
    # An account without code has no word of its own.
    with pytest.raises(errors.KeyNotSigned):
        await seller.send_payment_details(TRADE_ID, {"iban": "DE02"})
    node.code[BUYER.address] = b"\x60"
    node.chain_id = 1
    with pytest.raises(errors.WrongChain):
        await seller.send_payment_details(TRADE_ID, {"iban": "DE02"})
    node.chain_id = stage.CHAIN_ID
    assert exchange.posts("payment-details") == []
    await seller.send_payment_details(TRADE_ID, {"iban": "DE02"})
    assert len(exchange.posts("payment-details")) == 1
    node.signed = keysigning.digest("0c" * 32), word
    with pytest.raises(errors.KeyNotSigned):
        await seller.send_payment_details(TRADE_ID, {"iban": "DE02"})


@pytest.mark.parametrize("chain_id", [1, 31338])
async def test_another_chain_is_found_out(
    chain_id: int, seller: AsyncTrader, node: FakeNode
) -> None:
    node.chain_id = chain_id
    with pytest.raises(errors.WrongChain):
        await seller.lock(TRADE_ID)
    assert node.raw == []


@pytest.mark.parametrize("code", [b"", b"\x60\x00"])
async def test_no_coin_goes_to_other_code(
    code: bytes, seller: AsyncTrader, buyer: AsyncTrader, node: FakeNode
) -> None:
    node.code[stage.CONTRACT] = code
    with pytest.raises(errors.WrongContract):
        await seller.lock(TRADE_ID)
    with pytest.raises(errors.WrongContract):
        await take(buyer)
    with pytest.raises(errors.WrongContract):
        await publish(seller)
    assert node.raw == []


async def test_a_token_with_other_decimals_is_found_out(
    seller: AsyncTrader, node: FakeNode
) -> None:
    node.decimals = 18
    with pytest.raises(errors.TokenChanged):
        await seller.lock(TRADE_ID)
    assert node.raw == []


async def test_the_chains_own_coin_has_eighteen_decimals(
    buyer: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    """A buyer would pay for a coin and a half, and get a millionth of a millionth of that."""
    exchange.exchange["assets"][1] |= {"token": None}
    exchange.lie = lambda trade: (
        trade["escrow"]["terms"].update(token=ZERO_ADDRESS),
        trade.update(sealed_payment_details="sealed"),
        stage.with_id(trade),
    )
    await take(buyer)
    node.status = Status.LOCKED
    with pytest.raises(errors.TokenChanged, match="18 decimals"):
        await buyer.open_payment_details(TRADE_ID)


async def test_nothing_is_locked_after_the_deadline(seller: AsyncTrader, node: FakeNode) -> None:
    node.time = stage.CHAIN_TIME + 1801
    with pytest.raises(errors.FundingTooLate):
        await seller.lock(TRADE_ID)
    assert node.raw == []


async def test_missing_funds_are_told_before_gas_is_spent(
    seller: AsyncTrader, node: FakeNode
) -> None:
    node.tokens = 100_499_999
    with pytest.raises(errors.FundsMissing):
        await seller.lock(TRADE_ID)
    node.tokens, node.balance = 10**9, 100
    with pytest.raises(errors.FundsMissing):
        await seller.lock(TRADE_ID)
    assert node.raw == []


async def test_nobody_takes_the_others_step(
    buyer: AsyncTrader, seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    node.status = Status.LOCKED
    for step in (seller.payment_sent, seller.refund):
        with pytest.raises(errors.NotYourStep):
            await step(TRADE_ID)
    await take(buyer)
    with pytest.raises(errors.NotYourStep):
        await buyer.release(TRADE_ID)
    with pytest.raises(errors.NotYourStep):
        await buyer.lock(TRADE_ID)
    with pytest.raises(errors.NotYourStep):
        await buyer.send_payment_details(TRADE_ID, {"iban": "DE02"})
    assert node.raw == []
    assert signed(exchange) == []


async def test_the_lock_waits_for_the_agreed_depth_and_is_not_sent_twice(
    seller: AsyncTrader, node: FakeNode
) -> None:
    node.allowance = 10**9
    told: list[Progress] = []
    receipts = await seller.lock(TRADE_ID, told.append)
    assert [receipt.succeeded for receipt in receipts] == [True]
    assert told[-1].confirmations == told[-1].needed == 2
    assert await seller.lock(TRADE_ID) == ()
    assert len(node.raw) == 1


async def test_a_settlement_is_signed_for_the_exact_share(
    seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    node.status = Status.LOCKED
    await seller.settle(TRADE_ID, Decimal("25.5"))
    (sent,) = exchange.posts("settlement")
    assert sent["buyer_amount"] == "25.5"
    for share in (Decimal("100.000001"), Decimal("0.0000001"), Decimal(-1)):
        with pytest.raises(ValueError, match=r"amount|decimals"):
            await seller.settle(TRADE_ID, share)
    assert len(exchange.posts("settlement")) == 1


async def test_one_lock_is_not_paid_for_twice(
    buyer: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    """A liar shows the same escrow for a second trade with the same seller."""
    await take(buyer)
    node.status = Status.LOCKED
    exchange.lie = lambda trade: trade.update(id=stage.OTHER_TRADE_ID)
    with pytest.raises(errors.EscrowReused):
        await take(buyer)
    with pytest.raises(errors.EscrowReused):
        await buyer.open_payment_details(stage.OTHER_TRADE_ID)
    with pytest.raises(errors.EscrowReused):
        await buyer.payment_sent(stage.OTHER_TRADE_ID)
    assert signed(exchange) == []


OFFERED = Decimal("25.5")


@pytest.mark.parametrize(
    ("role", "share", "rest", "joined"),
    [
        ("buyer", OFFERED, 3_000, True),
        ("arbitrator", OFFERED, 30 * 86_400, True),
        # His own stands as it is.
        ("seller", OFFERED, 3_000, True),
        # Of another share, and of a time that is over, almost over, or too far away.
        ("buyer", Decimal(25), 3_000, False),
        ("buyer", OFFERED, -1, False),
        ("buyer", OFFERED, 600, False),
        ("buyer", OFFERED, 30 * 86_400 + 1, False),
    ],
)
async def test_a_settlement_joins_what_another_offers(
    role: str,
    share: Decimal,
    rest: int,
    joined: bool,
    seller: AsyncTrader,
    exchange: FakeExchange,
    node: FakeNode,
) -> None:
    node.status = Status.LOCKED
    offer = {"role": role, "buyer_amount": f"{share}", "valid_until": node.time + rest}
    exchange.lie = lambda trade: trade.update(settlements=[offer])
    await seller.settle(TRADE_ID, OFFERED, open_s=5_000)
    (sent,) = exchange.posts("settlement")
    until = node.time + (rest if joined else 5_000)
    assert sent["valid_until"] == until
    escrow_id = bytes.fromhex(exchange.trade["escrow"]["id"][2:])
    digest = settlement_digest(escrow_id, 25_500_000, until, stage.CHAIN_ID, stage.CONTRACT)
    assert sent["signature"] == SELLER.sign_digest(digest)


async def test_two_who_offer_the_same_at_once_come_together(
    seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    node.status = Status.LOCKED
    offers = [
        {"role": role, "buyer_amount": f"{OFFERED}", "valid_until": node.time + rest}
        for role, rest in (("buyer", 2_000), ("seller", 3_000))
    ]
    exchange.lie = lambda trade: trade.update(settlements=offers)
    await seller.settle(TRADE_ID, OFFERED)
    exchange.lie = lambda trade: trade.update(settlements=offers[::-1])
    await seller.settle(TRADE_ID, OFFERED)
    untils = [sent["valid_until"] for sent in exchange.posts("settlement")]
    assert untils == [node.time + 3_000] * 2


async def test_a_settlement_is_open_for_a_time_that_makes_sense(
    seller: AsyncTrader, exchange: FakeExchange, node: FakeNode
) -> None:
    node.status = Status.LOCKED
    for open_s in (0, 600, 30 * 86_400):
        with pytest.raises(ValueError, match="open for"):
            await seller.settle(TRADE_ID, OFFERED, open_s=open_s)
    assert signed(exchange) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "0.97"),
        ("min_amount", "1"),
        ("max_amount", "501"),
        ("direction", "buy"),
        ("payment_methods", ["sepa", "cash"]),
        ("wallet", stage.STRANGER),
        ("encryption_key", "0c" * 32),
        ("amount_unit", "currency"),
        ("pricing", "floating"),
        ("visibility", "trusted"),
        ("first_trade_limit", "500"),
        ("taker_countries", ["DE", "AT"]),
        ("working_hours", None),
        ("closes_at", "2026-12-31T00:00:01Z"),
        ("shares_coins", False),
    ],
)
async def test_an_offer_that_comes_back_changed_is_closed(
    name: str, value: Any, exchange: FakeExchange, node: FakeNode
) -> None:
    whole = exchange.answer
    trader = stage.trader(exchange, node, SELLER)

    class Liar(FakeExchange):
        def answer(self, request: Any) -> Any:
            answer = whole(request)
            exchange.offer[name] = value
            if request.method == "POST" and request.url.path == "/v1/offers":
                return type(answer)(201, json=exchange.offer)
            return answer

    trader.client = Liar().client()
    with pytest.raises(errors.VerificationFailed):
        await publish(trader)
    assert [request.url.path for request in exchange.sent][-1].endswith("/close")
    assert trader.notebook.offer(stage.OFFER_ID) is None


async def test_a_trader_without_notes_goes_on_from_his_wallet(
    exchange: FakeExchange, node: FakeNode
) -> None:
    key = BUYER.new_trade_key(taker_context(stage.OFFER_ID))
    exchange.trade = stage.trade_body(key.public, "5e" * 32)
    anew = stage.trader(exchange, node, BUYER)
    known = await anew.known(TRADE_ID)
    assert anew.trade_key(known).secret == key.secret
    node.status = Status.LOCKED
    await anew.refund(TRADE_ID)
    assert len(signed(exchange)) == 1


async def test_a_trader_without_notes_knows_his_own_key_and_wallet(
    exchange: FakeExchange, node: FakeNode
) -> None:
    exchange.trade = stage.trade_body("b0" * 32, "5e" * 32)
    with pytest.raises(errors.KeyNotOurs):
        await stage.trader(exchange, node, BUYER).trade(TRADE_ID)
    with pytest.raises(errors.OwnWalletMissing):
        await stage.trader(exchange, node, SELLER).trade(TRADE_ID)


async def test_notes_outlive_the_process(
    tmp_path: Path, exchange: FakeExchange, node: FakeNode
) -> None:
    await take(stage.trader(exchange, node, BUYER, Notebook(tmp_path)))
    exchange.lie = lambda trade: trade.update(fiat_amount="99.00", price="0.99")
    anew = stage.trader(exchange, node, BUYER, Notebook(tmp_path))
    with pytest.raises(errors.PriceChanged):
        await anew.trade(TRADE_ID)


async def test_watching_tells_changes_and_ends(buyer: AsyncTrader, exchange: FakeExchange) -> None:
    await take(buyer)
    states = iter(["awaiting_escrow", "awaiting_escrow", "escrowed", "completed", "x"])
    exchange.lie = lambda trade: trade.update(state=next(states))
    seen = [trade.state async for trade in buyer.watch(TRADE_ID, interval_s=0)]
    assert seen == ["awaiting_escrow", "escrowed", "completed"]


async def test_waiting_for_a_state_that_cannot_come_ends(
    buyer: AsyncTrader, exchange: FakeExchange
) -> None:
    await take(buyer)
    exchange.lie = lambda trade: trade.update(state="expired")
    with pytest.raises(errors.Unfinished, match="expired"):
        await buyer.until(TRADE_ID, {"escrowed"})
