"""What an operator's account is told of his exchange, and that nobody else is told anything."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests import worlds
from tests.stage import CONTRACT, Stage, Trade, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.exchange import RELAYER_KEY
from tradepost.escrow.evm.watch import follow_once
from tradepost.identity import service as identity
from tradepost.kernel.access import Role
from tradepost_client import AsyncClient, Wallet
from tradepost_client.errors import ProblemError

RELAYER = Wallet(bytes.fromhex(RELAYER_KEY[2:])).address


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened


@pytest.fixture
async def operator(stage: Stage) -> AsyncClient:
    trader = await stage.trader()
    async with stage.database.transaction() as tx:
        await identity.grant_role(tx, trader.wallet.address, Role.OPERATOR)
    return trader.client


async def test_it_is_not_there_for_anybody_but_an_operator(
    stage: Stage, operator: AsyncClient
) -> None:
    for other in (await stage.trader(), await stage.arbitrator()):
        with pytest.raises(ProblemError) as refused:
            await other.client.health()
        assert (refused.value.status, refused.value.slug) == (404, "not-found")
    # A token of the operator's with less than it takes is told so: it is his own.
    session = operator.token
    operator.token = (await operator.create_token("bot", ["offers:read"], 60)).token
    with pytest.raises(ProblemError) as refused:
        await operator.health()
    assert refused.value.slug == "scope-missing"
    operator.token = session


async def test_an_exchange_that_is_well(stage: Stage, operator: AsyncClient) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    told = await operator.health()
    parts = (told.chain, told.relayer, told.reserves, told.trades, told.jobs, told.limits)
    assert [part.good for part in parts] == [True] * len(parts)
    assert (told.chain.blocks_behind, told.trades.disputed) == (0, 0)
    assert told.relayer.address == RELAYER
    assert told.relayer.balance == Decimal(
        int(stage.node.rpc("eth_getBalance", RELAYER, "latest"), 16)
    ).scaleb(-18)
    (ether,) = [one for one in told.reserves.assets if one.asset == "ETH"]
    assert ether.owed >= Decimal("1.5")
    assert ether.held == ether.owed
    assert not ether.missing


async def test_coins_that_are_missing(stage: Stage, operator: AsyncClient) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    stage.node.rpc("anvil_setBalance", CONTRACT, hex(10**18))
    # The block of which it is said is the followed one.
    await stage.mine()
    told = await operator.health()
    assert told.reserves.good is False
    (ether,) = [one for one in told.reserves.assets if one.asset == "ETH"]
    assert ether.held == 1
    assert ether.missing == ether.owed - 1


async def test_a_watcher_that_is_behind_its_node(stage: Stage, operator: AsyncClient) -> None:
    before = (await operator.health()).chain.blocks_behind
    stage.node.rpc("anvil_mine", hex(30))
    told = await operator.health()
    assert before is not None
    assert (told.chain.good, told.chain.blocks_behind) == (False, before + 30)
    while await follow_once(stage.database, stage.chain):
        pass
    assert (await operator.health()).chain.good


async def test_a_chain_that_stands_still(stage: Stage, operator: AsyncClient) -> None:
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE escrow_chains SET head_time = head_time - 700")
    told = await operator.health()
    assert told.chain.good is False
    assert told.chain.age_s is not None
    assert told.chain.age_s >= 700


async def test_a_relayer_without_gas(stage: Stage, operator: AsyncClient) -> None:
    stage.node.rpc("anvil_setBalance", RELAYER, "0x1")
    told = await operator.health()
    assert (told.relayer.good, told.relayer.settlements_left) == (False, 0)


async def test_without_its_node_the_rest_is_told(stage: Stage, operator: AsyncClient) -> None:
    stage.node.stop()
    told = await operator.health()
    assert (told.chain.blocks_behind, told.relayer.good, told.relayer.balance) == (None, None, None)
    assert (told.reserves.good, told.reserves.assets) == (None, ())
    assert told.chain.block is not None
    assert told.jobs.good


async def test_a_pair_without_a_fresh_price_is_named(stage: Stage, operator: AsyncClient) -> None:
    row = """
        INSERT INTO price_quotes
            (base, quote, source, value, as_of, valid_until, development, fault, since)
        VALUES (%s, 'EUR', 'index', 2500, now() - %s::interval, now() + %s::interval, true,
            %s, CASE WHEN %s::text IS NULL THEN NULL ELSE now() END)
    """
    async with stage.database.transaction() as tx:
        await tx.execute(row, ["ETH", "1 minute", "1 minute", None, None])
        await tx.execute(row, ["USDT", "2 hours", "-1 hour", "stale", "stale"])
        await tx.execute(
            "INSERT INTO price_readings"
            " (source, base, quote, value, as_of, told, tried_at, fault, since, development)"
            " VALUES ('one', 'ETH', 'EUR', 2500, now(), 2500, now(), NULL, NULL, true),"
            " ('one', 'USDT', 'EUR', NULL, NULL, NULL, now(), 'missing', now(), true)"
        )
    told = (await operator.health()).prices
    assert (told.good, told.pairs, told.fresh) == (False, 2, 1)
    (stale,) = told.stale
    assert (stale.base, stale.quote) == ("USDT", "EUR")
    assert stale.age_s is not None
    assert 7_100 < stale.age_s < 7_300
    (source,) = told.sources
    assert (source.name, source.pairs, source.faulty) == ("one", 2, 1)
    assert source.newest_at is not None
