"""Many signatures in one transaction, on a real chain: each has its effect once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from tests.faults import wallets
from tests.integration.escrow.conftest import BUYER, SELLER, EscrowWorld, account, sign
from tradepost.entrypoints.dev.exchange import RELAYER_KEY
from tradepost.entrypoints.migrate import migrate
from tradepost.escrow import service
from tradepost.escrow.evm.batches import MOST_GAS
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.relay import Relayer
from tradepost.escrow.model import ChainNotReady, Escrow, EscrowState, IntentState
from tradepost_contracts import calls
from tradepost_contracts.events import CallFailed, Released, topic

HOSTILE = account(5).address
RELAYER = str(Account.from_key(RELAYER_KEY).address)
_BURNS = "0x5b600056"
#: Back to what the step before the table of what is carried left.
_BACK = (
    "ALTER TABLE escrow_transactions ADD intent_id uuid REFERENCES escrow_intents",
    """
    UPDATE escrow_transactions SET intent_id = escrow_carried.intent_id
    FROM escrow_carried WHERE escrow_carried.hash = escrow_transactions.hash
    """,
    "ALTER TABLE escrow_transactions ALTER intent_id SET NOT NULL",
    "DROP TABLE escrow_carried",
    "UPDATE alembic_version SET version_num = '0010'",
)


class Dying(Chain):
    """The connection to a node, in a process that dies before it sends anything."""

    async def send(self, raw: bytes) -> None:
        raise KeyboardInterrupt


def relayer(world: EscrowWorld, chain: Chain | None = None, **settings: object) -> Relayer:
    """Another relayer of the same account, or one with other settings."""
    chosen = world.settings.model_copy(update=settings)
    return Relayer(world.database, chain or world.chain, chosen)


async def states(world: EscrowWorld, escrows: Sequence[Escrow]) -> set[EscrowState]:
    return {(await world.get(escrow)).state for escrow in escrows}


async def intent_states(world: EscrowWorld) -> list[IntentState]:
    return [intent.state for intent in await world.intents()]


def selector(world: EscrowWorld, nonce: int) -> bytes:
    """Which function of the contract the relayer's transaction at this nonce calls."""
    head = int(world.node.rpc("eth_blockNumber"), 16)
    for block in range(head, -1, -1):
        found = world.node.rpc("eth_getBlockByNumber", hex(block), True)["transactions"]
        for one in found:
            if (one["from"], int(one["nonce"], 16)) == (RELAYER.lower(), nonce):
                return bytes.fromhex(one["input"][2:10])
    raise AssertionError(nonce)


def named(signature: str) -> bytes:
    return keccak(text=signature)[:4]


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (3, [3]), (25, [10, 10, 5])])
async def test_releases_go_together(world: EscrowWorld, count: int, sizes: list[int]) -> None:
    escrows = await world.locked(count)
    before = await world.chain.balance(BUYER.address)
    await world.release(*escrows)
    await world.relayer.round()
    carried = await world.carried()
    assert [len(intents) for _, intents in carried] == sizes
    first = carried[0][0]
    assert [nonce for nonce, _ in carried] == list(range(first, first + len(sizes)))
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}
    assert await intent_states(world) == [IntentState.DONE] * count
    assert await world.chain.balance(BUYER.address) - before == count * 10**16
    assert await world.carried() == carried
    terms = f"({','.join(['address'] * 4)},uint128,uint128,address,uint40,uint32,uint32,uint256)"
    alone = selector(world, first) == named(f"releaseBySig({terms},bytes)")
    assert alone == (count == 1)


async def test_others_than_releases_go_together(world: EscrowWorld) -> None:
    """Refunds, and the release of a wallet that is a contract, through `batch`."""
    escrows = await world.locked(3)
    world.node.rpc("anvil_setCode", SELLER.address, wallets.YES)
    async with world.database.transaction() as tx:
        await service.release(tx, escrows[0], b"its own word")
        for escrow in escrows[1:]:
            await service.refund(tx, escrow, sign(BUYER, "Refund", escrow))
    await world.relayer.round()
    ((nonce, intents),) = await world.carried()
    assert len(intents) == 3
    await world.until_done()
    assert selector(world, nonce) == named("batch(uint256,bytes[])")
    assert [(await world.get(escrow)).state for escrow in escrows] == [
        EscrowState.RELEASED,
        EscrowState.REFUNDED,
        EscrowState.REFUNDED,
    ]


async def test_what_would_fail_is_put_off_and_the_others_go(world: EscrowWorld) -> None:
    """The second of three was never locked."""
    first, third = await world.locked(2)
    never = await world.open()
    await world.release(first, never, third)
    await world.relayer.round()
    ((_, intents),) = await world.carried()
    assert len(intents) == 2
    await world.mine(3)
    await world.relayer.round()
    assert await intent_states(world) == [IntentState.DONE, IntentState.WAITING, IntentState.DONE]


