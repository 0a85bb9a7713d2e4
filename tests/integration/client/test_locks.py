"""A seller without the chain's own coin: he signs, the exchange locks, on a real chain."""

import asyncio

import pytest

from tests.stage import CONTRACT, Stage, Trade
from tests.ways import RELAYED, Sent, Way, approve, deploy_permit2, ways_of
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.relay import Relayer
from tradepost_client.errors import FundingTooLate, ProblemError
from tradepost_client.models import SignedLock
from tradepost_contracts import calls, locking
from tradepost_contracts.means import LockWay

#: How the token is locked without a transaction of its seller.
OF_TOKEN = {way.signed: way for way in ways_of("USDT", signed=True)}


def _poor(trade: Trade) -> None:
    """The seller has no native coin for gas, after what he sent is mined."""
    trade.stage.node.rpc("anvil_mine", "0x1")
    trade.stage.node.rpc("anvil_setBalance", trade.seller.wallet.address, "0x0")


async def _prepare(trade: Trade, way: Way) -> None:
    """The seller sends what a way needs, and it is mined."""
    terms = (await trade.seller.known(trade.id)).terms.terms()
    for one in way.first(terms):
        _send(trade, one)
    trade.stage.node.rpc("anvil_mine", "0x1")


def _send(trade: Trade, sent: Sent) -> None:
    trade.stage.send(trade.seller.wallet.address, sent.to, sent.data, sent.value)


async def _hand_over(trade: Trade, way: LockWay | None = None) -> SignedLock:
    known = await trade.seller.known(trade.id)
    signed = await trade.seller.locks.sign(known, way)
    assert signed is not None
    await trade.seller.client.lock(trade.id, signed)
    return signed


async def _refusal(trade: Trade, way: LockWay, **changes: str) -> tuple[int, str]:
    known = await trade.seller.known(trade.id)
    signed = await trade.seller.locks.sign(known, way)
    assert signed is not None
    with pytest.raises(ProblemError) as refused:
        await trade.seller.client.lock(trade.id, signed.model_copy(update=changes))
    return refused.value.status, refused.value.slug


@pytest.mark.parametrize("way", RELAYED, ids=str)
async def test_each_way_locks(stage: Stage, way: Way) -> None:
    deploy_permit2(stage.node)
    trade = await Trade.open(stage, asset=way.asset)
    await _prepare(trade, way)
    _poor(trade)
    known = await trade.seller.known(trade.id)
    assert way.signed in (await trade.seller.locks.means(known)).open(known.terms.terms())
    signed = await _hand_over(trade, way.signed)
    assert signed.way is way.signed
    shown = await trade.seen_by(trade.seller)
    assert shown.escrow.lock is not None
    assert (shown.escrow.lock.way, shown.escrow.lock.state) == (way.signed, "waiting")
    assert "lock" not in shown.viewer.allowed_actions
    assert shown.viewer.primary_action == "send_payment_details"
    assert (await trade.seen_by(trade.buyer)).escrow.lock is None
    await stage.confirm()
    shown = await trade.seen_by(trade.seller)
    assert (shown.state, shown.escrow.lock) == ("escrowed", None)
    # The coins that were locked out of a balance go back into it.
    await trade.buyer.refund(trade.id)
    await stage.confirm()
    assert await trade.state() == "refunded"
    held = stage.credit(trade.seller.wallet.address, way.asset)
    assert held == (known.terms.terms().locked_amount if way.from_balance else 0)


