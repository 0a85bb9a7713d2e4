"""Whole trades between the page's trader and the Python client's, on a real chain and exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.page_trader import PATIENCE_S, Pages, PageTrader, Refused, bundle
from tests.integration.notifications.serving import listening
from tests.stage import AMOUNTS, CONTRACT, DECIMALS, DETAILS, PRICES, Asset, Stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost_client import AsyncTrader
from tradepost_contracts import artifacts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("page"))


@pytest.fixture
async def pages(stage: Stage, driver: Path, tmp_path: Path) -> AsyncIterator[Pages]:
    async with listening(stage.app, 100) as port:
        yield Pages(stage, driver, tmp_path, f"http://127.0.0.1:{port}")


def minor(asset: Asset) -> int:
    return int(AMOUNTS[asset] * 10 ** DECIMALS[asset])


def offered(asset: Asset, *, sells: bool) -> dict[str, Any]:
    """What a maker says."""
    return {
        "direction": "sell" if sells else "buy",
        "asset": asset,
        "currency": "EUR",
        "price": PRICES[asset],
        "min_amount": AMOUNTS[asset],
        "max_amount": AMOUNTS[asset],
        "total_amount": AMOUNTS[asset],
        "payment_methods": ["sepa"],
    }


def said(offer: dict[str, Any]) -> dict[str, Any]:
    """The same in JSON."""
    return {name: one if isinstance(one, list) else str(one) for name, one in offer.items()}


class Play:
    """A trade between a page and somebody of the Python client, who is the other side."""

    def __init__(self, pages: Pages, page: PageTrader, other: AsyncTrader, asset: Asset) -> None:
        self.pages, self.page, self.other, self.asset = pages, page, other, asset
        self.stage = pages.stage
        self.id = ""

    async def open(self, *, page_sells: bool, page_makes: bool) -> None:
        """The maker publishes an offer, the other takes it."""
        amount = str(AMOUNTS[self.asset])
        sells = page_sells == page_makes
        terms = offered(self.asset, sells=sells)
        if page_makes:
            made = await self.page.do("publish", said(terms), "an offer of the page's")
            offer = await self.other.client.offer(made["id"])
            taken = await self.other.take(offer, method="sepa", amount=AMOUNTS[self.asset])
            self.id = taken.id
        else:
            published = await self.other.publish_offer(**terms)
            took = await self.page.do("take", published.id, "sepa", amount, "a taking")
            self.id = took["id"]

    async def do(self, step: str, *args: Any) -> Any:
        """A step of the page's."""
        return await self.page.do(step, self.id, *args)

    async def page_locks(self, way: str) -> None:
        """The page locks, while blocks pass."""
        await self.pages.meanwhile(asyncio.create_task(self.do("lock", way)))
        await self.stage.confirm()

    async def other_locks(self) -> None:
        await self.other.lock(self.id, wait=False)
        await self.stage.confirm()

    async def state(self) -> str:
        return (await self.other.client.trade(self.id)).state

    def has(self, address: str) -> int:
        return self.stage.balance(address, self.asset)


@pytest.fixture
async def play(pages: Pages) -> AsyncIterator[Any]:
    """Opens a page and somebody else, and a trade of theirs."""
    async with AsyncExitStack() as stack:

        async def begin(asset: Asset, *, page_sells: bool, page_makes: bool) -> Play:
            page = await stack.enter_async_context(pages.page(pages.funded()))
            begun = Play(pages, page, await pages.stage.trader(), asset)
            await begun.open(page_sells=page_sells, page_makes=page_makes)
            return begun

        yield begin


@pytest.mark.parametrize("page_makes", [True, False], ids=["page_makes", "page_takes"])
@pytest.mark.parametrize(
    ("asset", "way"),
    [
        *(("ETH", "transaction"), ("USDT", "transaction")),
        *(("ETH", "deposit"), ("USDT", "authorization"), ("USDT", "permit")),
    ],
)
async def test_a_page_sells(play: Any, asset: Asset, way: str, *, page_makes: bool) -> None:
    """Its lock counts, its details open, and its release pays the buyer."""
    trade: Play = await play(asset, page_sells=True, page_makes=page_makes)
    buyer = trade.other.wallet.address
    if way == "deposit":
        with_fee = minor(asset) * 2
        deposited = asyncio.create_task(trade.page.do("deposit", asset, str(with_fee)))
        await trade.pages.meanwhile(deposited)
    assert way in await trade.do("lockWays")
    await trade.page_locks(way)
    told = [one for one in await trade.page.do("reported") if one["step"] == "lock"]
    assert told[-1]["state"] == "confirmed"
    assert told[-1]["confirmations"] == trade.stage.settings.confirmations
    assert await trade.do("lockWays") == []
    await trade.do("sendPaymentDetails", DETAILS)
    assert await trade.do("openPaymentDetails") == DETAILS
    assert await trade.other.open_payment_details(trade.id) == DETAILS
    await trade.other.payment_sent(trade.id)
    before = trade.has(buyer)
    await trade.do("release")
    await trade.stage.confirm()
    assert await trade.state() == "completed"
    assert trade.has(buyer) - before == minor(asset)
    seen = await trade.do("seeEscrow")
    assert (seen["status"], seen["idMatches"], seen["witness"]) == ("released", True, "own")


