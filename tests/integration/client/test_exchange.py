"""The client on the real API: every operation, and a trader who has lost all but his wallet."""

import secrets
from decimal import Decimal

import httpx
import pytest

from tests.stage import DETAILS, Stage, Trade
from tradepost_client import AsyncClient, AsyncTrader, Notebook, keysigning
from tradepost_client.errors import (
    KeyNotOurs,
    KeyNotSigned,
    NotConfirmed,
    NotLocked,
    OwnWalletMissing,
    ProblemError,
    RoleChanged,
)
from tradepost_client.wallet import Wallet

PASSPHRASE = "lantern orbit velvet quarry"


async def visitor(stage: Stage) -> AsyncClient:
    """Somebody who is not signed in."""
    return await stage.stack.enter_async_context(
        AsyncClient(stage.settings.public_url, transport=httpx.ASGITransport(stage.app))
    )


def without_notes(trader: AsyncTrader) -> AsyncTrader:
    """The same trader on another computer, with his wallet alone."""
    return AsyncTrader(trader.client, trader.chain, Wallet(trader.wallet.key), Notebook())


async def test_an_account_by_name(stage: Stage) -> None:
    client = await visitor(stage)
    name = f"rosa{secrets.token_hex(3)}"
    made = await client.create_account(name, PASSPHRASE)
    assert made.account.name == name
    assert (await client.account()).id == made.account.id
    await client.sign_out()
    assert client.token is None
    with pytest.raises(ProblemError) as refused:
        await client.account()
    assert (refused.value.status, refused.value.slug) == (401, "unauthenticated")
    again = await client.sign_in_by_name(name, PASSPHRASE, scopes=["offers:read"], expires_in_s=600)
    assert again.token.scopes == ("offers:read",)
    with pytest.raises(ProblemError) as forbidden:
        await client.account()
    assert forbidden.value.status == 403


async def test_a_wallet_is_proven_once(stage: Stage) -> None:
    client = await visitor(stage)
    await client.create_account(f"rosa{secrets.token_hex(3)}", PASSPHRASE)
    trader = AsyncTrader(client, (await stage.trader()).chain, Wallet.create())
    assert (await trader.prove_wallet()).wallets == (trader.wallet.address,)
    assert (await trader.prove_wallet()).wallets == (trader.wallet.address,)


async def test_tokens(stage: Stage) -> None:
    trader = await stage.trader()
    made = await trader.client.create_token("bot", ["offers:read"], 3600)
    assert made.token not in repr(made)
    assert made.id in {token.id for token in await trader.client.tokens()}
    await trader.client.revoke_token(made.id)
    assert made.id not in {token.id for token in await trader.client.tokens()}


async def test_what_an_exchange_says_of_itself(stage: Stage) -> None:
    client = await visitor(stage)
    assert await client.is_ready()
    exchange = await client.exchange()
    assert exchange.currency("EUR").decimals == 2
    assert exchange.asset("ETH").token is None
    assert await client.time() >= exchange.server_now
    with pytest.raises(KeyError):
        exchange.asset("none")


async def test_the_life_of_an_offer(stage: Stage) -> None:
    trader, book = await stage.trader(), await visitor(stage)
    offer = await trader.publish_offer(
        direction="buy",
        asset="USDT",
        currency="EUR",
        price=Decimal("0.97"),
        min_amount=Decimal(10),
        max_amount=Decimal(100),
        total_amount=Decimal(500),
        payment_methods=["sepa", "wise"],
        country="DE",
        terms="Own account.",
        funding_window_s=900,
        payment_window_s=7200,
    )
    note = trader.notebook.offer(offer.id)
    assert note is not None
    assert (note.side, note.worst_price) == ("buyer", Decimal("0.97"))

    assert [one.id async for one in book.offers(direction="buy", payment_methods=["wise"])] == [
        offer.id
    ]
    assert [
        one.id async for one in book.offers(country="DE", amount=Decimal(50), asset="USDT")
    ] == [offer.id]
    assert [one async for one in book.offers(amount=Decimal(5), asset="USDT")] == []
    assert (await book.offer(offer.id)).wallet is None

    edited = await trader.edit_offer(offer.id, {"price": "0.96", "payment_methods": ["sepa"]})
    assert edited.version > offer.version
    note = trader.notebook.offer(offer.id)
    assert note is not None
    assert (note.worst_price, note.payment_methods) == (Decimal("0.96"), ("sepa",))
    with pytest.raises(ProblemError) as late:
        await trader.client.edit_offer(offer.id, offer.version, {"price": "0.95"})
    assert late.value.status == 412

    assert (await trader.client.pause_offer(offer.id)).state == "paused"
    assert [one async for one in book.offers(asset="USDT")] == []
    assert (await trader.client.resume_offer(offer.id)).state == "active"
    assert (await trader.client.close_offer(offer.id)).state == "closed"
    assert [one.id async for one in trader.client.my_offers()] == [offer.id]


async def test_lists_of_several_pages(stage: Stage) -> None:
    trader = await stage.trader()
    made = set()
    for _ in range(3):
        trade = await Trade.open(stage)
        made.add(trade.offer_id)
        await trade.buyer.cancel(trade.id)
    offer = await trader.publish_offer(
        direction="sell",
        asset="ETH",
        currency="EUR",
        price=Decimal(2500),
        min_amount=Decimal("0.01"),
        max_amount=Decimal(1),
        total_amount=Decimal(1),
        payment_methods=["sepa"],
    )
    key = "one key"
    assert (await trader.client.pause_offer(offer.id, key=key)).version == (
        await trader.client.pause_offer(offer.id, key=key)
    ).version
    await trader.client.resume_offer(offer.id)
    seen = [one.seq async for one in trader.client.events()]
    assert seen == list(range(1, len(seen) + 1))
    assert [one.seq async for one in trader.client.events(seen[-2])] == seen[-1:]