async def test_the_client_picks_the_way(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    known = await trade.seller.known(trade.id)
    ways = (await trade.seller.locks.means(known)).open(known.terms.terms())
    assert ways == (LockWay.AUTHORIZATION, LockWay.PERMIT)
    signed = await trade.seller.locks.sign(known)
    assert signed is not None
    assert signed.way is LockWay.AUTHORIZATION
    deploy_permit2(stage.node)
    for way in OF_TOKEN.values():
        await _prepare(trade, way)
    ways = (await trade.seller.locks.means(known)).open(known.terms.terms())
    assert ways == tuple(LockWay)


async def test_without_a_way_the_client_locks_by_itself(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="ETH")
    receipts = await trade.seller.lock(trade.id, wait=False, relayed=True)
    assert len(receipts) == 1
    await stage.confirm()
    assert await trade.state() == "escrowed"
    # Once more, as after a crash: it is there.
    assert await trade.seller.lock(trade.id, wait=False, relayed=True) == ()


async def test_a_signature_of_another_is_refused(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    deploy_permit2(stage.node)
    other = "0x" + "11" * 64 + "1b"
    for way in LockWay:
        assert await _refusal(trade, way, signature=other) == (
            403,
            "signature-invalid",
        )
    # What is signed for one way is good for no other.
    known = await trade.seller.known(trade.id)
    signed = await trade.seller.locks.sign(known, LockWay.DEPOSIT)
    assert signed is not None
    swapped = await _refusal(trade, LockWay.ALLOWANCE, signature=signed.signature)
    assert swapped == (403, "signature-invalid")
    with pytest.raises(ProblemError) as refused:
        await trade.buyer.client.lock(trade.id, signed)
    assert refused.value.status == 409


async def test_the_native_coin_is_locked_out_of_a_balance_only(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="ETH")
    for way in (LockWay.ALLOWANCE, LockWay.PERMIT2):
        assert await _refusal(trade, way) == (409, "lock-way-unsupported")


@pytest.mark.parametrize(
    "changes",
    [
        {"way": "gift"},
        {"way": "permit"},
        {"way": "permit2"},
        {"permit_signature": "0x" + "11" * 65},
        {"way": "permit", "permit_signature": "0x" + "11" * 64},
        {"nonce": "1"},
        {"way": "permit2", "nonce": "-1"},
        {"way": "permit2", "nonce": str(2**256)},
        {"way": "permit2", "nonce": 1},
        {"signature": "0x"},
        {"signature": ""},
    ],
)
async def test_a_lock_that_is_not_whole_is_refused(
    stage: Stage, changes: dict[str, object]
) -> None:
    trade = await Trade.open(stage, asset="USDT")
    body = {"way": "deposit", "signature": "0x" + "11" * 65} | changes
    with pytest.raises(ProblemError) as refused:
        await trade.seller.client.post_once(f"/v1/trades/{trade.id}/lock", body)
    assert (refused.value.status, refused.value.slug) == (422, "malformed-request")


async def test_what_the_chain_refuses_is_told_and_can_be_replaced(stage: Stage) -> None:
    """He has no balance in the contract; he hands over another way."""
    trade = await Trade.open(stage, asset="USDT")
    await _hand_over(trade, LockWay.DEPOSIT)
    await stage.work()
    shown = await trade.seen_by(trade.seller)
    assert shown.escrow.lock is not None
    assert (shown.escrow.lock.state, shown.escrow.lock.reason) == ("waiting", "BalanceTooLow")
    assert "lock" in shown.viewer.allowed_actions
    await _hand_over(trade, LockWay.AUTHORIZATION)
    await stage.confirm()
    assert await trade.state() == "escrowed"
    async with stage.database.transaction() as tx:
        rows = await tx.all("SELECT state, reason FROM escrow_intents ORDER BY created_at")
    assert [(row["state"], row["reason"]) for row in rows] == [
        ("moot", "another was signed"),
        ("done", "mined"),
    ]


async def test_a_permit_that_somebody_brought_before_stops_no_lock(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    signed = await _hand_over(trade, LockWay.PERMIT)
    terms = (await trade.seller.known(trade.id)).terms.terms()
    permit = bytes.fromhex((signed.permit_signature or "")[2:])
    data = calls.permit(terms.token, terms.seller, terms.locked_amount, terms.fund_by, permit)
    stage.send(trade.buyer.wallet.address, CONTRACT, data)
    await stage.confirm()
    assert await trade.state() == "escrowed"


@pytest.mark.parametrize("by_seller", [True, False])
async def test_a_lock_that_waits_is_withdrawn_by_a_cancel(stage: Stage, by_seller: bool) -> None:
    trade = await Trade.open(stage, asset="USDT")
    await _hand_over(trade)
    leaver = trade.seller if by_seller else trade.buyer
    await leaver.cancel(trade.id)
    await stage.confirm()
    assert await trade.state() == "cancelled"
    async with stage.database.transaction() as tx:
        (row,) = await tx.all("SELECT state, reason FROM escrow_intents")
        assert not await tx.all("SELECT * FROM escrow_transactions")
    assert (row["state"], row["reason"]) == ("moot", "withdrawn")
    trade.conserved()


async def test_a_lock_that_is_out_keeps_the_seller_and_not_the_buyer(stage: Stage) -> None:
    """A buyer who leaves then has signed the refund of what may come: it goes straight back."""
    trade = await Trade.open(stage, asset="USDT")
    stage.node.rpc("evm_setAutomine", False)
    await _hand_over(trade)
    await stage.relayer.round()
    shown = await trade.seen_by(trade.seller)
    assert shown.escrow.lock is not None
    assert shown.escrow.lock.state == "sent"
    assert {"cancel", "lock"} & set(shown.viewer.allowed_actions) == set()
    with pytest.raises(ProblemError) as refused:
        await trade.seller.cancel(trade.id)
    assert refused.value.slug == "action-not-allowed"
    await trade.buyer.cancel(trade.id)
    assert await trade.state() == "cancelled"
    stage.node.rpc("evm_setAutomine", True)
    for _ in range(3):
        await stage.confirm()
    assert await trade.state() == "refunded"
    trade.conserved()


async def test_a_lock_that_failed_after_a_cancel_is_not_tried_again(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    await _prepare(trade, OF_TOKEN[LockWay.DEPOSIT])
    stage.node.rpc("evm_setAutomine", False)
    await _hand_over(trade, LockWay.DEPOSIT)
    await stage.relayer.round()
    await trade.buyer.cancel(trade.id)
    # He draws his balance before it comes.
    stage.node.rpc("anvil_dropAllTransactions")
    terms = (await trade.seller.known(trade.id)).terms.terms()
    seller = trade.seller.wallet.address
    stage.send(seller, CONTRACT, calls.withdraw(terms.token, terms.locked_amount, seller))
    stage.node.rpc("evm_setAutomine", True)
    stage.node.rpc("anvil_mine", "0x1")
    for _ in range(3):
        await stage.confirm()
    assert await trade.state() == "cancelled"
    async with stage.database.transaction() as tx:
        (row,) = await tx.all("SELECT state, tries FROM escrow_intents")
    assert (row["state"], row["tries"]) == ("moot", 1)


async def test_a_lock_is_not_brought_after_its_time(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    known = await trade.seller.known(trade.id)
    await _hand_over(trade)
    stage.node.rpc("evm_increaseTime", 1_801)
    await stage.mine(1)
    shown = await trade.seller.client.trade(trade.id)
    assert shown.escrow.lock is not None
    assert shown.escrow.lock.reason == "its last time has passed"
    await stage.mine(stage.settings.confirmations + 1)
    assert await trade.state() == "expired"
    async with stage.database.transaction() as tx:
        (row,) = await tx.all("SELECT state FROM escrow_intents")
        assert not await tx.all("SELECT * FROM escrow_transactions")
    assert row["state"] == "moot"
    with pytest.raises(FundingTooLate):
        await trade.seller.locks.sign(known)


async def test_an_own_lock_beside_a_signed_one(stage: Stage) -> None:
    """He is impatient: what he locked by himself fulfils what he signed."""
    trade = await Trade.open(stage, asset="USDT")
    await _hand_over(trade)
    await trade.seller.lock(trade.id, wait=False)
    for _ in range(3):
        await stage.confirm()
        async with stage.database.transaction() as tx:
            await tx.execute("UPDATE escrow_intents SET try_at = %s", [tx.now])
    assert await trade.state() == "escrowed"
    async with stage.database.transaction() as tx:
        (row,) = await tx.all("SELECT state, reason FROM escrow_intents")
    assert (row["state"], row["reason"]) == ("done", "done by others")


async def test_many_locks_go_together(stage: Stage) -> None:
    """By every way at once, with one that fails among them."""
    trades = [await Trade.open(stage, asset="USDT") for _ in range(5)]
    deploy_permit2(stage.node)
    for trade, way in zip(trades, LockWay, strict=True):
        await _prepare(trade, OF_TOKEN[way])
        await _hand_over(trade, way)
    stage.node.rpc("evm_setAutomine", False)
    await stage.relayer.round()
    stage.node.rpc("anvil_dropAllTransactions")
    # The last one's allowance is gone when it comes.
    _send(trades[-1], approve(CONTRACT, 0))
    stage.node.rpc("evm_setAutomine", True)
    stage.node.rpc("anvil_mine", "0x1")
    await stage.confirm()
    assert [await trade.state() for trade in trades] == ["escrowed"] * 4 + ["awaiting_escrow"]
    shown = await trades[-1].seen_by(trades[-1].seller)
    assert shown.escrow.lock is not None
    assert shown.escrow.lock.reason in {
        "the call failed with ERC20InsufficientAllowance",
        "ERC20InsufficientAllowance",
    }
    async with stage.database.transaction() as tx:
        rows = await tx.all("SELECT nonce FROM escrow_transactions")
    assert len(rows) == 1


async def test_a_contract_wallet_signs_its_lock(stage: Stage) -> None:
    """The exchange asks it (EIP-1271), and so does the contract."""
    trade = await Trade.open(stage, asset="USDT")
    await _prepare(trade, OF_TOKEN[LockWay.ALLOWANCE])
    yes = "0x7f" + "1626ba7e" + "00" * 28 + "60005260206000f3"
    stage.node.rpc("anvil_setCode", trade.seller.wallet.address, yes)
    word = SignedLock(way=LockWay.ALLOWANCE, signature="0x1234")
    await trade.seller.client.lock(trade.id, word)
    await stage.confirm()
    assert await trade.state() == "escrowed"


async def test_the_instructions_serve_what_each_way_signs(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    path = f"/v1/trades/{trade.id}/instructions"
    served = (await trade.seller.client.get(path))["signed_locks"]
    assert [one["way"] for one in served] == ["deposit", "authorization", "permit", "allowance"]
    known = await trade.seller.known(trade.id)
    by_way = {one["way"]: one["typed_data"] for one in served}
    assert set(by_way["permit"]) == {"signature", "permit_signature"}
    terms, agreement = known.terms.terms(), known.agreement
    token = (await trade.seller.locks.means(known)).token
    assert token is not None
    assert by_way["authorization"] == {
        "signature": locking.lock_authorization(terms, token, CONTRACT).shown()
    }
    lock = locking.lock("Lock", terms, agreement.chain_id, CONTRACT).shown()
    assert by_way["permit"]["signature"] == by_way["allowance"]["signature"] == lock
    assert (await trade.buyer.client.get(path))["signed_locks"] == []
    deploy_permit2(stage.node)
    await _prepare(trade, OF_TOKEN[LockWay.PERMIT2])
    served = (await trade.seller.client.get(path))["signed_locks"]
    (permit2,) = [one for one in served if one["way"] == "permit2"]
    message = permit2["typed_data"]["signature"]["message"]
    assert message["nonce"] == permit2["nonce"]


async def test_the_exchange_dies_with_a_lock_in_its_hand(stage: Stage) -> None:
    """Stored and not sent: the next process sends it, once."""
    trade = await Trade.open(stage, asset="USDT")
    await _hand_over(trade)

    class Dying(Chain):
        async def send(self, raw: bytes) -> None:
            raise KeyboardInterrupt

    dying = Dying(stage.node.url)
    with pytest.raises(KeyboardInterrupt):
        await Relayer(stage.database, dying, stage.settings).round()
    await dying.close()
    stage.relayer = Relayer(stage.database, stage.chain, stage.settings)
    await stage.confirm()
    assert await trade.state() == "escrowed"
    async with stage.database.transaction() as tx:
        assert len(await tx.all("SELECT * FROM escrow_transactions")) == 1


async def test_a_reorganisation_after_a_relayed_lock(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    await stage.mine(10)
    await _hand_over(trade)
    await stage.confirm()
    assert await trade.state() == "escrowed"
    stage.node.rpc("anvil_setCoinbase", "0x" + "77" * 20)
    stage.node.rpc("anvil_reorg", 9, [])
    await stage.mine(1)
    shown = await trade.seen_by(trade.seller)
    assert shown.state == "awaiting_escrow"
    # It is out as it was before, so he would lock himself in by leaving.
    assert shown.escrow.lock is not None
    assert shown.escrow.lock.state == "sent"
    assert {"cancel", "lock"} & set(shown.viewer.allowed_actions) == set()
    await stage.confirm()
    assert await trade.state() == "escrowed"
    trade.conserved()


async def test_the_client_waits_until_its_own_node_shows_the_lock(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    _poor(trade)
    locking_ = asyncio.create_task(trade.seller.lock(trade.id, relayed=True))
    for _ in range(100):
        await stage.mine()
        await asyncio.sleep(0)
        if locking_.done():
            break
    assert await locking_ == ()
    assert await trade.state() == "escrowed"
    # Again, as after a crash of the client: there is nothing left to be done.
    assert await trade.seller.lock(trade.id, relayed=True) == ()


async def test_the_client_does_not_wait_beyond_the_last_time(stage: Stage) -> None:
    trade = await Trade.open(stage, asset="USDT")
    locking_ = asyncio.create_task(trade.seller.lock(trade.id, relayed=True))
    for _ in range(1_000):
        if (await trade.seller.client.trade(trade.id)).escrow.lock is not None:
            break
        await asyncio.sleep(0.02)
    stage.node.rpc("evm_increaseTime", 1_801)
    stage.node.rpc("anvil_mine", "0x1")
    with pytest.raises(FundingTooLate):
        await locking_


async def test_a_cancel_races_the_relayer(stage: Stage) -> None:
    """Either the seller is out and nothing was signed, or the lock is out and he is not."""
    outcomes = set()
    for _ in range(8):
        trade = await Trade.open(stage, asset="USDT")
        await _hand_over(trade)
        left, _ = await asyncio.gather(
            trade.seller.cancel(trade.id), stage.relayer.round(), return_exceptions=True
        )
        async with stage.database.transaction() as tx:
            escrow_id = bytes.fromhex((await trade.seller.known(trade.id)).escrow_id[2:])
            (row,) = await tx.all(
                "SELECT state, nonce FROM escrow_intents WHERE escrow_id = %s", [escrow_id]
            )
        cancelled = await trade.state() == "cancelled"
        assert cancelled != isinstance(left, ProblemError), left
        assert (row["state"], row["nonce"] is None) == (
            ("moot", True) if cancelled else ("sent", False)
        )
        outcomes.add(cancelled)
        await stage.confirm()
        assert await trade.state() == ("cancelled" if cancelled else "escrowed")
    assert outcomes
