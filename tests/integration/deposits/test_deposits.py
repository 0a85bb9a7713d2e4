"""From a deposit on the chain to an offer that is shown as funded, and back."""

from decimal import Decimal
from secrets import token_hex

from tests.stage import CONTRACT, NATIVE, Stage, Trade
from tradepost.entrypoints.migrate import migrate
from tradepost_client import AsyncTrader
from tradepost_client.models import Offer
from tradepost_contracts import calls, locking

COIN = 10**18


async def publish(trader: AsyncTrader, total: str = "2", asset: str = "ETH") -> Offer:
    """An offer to sell so many coins, one by one."""
    return await trader.publish_offer(
        direction="sell",
        asset=asset,
        currency="EUR",
        price=Decimal(2500),
        min_amount=Decimal(1),
        max_amount=Decimal(1),
        total_amount=Decimal(total),
        payment_methods=["sepa"],
    )


async def deposit(stage: Stage, trader: AsyncTrader, minor: int, asset: str = "ETH") -> None:
    """The trader's client puts coins into his balance; it waits for one block only."""
    exchange = await trader.client.exchange()
    await trader.escrow.deposit(exchange, exchange.asset(asset), minor)
    await stage.work()


async def seen(stage: Stage, offer: Offer) -> tuple[bool, bool]:
    """Whether it is funded, as anybody sees it; and whether the search for such finds it."""
    client = stage.traders[-1].client
    shown = await client.offer(offer.id)
    found = [one.id for one in (await client.search(funded=True)).data]
    listed = {one.id: one.funded for one in (await client.search()).data}
    if offer.id in listed:
        assert listed[offer.id] == shown.funded
    return shown.funded, offer.id in found


async def test_a_deposit_counts_once_it_is_confirmed(stage: Stage) -> None:
    maker, _ = await stage.trader(), await stage.trader()
    offer = await publish(maker)
    await stage.confirm()
    assert await seen(stage, offer) == (False, False)
    assert (await maker.client.offer(offer.id)).deposit_block is not None
    await deposit(stage, maker, 2 * COIN)
    assert await seen(stage, offer) == (False, False)
    await stage.mine(stage.settings.confirmations - 1)
    assert await seen(stage, offer) == (True, True)
    shown = await maker.client.offer(offer.id)
    head = int(stage.node.rpc("eth_blockNumber"), 16)
    assert shown.deposit_block == head - stage.settings.confirmations + 1
    assert (await maker.client.facets()).funded == 1
    # Drawn, it is not funded any more, once that is confirmed.
    await maker.escrow.withdraw(CONTRACT, NATIVE, 1, maker.wallet.address)
    await stage.work()
    assert await seen(stage, offer) == (True, True)
    await stage.mine(stage.settings.confirmations - 1)
    assert await seen(stage, offer) == (False, False)


async def test_a_token_that_lay_there_before_the_offer(stage: Stage) -> None:
    maker, _ = await stage.trader(), await stage.trader()
    await deposit(stage, maker, 2 * 10**6, "USDT")
    await stage.confirm()
    offer = await publish(maker, asset="USDT")
    assert offer.funded
    assert await seen(stage, offer) == (True, True)
    assert not (await publish(maker, total="3", asset="USDT")).funded
    assert not (await publish(maker)).funded


async def test_a_wallet_that_deposited_before_it_came_here(stage: Stage) -> None:
    await stage.trader()
    maker = await stage.trader()
    async with stage.database.transaction() as tx:
        await tx.execute("DELETE FROM wallets WHERE address = %s", [maker.wallet.address.lower()])
    await deposit(stage, maker, 2 * COIN)
    await stage.confirm()
    await maker.sign_in()
    offer = await publish(maker)
    assert not offer.funded
    # It is asked for, and then it is read.
    await stage.mine()
    await stage.mine()
    assert await seen(stage, offer) == (True, True)


async def test_offers_from_before_there_were_deposits(stage: Stage) -> None:
    maker, _ = await stage.trader(), await stage.trader()
    offer, closed = await publish(maker), await publish(maker, total="1")
    await maker.client.close_offer(closed.id)
    await deposit(stage, maker, 2 * COIN)
    await stage.confirm()
    async with stage.database.transaction() as tx:
        for statement in (
            "DROP TABLE webhook_attempts, webhook_deliveries, webhook_secrets, webhooks",
            "DROP TABLE escrow_balances, escrow_touches, offer_deposits",
            "DROP INDEX offers_wallet",
            "ALTER TABLE listings DROP COLUMN funded",
            "UPDATE alembic_version SET version_num = '0012'",
        ):
            await tx.execute(statement)
    migrate(stage.settings, "0013")
    assert await seen(stage, offer) == (False, False)
    await stage.work()
    await stage.mine()
    assert await seen(stage, offer) == (True, True)


