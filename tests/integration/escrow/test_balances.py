"""Balances in the contract, read at the confirmed block, over a real chain."""

import asyncio
from collections.abc import Sequence

import pytest
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from tests import worlds
from tests.integration.escrow.conftest import BUYER, SELLER, EscrowWorld, account
from tradepost.entrypoints.dev import chain as dev_chain
from tradepost.escrow import balances, service
from tradepost.escrow.evm import balances as reading
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.rebuild import rebuild
from tradepost.escrow.evm.watch import watch
from tradepost.escrow.model import Balance, Escrow, Holder
from tradepost.kernel.ids import new_id
from tradepost_contracts import artifacts, calls, deploy, locking
from tradepost_contracts.terms import ZERO_ADDRESS

TOKEN = deploy.address(artifacts.DEV_TOKEN)
STRANGER = account(4)
DEEP = worlds.CONFIRMATIONS


async def proven(world: EscrowWorld, *wallets: LocalAccount) -> None:
    """Accounts of the exchange with these wallets."""
    async with world.database.transaction() as tx:
        for wallet in wallets:
            account_id = new_id()
            await tx.execute(
                "INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [account_id, tx.now]
            )
            await tx.execute(
                "INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)",
                [wallet.address.lower(), account_id, tx.now],
            )


async def known(
    world: EscrowWorld, owner: LocalAccount = SELLER, token: str = ZERO_ADDRESS
) -> int | None:
    """What the exchange believes that somebody has."""
    async with world.database.transaction() as tx:
        found = await service.balance(tx, token, owner.address)
    return None if found is None else found.amount


async def told(world: EscrowWorld) -> int:
    """How often a balance was said to have changed."""
    async with world.database.transaction() as tx:
        rows = await tx.all("SELECT FROM events WHERE type = 'balance.changed'")
    return len(rows)


async def deposit(
    world: EscrowWorld, amount: int, owner: LocalAccount = SELLER, by: LocalAccount | None = None
) -> None:
    """Somebody, its owner if nobody else is named, puts native coins into a balance."""
    data = calls.deposit(ZERO_ADDRESS, owner.address, amount)
    await world.send(by or owner, data, amount)


async def lock_from_deposit(world: EscrowWorld, escrow: Escrow) -> None:
    """A stranger brings the seller's signature of a lock out of his balance."""
    typed = locking.lock("LockFromDeposit", escrow.terms, escrow.chain_id, escrow.contract)
    signature = bytes(SELLER.unsafe_sign_hash(Hash32(typed.digest())).signature)
    await world.send(STRANGER, calls.lock_from_deposit(escrow.terms, signature))