@pytest.mark.parametrize("settle_first", [True, False])
async def test_an_item_that_another_brought_meanwhile(
    world: EscrowWorld, settle_first: bool
) -> None:
    """The middle one is done by the seller himself while the batch is out, by release or refund."""
    escrows = await world.locked(3)
    await world.release(*escrows)
    world.node.rpc("evm_setAutomine", False)
    await world.relayer.round()
    world.node.rpc("anvil_dropAllTransactions")
    call = calls.release(escrows[1].terms) if settle_first else calls.refund(escrows[1].terms)
    await world.send(SELLER if settle_first else BUYER, call)
    world.node.rpc("evm_setAutomine", True)
    await world.mine(1)
    await world.relayer.round()
    await world.mine(world.settings.confirmations)
    await world.relayer.round()
    assert await intent_states(world) == [IntentState.DONE, IntentState.WAITING, IntentState.DONE]
    async with world.database.transaction() as tx:
        (row,) = await tx.all("SELECT reason FROM escrow_intents WHERE state = 'waiting'")
        # The contract was asked, and told its reason.
        assert row["reason"] == "the call failed with WrongStatus"
        await tx.execute("UPDATE escrow_intents SET try_at = %s", [tx.now])
    await world.relayer.round()
    ending = IntentState.DONE if settle_first else IntentState.MOOT
    assert await intent_states(world) == [IntentState.DONE, ending, IntentState.DONE]
    assert len(await world.carried()) == 1


def _says(data: bytes, to: str) -> str:
    """Code of a wallet that calls a contract whenever it gets coins."""
    size = f"61{len(data):04x}"
    body = (
        f"{size}61%04x600039"  # the calldata into memory
        f"60006000{size}60006000"  # nothing back; all of it; no coins
        f"73{to[2:].lower()}5af100"
    )
    at = len(bytes.fromhex(body % 0))
    return "0x" + body % at + data.hex()


def _forges_failures(contract: str) -> str:
    """Has the contract report failures at the first thirty places of a batch."""
    return _says(calls.batch(1, [b"none"] * 30), contract)


def _logs_nonsense(contract: str) -> str:
    """Logs, under its own address, a `Released` that has no id."""
    return f"0x7f{topic(Released).hex()}60006000a100"


@pytest.mark.parametrize(
    "code", [lambda _: _BURNS, lambda _: "0xfe", _forges_failures, _logs_nonsense]
)
async def test_a_hostile_buyer_harms_nobody(world: EscrowWorld, code: Callable[[str], str]) -> None:
    """He turns hostile after all was tried: the others have theirs, and nothing is sent again."""
    honest, (hostile,) = await world.locked(2), await world.locked(1, HOSTILE)
    async with world.database.transaction() as tx:
        await service.refund(tx, honest[1], sign(BUYER, "Refund", honest[1]))
    await world.release(honest[0], hostile)
    world.node.rpc("evm_setAutomine", False)
    await world.relayer.round()
    assert [len(intents) for _, intents in await world.carried()] == [1, 2]
    world.node.rpc("anvil_setCode", HOSTILE, code(hostile.contract))
    world.node.rpc("evm_setAutomine", True)
    await world.mine(world.settings.confirmations)
    await world.relayer.round()
    assert await intent_states(world) == [IntentState.DONE] * 3
    assert (await world.get(hostile)).state is EscrowState.RELEASED
    filter_ = {"address": hostile.contract, "topics": ["0x" + topic(CallFailed).hex()]}
    reported = world.node.rpc("eth_getLogs", filter_ | {"fromBlock": "0x0"})
    assert len(reported) == (30 if code is _forges_failures else 0)
    assert await states(world, honest) == {EscrowState.RELEASED, EscrowState.REFUNDED}


async def test_a_batch_of_hostile_buyers(world: EscrowWorld) -> None:
    """Each of ten burns all that a payout may use: there is enough for all of them."""
    escrows = await world.locked(10, HOSTILE)
    await world.release(*escrows)
    world.node.rpc("evm_setAutomine", False)
    await world.relayer.round()
    world.node.rpc("anvil_setCode", HOSTILE, _BURNS)
    world.node.rpc("evm_setAutomine", True)
    await world.mine(world.settings.confirmations)
    await world.relayer.round()
    assert await intent_states(world) == [IntentState.DONE] * 10
    async with world.database.transaction() as tx:
        (row,) = await tx.all("SELECT gas FROM escrow_transactions")
    assert row["gas"] < MOST_GAS


async def test_what_is_stored_is_sent_by_the_next_process(world: EscrowWorld) -> None:
    """The process dies between the storing of a batch and its sending."""
    escrows = await world.locked(3)
    await world.release(*escrows)
    dying = Dying(world.node.url)
    with pytest.raises(KeyboardInterrupt):
        await relayer(world, dying).round()
    await dying.close()
    carried = await world.carried()
    assert await intent_states(world) == [IntentState.SENT] * 3
    assert await states(world, escrows) == {EscrowState.LOCKED}
    world.relayer = relayer(world)
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}
    assert await world.carried() == carried