async def test_a_stranger_and_dust(stage: Stage) -> None:
    maker, stranger = await stage.trader(), await stage.trader()
    offer = await publish(maker)
    for minor in (1, 2 * COIN - 2):
        data = calls.deposit(NATIVE, maker.wallet.address, minor)
        stage.send(stranger.wallet.address, CONTRACT, data, minor)
    await stage.confirm()
    assert await seen(stage, offer) == (False, False)
    stage.send(stranger.wallet.address, CONTRACT, calls.deposit(NATIVE, maker.wallet.address, 1), 1)
    await stage.confirm()
    assert await seen(stage, offer) == (True, True)
    # What others have is none of his, and another coin is not this one.
    await deposit(stage, stranger, 9 * COIN)
    await deposit(stage, maker, 9 * 10**6, "USDT")
    await maker.escrow.withdraw(CONTRACT, NATIVE, 1, maker.wallet.address)
    await stage.confirm()
    assert await seen(stage, offer) == (False, False)


async def test_a_reorganisation_takes_the_deposit_away(stage: Stage) -> None:
    maker, _ = await stage.trader(), await stage.trader()
    offer = await publish(maker)
    await stage.confirm()
    await deposit(stage, maker, 2 * COIN)
    await stage.mine(stage.settings.confirmations - 1)
    assert await seen(stage, offer) == (True, True)
    # Deeper than what is waited for.
    stage.node.rpc("anvil_setCoinbase", "0x" + token_hex(20))
    stage.node.rpc("anvil_reorg", stage.settings.confirmations + 2, [])
    await stage.mine(1)
    assert await seen(stage, offer) == (False, False)
    stage.send(maker.wallet.address, CONTRACT, calls.deposit(NATIVE, maker.wallet.address, 7), 7)
    await stage.confirm()
    assert await seen(stage, offer) == (False, False)


async def test_a_maker_with_many_offers(stage: Stage) -> None:
    maker, _ = await stage.trader(), await stage.trader()
    offers = [await publish(maker, total=str(total)) for total in range(1, 13)]
    await deposit(stage, maker, 6 * COIN)
    await stage.confirm()
    found = {one.id for one in (await maker.client.search(funded=True, limit=100)).data}
    assert found == {offer.id for offer in offers[:6]}
    listed = {one.id: one.funded for one in (await maker.client.search(limit=100)).data}
    assert sum(listed.values()) == 6
    await maker.escrow.withdraw(CONTRACT, NATIVE, 6 * COIN, maker.wallet.address)
    await stage.confirm()
    assert (await maker.client.search(funded=True)).data == ()


async def test_a_trade_out_of_the_deposit(stage: Stage) -> None:
    """A lock takes from what is free, a refund brings it back, and the offer follows both."""
    trade = await Trade.open(stage, total=Decimal(3))
    maker = trade.maker
    offer = await maker.client.offer(trade.offer_id)
    assert offer.remaining_amount == Decimal("1.5")
    await deposit(stage, maker, 2 * COIN)
    await stage.confirm()
    assert await seen(stage, offer) == (True, True)
    await lock_from_deposit(stage, trade)
    await stage.confirm()
    assert await trade.state() == "escrowed"
    assert stage.credit(maker.wallet.address, "ETH") == COIN // 2
    assert await seen(stage, offer) == (False, False)
    await trade.buyer.refund(trade.id)
    await stage.confirm()
    assert await trade.state() == "refunded"
    assert stage.credit(maker.wallet.address, "ETH") == 2 * COIN
    # All of the offer is free again, and that is more than he has.
    assert await seen(stage, offer) == (False, False)
    await deposit(stage, maker, COIN)
    await stage.confirm()
    assert await seen(stage, offer) == (True, True)


async def test_a_deposit_drawn_after_the_take(stage: Stage) -> None:
    """Nothing is promised by it: the trade only waits for its lock, as any other does."""
    trade = await Trade.open(stage)
    maker = trade.maker
    await deposit(stage, maker, 2 * COIN)
    await stage.confirm()
    await maker.escrow.withdraw(CONTRACT, NATIVE, 2 * COIN, maker.wallet.address)
    await lock_from_deposit(stage, trade)
    await stage.confirm()
    assert await trade.state() == "awaiting_escrow"
    await stage.pass_time(2_000)
    await stage.jobs()
    assert await trade.state() == "expired"
    # Nobody paid: the buyer was never told to.
    assert (await trade.buyer.client.trade(trade.id)).escrow.state == "none"


async def lock_from_deposit(stage: Stage, trade: Trade) -> None:
    """Somebody brings the seller's signature, by a raw call past client and relayer."""
    known = await trade.seller.trade(trade.id)
    terms = known.escrow.terms.terms()
    typed = locking.lock("LockFromDeposit", terms, known.escrow.chain_id, known.escrow.contract)
    signature = bytes.fromhex(trade.seller.wallet.sign_digest(typed.digest())[2:])
    stage.send(trade.taker.wallet.address, CONTRACT, calls.lock_from_deposit(terms, signature))
