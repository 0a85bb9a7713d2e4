"""The faucet: what it gives, to whom, and that it never gives more."""

import asyncio

import pytest

from tests.stage import Stage
from tradepost.sandbox import model, service
from tradepost_client import AsyncTrader, Wallet
from tradepost_client.errors import ProblemError


async def newcomer(stage: Stage) -> AsyncTrader:
    """A trader whose wallet was never given anything."""
    return await stage._signed_in(Wallet.create())


async def refused(trader: AsyncTrader, wallet: str | None = None) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        await trader.client.draw_from_faucet(wallet or trader.wallet.address)
    return caught.value


async def test_a_draw_brings_the_coin_and_each_token(stage: Stage) -> None:
    trader = await newcomer(stage)
    draw = await trader.client.draw_from_faucet(trader.wallet.address)
    assert [(gift.asset, int(gift.amount)) for gift in draw.gifts] == [("ETH", 1), ("USDT", 2500)]
    assert draw.draws_left == model.DRAWS - 1
    assert stage.balance(trader.wallet.address, "ETH") == 0
    await stage.jobs()
    for gift in draw.gifts:
        assert (await trader.chain.arrived(gift.tx_hash)).succeeded
    assert stage.balance(trader.wallet.address, "ETH") == 10**18
    assert stage.balance(trader.wallet.address, "USDT") == 2500 * 10**6


async def test_the_same_request_is_one_draw(stage: Stage) -> None:
    trader = await newcomer(stage)
    first = await trader.client.draw_from_faucet(trader.wallet.address, key="once")
    assert await trader.client.draw_from_faucet(trader.wallet.address, key="once") == first
    await stage.jobs()
    assert stage.balance(trader.wallet.address, "ETH") == 10**18


async def test_many_at_once_have_different_transactions(stage: Stage) -> None:
    traders = [await newcomer(stage) for _ in range(4)]
    drawn = await asyncio.gather(
        *(one.client.draw_from_faucet(one.wallet.address) for one in traders)
    )
    assert len({gift.tx_hash for draw in drawn for gift in draw.gifts}) == 8
    await stage.jobs()
    assert {stage.balance(one.wallet.address, "ETH") for one in traders} == {10**18}


async def test_an_account_draws_ten_times_a_day(stage: Stage) -> None:
    trader = await newcomer(stage)
    for left in reversed(range(model.DRAWS)):
        draw = await trader.client.draw_from_faucet(trader.wallet.address)
        assert draw.draws_left == left
    told = await refused(trader)
    assert (told.slug, told.status) == ("faucet-resting", 409)
    assert "again_at" in told.facts
    # Another account is not kept from it.
    other = await newcomer(stage)
    await other.client.draw_from_faucet(other.wallet.address)


async def test_nothing_goes_to_the_wallet_of_somebody_else(stage: Stage) -> None:
    trader, other = await newcomer(stage), await newcomer(stage)
    for wallet in (other.wallet.address, Wallet.create().address):
        assert (await refused(trader, wallet)).slug == "wallet-not-proven"


async def test_it_is_empty_after_so_many_draws(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_DRAWS", 1)
    trader, other = await newcomer(stage), await newcomer(stage)
    await trader.client.draw_from_faucet(trader.wallet.address)
    assert (await refused(other)).slug == "faucet-empty"


async def test_what_the_chain_has_lost_is_brought_again(stage: Stage) -> None:
    trader = await newcomer(stage)
    before = stage.node.rpc("evm_snapshot")
    await trader.client.draw_from_faucet(trader.wallet.address)
    await stage.jobs()
    stage.node.rpc("evm_revert", before)
    assert stage.balance(trader.wallet.address, "ETH") == 0
    await trader.client.draw_from_faucet(trader.wallet.address)
    await stage.jobs()
    assert stage.balance(trader.wallet.address, "ETH") == 2 * 10**18


async def test_what_somebody_spends_by_hand_is_no_obstacle(stage: Stage) -> None:
    trader = await newcomer(stage)
    stage.send("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955", trader.wallet.address, b"", 1)
    await trader.client.draw_from_faucet(trader.wallet.address)
    await stage.jobs()
    assert stage.balance(trader.wallet.address, "ETH") == 10**18 + 1