async def test_a_better_paid_one_carries_the_same(world: EscrowWorld) -> None:
    escrows = await world.locked(3)
    await world.release(*escrows)
    world.node.rpc("evm_setAutomine", False)
    await world.relayer.round()
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE escrow_transactions SET created_at = created_at - interval '1h'")
    await world.relayer.round()
    first, second = await world.carried()
    assert first == second
    world.node.rpc("evm_setAutomine", True)
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}


@pytest.mark.parametrize("depth", [1, 3, 6])
async def test_a_batch_that_the_chain_forgets_is_brought_again(
    world: EscrowWorld, depth: int
) -> None:
    escrows = await world.locked(3)
    await world.release(*escrows)
    await world.relayer.round()
    await world.mine(depth - 1)
    carried = await world.carried()
    world.reorganise(depth)
    await world.mine(1)
    assert await states(world, escrows) == {EscrowState.LOCKED}
    await world.relayer.round()
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}
    assert await world.carried() == carried


async def test_a_batch_that_lost_its_locks_on_the_way(world: EscrowWorld) -> None:
    """On the new branch one of the three is not locked: it waits, and is brought when it is."""
    first, second = await world.locked(2)
    await world.mine(10)
    lost = await world.open("0.01")
    await world.lock(lost.terms)
    await world.mine(world.settings.confirmations)
    await world.release(first, lost, second)
    world.node.rpc("evm_setAutomine", False)
    await world.relayer.round()
    world.node.rpc("anvil_dropAllTransactions")
    world.node.rpc("evm_setAutomine", True)
    world.reorganise(6)
    await world.mine(1)
    await world.relayer.round()
    await world.mine(world.settings.confirmations)
    await world.relayer.round()
    assert await intent_states(world) == [IntentState.DONE, IntentState.WAITING, IntentState.DONE]
    await world.lock(lost.terms)
    await world.mine(world.settings.confirmations)
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE escrow_intents SET try_at = %s", [tx.now])
    await world.until_done()
    assert await states(world, [first, lost, second]) == {EscrowState.RELEASED}


async def test_two_relayers_at_once_send_nothing_twice(world: EscrowWorld) -> None:
    escrows = await world.locked(12)
    await world.release(*escrows)
    second = relayer(world, relay_count=5)
    for _ in range(4):
        await asyncio.gather(world.relayer.round(), second.round())
        await world.mine(1)
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}
    carried = [one for _, intents in await world.carried() for one in intents]
    assert len(carried) == len(set(carried)) == 12


async def test_a_few_wait_for_others_for_a_while(world: EscrowWorld) -> None:
    escrows = await world.locked(5)
    await world.release(*escrows[:2])
    patient = relayer(world, relay_window_s=30, relay_count=3)
    await patient.round()
    assert await world.carried() == []
    # Three are enough, and the two that are left wait for their own time.
    await world.release(*escrows[2:])
    await patient.round()
    assert [len(intents) for _, intents in await world.carried()] == [3]
    async with world.database.transaction() as tx:
        await tx.execute(
            "UPDATE escrow_intents SET try_at = try_at - %s WHERE state = 'waiting'",
            [timedelta(seconds=30)],
        )
    await patient.round()
    assert [len(intents) for _, intents in await world.carried()] == [3, 2]


async def test_a_poor_relayer_sends_what_it_can_answer_for(world: EscrowWorld) -> None:
    """A node takes no transaction whose whole gas the account could not pay."""
    escrows = await world.locked(6)
    await world.release(*escrows)
    max_fee, _ = await world.chain.fees()
    world.node.rpc("anvil_setBalance", RELAYER, hex(2 * 1_200_000 * max_fee))
    await world.relayer.round()
    sizes = [len(intents) for _, intents in await world.carried()]
    assert sum(sizes) == 6
    assert max(sizes) == 2
    world.node.rpc("anvil_setBalance", RELAYER, hex(10**18))
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}


async def test_a_node_away_leaves_everything_as_it_was(world: EscrowWorld) -> None:
    escrows = await world.locked(2)
    await world.release(*escrows)
    nobody = Chain("http://127.0.0.1:9")
    with pytest.raises(ChainNotReady):
        await relayer(world, nobody).round()
    await nobody.close()
    assert await intent_states(world) == [IntentState.WAITING] * 2
    assert await world.carried() == []
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}


async def test_what_was_out_before_batches_is_still_out(world: EscrowWorld) -> None:
    """A database of the version before, with a transaction that is not mined yet."""
    escrows = await world.locked(2)
    await world.release(escrows[0])
    world.node.rpc("evm_setAutomine", False)
    await world.relayer.round()
    carried = await world.carried()
    async with world.database.transaction() as tx:
        for statement in _BACK:
            await tx.execute(statement)
    migrate(world.settings, "0011")
    assert await world.carried() == carried
    world.node.rpc("evm_setAutomine", True)
    await world.release(escrows[1])
    await world.until_done()
    assert await states(world, escrows) == {EscrowState.RELEASED}
    assert (await world.carried())[0] == carried[0]