@pytest.mark.parametrize("page_makes", [True, False], ids=["page_makes", "page_takes"])
@pytest.mark.parametrize("asset", ["ETH", "USDT"])
async def test_a_page_buys(play: Any, asset: Asset, *, page_makes: bool) -> None:
    trade: Play = await play(asset, page_sells=False, page_makes=page_makes)
    before = trade.has(trade.page.address)
    with pytest.raises(Refused, match="SealBroken"):
        await trade.do("openPaymentDetails")
    await trade.other_locks()
    await trade.other.send_payment_details(trade.id, DETAILS)
    assert await trade.do("openPaymentDetails") == DETAILS
    await trade.do("paymentSent")
    assert (await trade.do("seeEscrow"))["confirmations"] == trade.stage.settings.confirmations
    await trade.other.release(trade.id)
    await trade.stage.confirm()
    assert await trade.state() == "completed"
    assert trade.has(trade.page.address) - before == minor(asset)


async def test_a_page_that_buys_gives_the_coins_back(play: Any) -> None:
    trade: Play = await play("USDT", page_sells=False, page_makes=False)
    seller = trade.other.wallet.address
    before = trade.has(seller)
    await trade.other_locks()
    await trade.do("refund")
    await trade.stage.confirm()
    assert await trade.state() == "refunded"
    assert trade.has(seller) == before


@pytest.mark.parametrize("page_sells", [True, False])
async def test_a_page_leaves_a_trade_before_the_lock(play: Any, *, page_sells: bool) -> None:
    trade: Play = await play("ETH", page_sells=page_sells, page_makes=True)
    await trade.do("cancel")
    assert await trade.state() == "cancelled"


async def test_a_page_that_sold_asks_for_coins_that_nobody_pays_for(play: Any) -> None:
    trade: Play = await play("USDT", page_sells=True, page_makes=True)
    before = trade.has(trade.page.address)
    await trade.page_locks("transaction")
    await trade.stage.pass_time(15 * 86_400)
    await trade.do("cancel")
    await trade.stage.confirm()
    seen = await trade.do("seeEscrow")
    assert (seen["status"], seen["cancelAt"] > seen["blockTime"]) == ("locked", True)
    await trade.stage.pass_time(trade.stage.settings.challenge_window_s + 1)
    await trade.stage.confirm()
    assert await trade.state() == "refunded"
    assert trade.has(trade.page.address) == before


async def test_a_page_joins_what_the_arbitrator_rules(play: Any) -> None:
    trade: Play = await play("ETH", page_sells=False, page_makes=False)
    arbitrator = await trade.stage.arbitrator()
    before = trade.has(trade.page.address)
    await trade.other_locks()
    await trade.other.send_payment_details(trade.id, DETAILS)
    await trade.do("openPaymentDetails")
    await trade.do("paymentSent")
    await trade.do("dispute", "paid_not_released")
    assert await trade.state() == "disputed"
    share = AMOUNTS["ETH"] / 2
    await arbitrator.settle(trade.id, share)
    await trade.do("settle", str(share))
    await trade.stage.confirm()
    assert await trade.state() == "resolved"
    assert trade.has(trade.page.address) - before == minor("ETH") // 2
    assert (await trade.do("seeEscrow"))["status"] == "settled"


def sent_by(stage: Stage, page: PageTrader, block: str) -> int:
    """How many transactions a page's wallet has sent."""
    return int(stage.node.rpc("eth_getTransactionCount", page.address, block), 16)


