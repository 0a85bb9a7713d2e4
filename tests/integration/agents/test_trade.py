"""A whole trade that two agents run and two owners confirm, on a chain."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from tests import worlds
from tests.integration.agents.conftest import Agent, connected
from tests.integration.notifications import serving
from tests.stage import DETAILS, Stage, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost_client import AsyncOwner, AsyncTrader
from tradepost_client.confirmations import AGENT_SCOPES, Confirmation
from tradepost_client.errors import ConfirmationDiffers, ProblemError


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    """An exchange over a fresh database and a fresh chain."""
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened


async def _confirm(owner: AsyncTrader, asked: dict[str, Any]) -> None:
    confirmation = await owner.client.confirmation(asked["id"])
    assert confirmation.state == "pending"
    await AsyncOwner(owner).confirm(confirmation)


async def _token(owner: AsyncTrader) -> str:
    return (await owner.client.create_token("agent", AGENT_SCOPES, 3600)).token


async def _published(maker: AsyncTrader, **changes: object) -> Any:
    said: dict[str, Any] = {
        "direction": "sell",
        "asset": "ETH",
        "currency": "EUR",
        "price": Decimal(2500),
        "min_amount": Decimal("0.01"),
        "max_amount": Decimal(2),
        "total_amount": Decimal(10),
        "payment_methods": ["sepa"],
        "terms": "From your own account.",
    }
    return await maker.publish_offer(**said | changes)


async def _asks(agent: Agent, offer_id: str, **amount: str) -> Any:
    return await agent.does(
        "open_trade", offer_id=offer_id, price_limit="2500", payment_method="sepa", **amount
    )


async def test_agents_run_a_trade_and_owners_confirm_each_step(stage: Stage) -> None:
    seller, buyer = await stage.trader(), await stage.trader()
    offer = await _published(seller)
    before = stage.balance(buyer.wallet.address, "ETH")
    async with (
        serving.listening(stage.app, 200) as port,
        connected(f"http://127.0.0.1:{port}", await _token(seller)) as sells,
        connected(f"http://127.0.0.1:{port}", await _token(buyer)) as buys,
    ):
        found = await buys.does(
            "search_offers", you="buy", asset="ETH", currency="EUR", fiat_amount="250"
        )
        assert found["offers"][0]["id"] == offer.id
        asked = await _asks(buys, offer.id, fiat_amount="250")
        await _confirm(buyer, asked)
        trade_id = (await buys.does("get_confirmation", confirmation_id=asked["id"]))["trade_id"]
        begun = await buys.does("follow_trade", trade_id=trade_id)
        assert begun["trade"]["state"] == "awaiting_escrow"

        guide = await sells.does("how_to_lock", trade_id=trade_id)
        assert guide["lock"]["to"] == (await seller.client.exchange()).chain.escrow_address
        await seller.lock(trade_id, wait=False)
        await stage.confirm()
        heard = await buys.does("follow_trade", trade_id=trade_id, after=begun["seq"], wait_s=5)
        assert heard["trade"]["escrow"]["state"] == "locked"
        await seller.send_payment_details(trade_id, DETAILS)

        await _confirm(buyer, await buys.does("say_paid", trade_id=trade_id))
        assert (await sells.does("get_trade", trade_id=trade_id))["state"] == "payment_sent"
        released = await sells.does("release", trade_id=trade_id)
        unsigned = await seller.client.confirmation(released["id"])
        with pytest.raises(ProblemError, match="only your wallet can add"):
            await seller.client.confirm(unsigned.id, unsigned.digest)
        # Another's wallet cannot sign it, whoever's token confirms.
        forged = buyer.instruct("Release", await buyer.known(trade_id))
        with pytest.raises(ProblemError, match="signature"):
            await seller.client.confirm(unsigned.id, unsigned.digest, signature=forged)
        await _confirm(seller, released)
        await stage.confirm()
        done = await buys.does("get_trade", trade_id=trade_id)
        assert done["state"] == "completed"
        told = await buys.does("follow_trade", trade_id=trade_id, after=heard["seq"], wait_s=0)
        assert [one["state"] for one in told["changes"] if one["state"]] == [
            "payment_sent",
            "releasing",
            "completed",
        ]
    assert stage.balance(buyer.wallet.address, "ETH") == before + 10**17


async def test_a_buyer_leaves_by_what_his_wallet_signs(stage: Stage) -> None:
    seller, buyer = await stage.trader(), await stage.trader()
    offer = await _published(seller)
    async with (
        serving.listening(stage.app, 200) as port,
        connected(f"http://127.0.0.1:{port}", await _token(buyer)) as buys,
    ):
        asked = await _asks(buys, offer.id, amount="0.5")
        await _confirm(buyer, asked)
        trade_id = (await buys.does("get_confirmation", confirmation_id=asked["id"]))["trade_id"]
        await _confirm(buyer, await buys.does("cancel_trade", trade_id=trade_id))
        assert (await buys.does("get_trade", trade_id=trade_id))["state"] == "cancelled"
    assert (await seller.client.offer(offer.id)).remaining_amount == 10


@pytest.mark.parametrize(
    "lie",
    [
        {"digest": "0" * 64},
        {"summary": "harmless", "parameters": {"fiat_amount": "5000"}},
        {"step": "refund"},
    ],
)
async def test_an_owner_believes_no_confirmation_that_was_changed(
    stage: Stage, lie: dict[str, Any]
) -> None:
    """What his exchange shows him, and what its digest is of, are held against each other."""
    seller, buyer = await stage.trader(), await stage.trader()
    offer = await _published(seller)
    opening = {
        "offer_id": offer.id,
        "fiat_amount": "250",
        "price_limit": "2500",
        "payment_method": "sepa",
    }
    asked = await buyer.client.ask_confirmation({"step": "open_trade", "opening": opening})
    shown = asked.model_dump(mode="json")
    parameters = shown["parameters"] | lie.get("parameters", {})
    changed = Confirmation.model_validate(shown | lie | {"parameters": parameters})
    with pytest.raises(ConfirmationDiffers):
        await AsyncOwner(buyer).confirm(changed)
    assert (await buyer.client.confirmation(asked.id)).state == "pending"


async def test_a_step_is_held_against_the_trade_that_it_is_about(stage: Stage) -> None:
    seller, buyer = await stage.trader(), await stage.trader()
    offer = await _published(seller)
    trade = await buyer.take(offer, method="sepa", amount=Decimal("0.5"))
    asked = await seller.client.ask_confirmation({"step": "cancel", "trade_id": trade.id})
    shown = asked.model_dump(mode="json")
    for lie in ({"amount": "0.4"}, {"side": "buyer"}, {"currency": "USD"}, {"trade_id": offer.id}):
        parameters = shown["parameters"] | lie
        changed = Confirmation.model_validate(shown | {"parameters": parameters})
        honest = changed.model_copy(update={"digest": _digest(changed)})
        with pytest.raises((ConfirmationDiffers, ProblemError)):
            await AsyncOwner(seller).confirm(honest)
    assert (await seller.trade(trade.id)).state == "awaiting_escrow"
    await AsyncOwner(seller).confirm(asked)
    assert (await seller.trade(trade.id)).state == "cancelled"


def _digest(one: Confirmation) -> str:
    from tradepost.confirmations.model import digest

    return digest(one.id, one.step, dict(one.parameters))
