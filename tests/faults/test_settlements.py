"""Settlements that lapse: before a second signature, after it, on the way to the chain."""

from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.faults.arena import Arena
from tests.faults.deals import Deal
from tradepost_contracts.state import Status

SHARE = 10**17


async def _escrowed(arena: Arena) -> Deal:
    deal = await arena.open()
    deal.lock()
    await arena.settle_down(1)
    return deal


async def _intents(arena: Arena) -> list[tuple[str, int]]:
    async with arena.stage.database.transaction() as tx:
        rows = await tx.all(
            "SELECT state, valid_until FROM escrow_intents WHERE kind = 'settle'"
            " ORDER BY created_at, id"
        )
    return [(row["state"], row["valid_until"]) for row in rows]


async def test_an_offer_that_lapsed_is_not_joined(arena: Arena) -> None:
    deal = await _escrowed(arena)
    until = arena.chain_time() + 1_000
    await deal.settle(deal.seller, SHARE, until)
    await arena.pass_time(1_001)
    response = await deal.step(deal.buyer, "settlement", deal.settlement(deal.buyer, SHARE, until))
    assert response.status_code == 409
    assert response.json()["type"] == "urn:tradepost:problem:settlement-lapsed"
    asked = await deal.buyer.get(f"/v1/trades/{deal.id}/instructions")
    assert asked["settlements"] == []
    # The other's offer stands there until he makes another; his own is the first of a new one.
    later = arena.chain_time() + 1_000
    await deal.settle(deal.buyer, SHARE, later)
    assert await deal.state() == "escrowed"
    (offer,) = (await deal.seller.get(f"/v1/trades/{deal.id}/instructions"))["settlements"]
    assert (offer["role"], offer["valid_until"]) == ("buyer", later)
    # As a wallet that knows nothing of us signs what it is shown.
    shown = encode_typed_data(full_message=offer["typed_data"])
    digest = keccak(b"\x19" + shown.version + shown.header + shown.body)
    signature = deal.seller.wallet.sign_digest(digest)
    await deal.do(
        deal.seller,
        "settlement",
        {"buyer_amount": offer["buyer_amount"], "valid_until": later, "signature": signature},
    )
    await arena.settle_down()
    assert await deal.state() == "resolved"
    await arena.check()


async def test_what_was_agreed_too_late_goes_back_to_the_parties(arena: Arena) -> None:
    deal = await _escrowed(arena)
    until = arena.chain_time() + 1_000
    await deal.settle(deal.seller, SHARE, until)
    await deal.settle(deal.buyer, SHARE, until)
    assert await deal.state() == "splitting"
    # Nothing was sent until the time was over.
    arena.stage.node.rpc("evm_setNextBlockTimestamp", until + 1)
    arena.stage.node.rpc("anvil_mine", hex(arena.stage.settings.confirmations + 1))
    await arena.settle_down(2)
    assert await _intents(arena) == [("moot", until)]
    assert await deal.state() == "disputed"
    shown = await deal.shown()
    assert shown["dispute_reason"] == "settlement_lapsed"
    assert deal.on_chain().status is Status.LOCKED

    # One of the two signs again; the other's old signature is none.
    later = arena.chain_time() + 5_000
    await deal.settle(deal.buyer, SHARE, later)
    assert await deal.state() == "disputed"
    await deal.settle(arena.arbitrator, SHARE, later)
    await arena.settle_down()
    assert await _intents(arena) == [("moot", until), ("done", later)]
    assert await deal.state() == "resolved"
    await arena.check()


async def test_a_transaction_that_comes_too_late_stands_in_nobodys_way(arena: Arena) -> None:
    deal = await _escrowed(arena)
    node = arena.stage.node
    until = arena.chain_time() + 1_000
    await deal.settle(deal.seller, SHARE, until)
    await deal.settle(deal.buyer, SHARE, until)
    node.rpc("evm_setAutomine", False)
    await arena.work()
    assert await _intents(arena) == [("sent", until)]
    # It waits in the pool beyond its time, and fails in its block.
    node.rpc("evm_setNextBlockTimestamp", until + 1)
    node.rpc("anvil_mine", "0x1")
    node.rpc("evm_setAutomine", True)
    await deal.do(deal.seller, "dispute", {"reason": "other"})
    later = arena.chain_time() + 5_000
    await deal.settle(deal.seller, 2 * SHARE, later)
    await deal.settle(deal.buyer, 2 * SHARE, later)
    assert await deal.state() == "splitting"
    await arena.settle_down()
    assert await _intents(arena) == [("moot", until), ("done", later)]
    assert await deal.state() == "resolved"
    await arena.check()


async def test_another_agreement_takes_the_place_of_one_that_waits(arena: Arena) -> None:
    deal = await _escrowed(arena)
    first, second = deal.until, deal.until - 1
    for player in (deal.seller, deal.buyer):
        await deal.settle(player, SHARE, first)
    await deal.do(deal.seller, "dispute", {"reason": "other"})
    for player in (deal.seller, deal.buyer):
        await deal.settle(player, 2 * SHARE, second)
    assert await _intents(arena) == [("moot", first), ("waiting", second)]
    await arena.settle_down()
    assert await deal.state() == "resolved"
    await arena.check()


async def test_a_lapsed_agreement_does_not_come_back_with_its_lock(arena: Arena) -> None:
    """The chain forgets the lock, and has it again when the settlement's time is over."""
    deal = await _escrowed(arena)
    until = arena.chain_time() + 1_000
    arena.stage.node.rpc("evm_setAutomine", False)
    for player in (deal.seller, deal.buyer):
        await deal.settle(player, SHARE, until)
    depth = arena.stage.settings.confirmations + 2
    arena.stage.node.rpc("evm_setAutomine", True)
    arena.reorganise(depth)
    await arena.follow()
    await arena.jobs()
    assert await deal.state() == "awaiting_escrow"
    arena.stage.node.rpc("evm_setNextBlockTimestamp", until + 1)
    arena.rebroadcast()
    await arena.settle_down(1)
    assert await deal.state() == "escrowed"
    await deal.payment_sent()
    await deal.release()
    await arena.settle_down()
    assert await deal.state() == "completed"
    await arena.check()