async def test_counts_once_it_is_confirmed(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.catch_up()
    assert await known(world) is None
    await world.mine(DEEP - 2)
    assert await known(world) is None
    await world.mine()
    assert (await known(world), await told(world)) == (500, 1)
    async with world.database.transaction() as tx:
        found = await service.balance(tx, ZERO_ADDRESS, SELLER.address)
        view = await service.chain(tx)
    assert found == Balance(Holder.of(ZERO_ADDRESS, SELLER.address), 500, view.confirmed_number)


async def test_what_is_drawn_is_gone(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.mine(DEEP)
    await world.send(SELLER, calls.withdraw(ZERO_ADDRESS, 499, STRANGER.address))
    await world.mine(DEEP - 1)
    assert await known(world) == 1
    await world.send(SELLER, calls.withdraw(ZERO_ADDRESS, 1, SELLER.address))
    await world.mine(DEEP - 1)
    assert (await known(world), await told(world)) == (0, 3)


async def test_a_lock_takes_from_it_and_a_refund_brings_back(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    escrow = await world.open()
    everything = escrow.terms.locked_amount + 7
    await deposit(world, everything)
    await world.mine(DEEP - 1)
    assert await known(world) == everything
    await lock_from_deposit(world, escrow)
    await world.mine(DEEP - 1)
    assert await known(world) == 7
    await world.send(BUYER, calls.refund(escrow.terms))
    await world.mine(DEEP - 1)
    assert await known(world) == everything


async def test_the_fee_of_a_release_counts_for_whom_it_is(
    database_url: str, world: EscrowWorld
) -> None:
    charging = world.settings.model_copy(update={"fee_bps": 100, "fee_recipient": STRANGER.address})
    async with type(world.database)(charging, world.database._clock, {}) as database:
        world.database = database
        escrow = await world.open()
        await world.lock(escrow.terms)
        await world.send(SELLER, calls.release(escrow.terms))
        await world.mine(DEEP)
        assert escrow.terms.fee > 0
        assert await known(world, STRANGER) == escrow.terms.fee
        # He sold out of his wallet: there is nothing of him to know.
        assert await known(world) is None


async def test_a_lock_for_another_exchange_counts(world: EscrowWorld) -> None:
    """The contract is everybody's: what is locked for a trade elsewhere is not there any more."""
    await proven(world, SELLER)
    escrow = await world.open()
    async with world.database.transaction() as tx:
        await tx.execute("DELETE FROM escrows")
    await deposit(world, escrow.terms.locked_amount)
    await world.mine(DEEP)
    await lock_from_deposit(world, escrow)
    await world.mine(DEEP)
    assert await known(world) == 0
    # Of what comes back nothing is said but the id: it is seen at the next reading for its age.
    await world.send(BUYER, calls.refund(escrow.terms))
    await world.mine(DEEP)
    assert await known(world) == 0


async def test_what_nothing_touches_is_read_again_when_it_is_old(
    world: EscrowWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STALE_BLOCKS", 10)
    await test_a_lock_for_another_exchange_counts(world)
    await world.mine(10)
    assert await known(world) is not None
    assert await known(world) != 0
    assert not await reading.read_due(world.database, world.chain)


async def test_a_stranger_deposits_for_the_maker(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    await deposit(world, 3, SELLER, by=STRANGER)
    # For whom nobody here knows, and in a coin that nobody trades here, it is nothing to us.
    await deposit(world, 3, STRANGER, by=SELLER)
    await world.mine(DEEP)
    assert await known(world) == 3
    assert await known(world, STRANGER) is None
    async with world.database.transaction() as tx:
        assert await tx.all("SELECT FROM escrow_touches") == []
        assert len(await tx.all("SELECT FROM escrow_balances")) == 1


async def test_only_traded_coins_count(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    without = world.settings.model_copy(update={"assets": world.settings.assets[1:]})
    async with type(world.database)(without, world.database._clock, {}) as database:
        world.database = database
        await deposit(world, 3)
        await world.mine(DEEP)
        assert await known(world) is None


async def test_dust_every_block_does_not_hide_a_withdrawal(world: EscrowWorld) -> None:
    """What is touched again and again is read all the same."""
    await proven(world, SELLER)
    await deposit(world, 1_000)
    await world.mine(DEEP)
    await world.send(SELLER, calls.withdraw(ZERO_ADDRESS, 1_000, SELLER.address))
    for _ in range(2 * DEEP):
        await deposit(world, 1, SELLER, by=STRANGER)
        await world.catch_up()
    found = await known(world)
    assert found is not None
    assert found < 1_000


async def test_a_reorganisation_takes_a_fresh_deposit_away(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.catch_up()
    world.reorganise(1)
    await world.mine(DEEP)
    assert await known(world) in {None, 0}


@pytest.mark.parametrize("deep", [1, 2, 5])
async def test_a_reorganisation_deeper_than_confirmations(world: EscrowWorld, deep: int) -> None:
    await proven(world, SELLER)
    await world.mine(20)
    await deposit(world, 500)
    await world.mine(DEEP - 1)
    assert await known(world) == 500
    world.reorganise(DEEP - 1 + deep)
    await world.mine()
    await world.mine(DEEP)
    assert await known(world) == 0
    # The wallet sends it again.
    await deposit(world, 400)
    await world.mine(DEEP)
    assert await known(world) == 400


async def test_a_withdrawal_that_the_chain_forgets(world: EscrowWorld) -> None:
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.mine(20)
    await world.send(SELLER, calls.withdraw(ZERO_ADDRESS, 500, SELLER.address))
    await world.mine(DEEP - 1)
    assert await known(world) == 0
    world.reorganise(DEEP + 2)
    await world.mine(DEEP)
    assert await known(world) == 500


async def test_a_wallet_that_deposited_before_it_was_known(world: EscrowWorld) -> None:
    await deposit(world, 500)
    await world.mine(DEEP)
    await proven(world, SELLER)
    async with world.database.transaction() as tx:
        assert await service.follow_balance(tx, "ETH", SELLER.address) is None
        assert await service.follow_balance(tx, "USDT", SELLER.address) is None
    await world.catch_up()
    assert await known(world) == 500
    assert await known(world, token=TOKEN) == 0


async def lied_to(world: EscrowWorld) -> None:
    """A row that says something else than the chain, and no event that would tell."""
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.mine(DEEP)
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE escrow_balances SET amount = 900")
    await world.mine(DEEP)
    assert await known(world) == 900


async def test_a_rebuild_reads_all_again(world: EscrowWorld) -> None:
    await lied_to(world)
    await rebuild(world.database, world.chain, write=False)
    await world.mine()
    assert await known(world) == 900
    await rebuild(world.database, world.chain, write=True)
    await world.mine()
    assert (await known(world), await told(world)) == (500, 2)


async def test_a_restart_reads_all_again(world: EscrowWorld) -> None:
    await lied_to(world)
    following = asyncio.create_task(watch(world.database, world.chain, world.settings))
    try:
        async with asyncio.timeout(20):
            while await known(world) != 500:  # noqa: ASYNC110 - the watcher calls nobody
                await asyncio.sleep(0.05)
    finally:
        following.cancel()


async def test_what_was_noted_outlives_a_kill(
    world: EscrowWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks are stored, and the process dies before it reads a balance."""
    await proven(world, SELLER)

    async def dies(*_: object) -> list[int | None]:
        raise KeyboardInterrupt

    await deposit(world, 500)
    with monkeypatch.context() as patched:
        patched.setattr(Chain, "numbers", dies)
        with pytest.raises(KeyboardInterrupt):
            await world.mine(DEEP)
    await world.catch_up()
    assert await known(world) == 500


async def test_many_are_read_in_a_few_rounds(world: EscrowWorld) -> None:
    owners = [f"0x{number:040x}" for number in range(1, 131)]
    async with world.database.transaction() as tx:
        await balances.touch(tx, [(Holder.of(ZERO_ADDRESS, owner), 0) for owner in owners])
    await world.mine(DEEP)
    async with world.database.transaction() as tx:
        rows = await tx.all("SELECT amount FROM escrow_balances")
        assert await tx.all("SELECT FROM escrow_touches") == []
    assert [int(row["amount"]) for row in rows] == [0] * 130


async def test_what_was_read_of_a_block_that_goes_is_read_again(world: EscrowWorld) -> None:
    """Of the newest, too, which a node without older states was asked for."""
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.mine(DEEP)
    holder = Holder.of(ZERO_ADDRESS, SELLER.address)
    async with world.database.transaction() as tx:
        head = (await service.chain(tx)).head_number
        assert await balances.put(tx, {holder: 900}, head, head) == [holder]
    await world.mine()
    assert await known(world) == 900
    world.reorganise(2)
    await world.mine()
    assert await known(world) == 500


async def test_a_slower_watcher_does_not_bring_back_what_was(world: EscrowWorld) -> None:
    """Two watchers at once: what one read at an older block counts for nothing any more."""
    await proven(world, SELLER)
    await deposit(world, 500)
    await world.mine(DEEP)
    holder = Holder.of(ZERO_ADDRESS, SELLER.address)
    async with world.database.transaction() as tx:
        newest = (await service.chain(tx)).confirmed_number
        assert await balances.put(tx, {holder: 9}, newest - 1, newest - 1) == []
    assert await known(world) == 500


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain's node keeps the newest state only."""
    monkeypatch.setattr(dev_chain, "STATES_KEPT", 1)


@pytest.mark.usefixtures("forgetful")
async def test_a_node_that_keeps_no_state_of_the_confirmed_block(
    world: EscrowWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the newest state counts, once what was to be confirmed is."""
    await proven(world, SELLER)
    await world.mine(20)
    asked: list[list[int | None]] = []
    numbers = world.chain.numbers

    async def listened(
        contract: str, questions: Sequence[bytes], block_hash: bytes
    ) -> list[int | None]:
        asked.append(await numbers(contract, questions, block_hash))
        return asked[-1]

    monkeypatch.setattr(world.chain, "numbers", listened)
    await deposit(world, 500)
    await world.mine(DEEP - 2)
    assert await known(world) is None
    await world.mine()
    assert await known(world) == 500
    assert asked == [[None], [500]]
    await world.send(SELLER, calls.withdraw(ZERO_ADDRESS, 500, SELLER.address))
    await world.mine(DEEP - 1)
    assert await known(world) == 0


@pytest.mark.parametrize("answer", ["0x", "0x1", None, {}, "0x" + "f" * 66, "0x" + "g" * 64])
async def test_an_answer_that_is_no_number_changes_nothing(
    world: EscrowWorld, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    await proven(world, SELLER)
    await deposit(world, 500)
    provider = world.chain._provider

    async def odd(requests: list[object]) -> object:
        return [{"id": 1, "jsonrpc": "2.0", "result": answer} for _ in requests]

    with monkeypatch.context() as patched:
        patched.setattr(provider, "make_batch_request", odd)
        await world.mine(DEEP)
        assert await known(world) is None
    with monkeypatch.context() as patched:

        async def refused(_: list[object]) -> object:
            return {"id": None, "error": {"code": -32600, "message": "no batches"}}

        patched.setattr(provider, "make_batch_request", refused)
        await world.mine()
        assert await known(world) is None
    await world.catch_up()
    assert await known(world) == 500