async def test_a_page_that_is_killed_while_it_locks_goes_on(pages: Pages) -> None:
    words = pages.funded()
    stage = pages.stage
    async with pages.page(words) as page:
        trade = Play(pages, page, await stage.trader(), "ETH")
        await trade.open(page_sells=True, page_makes=True)
        before = trade.has(page.address)
        sent = sent_by(stage, page, "latest")
        stage.node.rpc("evm_setAutomine", False)
        dying = asyncio.create_task(trade.do("lock", "transaction"))
        async with asyncio.timeout(PATIENCE_S):
            while sent_by(stage, page, "pending") == sent:  # noqa: ASYNC110 - the chain tells nobody
                await asyncio.sleep(0.02)
        page.process.kill()
        dying.cancel()
    stage.node.rpc("evm_setAutomine", True)
    async with pages.page(words) as page:
        trade.page = page
        await trade.page_locks("transaction")
        assert sent_by(stage, page, "latest") == sent + 1
        assert before - trade.has(page.address) >= minor("ETH")
        assert stage.balance(CONTRACT, "ETH") < 2 * minor("ETH")
        assert await trade.state() == "escrowed"


async def test_a_page_without_a_node_trades_by_the_exchanges(pages: Pages) -> None:
    """It sends and reads through the exchange, and says so."""
    stage = pages.stage
    async with (
        pages.page(pages.funded(), node="", store="seller") as seller,
        pages.page(pages.funded(), node="", store="buyer") as buyer,
    ):
        amount = str(AMOUNTS["USDT"])
        made = await seller.do("publish", said(offered("USDT", sells=True)), "an offer")
        trade = (await buyer.do("take", made["id"], "sepa", amount, "a taking"))["id"]
        lock = seller.do("lock", trade, "transaction")
        await pages.meanwhile(asyncio.create_task(lock))
        await stage.confirm()
        await seller.do("sendPaymentDetails", trade, DETAILS)
        assert await buyer.do("openPaymentDetails", trade) == DETAILS
        await buyer.do("paymentSent", trade)
        assert (await buyer.do("seeEscrow", trade))["witness"] == "exchange"
        before = stage.balance(buyer.address, "USDT")
        await seller.do("release", trade)
        await stage.confirm()
        assert stage.balance(buyer.address, "USDT") - before == minor("USDT")


async def test_a_page_moves_coins(pages: Pages) -> None:
    other = await pages.stage.trader()
    async with pages.page(pages.funded()) as page:
        before = pages.stage.balance(other.wallet.address, "USDT")
        moves = [
            ("send", "USDT", "5", other.wallet.address),
            ("send", "ETH", "7", other.wallet.address),
            ("deposit", "USDT", "11"),
            ("withdraw", "USDT", "4"),
        ]
        for move in moves:
            await page.do(*move)
        assert pages.stage.balance(other.wallet.address, "USDT") - before == 5
        assert pages.stage.credit(page.address, "USDT") == 7
        coins = {one["asset"]: one for one in await page.do("balances")}
        assert coins["USDT"]["deposited"] == "7"
        assert int(coins["USDT"]["wallet"]) == pages.stage.balance(page.address, "USDT")
        for wrong in (("send", "USDT", "5", CONTRACT), ("send", "USDT", "5", "0x" + "0" * 40)):
            with pytest.raises(Refused, match="RangeError"):
                await page.do(*wrong)
        with pytest.raises(Refused, match="FundsMissing"):
            await page.do("withdraw", "USDT", "8")


# --- lies ----------------------------------------------------------------------------------------


async def test_a_page_locks_nothing_in_another_contract(play: Any) -> None:
    trade: Play = await play("ETH", page_sells=True, page_makes=True)
    sent = sent_by(trade.stage, trade.page, "pending")
    trade.stage.node.rpc("anvil_setCode", CONTRACT, "0x" + artifacts.DEV_TOKEN.runtime_code.hex())
    for step in (("lock", "transaction"), ("lock", "deposit"), ("release",)):
        with pytest.raises(Refused, match="WrongContract"):
            await trade.do(*step)
    assert sent_by(trade.stage, trade.page, "pending") == sent


async def test_a_page_pays_for_nothing_that_its_own_node_does_not_show(
    pages: Pages, chain: DevChain
) -> None:
    """The exchange says that the coins are locked; the chain of the reader's node does not."""
    with DevChain() as real:
        code = "0x" + artifacts.ESCROW.runtime_code.hex()
        real.rpc("anvil_setCode", CONTRACT, code)
        async with pages.page(pages.funded(), node=real.url) as page:
            trade = Play(pages, page, await pages.stage.trader(), "ETH")
            await trade.open(page_sells=False, page_makes=False)
            await trade.other_locks()
            await trade.other.send_payment_details(trade.id, DETAILS)
            assert await trade.state() == "escrowed"
            with pytest.raises(Refused, match="NotLocked"):
                await trade.do("openPaymentDetails")
            seen = await trade.do("seeEscrow")
            assert (seen["status"], seen["confirmations"]) == ("none", 0)
            with pytest.raises(Refused, match="NotLocked"):
                await trade.do("refund")
