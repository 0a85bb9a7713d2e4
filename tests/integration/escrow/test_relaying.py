"""The watcher and the relayer on a real chain: seen, confirmed, forgotten, brought again."""

import pytest
from eth_account import Account

from tests.integration.escrow.conftest import BUYER, SELLER, EscrowWorld, sign
from tradepost.entrypoints.dev.exchange import RELAYER_KEY
from tradepost.escrow import service
from tradepost.escrow.evm.deploy import check_chain, deploy
from tradepost.escrow.evm.rebuild import rebuild
from tradepost.escrow.model import ContractMismatch, EscrowState, IntentState
from tradepost_contracts import calls


async def test_a_lock_is_seen_then_confirmed(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.catch_up()
    assert (await world.get(escrow)).state is EscrowState.LOCKING
    await world.mine(world.settings.confirmations - 1)
    assert (await world.get(escrow)).state is EscrowState.LOCKED


async def test_a_signed_release_reaches_the_buyer(world: EscrowWorld) -> None:
    escrow = await world.open("2.5")
    await world.lock(escrow.terms)
    await world.mine(3)
    before = await world.chain.balance(BUYER.address)
    async with world.database.transaction() as tx:
        await service.release(tx, escrow, sign(SELLER, "Release", escrow))
    await world.until_done()
    assert (await world.get(escrow)).state is EscrowState.RELEASED
    assert await world.chain.balance(BUYER.address) - before == 25 * 10**17
    assert [intent.state for intent in await world.intents()] == [IntentState.DONE]


async def test_two_intents_of_a_kind_are_one(world: EscrowWorld) -> None:
    escrow = await world.open()
    signature = sign(SELLER, "Release", escrow)
    for _ in range(3):
        async with world.database.transaction() as tx:
            await service.release(tx, escrow, signature)
    assert len(await world.intents()) == 1


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
async def test_a_reorganisation_is_followed(world: EscrowWorld, depth: int) -> None:
    """The lock is taken out of the chain: the escrow holds nothing until it is there again."""
    escrow = await world.open()
    await world.mine(12)
    await world.lock(escrow.terms)
    await world.mine(depth - 1)
    world.reorganise(depth)
    await world.mine(1)
    assert (await world.get(escrow)).state is EscrowState.NONE
    await world.lock(escrow.terms)
    await world.mine(3)
    assert (await world.get(escrow)).state is EscrowState.LOCKED


@pytest.mark.parametrize("depth", [1, 3, 6, 12])
async def test_what_the_chain_forgets_is_brought_again(world: EscrowWorld, depth: int) -> None:
    """A confirmed release is reorganised away: its transaction is broadcast again as it was."""
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    async with world.database.transaction() as tx:
        await service.release(tx, escrow, sign(SELLER, "Release", escrow))
    await world.relayer.round()
    await world.mine(depth - 1)
    before = await world.intents()
    world.reorganise(depth)
    await world.mine(1)
    assert (await world.get(escrow)).state is EscrowState.LOCKED
    await world.relayer.round()
    await world.until_done()
    assert (await world.get(escrow)).state is EscrowState.RELEASED
    assert [intent.nonce for intent in await world.intents()] == [before[0].nonce]


async def test_a_stuck_transaction_is_paid_more_at_the_same_nonce(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    world.node.rpc("evm_setAutomine", False)
    async with world.database.transaction() as tx:
        await service.release(tx, escrow, sign(SELLER, "Release", escrow))
    await world.relayer.round()
    async with world.database.transaction() as tx:
        # As if the time until the next try had passed.
        await tx.execute("UPDATE escrow_transactions SET created_at = created_at - interval '1h'")
    await world.relayer.round()
    async with world.database.transaction() as tx:
        tries = await tx.all("SELECT nonce, max_fee FROM escrow_transactions ORDER BY max_fee")
    assert len(tries) == 2
    assert len({row["nonce"] for row in tries}) == 1
    assert tries[1]["max_fee"] * 100 >= tries[0]["max_fee"] * 110
    world.node.rpc("evm_setAutomine", True)
    await world.until_done()
    assert (await world.get(escrow)).state is EscrowState.RELEASED


async def test_what_others_have_done_is_not_done_again(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    async with world.database.transaction() as tx:
        await service.release(tx, escrow, sign(SELLER, "Release", escrow))
    await world.send(SELLER, calls.release(escrow.terms))
    await world.mine(3)
    await world.relayer.round()
    assert [intent.state for intent in await world.intents()] == [IntentState.DONE]
    async with world.database.transaction() as tx:
        assert not await tx.all("SELECT * FROM escrow_transactions")


async def test_a_refund_loses_against_a_release(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    await world.send(SELLER, calls.release(escrow.terms))
    await world.mine(3)
    async with world.database.transaction() as tx:
        await service.refund(tx, escrow, sign(BUYER, "Refund", escrow))
    await world.relayer.round()
    assert [intent.state for intent in await world.intents()] == [IntentState.MOOT]


async def test_a_nonce_used_by_another_transaction_is_replaced(world: EscrowWorld) -> None:
    """The relayer's key is used elsewhere: the intent gets another nonce, and is done once."""
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    world.node.rpc("evm_setAutomine", False)
    async with world.database.transaction() as tx:
        await service.release(tx, escrow, sign(SELLER, "Release", escrow))
    await world.relayer.round()
    (intent,) = await world.intents()
    relayer = str(Account.from_key(RELAYER_KEY).address)
    world.node.rpc("anvil_dropAllTransactions")
    world.node.rpc(
        "eth_sendTransaction",
        {"from": relayer, "to": relayer, "value": "0x0", "nonce": hex(intent.nonce or 0)},
    )
    world.node.rpc("evm_setAutomine", True)
    await world.mine(1)
    await world.until_done()
    assert (await world.get(escrow)).state is EscrowState.RELEASED
    (again,) = await world.intents()
    assert again.nonce == (intent.nonce or 0) + 1


async def test_the_rows_can_be_rebuilt_from_the_chain(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    assert await rebuild(world.database, world.chain, write=False) == []
    async with world.database.transaction() as tx:
        await tx.execute("DELETE FROM escrow_events")
        await tx.execute("UPDATE escrows SET state = 'released', locked_at = NULL")
    (difference,) = await rebuild(world.database, world.chain, write=True)
    assert difference.database.state is EscrowState.RELEASED
    assert difference.chain.state is EscrowState.LOCKED
    assert (await world.get(escrow)).state is EscrowState.LOCKED
    assert await rebuild(world.database, world.chain, write=False) == []


async def test_an_address_with_other_code_is_refused(world: EscrowWorld) -> None:
    contract = (await world.open()).contract
    world.node.rpc("anvil_setCode", contract, "0x6001")
    with pytest.raises(ContractMismatch):
        await check_chain(world.database, world.chain)
    with pytest.raises(ContractMismatch):
        await deploy(world.database, world.chain, world.settings)


async def test_a_development_chain_that_lost_its_state_is_noticed(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    await world.mine(3)
    world.node.stop()
    world.node.start()
    done = await deploy(world.database, world.chain, world.settings)
    assert done.chain_was_lost
    assert done.created
    await world.catch_up()
    assert (await world.get(escrow)).state is EscrowState.NONE
    # Locked anew, on the new chain, under the same terms.
    await world.lock(escrow.terms)
    await world.mine(3)
    assert (await world.get(escrow)).state is EscrowState.LOCKED


async def test_a_gap_of_thousands_of_blocks_is_filled(world: EscrowWorld) -> None:
    escrow = await world.open()
    await world.lock(escrow.terms)
    world.node.rpc("anvil_mine", hex(3_000))
    await world.catch_up()
    found = await world.get(escrow)
    assert found.state is EscrowState.LOCKED
    async with world.database.transaction() as tx:
        view = await service.chain(tx)
    assert view.head_number == (await world.chain.head()).number