async def test_a_trade_in_lists_and_history(stage: Stage) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    assert [one.id async for one in trade.buyer.client.trades()] == [trade.id]
    assert [one.id async for one in trade.buyer.client.trades(role="buyer")] == [trade.id]
    assert [one async for one in trade.buyer.client.trades(role="seller")] == []
    assert [one.id async for one in trade.seller.client.trades(state="escrowed")] == [trade.id]
    steps = [step.to_state for step in await trade.seller.client.history(trade.id)]
    assert steps[-1] == "escrowed"
    with pytest.raises(ProblemError) as hidden:
        await (await stage.trader()).client.trade(trade.id)
    assert hidden.value.status == 404


@pytest.mark.parametrize("maker_sells", [True, False], ids=["maker_sells", "maker_buys"])
async def test_a_trader_who_lost_everything_but_his_wallet(stage: Stage, maker_sells: bool) -> None:
    trade = await Trade.open(stage, maker_sells=maker_sells, asset="USDT")
    seller, buyer = without_notes(trade.seller), without_notes(trade.buyer)
    await seller.lock(trade.id, wait=False)
    await stage.confirm()
    await without_notes(trade.seller).send_payment_details(trade.id, DETAILS)
    assert await buyer.open_payment_details(trade.id) == DETAILS
    assert await without_notes(trade.seller).open_payment_details(trade.id) == DETAILS
    await without_notes(trade.buyer).payment_sent(trade.id)
    await without_notes(trade.seller).release(trade.id)
    await stage.confirm()
    assert (await buyer.trade(trade.id)).state == "completed"
    trade.conserved()


@pytest.mark.parametrize("maker_sells", [True, False], ids=["maker_sells", "maker_buys"])
async def test_each_side_is_shown_what_the_other_wallet_says_of_its_key(
    stage: Stage, maker_sells: bool
) -> None:
    trade = await Trade.open(stage, maker_sells=maker_sells)
    shown = await trade.seller.client.trade(trade.id)
    for party, trader in ((shown.seller, trade.seller), (shown.buyer, trade.buyer)):
        assert party.key_signature == keysigning.sign(party.encryption_key, trader.wallet)
    to_the_buyer = await trade.buyer.client.trade(trade.id)
    assert (to_the_buyer.seller, to_the_buyer.buyer) == (shown.seller, shown.buyer)
    # An edit of the offer leaves its key and the wallet's word on it alone.
    offer = await trade.maker.edit_offer(trade.offer_id, {"price": "2400"})
    made = shown.seller if maker_sells else shown.buyer
    assert (offer.encryption_key, offer.key_signature) == (made.encryption_key, made.key_signature)


async def test_a_buyer_whose_wallet_says_nothing_of_his_key_gets_no_details(stage: Stage) -> None:
    seller, buyer = await stage.trader(), await stage.trader()
    offer = await seller.publish_offer(
        direction="sell",
        asset="ETH",
        currency="EUR",
        price=Decimal(2500),
        min_amount=Decimal("0.01"),
        max_amount=Decimal(1),
        total_amount=Decimal(1),
        payment_methods=["sepa"],
    )
    taking = {
        "offer_id": offer.id,
        "amount": "0.1",
        "price_limit": "2500",
        "payment_method": "sepa",
        "wallet": buyer.wallet.address,
        "encryption_key": buyer.wallet.new_trade_key("by hand").public,
    }
    with pytest.raises(ProblemError) as refused:
        await buyer.client.take_offer(taking | {"key_signature": "0x" + "ab" * 4097})
    assert refused.value.status == 422
    trade = await buyer.client.take_offer(taking)
    assert trade.buyer.key_signature is None
    with pytest.raises(KeyNotSigned):
        await seller.send_payment_details(trade.id, DETAILS)
    assert (await buyer.client.trade(trade.id)).sealed_payment_details is None


async def test_another_wallet_of_the_account_is_not_the_trades(stage: Stage) -> None:
    trade = await Trade.open(stage)
    other = AsyncTrader(trade.buyer.client, trade.buyer.chain, Wallet.create())
    with pytest.raises((KeyNotOurs, OwnWalletMissing)):
        await other.trade(trade.id)
    # Both traders' notes on one computer do not mix, either.
    swapped = AsyncTrader(
        trade.seller.client, trade.seller.chain, trade.seller.wallet, trade.buyer.notebook
    )
    with pytest.raises(RoleChanged):
        await swapped.trade(trade.id)


async def test_the_buyer_does_not_pay_before_the_lock_is_deep(stage: Stage) -> None:
    trade = await Trade.open(stage)
    await trade.seller.send_payment_details(trade.id, DETAILS)
    with pytest.raises(NotLocked):
        await trade.buyer.open_payment_details(trade.id)
    await trade.seller.lock(trade.id, wait=False)
    with pytest.raises(NotConfirmed):
        await trade.buyer.open_payment_details(trade.id)
    await stage.confirm()
    assert await trade.buyer.open_payment_details(trade.id) == DETAILS


async def test_what_is_not_permitted_is_a_problem_with_facts(stage: Stage) -> None:
    trade = await Trade.open(stage)
    with pytest.raises(ProblemError) as refused:
        await trade.buyer.payment_sent(trade.id)
    assert refused.value.slug == "action-not-allowed"
    assert refused.value.facts["state"] == "awaiting_escrow"
    assert not refused.value.retryable
